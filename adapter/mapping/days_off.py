"""The days on which no time limit ends (fvl § 30 with domstolloven § 149)."""

from collections.abc import Container
from datetime import date
from functools import cache

_SATURDAY = 5


def is_day_off(day: date) -> bool:
    """Whether it is a Saturday, a Sunday or a holiday of Norway (lov om helligdager § 2; 1 and 17 May)."""
    return day.weekday() >= _SATURDAY or is_holiday(day)


def is_holiday(day: date) -> bool:
    """Whether it is a holiday of Norway, whatever day of the week."""
    return day in _holidays()


@cache
def _holidays() -> Container[date]:
    from holidays.countries.norway import Norway  # noqa: PLC0415 - 0.12 s at a start, and few ask

    return Norway()
