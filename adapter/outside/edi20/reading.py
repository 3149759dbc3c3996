"""The service's JSON as objects of the domain: what is not known is passed over, what is needed must be there."""

import base64
import binascii
import re
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar
from uuid import UUID

from adapter.domain.mailbox import Kind, Notice, Sent
from adapter.ports import ServiceAway

T = TypeVar("T", dict, list)  # type: ignore[type-arg]

_KINDS: Mapping[str, Kind] = {
    "NewMessage": "message",
    "MessageSentStateUpdated": "state",
    "MessageApprecInfoUpdated": "state",
    "RefusedMessage": "refused",
}
_HER_ID = re.compile(r"[1-9][0-9]{0,9}", re.ASCII)
_CODE = re.compile(r"[A-Z]{0,2}[0-9]{2,3}")
_MOST_CODES = 10
_TRANSFER = {"contentType": "application/xml", "contentTransferEncoding": "base64"}


def expected(kind: type[T], read: Any) -> T:
    """Raises ServiceAway (nonsense)."""
    if not isinstance(read, kind):
        raise ServiceAway("nonsense", 200)
    return read


def message_id(read: Any) -> str:
    """An id of the service's own, as it writes it: a UUID."""
    if isinstance(read, str):
        try:
            UUID(read)
        except ValueError:
            pass
        else:
            return read
    raise ServiceAway("nonsense", 200)


def her_id(read: Any) -> str:
    """As digits, whether the service writes it as a number or as text."""
    text = str(read) if isinstance(read, int | str) and not isinstance(read, bool) else ""
    if _HER_ID.fullmatch(text):
        return text
    raise ServiceAway("nonsense", 200)


def notice(read: Any) -> Notice | None:
    """A notification of v3; None for an entry without a place in the service's sequence.

    A type we do not know is kept as such. What has a place, but no message or addressee that can be read, goes by its
    place: it may tell of a message that is told of nowhere else.
    """
    position = read.get("offset") if isinstance(read, dict) else None
    if not isinstance(position, int) or isinstance(position, bool):
        return None
    kind = _KINDS.get(str(read.get("type")), "unknown")
    # A notice of an unknown type need not be about a message; it then goes by its own id.
    about = read.get("relatedMessageId") or (read.get("id") if kind == "unknown" else None)
    try:
        return Notice(message_id(about), her_id(read.get("notificationReceiverHerId")), kind, position)
    except ServiceAway:
        return Notice(f"offset-{position}", "", "unreadable", position)


def document(read: Any) -> bytes:
    """The bytes of a business document. Raises ServiceAway (nonsense) if it is not base64."""
    text = expected(dict, read).get("businessDocument")
    try:
        return base64.b64decode(text, validate=True) if isinstance(text, str) else _nonsense()
    except (binascii.Error, ValueError):
        pass
    return _nonsense()


def written(raw: bytes) -> dict[str, str]:
    """A business document as the service takes it."""
    return {"businessDocument": base64.b64encode(raw).decode("ascii"), **_TRANSFER}


def sent(entries: Iterable[Any], receiver: str) -> Sent | None:
    """Where a message stands with one receiver: in v3 the AppRec is an object, in v2 a word. None: not listed."""
    for entry in entries:
        if isinstance(entry, dict) and str(entry.get("receiverHerId")) == receiver:
            info = entry.get("apprecInfo")
            told = info if isinstance(info, dict) else entry
            apprec = told.get("appRecStatus")
            return Sent(str(entry.get("transportDeliveryState")), str(apprec) if apprec else "", codes(told))
    return None


def codes(told: Mapping[str, Any]) -> str:
    """The error codes of an AppRec, each once; whatever else stands in their place is X99."""
    listed = told.get("appRecErrorList")
    given = [e.get("errorCode") for e in listed if isinstance(e, dict)] if isinstance(listed, list) else []
    known = [c if isinstance(c, str) and _CODE.fullmatch(c) else "X99" for c in given[:_MOST_CODES]]
    return ",".join(dict.fromkeys(known))


def errors(given: Iterable[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"errorCode": code, "details": text} for code, text in given]


def _nonsense() -> bytes:
    raise ServiceAway("nonsense", 200)
