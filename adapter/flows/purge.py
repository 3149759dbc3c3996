"""A case that was about the wrong person: nothing of that person stays here, and who got anything of it is told.

What somebody should never have got is not kept to be looked at later (pjl § 25, GDPR art. 5(1)(d) and 17). The unit and
others are told that the need is taken back and why, the hospital that its case is closed. When they have got it, the
case goes, and a tombstone without content says so; what has been answered is answered the same again.
"""

from collections.abc import Sequence

from adapter.domain.case import DEATHS, Audit, Case, Step, Version
from adapter.domain.delivery import Outgoing
from adapter.domain.identifiers import derived
from adapter.domain.problems import Finding, Refused
from adapter.flows.cancellation import ended
from adapter.flows.outbox import knows_of, outgoing
from adapter.flows.parts import Parts
from adapter.flows.resources import keep_changed
from adapter.flows.stopping import stop_queued
from adapter.ports import Transaction

BECAUSE = "wrong-person"


def purge(case_id: str, by: str, why: str, parts: Parts) -> bool:
    """Tell who is to be told, and remove the case. Whether it is gone: if not, somebody has not got it yet, and the
    command is given again. Raises Refused(not-found)."""
    now = parts.clock()
    begun = any(step.lifecycle == "purge" for step in parts.store.history_of(case_id))
    with parts.store.transaction() as tx:
        case = tx.case(case_id)
        if case is None:
            raise Refused(Finding("not-found", "case"))
        if not case.subject_key:
            return True
        if not begun:
            _begin(tx, case, f"operator:{by}", parts)
            tx.record(Audit(now, by, "purge-decided", case.id, {"why": why}))
        if any(delivery.place != "done" for delivery in tx.deliveries(case.id)):
            return False
        tx.purge(case.id, now, by, BECAUSE)
        return True


def _begin(tx: Transaction, case: Case, by: str, parts: Parts) -> None:
    now, source = parts.clock(), derived("purge", case.id)
    know = {d.outgoing.recipient for d in tx.deliveries(case.id) if knows_of([d], d.outgoing.recipient)}
    for recipient in sorted({d.outgoing.recipient for d in tx.deliveries(case.id)}):
        stop_queued(tx, case, recipient, now, BECAUSE)
    shown = ended(tx, case, "take-out", parts)
    kept = keep_changed(tx, shown, case=case, author="adapter", source=source, at=now)
    tx.move(case, [Step(case.id, "purge", "begin", "", BECAUSE, now, by, source)])
    tx.resolve(case.id, now, by)
    tx.resolve(case.id, now, by, DEATHS)
    tx.send([_news(case, to, kept, parts) for to in sorted(know | {case.requester})])


def _news(case: Case, to: str, kept: Sequence[Version], parts: Parts) -> Outgoing:
    need, task = (next(v for v in kept if v.type == kind) for kind in ("ServiceRequest", "Task"))
    now = parts.clock()
    if to == case.requester:
        return outgoing(case, to, "case-updated", "question-to-sender", task, [task], now)
    return outgoing(case, to, "need-cancelled", "cancellation", need, [need, task], now)
