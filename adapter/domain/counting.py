"""How law counts days (fvl § 30, domstolloven §§ 148 and 149): whole days on the calendar in Norway."""

import calendar
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

IsDayOff = Callable[[date], bool]
"""Whether a time limit that ends on this day goes on: a Saturday, a Sunday or a holiday (domstolloven § 149)."""

Unit = Literal["days", "working-days", "weeks", "months"]
_A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Length:
    """So many of a unit, none or more."""

    number: int
    unit: Unit


def last_day(day: date, length: Length, is_day_off: IsDayOff) -> date:
    """The last day of a time limit that something on `day` began, which is not counted itself (domstolloven § 148).

    Weeks and months end on the day of the same name or number, or on the last of a month that has none; what would end
    on a day off ends on the next other day (§ 149). Raises OverflowError behind the last day there is.
    """
    if length.unit == "working-days":
        return _working_days(day, length.number, _A_DAY, is_day_off)
    last = _moved(day, length, 1)
    while is_day_off(last):
        last += _A_DAY
    return last


def day_before(day: date, length: Length, is_day_off: IsDayOff) -> date:
    """The day that lies so long before another; no days before is the day itself."""
    if length.unit == "working-days":
        return _working_days(day, length.number, -_A_DAY, is_day_off)
    return _moved(day, length, -1)


def _working_days(day: date, number: int, step: timedelta, is_day_off: IsDayOff) -> date:
    for _ in range(number):
        day += step
        while is_day_off(day):
            day += step
    return day


def _moved(day: date, length: Length, sign: int) -> date:
    if length.unit != "months":
        return day + timedelta(days=length.number * (7 if length.unit == "weeks" else 1)) * sign
    months = day.year * 12 + day.month - 1 + length.number * sign
    year, month = months // 12, months % 12 + 1
    if not date.min.year <= year <= date.max.year:
        raise OverflowError("no such year")
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))
