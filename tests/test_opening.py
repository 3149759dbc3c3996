"""When an office can be rung: schema.org's openingHours, on the clock and the calendar of Norway."""

from datetime import UTC, datetime

import pytest

from adapter.domain.opening import hours_of, is_open
from adapter.mapping.days_off import is_day_off, is_holiday


@pytest.mark.parametrize(
    ("opening", "moment", "answered"),
    [
        ("Mo-Fr 08:00-15:30", "2026-11-23T07:00:00+00:00", True),  # Monday, 08:00 in winter
        ("Mo-Fr 08:00-15:30", "2026-11-23T06:59:59+00:00", False),
        ("Mo-Fr 08:00-15:30", "2026-11-23T14:29:59+00:00", True),
        ("Mo-Fr 08:00-15:30", "2026-11-23T14:30:00+00:00", False),
        ("Mo-Fr 08:00-15:30", "2026-06-22T06:00:00+00:00", True),  # Monday, 08:00 in summer
        ("Mo-Fr 08:00-15:30", "2026-06-22T05:59:00+00:00", False),
        ("Mo-Fr 08:00-15:30", "2026-11-22T10:00:00+00:00", False),  # a Sunday
        ("Mo-Fr 08:00-15:30", "2026-05-14T10:00:00+00:00", False),  # Ascension Day, a Thursday
        ("Mo-Su 00:00-24:00", "2026-12-25T10:00:00+00:00", False),  # Christmas Day
        ("Mo-Su 00:00-24:00", "2026-12-24T23:30:00+00:00", False),  # 00:30 on Christmas Day in Norway
        ("Mo-Su 00:00-24:00", "2026-12-27T10:00:00+00:00", True),  # a Sunday on which it says to be open
        ("Sa 10:00-14:00", "2026-11-21T10:00:00+00:00", True),
        ("Tu,Th 09:00-11:00;Fr 12:00-13:00", "2026-11-27T11:30:00+00:00", True),
        ("Tu,Th 09:00-11:00; Fr 12:00-13:00", "2026-11-26T09:59:00+00:00", True),
        ("Tu,Th 09:00-11:00;Fr 12:00-13:00", "2026-11-25T09:00:00+00:00", False),
        ("", "2026-11-23T10:00:00+00:00", False),
    ],
)
def test_an_office_is_open_as_its_hours_say_in_norway(opening: str, moment: str, answered: bool) -> None:
    at = datetime.fromisoformat(moment)
    assert at.tzinfo == UTC
    assert is_open(opening, at, is_holiday) is answered


@pytest.mark.parametrize(
    "opening",
    [
        "Mo-Fr",
        "08:00-15:30",
        "Mo-Fr 8-15",
        "Mo-Fr 08:00-15:30,",
        "Ma-Fr 08:00-15:30",
        "Mo- 08:00-15:30",
        "Fr-Mo 08:00-15:30",
        "Mo-We-Fr 08:00-15:30",
        "Mo, We 08:00-15:30",
        "Mo-Fr 15:30-08:00",
        "Mo-Fr 08:00-08:00",
        "Mo-Fr 08:60-15:30",
        "Mo-Fr 08:00-24:01",
        "Mo-Fr 08:00-15:30;",
        " ",
    ],
)
def test_hours_of_another_form_are_refused(opening: str) -> None:
    """Half understood, they would send somebody to a telephone that nobody answers."""
    with pytest.raises(ValueError, match=r"^(must|days|hours) "):
        hours_of(opening)


def test_a_saturday_is_a_day_off_and_no_holiday() -> None:
    """An office may be open on it; a time limit does not end on it (fvl § 30 with domstolloven § 149)."""
    saturday = datetime(2026, 11, 21, tzinfo=UTC).date()
    assert (is_day_off(saturday), is_holiday(saturday)) == (True, False)
