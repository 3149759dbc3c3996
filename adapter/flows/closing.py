"""A person here confirms that somebody has died, or that a child is not born: everything ends, and nobody is told.

In one transaction the plan ends, consents and participations lapse, what is queued is stopped, and the case is closed
(R-154, hpl § 24). The record stays as it is (hpl §§ 39–44). No machine does this: a report stops what would go out
(flows/death.py), and a person closes (pjl § 11). What comes later is answered as for any case that is over.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from adapter.domain.case import CLOSED, DEATHS, Audit, Case
from adapter.domain.closing import Closing
from adapter.domain.identifiers import derived
from adapter.domain.problems import Finding, Refused
from adapter.flows.contacts import codes
from adapter.flows.endings import Endings
from adapter.flows.outbox import under_way
from adapter.flows.parts import Parts
from adapter.flows.resources import id_of, instant, keep_changed
from adapter.ports import Collision, Transaction


def close(case_id: str, because: str, by: str, why: str, parts: Parts) -> int:
    """Close a case, or every case of its person, as mappings/closings.csv says; in how many something ended.

    Given twice, it is one command. Raises Refused: not-found, step-unknown, or step-forbidden where the need is about
    something else.
    """
    closing = next((c for c in parts.tables.closings if c.because == because), None)
    if closing is None:
        raise Refused(Finding("step-unknown", "because"))
    try:
        return _close(case_id, closing, by, why, parts)
    except Collision:  # somebody held two of the cases in another order
        return _close(case_id, closing, by, why, parts)


def _close(case_id: str, closing: Closing, by: str, why: str, parts: Parts) -> int:
    now = parts.clock()
    with parts.store.transaction() as tx:
        glance = tx.glance("Task", id_of(case_id, "task"))
        if glance is None:
            raise Refused(Finding("not-found", "case"))
        named = glance[1]
        meant = tx.cases_of_person(named.subject_key) if closing.closes == "person" else [named]
        cases = [case for case in (tx.case(one.id) for one in meant) if case]
        closed = 0
        for case in cases:
            _require_about(tx, case, closing, parts)
            ended = _end(tx, case, closing, f"operator:{by}", now, parts)
            stopped = _stop(tx, case, closing.because, now, parts)
            listed = tx.resolve(case.id, now, by) + tx.resolve(case.id, now, by, DEATHS)
            if ended or stopped or listed:
                details = {"because": closing.because, "why": why, **stopped}
                tx.record(Audit(now, by, "case-closed", case.id, details))
            closed += ended
    return closed


def _require_about(tx: Transaction, case: Case, closing: Closing, parts: Parts) -> None:
    need = tx.current("ServiceRequest", id_of(case.id, "need"))
    kinds = codes([need.body.get("code", {})], f"{parts.base}/CodeSystem/need-kind") if need else ()
    if closing.need_kind and closing.need_kind not in kinds:
        raise Refused(Finding("step-forbidden", "case"))


def _stop(tx: Transaction, case: Case, because: str, at: datetime, parts: Parts) -> Mapping[str, str]:
    """Nothing that is queued goes any more; what may come all the same, as it had begun, is named."""
    queued = [d for d in tx.deliveries(case.id) if d.place != "done"]
    said = tx.receipts(case.id) if queued else {}
    for category in sorted({d.outgoing.category for d in queued}):
        tx.stop(case.id, "", category, at, because)
    ids = {
        "stopped": [d.id for d in queued],
        "under-way": [d.id for d in queued if under_way(d, said.get(d.id, ()), parts)],
    }
    return {what: ",".join(str(id_) for id_ in which) for what, which in ids.items() if which}


def _end(tx: Transaction, case: Case, closing: Closing, actor: str, at: datetime, parts: Parts) -> bool:
    """End what stands in a case, and the case; whether anything did."""
    state = parts.tables.lifecycles["case"].after(case.state, "close")
    if state is None or case.state == CLOSED:
        return False
    source = derived("closed", case.id, instant(at))
    endings = Endings(case, actor, at, source, parts)
    ended = [*endings.of_case(tx.of_case(case.id), closing)]
    keep_changed(tx, (body for body, _ in ended), case=case, author="adapter", source=source, at=at)
    steps = [step for _, made in ended for step in made]
    if state != case.state:
        steps.append(endings.step("case", "close", case.state, state))
    tx.move(replace(case, state=state), steps)
    return bool(steps)
