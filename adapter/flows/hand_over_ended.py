"""A hand-over that nobody has answered ends with its case, and both units are told, as far as consent goes.

Where a case is closed nobody is told: flows/endings.py.
"""

from datetime import datetime

from adapter.domain.case import Case, Step
from adapter.flows.hand_over_asked import ANSWER, WITHDRAWN, receiver, waiting, without_answer
from adapter.flows.outbox import knows_of, outgoing
from adapter.flows.parts import Parts
from adapter.flows.resources import keep_changed, provenance
from adapter.flows.task_kind import HAND_OVER
from adapter.ports import Transaction


def end_waiting(tx: Transaction, case: Case, actor: str, source: str, at: datetime, parts: Parts) -> None:
    """The unit that was asked hears of it behind the question, and not at all if that never begins to go."""
    for task, hand_over in waiting(tx.of_case(case.id), parts):
        ended = [without_answer(task)]
        (kept,) = keep_changed(tx, ended, case=case, author="adapter", source=source, at=at)
        tx.move(case, [Step(case.id, HAND_OVER, *WITHDRAWN, at, actor, source)])
        origin = provenance(
            [kept], key=f"{source}{task.id}", event="case-updated", author=parts.home, source=source,
            mapping="verbatim", at=at, parts=parts,
        )  # fmt: skip
        (trace,) = keep_changed(tx, [origin], case=case, author="adapter", source=source, at=at)
        unit, deliveries = receiver(hand_over, at, parts), tx.deliveries(case.id)
        for to, category in ((case.owner, ANSWER), (unit and unit.organisation, HAND_OVER)):
            queued = any(d.place != "done" and d.outgoing.recipient == to for d in deliveries)
            if to and (queued or knows_of(deliveries, to)):
                tx.send([outgoing(case, to, "case-updated", category, kept, [kept, trace], at)])
