"""What always holds of the deadlines that are kept of a case."""

from collections import Counter
from collections.abc import Iterator

from adapter.domain.deadline import Deadline
from adapter.domain.record import CaseRecord
from adapter.flows.invariants import Violation
from adapter.flows.parts import Parts


def clocks(record: CaseRecord, parts: Parts) -> Iterator[Violation]:
    """Each deadline is in the state that its moments say, whoever is late was warned first, and of each rule and
    thing there is one that runs."""
    for deadline in record.deadlines:
        of = f"case {record.case.id} {deadline.rule}"
        if deadline.state != _state(deadline):
            yield Violation("clock-fits-its-state", of)
        if not _in_order(deadline):
            yield Violation("overdue-was-warned", of)
    running = Counter((d.rule, d.about) for d in record.deadlines if d.state != "stopped")
    for (rule, _), number in running.items():
        if number > 1:
            yield Violation("clock-runs-once", f"case {record.case.id} {rule}")


def _state(deadline: Deadline) -> str:
    if deadline.stopped_at:
        return "stopped" if deadline.by else "stopped by nobody"
    if deadline.overdue_at:
        return "overdue"
    return "warned" if deadline.warned_at else "running"


def _in_order(deadline: Deadline) -> bool:
    """Started, to be warned of, due; and warned of before it was overdue, if it is to be warned of at all."""
    warn_at = deadline.warn_at or deadline.due_at
    if not deadline.started_at <= warn_at <= deadline.due_at:
        return False
    if deadline.overdue_at is None or deadline.warn_at is None:
        return True
    return deadline.warned_at is not None and deadline.warned_at <= deadline.overdue_at
