"""A case that was about the wrong person: nothing of that person stays here, and who got anything of it is told.

What somebody should never have got is not kept to be looked at later (pjl § 25, GDPR art. 5(1)(d) and 17). The hospital
is told that its case is closed, who got the need that it is taken back and why, and anybody else the same of what came
there and of nothing more: that there was a need is confidential, too (hpl § 21). When they have got it, the case goes,
and a tombstone without content says so; what has been answered is answered the same again.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Final

from adapter.domain.case import DEATHS, Audit, Case, Resource, Step, Version
from adapter.domain.delivery import Outgoing
from adapter.domain.identifiers import derived
from adapter.domain.problems import Finding, Refused
from adapter.domain.steps import rule_of
from adapter.flows.cancellation import ended
from adapter.flows.outbox import knows_of, outgoing
from adapter.flows.parts import Parts
from adapter.flows.resources import business_status, id_of, keep_changed, require_valid
from adapter.flows.stopping import stop_queued
from adapter.ports import Transaction

BECAUSE = "wrong-person"
_FIRST: Final = ("CarePlan", "CareTeam", "Task")
"""What a notice is about where several things came to somebody: the first of these, or else any."""


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
    got = _got(tx, case)
    for recipient in sorted({d.outgoing.recipient for d in tx.deliveries(case.id)}):
        stop_queued(tx, case, recipient, now, BECAUSE)
    shown = ended(tx, case, "take-out", parts)
    kept = keep_changed(tx, shown, case=case, author="adapter", source=source, at=now)
    tx.move(case, [Step(case.id, "purge", "begin", "", BECAUSE, now, by, source)])
    tx.resolve(case.id, now, by)
    tx.resolve(case.id, now, by, DEATHS)
    tx.send([_news(tx, case, to, got.get(to, ()), kept, parts) for to in sorted({*got, case.requester})])


def _got(tx: Transaction, case: Case) -> Mapping[str, Collection[str]]:
    """What the messages were about (references) that came to each organisation (number), or may have come."""
    got: dict[str, set[str]] = {}
    for d in tx.deliveries(case.id):
        if knows_of([d], d.outgoing.recipient):
            about = f"{d.outgoing.focus.type}/{d.outgoing.focus.id}"
            got.setdefault(d.outgoing.recipient, set()).add(about)
    return got


def _news(
    tx: Transaction, case: Case, to: str, got: Collection[str], kept: Sequence[Version], parts: Parts
) -> Outgoing:
    need, task = (next(v for v in kept if v.type == kind) for kind in ("ServiceRequest", "Task"))
    now = parts.clock()
    if to == case.requester:
        return outgoing(case, to, "case-updated", "question-to-sender", task, [task], now)
    if need.reference in got:
        return outgoing(case, to, "need-cancelled", "cancellation", need, [need, task], now)
    if task.reference not in got:
        about = min(got, key=_in_order)
        source = derived("purge", case.id)
        notice = _notice(case, about, parts)
        (task,) = keep_changed(tx, [notice], case=case, author="adapter", source=source, at=now)
    return outgoing(case, to, "case-updated", "cancellation", task, [task], now)


def _in_order(reference: str) -> tuple[int, str]:
    type_ = reference.partition("/")[0]
    return _FIRST.index(type_) if type_ in _FIRST else len(_FIRST), reference


def notice_of(case_id: str, about: str) -> str:
    """The id of the Task that says of something (by reference) that it was about the wrong person."""
    return derived(case_id, BECAUSE, about)


def _notice(case: Case, about: str, parts: Parts) -> Resource:
    """That what came there was about the wrong person, and nothing of the need."""
    rule = rule_of(parts.tables.steps, "case", "take-out")
    notice = {
        "resourceType": "Task",
        "id": notice_of(case.id, about),
        "status": rule.status,
        "intent": "order",
        "focus": {"reference": about},
        "for": {"reference": f"Patient/{id_of(case.id, 'patient')}"},
        "businessStatus": business_status(rule, parts),
    }
    require_valid("notice", notice)
    return notice
