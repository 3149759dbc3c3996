"""Reads mappings/days-off.yaml: the days on which no time limit ends."""

from datetime import date, timedelta

from dateutil.easter import easter

from adapter.domain.decision import IsDayOff
from adapter.mapping import yaml_text

_SATURDAY = 5


def days_off(text: str) -> IsDayOff:
    """Whether a day is off. Raises ValueError for what is no day of a month."""
    raw = yaml_text.read(text)
    if raw["version"] not in raw["history"]:
        raise ValueError("the version has no line in history")
    fixed = {(day.month, day.day) for day in (date.fromisoformat(f"2000-{said}") for said in raw["fixed"])}
    movable = [timedelta(days=days) for days in raw["easter"]]

    def is_day_off(day: date) -> bool:
        if day.weekday() >= _SATURDAY or (day.month, day.day) in fixed:
            return True
        return day in [easter(day.year) + days for days in movable]

    return is_day_off
