"""The decisions of a case, one after the other, as the versions of its Task tell them.

A case is decided, taken up anew and decided again; each decision has a time limit and complaints of its own.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Final

from adapter.domain.case import Version
from adapter.domain.decision import Decision
from adapter.domain.delivery import Pinned
from adapter.domain.steps import step_of
from adapter.flows.decision import decision_in
from adapter.flows.parts import Parts
from adapter.flows.resources import id_of
from adapter.ports import Transaction

_BEGINS: Final = frozenset({"decide", "refuse", "conclude", "appoint"})
"""Steps of a case that tell a decision, or more of the one that stands."""
_ENDS: Final = frozenset({"reopen", "hand-over", "route", "accept", "ask"})
"""Steps after which nothing is decided in a case."""


@dataclass(frozen=True, slots=True)
class Made:
    """A decision. `first` and `last` are the versions of the Task that tell it, both counted; `at` when the first of
    them came (UTC), `by` the organisation that decided. `stands`: the case is not taken up anew since."""

    first: int
    last: int
    at: datetime
    by: str
    decision: Decision
    stands: bool = True


def task_versions(tx: Transaction, case_id: str, versions: Sequence[Version]) -> list[Version]:
    """All versions of the Task of a case, oldest first. `versions`: the current ones of the case."""
    id_ = id_of(case_id, "task")
    current = next((v for v in versions if v.type == "Task" and v.id == id_), None)
    if current is None:
        return []
    found = tx.versions([Pinned("Task", id_, number) for number in range(1, current.number)])
    return [*sorted(found.values(), key=lambda version: version.number), current]


def decisions_made(tasks: Iterable[Version], parts: Parts) -> list[Made]:
    """The decisions that the versions of a Task tell, oldest first."""
    made: list[Made] = []
    for task in tasks:
        event, said = _event(task, parts), decision_in(task.body, parts)
        latest = made[-1] if made else None
        if latest and latest.stands and event in _ENDS:
            made[-1] = replace(latest, stands=False)
        elif latest and latest.stands:
            made[-1] = replace(latest, last=task.number, decision=_with(latest.decision, said))
        elif event in _BEGINS and said.outcome:
            made.append(Made(task.number, task.number, task.at, task.author, said))
    return made


def standing(made: Sequence[Made]) -> Decision:
    """The decision that stands, if one does."""
    return made[-1].decision if made and made[-1].stands else Decision()


def _event(task: Version, parts: Parts) -> str:
    codings = task.body.get("businessStatus", {}).get("coding", ())
    system = f"{parts.base}/CodeSystem/case-step"
    code = next((c.get("code", "") for c in codings if c.get("system") == system), "")
    rule = step_of(parts.tables.steps, "case", task.body["status"], code)
    return rule.event if rule else ""


def _with(before: Decision, said: Decision) -> Decision:
    """A decision told once more is as it is told now; who appoints a coordinator need not repeat it."""
    if said.outcome:
        return said
    kept = {f.name: getattr(said, f.name) or getattr(before, f.name) for f in fields(Decision)}
    return Decision(**kept)
