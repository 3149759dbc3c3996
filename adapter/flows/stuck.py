"""What stands still, and what of it somebody must be called for: by the thresholds of mappings/thresholds.yaml."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from adapter.domain.days import begins, norwegian_day
from adapter.domain.standing import KINDS, NONE, Kind, Standing, Stuck, Thresholds
from adapter.flows.reconciliation import made_up, not_seen_to
from adapter.mapping.days_off import is_day_off
from adapter.ports import Reckoning

_DUE: Final = frozenset({"clocks", "books"})
"""Kinds whose oldest is when it is due: until then nothing of them stands."""


def stuck(reckoning: Reckoning, thresholds: Thresholds, now: datetime) -> Sequence[Stuck]:
    """Every kind, in the order of KINDS. A handful of questions, whatever there is. Raises StoreBusy."""
    found = {**reckoning.standing(), **_books(reckoning)}
    due = {
        kind: one
        for kind, one in found.items()
        if one.oldest is None or kind not in _DUE or one.oldest <= now
    }
    return [_judged(kind, due.get(kind, NONE), thresholds, now) for kind in KINDS]


def _books(reckoning: Reckoning) -> Mapping[Kind, Standing]:
    """When a day was last made up, or should have been for the first time; and the messages without a trace of all days
    to which nobody has seen."""
    made = made_up(reckoning)
    if not made:
        first = reckoning.first_received()
        due = begins(norwegian_day(first) + timedelta(days=1)) if first else None
        return {"books": Standing(1, due)} if due else {}
    amiss = not_seen_to(made)
    number = sum(int(row.details["unexplained"]) for row in amiss)
    oldest = min((row.at for row in amiss), default=None)
    return {"books": Standing(1, made[max(made)].at), "unexplained": Standing(number, oldest)}


def _judged(kind: Kind, standing: Standing, thresholds: Thresholds, now: datetime) -> Stuck:
    if standing.oldest is None:
        return Stuck(kind, standing.number, None, timedelta(), None, alarm=False)
    at = thresholds.waiting[kind].alarm_at(standing.oldest, is_day_off)
    age = max(now - standing.oldest, timedelta())
    return Stuck(kind, standing.number, standing.oldest, age, at, alarm=at is not None and at <= now)
