"""Every clock that runs, of all cases: what is waited for, since when and until when, and by whom; for a list.

Nothing of a person: of a clock that could tell when somebody was born no day, and its place in the list is no hint.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from adapter.domain.case import Case
from adapter.domain.days import norwegian_day
from adapter.domain.deadline import Deadline, State
from adapter.flows.followed import waits_for
from adapter.flows.parts import Parts

_OVERDUE: Final[frozenset[State]] = frozenset({"overdue"})
_AHEAD: Final[frozenset[State]] = frozenset({"running", "warned"})
_PAGE: Final = 200
_A_MOMENT: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class OpenClock:
    """A clock of a case. `since` (UTC) and `last_day` (in Norway) are None where they could tell a birthday;
    `waits_for`: the organisations (numbers) that it reminds."""

    case: str
    rule: str
    state: State
    since: datetime | None
    last_day: date | None
    waits_for: tuple[str, ...]


def open_clocks(parts: Parts, *, only_overdue: bool = False) -> Iterator[OpenClock]:
    """Overdue first, each group by its last day; those without a day behind, by case. Raises StoreBusy."""
    for states in (_OVERDUE,) if only_overdue else (_OVERDUE, _AHEAD):
        dayless = []
        for one in _in(states, parts):
            if one.last_day:
                yield one
            else:
                dayless.append(one)
        yield from sorted(dayless, key=lambda one: (one.case, one.rule))


def _in(states: Collection[State], parts: Parts) -> Iterator[OpenClock]:
    after: Deadline | None = None
    while page := parts.store.deadlines(states, after, _PAGE):
        with parts.store.transaction() as tx:
            cases = {id_: tx.case(id_) for id_ in sorted({one.case_id for one in page})}
        for one in page:
            case = cases[one.case_id]
            if case:
                yield _shown(one, case, parts)
        after = page[-1]


def _shown(one: Deadline, case: Case, parts: Parts) -> OpenClock:
    rule = parts.tables.deadlines.of(one.rule)
    return OpenClock(
        case=case.id,
        rule=one.rule,
        state=one.state,
        since=None if rule.dayless else one.started_at,
        last_day=None if rule.dayless else norwegian_day(one.due_at - _A_MOMENT),
        waits_for=tuple(waits_for(rule, one, case, parts)),
    )
