"""How law counts days, held against a calendar that is walked day by day, and against dates worked out by hand."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapter.domain.counting import Length, Unit, day_before, last_day
from adapter.domain.days import begins, norwegian_day
from adapter.mapping.days_off import is_day_off

days = st.dates(date(2018, 1, 1), date(2032, 12, 31))
lengths = st.builds(Length, st.integers(0, 40), st.sampled_from(("days", "working-days", "weeks", "months")))


def off(day: date) -> bool:
    """Weekends, and the holidays of Norway as counted from Easter by hand-written arithmetic."""
    easter = _easter(day.year)
    moving = {easter + timedelta(days=n) for n in (-3, -2, 0, 1, 39, 49, 50)}
    fixed = {(1, 1), (5, 1), (5, 17), (12, 25), (12, 26)}
    return day.isoweekday() > 5 or day in moving or (day.month, day.day) in fixed


def _easter(year: int) -> date:
    """Gauss, for the years 1900 to 2099."""
    a, b, c = year % 19, year % 4, year % 7
    d = (19 * a + 24) % 30
    e = (2 * b + 4 * c + 6 * d + 5) % 7
    if d == 29 and e == 6:
        return date(year, 4, 19)
    if d == 28 and e == 6 and a > 10:
        return date(year, 4, 18)
    return date(year, 3, 22) + timedelta(days=d + e)


def walked(day: date, length: Length) -> date:
    """The last day, found by walking."""
    if length.unit == "working-days":
        seen = 0
        while seen < length.number:
            day += timedelta(days=1)
            seen += not off(day)
        return day
    if length.unit == "months":
        last = _same_number(day, length.number)
    else:
        last = day
        for _ in range(length.number * (7 if length.unit == "weeks" else 1)):
            last += timedelta(days=1)
    while off(last):
        last += timedelta(days=1)
    return last


def _same_number(day: date, months: int) -> date:
    """Through so many turns of the month, then to the day of that number or to the last there is."""
    walking = day
    while months:
        before = walking
        walking += timedelta(days=1)
        months -= before.month != walking.month
    first = walking.replace(day=1)
    month = [first + timedelta(days=n) for n in range(31) if (first + timedelta(days=n)).month == first.month]
    return next((d for d in month if d.day == day.day), month[-1])


@given(days)
def test_the_library_knows_the_same_days_off_as_arithmetic(day: date) -> None:
    assert is_day_off(day) == off(day)


@given(days, lengths)
@settings(max_examples=400, deadline=None)
def test_a_time_limit_ends_where_walking_ends(day: date, length: Length) -> None:
    assert last_day(day, length, is_day_off) == walked(day, length)


@given(days, st.integers(0, 40))
def test_so_many_working_days_back_and_forth_is_where_one_began(day: date, number: int) -> None:
    """From a working day; between the two there are so many."""
    while off(day):
        day += timedelta(days=1)
    length = Length(number, "working-days")
    assert day_before(last_day(day, length, is_day_off), length, is_day_off) == day


@pytest.mark.parametrize(
    ("day", "number", "unit", "last"),
    [
        ("2024-01-31", 1, "months", "2024-02-29"),  # a leap year: February has no 31st
        ("2026-01-31", 1, "months", "2026-03-02"),  # 28 February is a Saturday
        ("2026-12-17", 1, "months", "2027-01-18"),  # over the turn of the year, from a Sunday on
        ("2026-11-30", 3, "months", "2027-03-01"),  # 28 February is a Sunday
        ("2026-03-13", 3, "weeks", "2026-04-07"),  # Good Friday is the day of the same name
        ("2026-04-01", 1, "working-days", "2026-04-07"),  # over Easter
        ("2026-12-23", 2, "working-days", "2026-12-28"),  # over Christmas
        ("2026-05-12", 3, "working-days", "2026-05-18"),  # Ascension Day, and 17 May on a Sunday
        ("2024-02-28", 1, "days", "2024-02-29"),
        ("2026-03-10", 10, "working-days", "2026-03-24"),
    ],
)
def test_time_limits_of_which_the_law_and_a_calendar_say_the_end(
    day: str, number: int, unit: Unit, last: str
) -> None:
    counted = last_day(date.fromisoformat(day), Length(number, unit), is_day_off)
    assert counted == date.fromisoformat(last)


@pytest.mark.parametrize(
    ("day", "begins_at"),
    [
        ("2026-03-29", "2026-03-28T23:00:00+00:00"),  # the clock goes forward in the night of this day
        ("2026-03-30", "2026-03-29T22:00:00+00:00"),
        ("2026-10-25", "2026-10-24T22:00:00+00:00"),  # and back
        ("2026-10-26", "2026-10-25T23:00:00+00:00"),
        ("2027-01-01", "2026-12-31T23:00:00+00:00"),
    ],
)
def test_a_day_begins_at_midnight_in_norway(day: str, begins_at: str) -> None:
    """In summer and in winter, and on the days of which one has 23 hours and one 25."""
    assert begins(date.fromisoformat(day)) == datetime.fromisoformat(begins_at)


@given(st.integers(0, 14 * 365 * 24 * 60))
def test_a_moment_is_in_the_day_that_has_begun_and_has_not_ended(minutes: int) -> None:
    at = datetime(2018, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    day = norwegian_day(at)
    assert begins(day) <= at < begins(day + timedelta(days=1))


def test_a_year_that_no_calendar_has_is_an_overflow() -> None:
    with pytest.raises(OverflowError):
        last_day(date(9999, 12, 1), Length(1, "months"), is_day_off)
