"""A hospital takes back a need it has reported, or a person leaves a waiting case out."""

from collections.abc import Sequence
from dataclasses import replace

from adapter.domain.case import Case, Resource, Step
from adapter.domain.problems import Finding, Refused
from adapter.domain.steps import rule_of
from adapter.flows.hand_over_ended import end_waiting
from adapter.flows.notice import Notice
from adapter.flows.outbox import knows_of, outgoing
from adapter.flows.parts import Parts
from adapter.flows.placing import Taken, traced
from adapter.flows.resources import business_status, id_of, keep_changed
from adapter.flows.standing_plan import stands_here
from adapter.ports import Transaction


def cancel(tx: Transaction, case: Case, notice: Notice, parts: Parts) -> Taken:
    """The sender takes the need back. What is queued still goes out in order, the cancellation last; a unit that
    never heard of the case is told nothing.

    While a plan stands the need is no more the sender's to take back, and the answer is that of one that was met: that
    there is a plan it does not tell (hpl § 21).
    """
    if case.state != "cancelled" and stands_here(tx.of_case(case.id)):
        raise Refused(Finding("case-over", "need"))
    after = _moved(tx, case, "cancel", notice, parts)
    if after == case:
        return Taken(case.id, (Finding("already-cancelled", "need"),))
    kept = keep_changed(
        tx,
        ended(tx, case, "cancel", parts),
        case=after,
        author=case.requester,
        source=notice.source,
        at=notice.at,
    )
    told = [*kept, *traced(tx, after, kept, "cancel", notice, parts)]
    deliveries = tx.deliveries(case.id)
    on_its_way = any(d.place != "done" for d in deliveries if d.outgoing.recipient == case.owner)
    if case.owner and (on_its_way or knows_of(deliveries, case.owner)):
        need = next(v for v in kept if v.type == "ServiceRequest")
        tx.send([outgoing(after, case.owner, "need-cancelled", "cancellation", need, told, notice.at)])
    end_waiting(tx, after, notice.actor, notice.source, notice.at, parts)
    tx.resolve(case.id, notice.at, notice.actor)
    return Taken(case.id)


def dismiss(tx: Transaction, case: Case, notice: Notice, parts: Parts) -> None:
    """A person leaves a waiting case out: it is no matter for a coordinating unit. The sender is told."""
    after = _moved(tx, case, "dismiss", notice, parts)
    kept = keep_changed(
        tx,
        ended(tx, case, "dismiss", parts),
        case=after,
        author="adapter",
        source=notice.source,
        at=notice.at,
    )
    task = next(v for v in kept if v.type == "Task")
    tx.send([outgoing(after, case.requester, "case-updated", "question-to-sender", task, [task], notice.at)])
    tx.resolve(case.id, notice.at, notice.actor)


def _moved(tx: Transaction, case: Case, event: str, notice: Notice, parts: Parts) -> Case:
    state = parts.tables.lifecycles["case"].after(case.state, event)
    if state is None:
        raise Refused(Finding("case-over" if event == "cancel" else "step-forbidden", "need"))
    after = replace(case, state=state)
    if state != case.state:
        step = Step(case.id, "case", event, case.state, state, notice.at, notice.actor, notice.source)
        tx.move(after, [step])
    return after


def ended(tx: Transaction, case: Case, event: str, parts: Parts) -> Sequence[Resource]:
    """The need revoked and its Task ended. The reason stays behind, as no consent lets it go out again."""
    need = tx.current("ServiceRequest", id_of(case.id, "need"))
    task = tx.current("Task", id_of(case.id, "task"))
    assert need is not None and task is not None  # noqa: S101, PT018 - every open case has both
    rule = rule_of(parts.tables.steps, "case", event)
    bare = {k: v for k, v in need.body.items() if k != "reasonCode"}
    bare["code"] = {k: v for k, v in need.body.get("code", {}).items() if k != "text"}
    left = {k: v for k, v in task.body.items() if k not in ("statusReason", "output")}
    return [
        {**{k: v for k, v in bare.items() if v}, "status": "revoked"},
        left | {"status": rule.status, "businessStatus": business_status(rule, parts)},
    ]
