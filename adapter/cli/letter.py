"""A file to send: which door it belongs to, who it is from, and which case it makes; read as far as that goes."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from adapter.cli.failed import Failed
from adapter.cli.opening import tables_told
from adapter.domain.identifiers import case_id, message_uuid
from adapter.domain.message import Door, Envelope
from adapter.domain.partners import Partners
from adapter.mapping import partners
from adapter.settings import Settings
from adapter.wire import edi, message
from adapter.wire.unreadable import Unreadable

_NINE_DIGITS = re.compile(rb"(?<![0-9])[0-9]{9}(?![0-9])")
_UUID = re.compile(r"(?:urn:uuid:)?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})", re.IGNORECASE)
_FORMATS: dict[bytes, Door] = {b"<": "edi", b"{": "fhir", b"[": "fhir"}


@dataclass(frozen=True, slots=True)
class Letter:
    """`sender` is an organisation number; `message_id` and `case` are "" where the file does not tell them."""

    raw: bytes
    door: Door
    sender: str
    message_id: str
    case: str


def letter_of(file: Path, settings: Settings, sender: str | None) -> Letter:
    """The file as something to send. Raises Failed if it cannot be read, or tells no sender and none is given."""
    try:
        raw = file.read_bytes()
    except OSError as error:
        raise Failed(f"{file}: {error.strerror or 'cannot be read'}") from None
    by_name: Door = "fhir" if file.suffix == ".json" else "edi"
    door = _FORMATS.get(raw.lstrip(b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n")[:1], by_name)
    with tables_told():
        known = partners.load(
            settings.partners or settings.mappings / "partners.yaml", synthetic=settings.environment == "test"
        )
    envelope, content = _opened(raw, door, settings)
    who = sender or _sender(raw, envelope, known) or _anybody(known, settings)
    if not who:
        raise Failed(f"{file}: the sending organisation cannot be read; give it with --as")
    need = message_uuid(who, envelope.message_id) if envelope and door == "edi" else _need(content)
    return Letter(raw, door, who, envelope.message_id if envelope else "", case_id(who, need) if need else "")


def _opened(raw: bytes, door: Door, settings: Settings) -> tuple[Envelope | None, Any]:
    size, depth = settings.max_bytes, settings.max_depth
    try:
        if door == "edi":
            return edi.open_message(raw, max_bytes=size, max_depth=depth)
        events = f"{settings.canonical_base}/CodeSystem/message-event"
        return message.open_message(raw, max_bytes=size, max_depth=depth, event_system=events)
    except Unreadable as unreadable:
        return unreadable.envelope, None


def _sender(raw: bytes, envelope: Envelope | None, known: Partners) -> str:
    """The partner the head names; in a head that cannot be read, the first partner named anywhere."""
    if envelope:
        partner = known.of(envelope.sender)
        return partner.organisation if partner else envelope.sender.organisation
    named = (number.decode() for number in _NINE_DIGITS.findall(raw))
    return next((number for number in named if number in known.by_organisation), "")


def _anybody(known: Partners, settings: Settings) -> str:
    """In a test environment a file that names nobody goes out as the first hospital, to see how it is refused."""
    hospitals = (p.organisation for p in known.by_organisation.values() if p.kind == "hospital")
    return next(hospitals, "") if settings.environment == "test" else ""


def _need(bundle: Any) -> str:
    """The sender's UUID of the need that a Bundle is about."""
    entries = bundle.get("entry", []) if isinstance(bundle, dict) else []
    needs = (e["resource"] for e in entries if e.get("resource", {}).get("resourceType") == "ServiceRequest")
    found = (_UUID.fullmatch(str(i.get("value"))) for need in needs for i in need.get("identifier", []))
    return next((match[1] for match in found if match), "")
