"""From what a partner said to what we do next: three kinds of status that are never mixed.

What was said is a Receipt; what we conclude is a row of mappings/answers.csv; whether the step is legal stands in
lifecycles/exchange.csv.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from adapter.domain.delivery import Receipt


@dataclass(frozen=True, slots=True)
class AnswerRule:
    """One row of answers.csv; `said` and `transport` may be "*". HTTP statuses from `low` to `high`, inclusive."""

    transport: str
    low: int
    high: int
    said: str
    conclusion: Literal["accepted", "later", "rejected"]
    blames: Literal["delivery", "recipient"]
    because: str


@dataclass(frozen=True, slots=True)
class Schedule:
    """Waits between tries, the last one repeated, and how long a delivery may stay undelivered before it is parked."""

    waits: Sequence[timedelta]
    park_after: timedelta

    def next_try(self, failures: int, at: datetime, retry_after: int | None) -> datetime:
        """When to try again after the n-th failure (from 1); never sooner than the partner asked for."""
        wait = self.waits[min(failures, len(self.waits)) - 1]
        return at + max(wait, timedelta(seconds=retry_after or 0))


def left_alone(failures: int) -> timedelta:
    """How long a process keeps away from a recipient after its n-th own failure (from 1): 1 s, doubling to a minute."""
    return min(timedelta(seconds=2 ** min(failures - 1, 6)), timedelta(minutes=1))


def conclude(rules: Iterable[AnswerRule], receipt: Receipt) -> AnswerRule:
    """The first rule that fits. The table is total: its last row takes every answer."""
    return next(
        rule
        for rule in rules
        if rule.transport == receipt.transport
        and rule.low <= receipt.http <= rule.high
        and rule.said in ("*", receipt.said)
    )
