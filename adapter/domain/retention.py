"""How long each class of data is kept, counted from what, and when a case is over.

Health data are kept until they are presumed to be needed no longer, and who has received them as long as the record
itself (pasientjournalloven § 25; arkivlova); then they go for good, and a tombstone without content says so.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from adapter.domain.lifecycle import LifeCycle

Class = Literal[
    "payload",
    "refused",
    "superseded",
    "waiting",
    "receipts",
    "deliveries",
    "history",
    "case",
    "answers",
    "audit",
]
"""payload: the bytes of messages; refused: answers to what was not kept; superseded: content of versions that have a
successor; case: all of a case but its answers and its audit; answers: what a late repeat of a purged case is told."""


@dataclass(frozen=True, slots=True)
class Period:
    """Calendar years and days."""

    years: int
    days: int

    def before(self, now: datetime) -> datetime:
        """The moment that lies so long ago; 29 February becomes the 28th in a year that has none."""
        year = now.year - self.years
        leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
        day = 28 if (now.month, now.day) == (2, 29) and not leap else now.day
        return now.replace(year=year, day=day) - timedelta(days=self.days)

    @property
    def about(self) -> float:
        """In days, to compare."""
        return self.years * 365.25 + self.days


@dataclass(frozen=True, slots=True)
class Rule:
    """One row. `keep` is None for what goes together with its case.

    `counted`: from when it was `kept` here, or from when its case was `over`.
    `case`: what must hold of the case before anything goes: `settled` (no rule or person needs the message again),
    `over`, `archived` (over, and archived as it stands), `purged`, or `none` (it has no case).
    """

    name: Class
    keep: Period | None
    counted: Literal["kept", "over"]
    case: Literal["settled", "over", "archived", "purged", "none"]
    ground: str


@dataclass(frozen=True, slots=True)
class Over:
    """When a case is over: its state ends it, or its state and the plan's. Nothing of it may be queued or on a list."""

    states: frozenset[str]
    with_plan: frozenset[str]
    plan: frozenset[str]


@dataclass(frozen=True, slots=True)
class Retention:
    """mappings/retention.yaml. `settled`: case states from which a message is never read again."""

    over: Over
    settled: frozenset[str]
    rules: Mapping[Class, Rule]


@dataclass(frozen=True, slots=True)
class Removal:
    """One class to be removed where its time was over before a moment."""

    rule: Rule
    before: datetime
    over: Over
    settled: frozenset[str]


@dataclass(frozen=True, slots=True)
class Batch:
    """What one transaction did: how many messages or cases it looked at and how many rows went; `last` is where the
    next one goes on, None at the end."""

    items: int
    rows: int
    last: tuple[datetime, str | int] | None


def states_before(cycle: LifeCycle, event: str) -> frozenset[str]:
    """Every state from which `event` may still happen, at once or after others."""
    found = {state for state in cycle.cells if cycle.after(state, event)}
    while True:
        more = {s for s in cycle.cells if any(cycle.after(s, e) in found for e in cycle.events)} - found
        if not more:
            return frozenset(found)
        found |= more
