"""FHIR R4 messaging: a Bundle of type message, its MessageHeader, and the answer to it.

Bundle.id is the envelope, new at every send; MessageHeader.id is the letter, the same at every resend.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Literal

from adapter.domain.case import Resource
from adapter.domain.identifiers import derived
from adapter.domain.message import Envelope, Party
from adapter.domain.problems import Catalogue, Finding, Refused
from adapter.wire import json
from adapter.wire.conversation import named_by
from adapter.wire.fhir import check
from adapter.wire.outcome import operation_outcome
from adapter.wire.parties import Entries, endpoint_of, logical_reference, party, resolve
from adapter.wire.unreadable import Unreadable

__all__ = ["Said", "compose", "open_message", "read_response", "resolve", "respond"]

Said = Literal["ok", "transient-error", "fatal-error", "nothing", "nonsense"]
_Parties = tuple[Party | None, Party | None]
"""Sender and receiver, None where a reference to one leads nowhere."""

_HEADER = "Bundle.entry[0].resource"
_NONE: Resource = {}
_RECEIVER = "destination[0].receiver"
_RESPONSE_CODES: Mapping[str, Said] = {
    "ok": "ok",
    "transient-error": "transient-error",
    "fatal-error": "fatal-error",
}
_UUID = re.compile(r"[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
_EVENT = re.compile(r"[a-z]+(-[a-z]+)*")
_CHANGES_AT_RESEND = frozenset({"id", "identifier", "timestamp", "meta"})
_MOST_BYTES_OF_AN_ANSWER = 1_000_000
_DEEPEST_ANSWER = 60


def open_message(
    raw: bytes, *, max_bytes: int, max_depth: int, event_system: str
) -> tuple[Envelope, Resource]:
    """The head of a message Bundle and the whole Bundle.

    `digest` leaves out Bundle.id, identifier, timestamp and meta, which a resubmission may change. A message
    that is itself a response is refused: an acknowledgement is never acknowledged.
    Raises Unreadable: not-json, too-large, too-deep, not-a-message, not-fhir, malformed-message-id,
    unsupported-message-type, unresolved-reference; with the envelope where it could be read.
    """
    try:
        bundle = json.loads(raw, max_bytes=max_bytes, max_depth=max_depth)
    except Refused as refused:
        raise Unreadable(*refused.findings) from None
    header = _header(bundle)
    if header is None or "response" in header:
        raise Unreadable(Finding("not-a-message", _HEADER if header else "Bundle"))
    entries = Entries(bundle)
    parties = party(entries, header.get("sender")), party(entries, _receiver(header))
    findings = [*_head_faults(bundle, header, parties, event_system), *check(bundle)]
    envelope = _envelope(bundle, header, parties, event_system)
    parent, conversation = named_by(entries, header)
    envelope = envelope and replace(envelope, parent=parent, conversation=conversation)
    if findings or envelope is None:
        raise Unreadable(*(findings or [Finding("missing-element", f"{_HEADER}.sender")]), envelope=envelope)
    return envelope, bundle


def respond(
    envelope: Envelope,
    findings: Sequence[Finding],
    catalogue: Catalogue,
    *,
    id: str,
    at: datetime,
    base: str,
    address: str,
    event_system: str,
    focus: str | None = None,
) -> bytes:
    """The response message to a message.

    `id` is its Bundle.id; its MessageHeader.id is derived, so every copy of it is the same letter.
    The code is transient-error if any error is transient, fatal-error for any other, else ok. `focus` is
    "Type/id" of what the message led to. `base` is that of our code systems, `address` where resources are served.
    """
    outcome_id = derived("outcome", envelope.message_id)
    response: Resource = {"identifier": envelope.message_id, "code": _code(findings, catalogue)}
    header = _new_header(
        id=derived("response", envelope.message_id),
        event={"system": event_system, "code": envelope.kind},
        sender=envelope.receiver,
        receiver=envelope.sender,
        endpoint=endpoint_of(envelope.sender) or address,
        source=address,
    )
    header["response"] = response
    if focus:
        header["focus"] = [{"reference": f"{address}/{focus}", "type": focus.split("/")[0]}]
    resources = [header]
    if findings:
        response["details"] = {"reference": f"{address}/OperationOutcome/{outcome_id}"}
        resources.append({**operation_outcome(findings, catalogue, base=base), "id": outcome_id})
    return json.dumps(_bundle(id, at, address, resources))


def compose(
    *,
    message_id: str,
    envelope_id: str,
    event: str,
    event_system: str,
    sender: Party,
    receiver: Party,
    endpoint: str,
    source_endpoint: str,
    focus: str,
    resources: Sequence[Resource],
    at: datetime,
    base: str,
    marks: Resource = _NONE,
) -> bytes:
    """A message Bundle to a partner. `focus` is "Type/id" of one of `resources`; `at` carries its zone; `marks` are
    further elements of its MessageHeader.

    Each resource stands at `base`/Type/id, so relative references between them resolve inside the Bundle.
    """
    header = _new_header(
        id=message_id,
        event={"system": event_system, "code": event},
        sender=sender,
        receiver=receiver,
        endpoint=endpoint,
        source=source_endpoint,
    )
    header |= {"focus": [{"reference": f"{base}/{focus}"}], **marks}
    return json.dumps(_bundle(envelope_id, at, base, [header, *resources]))


def read_response(raw: bytes, request_id: str) -> Said:
    """What a partner's body says about our message `request_id`: a response code, "nothing" or "nonsense"."""
    if not raw.strip():
        return "nothing"
    try:
        answer = json.loads(raw, max_bytes=_MOST_BYTES_OF_AN_ANSWER, max_depth=_DEEPEST_ANSWER)
    except Refused:
        return "nonsense"
    response = (_header(answer) or {}).get("response")
    if not isinstance(response, dict) or response.get("identifier") != request_id:
        return "nonsense"
    return _RESPONSE_CODES.get(str(response.get("code")), "nonsense")


