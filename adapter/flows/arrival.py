"""A message that waits at a message service: fetched, accepted, and answered through the service."""

import asyncio
from dataclasses import dataclass

from adapter.domain.mailbox import AppRecGiven, Fetched, Slip
from adapter.domain.message import Answer, Caller, Envelope
from adapter.domain.problems import Catalogue
from adapter.flows import receipt
from adapter.flows.accept import accept
from adapter.flows.answering import PROBLEMS
from adapter.flows.parts import Parts
from adapter.flows.setbacks import NotTaken
from adapter.ports import ServiceRefuses, StoreBusy
from adapter.service_ports import MessageService
from adapter.wire import apprec, edi, json
from adapter.wire.unreadable import Unreadable

NOT_VOUCHED = "sender-is-not-caller"
OURS = "internal"
_SCOPES = frozenset({"ip-adapter/messages"})


@dataclass(frozen=True, slots=True)
class Arrived:
    """What became of a message here. `given`: the AppRec to post, None where none is wanted.

    `because`: the problem it was refused for, "" if it was taken. `parked`: why a person must look at it, although it
    is answered: then nothing of it is kept here, and it stays at the service.
    """

    given: AppRecGiven | None
    because: str = ""
    parked: str = ""


@dataclass(frozen=True, slots=True)
class Brought:
    """What the service says of a message, and its bytes, or why they did not come."""

    slip: Slip
    raw: bytes | BaseException


async def brought(slip: Slip, service: MessageService) -> Brought:
    (raw,) = await asyncio.gather(service.document(slip.message), return_exceptions=True)
    return Brought(slip, raw)


def taken(slip: Slip, raw: bytes, her_id: str, parts: Parts) -> Arrived:
    """Accept it from whom the service says it is from. Raises StoreBusy, Collision or NotTaken: nothing was written."""
    partner = parts.partners.by_her_id.get(slip.sender)
    organisation = partner.organisation if partner else ""
    if slip.apprec:
        said = receipt.take(raw, Caller(organisation, _SCOPES), parts)
        return Arrived(None, parked=_names(said)[0] if said.body else "")
    envelope = _envelope(raw, parts)
    vouched = envelope is None or slip.sender in envelope.sender.her_ids
    answer = accept("edi", raw, Caller(organisation if vouched else "", _SCOPES), parts)
    return _arrived(answer, envelope, her_id, parts)


def too_large(her_id: str, parts: Parts) -> Arrived:
    """What becomes of a message that is longer than any that is read here."""
    return Arrived(_refusal(["too-large"], her_id, parts.tables.problems, parts), parked="too-large")


async def answered(one: Fetched, arrived: Arrived, service: MessageService) -> None:
    """Post the AppRec, if there is to be one and, after an earlier try, the service has none yet.

    Of a document that nobody can read the service may not be able to make one: then there is none.
    """
    if arrived.given is None:
        return
    if one.tries > 1 and await service.apprec_of(one.message, one.her_id):
        return
    try:
        await service.post_apprec(one.message, arrived.given)
    except ServiceRefuses:
        if not arrived.parked:
            raise


def _envelope(raw: bytes, parts: Parts) -> Envelope | None:
    try:
        return edi.open_message(raw, max_bytes=parts.max_bytes, max_depth=parts.max_depth)[0]
    except Unreadable as unreadable:
        return unreadable.envelope


def _arrived(answer: Answer, envelope: Envelope | None, her_id: str, parts: Parts) -> Arrived:
    if answer.retry_after is not None:
        raise StoreBusy
    if answer.status >= 500:  # a person has to mend something before it can be taken
        raise NotTaken(_names(answer)[0] if answer.media_type == PROBLEMS else OURS)
    if answer.media_type == PROBLEMS:
        names = _names(answer)
        if envelope:  # refused, and its sender wants no AppRec
            return Arrived(None, because=names[0])
        return Arrived(_refusal(names, her_id, parts.tables.problems, parts), parked=names[0])
    if not answer.body:
        return Arrived(None)
    given = _given(answer.body, her_id)
    if answer.status == 403:
        return Arrived(given, parked=NOT_VOUCHED)
    return Arrived(given, because="refused" if given.status == "2" else "")


def _given(body: bytes, her_id: str) -> AppRecGiven:
    """The stored AppRec as the service wants to be told of it."""
    status = apprec.read(body).status
    return AppRecGiven(her_id, "2" if status == "2" else "1", apprec.errors_of(body))


def _refusal(names: list[str], her_id: str, catalogue: Catalogue, parts: Parts) -> AppRecGiven:
    codes = dict.fromkeys(catalogue[name].apprec or "X99" for name in names)
    return AppRecGiven(her_id, "2", tuple((code, parts.tables.apprec_errors[code]) for code in codes))


def _names(answer: Answer) -> list[str]:
    """The problems of problem details, the first error first."""
    problems = json.loads(answer.body, max_bytes=len(answer.body), max_depth=10)["problems"]
    return [p["name"] for p in sorted(problems, key=lambda p: p["severity"] != "error")]
