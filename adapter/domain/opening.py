"""When an office can be rung, written as schema.org writes openingHours, on the clock of Norway.

`Mo-Fr 08:00-15:30` is days and hours; several are parted by `;`, several days by `,`. A day off is closed whatever is
written, and a range of days or hours does not go past its end (`Sa-Mo`, `22:00-06:00`): it is written as two.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from adapter.domain.days import OSLO

_DAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
_PART = re.compile(r"(?P<days>[A-Za-z,-]+) (?P<opens>\d\d:\d\d)-(?P<closes>\d\d:\d\d)")
_MIDNIGHT = 24 * 60


@dataclass(frozen=True, slots=True)
class Hours:
    """On these days (0 is Monday) from one minute of the day up to, and without, another (0-1440)."""

    days: frozenset[int]
    opens: int
    closes: int


def hours_of(opening: str) -> tuple[Hours, ...]:
    """Raises ValueError where it is not of the form; of nothing there are none."""
    return tuple(_hours(part.strip()) for part in opening.split(";")) if opening else ()


def is_open(opening: str, at: datetime, is_holiday: Callable[[date], bool]) -> bool:
    """Whether the office can be rung at a moment (with zone)."""
    local = at.astimezone(OSLO)
    minute = local.hour * 60 + local.minute
    if is_holiday(local.date()):
        return False
    return any(local.weekday() in h.days and h.opens <= minute < h.closes for h in hours_of(opening))


def _hours(part: str) -> Hours:
    found = _PART.fullmatch(part)
    if found is None:
        raise ValueError("must be like Mo-Fr 08:00-15:30")
    opens, closes = _minute(found["opens"]), _minute(found["closes"])
    if opens >= closes:
        raise ValueError("must close after it opens, on the same day")
    return Hours(frozenset(day for days in found["days"].split(",") for day in _range(days)), opens, closes)


def _range(days: str) -> range:
    first, _, last = days.partition("-")
    if first not in _DAYS or (last or first) not in _DAYS or days.endswith("-"):
        raise ValueError("days are Mo, Tu, We, Th, Fr, Sa and Su")
    begins, ends = _DAYS.index(first), _DAYS.index(last or first)
    if begins > ends:
        raise ValueError("days go from Mo to Su")
    return range(begins, ends + 1)


def _minute(text: str) -> int:
    hour, minute = int(text[:2]), int(text[3:])
    if minute > 59 or hour * 60 + minute > _MIDNIGHT:
        raise ValueError("hours go from 00:00 to 24:00")
    return hour * 60 + minute
