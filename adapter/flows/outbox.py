"""What a decision wants sent, to whom, about which versions."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

from adapter.domain.case import Case, Version, Waiting
from adapter.domain.delivery import Delivery, Outgoing, Pinned, Receipt
from adapter.domain.exchange import conclude
from adapter.domain.identifiers import derived
from adapter.flows.parts import Parts
from adapter.ports import Transaction

STOPPED: Final = "need-stopped"
OUTCOME_OPEN: Final = "need-outcome-open"
_UNANSWERED = frozenset({"carried", "timed-out", "cut-off"})


def pinned(version: Version) -> Pinned:
    return Pinned(version.type, version.id, version.number)


def outgoing(
    case: Case,
    recipient: str,
    event: str,
    category: str,
    focus: Version,
    carries: Sequence[Version],
    at: datetime,
    *,
    ground: str = "",
) -> Outgoing:
    """One message to one recipient (organisation number).

    Its id follows from case, recipient, event, the focus in its version and `ground`: asking for the same thing
    again is the same message. `ground` tells two reasons for sending one version apart (a new consent).
    """
    return Outgoing(
        message_id=derived("message", case.id, recipient, event, str(pinned(focus)), ground),
        recipient=recipient,
        case_id=case.id,
        event=event,
        category=category,
        focus=pinned(focus),
        carries=tuple(pinned(v) for v in carries),
        created_at=at,
    )


def note_to(
    case: Case,
    recipient: str,
    note: Version,
    at: datetime,
    carries: Sequence[Version] = (),
    *,
    ground: str = "",
) -> Outgoing:
    """A Communication of the case to one recipient, with what else has changed by it."""
    return outgoing(case, recipient, "case-updated", "note", note, [note, *carries], at, ground=ground)


def notes_owed(
    case: Case, versions: Sequence[Version], returns: Collection[str], at: datetime
) -> list[Outgoing]:
    """What the hospital has written while the case had no unit, or another: it goes to the unit that has it now.

    Once for each time the case is sent there, as the need itself: who has sent it back has purged it. `returns` are the
    sources in which units have sent it back: a unit of who reported the need says that as a unit.
    """
    task = next(v for v in versions if v.id == derived(case.id, "task"))
    notes = (v for v in versions if v.type == "Communication" and v.source not in returns)
    written = [v for v in notes if v.author == case.requester]
    return [
        note_to(case, case.owner or "", note, at, ground=f"{task.reference}/{task.number}")
        for note in sorted(written, key=lambda v: (v.at, v.id))
    ]


def knows_of(deliveries: Iterable[Delivery], organisation: str) -> bool:
    """Whether an organisation (number) may know of a case from us: something of it was accepted there, or tried.

    A try without an answer, or of which nobody knows what came, may have arrived. Who never got anything is told of no
    withdrawal either: that somebody has a case is itself confidential (hpl § 21).
    """
    to_it = (d for d in deliveries if d.outgoing.recipient == organisation)
    return any(d.state == "accepted" or d.tries > 0 or d.begun is not None for d in to_it)


def has_received(deliveries: Iterable[Delivery], organisation: str) -> bool:
    """Whether an organisation (number) has confirmed that something of a case came to it."""
    return any(d.outgoing.recipient == organisation and d.state == "accepted" for d in deliveries)


def handed_over(said: Iterable[Receipt], parts: Parts) -> bool:
    """Whether a delivery may be with its recipient, after all that was said of it (oldest first): carried without a
    receipt, or tried without an answer that says so or the contrary, and not rejected since."""
    open_ = False
    for receipt in said:
        rule = conclude(parts.tables.answers, receipt)
        if rule.conclusion == "rejected":
            open_ = False
        elif receipt.transport in _UNANSWERED or rule.because == "not-confirmed":
            open_ = True
    return open_


def under_way(delivery: Delivery, said: Iterable[Receipt], parts: Parts) -> bool:
    """Whether it may be with its recipient without that being known here, after all that was said of it: a try began
    and nobody knows what came of it, or it was handed over."""
    return delivery.begun is not None or handed_over(said, parts)


def may_have_got(
    deliveries: Iterable[Delivery], said: Mapping[int, Sequence[Receipt]], organisation: str, parts: Parts
) -> bool:
    """Whether anything of a case came to an organisation (number) or may have come, by what was `said` of each."""
    to_it = (d for d in deliveries if d.outgoing.recipient == organisation)
    return any(d.state == "accepted" or under_way(d, said.get(d.id, ()), parts) for d in to_it)


def need_stopped(tx: Transaction, case_id: str, stopped: Collection[int], at: datetime, parts: Parts) -> None:
    """A need that consent stopped must be on somebody's list: nobody else would notice. Where a letter was on its way
    (ids `stopped`) nobody knows here whether it came, so that is what the list says."""
    said = tx.receipts(case_id)
    open_ = any(under_way(d, said.get(d.id, ()), parts) for d in tx.fresh([*stopped]))
    tx.wait_for_person(Waiting(case_id, "consent", OUTCOME_OPEN if open_ else STOPPED, at))
