"""A unit that has a case again works on what came to it: what it was asked to purge of that case, it is not to purge.

Nobody was to confirm that anything was deleted that is in use (std-f § 6 no. 1 asks it of who was not the addressee).
What a unit has confirmed before stands as it is.
"""

from datetime import datetime

from adapter.domain.case import Case, Step
from adapter.domain.purge_there import PURGE_THERE, WITHDRAW
from adapter.domain.steps import rule_of
from adapter.flows.outbox import outgoing
from adapter.flows.parts import Parts
from adapter.flows.purge_asked import asked_to_purge, open_tasks
from adapter.flows.resources import keep_changed
from adapter.ports import Transaction


def withdraw_asked(tx: Transaction, case: Case, source: str, at: datetime, parts: Parts) -> None:
    """Where the unit whose the case is now was asked to purge what it had got of it and has not said that it has: the
    Task is cancelled, and it is told. `source` is what brought the case there."""
    here = case.owner or ""
    status = rule_of(parts.tables.steps, PURGE_THERE, "withdraw").status
    for task in open_tasks(asked_to_purge(tx.of_case(case.id), parts).get(here, ()), parts):
        over = task.body | {"status": status}
        (kept,) = keep_changed(tx, [over], case=case, author="adapter", source=source, at=at)
        tx.move(case, [Step(case.id, PURGE_THERE, *WITHDRAW, at, "adapter", task.reference)])
        tx.send([outgoing(case, here, "case-updated", PURGE_THERE, kept, [kept], at)])
