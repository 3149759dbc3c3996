"""The postman of one recipient: takes what is due, asks consent, sends lanes side by side, commits what came of it.

Consent is decided when a delivery is taken for sending, each time, and that it begins is committed before it is sent,
in one line with whatever changes its case: none begins after a withdrawal. Everything goes in the version that was
decided to be sent; in FHIR with the person as known now: an address that became protected while it waited does not
leave with it (R-150). XML holds no address, and names the person as known when it was decided. The same message id goes
with every try, so a repeat after a crash is recognised; a crash repeats at most the batch in flight.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from adapter.domain.case import Audit, Case, Version, edition
from adapter.domain.consent import Deny, Permit
from adapter.domain.delivery import Delivery, Letter, Pause, Pinned, Place, Receipt, Settled
from adapter.domain.exchange import AnswerRule, because, conclude, settled_at
from adapter.domain.problems import Refused
from adapter.domain.register import AMISS
from adapter.flows.consent_view import as_told
from adapter.flows.correspondence import Correspondence, correspondence
from adapter.flows.kept_back import kept_back
from adapter.flows.late import LATE
from adapter.flows.letters import letter
from adapter.flows.outbox import need_stopped
from adapter.flows.participants import may_have
from adapter.flows.parts import Parts
from adapter.flows.resources import id_of
from adapter.ports import Transaction, Transport

_PLACES: Mapping[str, Place] = {
    "accepted": "done",
    "awaiting": "head",
    "later": "head",
    "rejected": "held",
    "expired": "held",
}
BATCH = 16
"""Lane heads taken at once: small, because a crash may repeat as many; large enough to fill one commit."""
ENOUGH_BYTES = 1_000_000
"""No more letters are put together once a batch holds so much: 32 postmen with 16 large plans each would not fit into
memory. A usual batch has a quarter of it.
"""


@dataclass(frozen=True, slots=True)
class _Ready:
    """A delivery that may be sent, what is carried of it, and the consents that let it."""

    delivery: Delivery
    letter: Letter
    grounds: Permit


_Judged = _Ready | Settled


async def deliver_round(
    recipient: str, transport: Transport, parts: Parts, threads: Executor | None = None
) -> int:
    """One batch to one recipient (organisation number). How many deliveries were taken; 0 means: no more for now,
    because nothing is due or because the recipient is paused. `threads` ask the database (None: those of the loop).

    Called off, it ends when the outcomes that it has are committed, so that nobody else takes the same mail meanwhile.
    Raises StoreBusy or Collision if the outcomes cannot be committed: they will be sent again, with the same ids.
    """
    ask = asyncio.get_running_loop().run_in_executor
    looked = parts.clock()
    taken, letters = await ask(threads, _take, recipient, looked, parts)
    if not letters:
        return taken
    receipts = await asyncio.gather(*(transport.post(ready.letter) for ready in letters))
    now = settled_at(looked, parts.clock())
    pause = await _to_its_end(ask(threads, _settle, recipient, letters, receipts, now, parts))
    return 0 if pause and pause.until else taken


async def _to_its_end(settling: asyncio.Future[Pause | None]) -> Pause | None:
    try:
        return await asyncio.shield(settling)
    except asyncio.CancelledError:
        await settling
        raise


def _take(recipient: str, now: datetime, parts: Parts) -> tuple[int, list[_Ready]]:
    """How many are due, up to a batch, and those that go now; what is too much for one batch stays due."""
    due = parts.store.due(recipient, now, BATCH)
    judged: list[tuple[_Judged, int]] = []
    size = 0
    for one, of in _judge(due, now, parts) if due else ():
        judged.append((one, of))
        size += len(one.letter.body) if isinstance(one, _Ready) else 0
        if size >= ENOUGH_BYTES:
            break
    return len(due), _begun(judged, now, parts) if judged else []


def _begun(judged: Sequence[tuple[_Judged, int]], now: datetime, parts: Parts) -> list[_Ready]:
    """Those that begin: durably so before any of them is sent. What does not go is settled in the same commit.

    The lock of its case puts each in one line with a withdrawal of consent: what is committed first, the other finds.
    Mail of a case to which anything was added since it was judged stays due and is judged anew. So the locks are held
    for three statements, and not while a batch is read, judged and put together.
    """
    with parts.store.transaction() as tx:
        same = tx.unchanged({one.delivery.outgoing.case_id: of for one, of in judged})
        stands = [one for one, _ in judged if one.delivery.outgoing.case_id in same]
        letters = [one for one in stands if isinstance(one, _Ready)]
        begun = tx.begin([ready.delivery.id for ready in letters], now) if letters else ()
        if unsent := [one for one in stands if isinstance(one, Settled)]:
            _settle_unsent(tx, unsent, now, parts)
    return [ready for ready in letters if ready.delivery.id in begun]


def _settle_unsent(tx: Transaction, unsent: Sequence[Settled], now: datetime, parts: Parts) -> None:
    moved = tx.settle(unsent, None)
    for one in unsent:
        if one.delivery.id in moved:
            what = "held" if one.place == "held" else "stopped"
            tx.record(_evidence(what, one.delivery, one.because, (), now))
            if one.delivery.outgoing.category == "need" and one.because not in AMISS:
                need_stopped(tx, one.delivery.outgoing.case_id, (one.delivery.id,), now, parts)


def _judge(due: Sequence[Delivery], now: datetime, parts: Parts) -> Iterator[tuple[_Judged, int]]:
    """What becomes of each that still waits for its postman, as somebody may have moved one since it was read; and the
    edition of its case by which that was judged.

    The database is asked at most five times for the whole batch (and for XML each case once), and let go before
    anything is put together: while SQLite is read here, nobody else writes. What went before a letter in XML is asked
    for then: a postman that took a second connection meanwhile could wait for the others, and they for it.
    """
    with parts.store.transaction() as tx:
        heads = [d for d in tx.fresh([one.id for one in due]) if d.place == "head"]
        cases = tx.of_cases({d.outgoing.case_id for d in heads}) if heads else {}
        pinned = {Pinned(v.type, v.id, v.number): v for versions in cases.values() for v in versions}
        parked = kept_back(tx, heads, cases, now, parts) if heads else {}
        older = {p for d in heads for p in d.outgoing.carries if p.type != "Patient" and p not in pinned}
        pinned |= tx.versions(older) if older else {}
        in_xml = {d.id: _case(tx, d) for d in heads if _reads_xml(d, parts)}
    for one in heads:
        versions = cases[one.outgoing.case_id]
        if one.id in parked:
            yield _parked(one, parked[one.id], now), edition(versions)
            continue
        known = correspondence(one, in_xml[one.id], versions, parts) if one.id in in_xml else None
        yield _judged(one, versions, pinned, known, now, parts), edition(versions)


def _reads_xml(delivery: Delivery, parts: Parts) -> bool:
    partner = parts.partners.by_organisation.get(delivery.outgoing.recipient)
    return partner is not None and partner.channel != "fhir"


def _case(tx: Transaction, delivery: Delivery) -> Case | None:
    glance = tx.glance("Task", id_of(delivery.outgoing.case_id, "task"))
    return glance[1] if glance else None


def _judged(
    delivery: Delivery,
    versions: Sequence[Version],
    pinned: Mapping[Pinned, Version],
    known: Correspondence | None,
    now: datetime,
    parts: Parts,
) -> _Judged:
    """One that cannot be put together waits for a person; it does not keep back what others are to get.

    `versions` are the current ones of its case; `pinned` has what is carried, in the version that was decided.
    """
    out = delivery.outgoing
    try:
        carried = _carried(out.carries, versions, pinned)
        decision = may_have(
            versions, out.recipient, out.category, now, parts, about=out.focus.type, carried=carried
        )
        if isinstance(decision, Deny):
            return _stopped(delivery, decision, now)
        if carried is None:
            return _held(delivery, "version-missing", now)
        told = as_told(out, carried, versions, now, parts)
        if isinstance(told, Deny):
            return _stopped(delivery, told, now)
        return _Ready(delivery, letter(delivery, told, versions, known, now, parts), decision)
    except (Refused, LookupError, ValueError):  # what a content that we did not foresee can do to its reader
        return _held(delivery, "cannot-be-composed", now)


def _carried(
    pins: Sequence[Pinned], versions: Sequence[Version], pinned: Mapping[Pinned, Version]
) -> list[Version] | None:
    """What goes along; None if any of it is gone."""
    persons = {v.id: v for v in versions if v.type == "Patient"}
    found = [persons.get(p.id) if p.type == "Patient" else pinned.get(p) for p in pins]
    there = [version for version in found if version]
    return there if len(there) == len(pins) else None


def _stopped(delivery: Delivery, why: Deny, now: datetime) -> Settled:
    because = ":".join((why.because, *why.consents))
    return Settled(delivery, "stopped", "stopped-by-consent", "done", now, because, now, None, tried=False)


def _held(delivery: Delivery, because: str, now: datetime) -> Settled:
    return Settled(delivery, "rejected", "rejected", "held", now, because, now, None, tried=False)


def _parked(delivery: Delivery, because: str, now: datetime) -> Settled:
    """Held until a person has looked (`kept_back`)."""
    return Settled(delivery, "expired", "parked", "held", now, because, now, None, tried=False)


def _settle(
    recipient: str,
    letters: Sequence[_Ready],
    receipts: Sequence[Receipt],
    now: datetime,
    parts: Parts,
) -> Pause | None:
    partner = parts.partners.by_organisation.get(recipient)
    expected = partner is None or partner.receipts
    rules = [conclude(parts.tables.answers, receipt, receipts=expected) for receipt in receipts]
    pause = _pause(recipient, receipts, rules, now, parts)
    settled = [
        _settled(letter.delivery, receipt, rule, now, parts, pause)
        for letter, receipt, rule in zip(letters, receipts, rules, strict=True)
    ]
    with parts.store.transaction() as tx:
        tx.settle(settled, pause)
        for letter, rule, receipt in zip(letters, rules, receipts, strict=True):
            late = {LATE: "yes"} if letter.letter.late else {}
            why, consents = because(rule, receipt), letter.grounds.consents
            tx.record(_evidence("tried", letter.delivery, why, consents, now, late))
    return pause


def _settled(
    delivery: Delivery, receipt: Receipt, rule: AnswerRule, now: datetime, parts: Parts, pause: Pause | None
) -> Settled:
    """A delivery that must wait does so alone, unless its recipient is paused: then it keeps its turn for when that
    ends, also if the clock stands wrong now. A recipient's failures in a row are tries of all its mail.
    """
    failures = pause.failures if pause else 0
    paused = failures > 0
    event: str = rule.conclusion
    due = min(delivery.due, now)
    waits = event in ("later", "awaiting")
    if waits and parts.schedule.gives_up(max(delivery.tries + 1, failures), delivery.clock, now):
        event = "expired"
    elif event == "awaiting":
        due = now + parts.schedule.receipt_wait
    elif event == "later" and not paused:
        due = parts.schedule.next_try(delivery.tries + 1, now, receipt.retry_after)
    state = parts.tables.lifecycles["exchange"].after(delivery.state, event) or delivery.state
    place = _PLACES[event]
    return Settled(delivery, event, state, place, due, because(rule, receipt), now, receipt, tried=True)


def _pause(
    recipient: str, receipts: Sequence[Receipt], rules: Sequence[AnswerRule], now: datetime, parts: Parts
) -> Pause | None:
    """A recipient that fails as such is paused as a whole, longer each time; any real answer ends that."""
    if not rules:
        return None
    if any(rule.blames == "delivery" for rule in rules):
        return Pause(recipient, 0, None)
    failures = parts.store.pause_of(recipient).failures + 1
    asked = max((r.retry_after or 0 for r in receipts), default=0)
    return Pause(recipient, failures, parts.schedule.next_try(failures, now, asked))


def _evidence(
    what: str,
    delivery: Delivery,
    because: str,
    consents: Sequence[str],
    now: datetime,
    more: Mapping[str, str] = MappingProxyType({}),
) -> Audit:
    out = delivery.outgoing
    details = {
        "delivery": str(delivery.id),
        "recipient": out.recipient,
        "event": out.event,
        "category": out.category,
        "because": because,
        "consents": ",".join(consents),
        **more,
    }
    return Audit(now, "adapter", f"delivery-{what}", out.case_id, details)
