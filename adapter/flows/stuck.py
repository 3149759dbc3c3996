"""What stands still, and what of it somebody must be called for: by the thresholds of mappings/thresholds.yaml."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from adapter.domain.standing import KINDS, NONE, Kind, Standing, Stuck, Thresholds
from adapter.flows.reconciliation import ACTION
from adapter.mapping.days_off import is_day_off
from adapter.ports import Reckoning


def stuck(reckoning: Reckoning, thresholds: Thresholds, now: datetime) -> Sequence[Stuck]:
    """Every kind, in the order of KINDS. A handful of questions, whatever there is. Raises StoreBusy."""
    found = {**reckoning.standing(), **_books(reckoning)}
    due = {
        kind: one
        for kind, one in found.items()
        if one.oldest is None or kind != "clocks" or one.oldest <= now
    }
    return [_judged(kind, due.get(kind, NONE), thresholds, now) for kind in KINDS]


def _books(reckoning: Reckoning) -> Mapping[Kind, Standing]:
    """What the last look at a day found, and when that was."""
    last = reckoning.last_audit(ACTION)
    if last is None:
        return {}
    amiss = int(last.details["unexplained"])
    return {"books": Standing(1, last.at), "unexplained": Standing(amiss, last.at if amiss else None)}


def _judged(kind: Kind, standing: Standing, thresholds: Thresholds, now: datetime) -> Stuck:
    if standing.oldest is None:
        return Stuck(kind, standing.number, None, timedelta(), None, alarm=False)
    at = thresholds.waiting[kind].alarm_at(standing.oldest, is_day_off)
    age = max(now - standing.oldest, timedelta())
    return Stuck(kind, standing.number, standing.oldest, age, at, alarm=at is not None and at <= now)