def _header(bundle: Resource) -> Resource | None:
    """The MessageHeader of what may be a message Bundle of any shape."""
    entries = bundle.get("entry")
    first = entries[0] if isinstance(entries, list) and entries else None
    header = first.get("resource") if isinstance(first, dict) else None
    is_message = bundle.get("resourceType") == "Bundle" and bundle.get("type") == "message"
    is_header = isinstance(header, dict) and header.get("resourceType") == "MessageHeader"
    return header if is_message and is_header else None


def _head_faults(bundle: Resource, header: Resource, parties: _Parties, event_system: str) -> list[Finding]:
    faults = [
        Finding("malformed-message-id", place)
        for place, id_ in (("Bundle.id", bundle.get("id")), (f"{_HEADER}.id", header.get("id")))
        if not _is_uuid(id_)
    ]
    if not _kind(header, event_system):
        faults.append(Finding("unsupported-message-type", f"{_HEADER}.eventCoding"))
    faults += [
        Finding("unresolved-reference", f"{_HEADER}.{place}.reference")
        for place, found in zip(("sender", _RECEIVER), parties, strict=True)
        if found is None
    ]
    return faults


def _envelope(bundle: Resource, header: Resource, parties: _Parties, event_system: str) -> Envelope | None:
    """None where the message cannot be answered: without its id, its event or its sender."""
    sender, receiver = parties
    kind, timestamp = _kind(header, event_system), bundle.get("timestamp")
    if not (_is_uuid(header.get("id")) and kind and sender and (sender.organisation or sender.her_ids)):
        return None
    return Envelope(
        door="fhir",
        message_id=header["id"],
        envelope_id=bundle["id"] if _is_uuid(bundle.get("id")) else "",
        kind=kind,
        payload="fhir",
        sender=sender,
        receiver=receiver or Party(),
        generated=timestamp if isinstance(timestamp, str) else "",
        digest=json.digest({k: v for k, v in bundle.items() if k not in _CHANGES_AT_RESEND}),
    )


def _kind(header: Resource, event_system: str) -> str:
    """The event code, "" where there is none of our system in the form of a code."""
    coding = header.get("eventCoding")
    code = coding.get("code") if isinstance(coding, dict) and coding.get("system") == event_system else None
    return code if isinstance(code, str) and _EVENT.fullmatch(code) else ""


def _receiver(header: Resource) -> Any:
    destinations = header.get("destination")
    first = destinations[0] if isinstance(destinations, list) and destinations else None
    return first.get("receiver") if isinstance(first, dict) else None


def _is_uuid(value: Any) -> bool:
    return isinstance(value, str) and _UUID.fullmatch(value) is not None


def _code(findings: Sequence[Finding], catalogue: Catalogue) -> str:
    issues = {catalogue[error.problem].issue for error in catalogue.errors(findings)}
    return "transient-error" if "transient" in issues else "fatal-error" if issues else "ok"


def _new_header(
    *, id: str, event: Resource, sender: Party, receiver: Party, endpoint: str, source: str
) -> Resource:
    to, by = logical_reference(receiver), logical_reference(sender)
    return {
        "resourceType": "MessageHeader",
        "id": id,
        "eventCoding": event,
        "destination": [{"endpoint": endpoint} | ({"receiver": to} if to else {})],
        **({"sender": by} if by else {}),
        "source": {"endpoint": source},
    }


def _bundle(id: str, at: datetime, base: str, resources: Sequence[Resource]) -> Resource:
    return {
        "resourceType": "Bundle",
        "id": id,
        "type": "message",
        "timestamp": at.isoformat(timespec="milliseconds"),
        "entry": [{"fullUrl": f"{base}/{r['resourceType']}/{r['id']}", "resource": r} for r in resources],
    }
