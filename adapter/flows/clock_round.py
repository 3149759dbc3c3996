"""The keeper of clocks: counts the deadlines of each case that changed, or of which one is due, and says what turned.

One case is one transaction under its lock, so any number of processes may do this and each stage is told once.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime

from adapter.domain.case import Audit
from adapter.domain.deadline import Deadline, Turn, deadlines, look, next_look
from adapter.flows.clock_facts import happened, rules_of
from adapter.flows.parts import Parts
from adapter.flows.reminders import off_the_list, remind
from adapter.mapping.days_off import is_day_off


def keep_clocks(parts: Parts, limit: int) -> int:
    """Look at the clocks of so many cases at most, longest due first; how many there were. Raises StoreBusy."""
    due = parts.store.clocks_due(parts.clock(), limit)
    for case_id in due:
        keep_clocks_of(case_id, parts)
    return len(due)


def keep_clocks_of(case_id: str, parts: Parts) -> None:
    """Look at the clocks of one case. Raises StoreBusy or Collision: then nothing was written."""
    with parts.store.transaction() as tx:
        case = tx.case(case_id)
        if case is None:
            return
        at = parts.clock()
        kept = tx.deadlines(case_id)
        counted = deadlines(case_id, happened(tx, case, parts), rules_of(case, parts), is_day_off)
        found = look(kept, counted, at)
        off_the_list(tx, case, kept, found.deadlines, parts)
        for turn in found.turns:
            remind(tx, case, turn.deadline, turn.stage, turn.at, parts)
            if turn.stage != "stopped":
                tx.record(_told(turn, at))
        changed = _changed(kept, found.deadlines)
        # What a reminder brought into the case may begin a clock itself.
        tx.keep_deadlines(case_id, list(changed), at if found.turns else next_look(found.deadlines))


def _told(turn: Turn, at: datetime) -> Audit:
    clock = turn.deadline
    about = {"resource": clock.about} if clock.about else {}
    details = {"rule": clock.rule, **about, "since": clock.started_at.isoformat()}
    return Audit(at, "adapter", f"deadline-{turn.stage}", clock.case_id, details)


def _changed(kept: Iterable[Deadline], now: Iterable[Deadline]) -> Iterator[Deadline]:
    before = set(kept)
    return (deadline for deadline in now if deadline not in before)
