"""Days in Norway and periods of FHIR dateTimes, down to what senders really write."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter.domain.days import first_day, first_moment, last_day, moment_after, norwegian_day, within


@pytest.mark.parametrize("text", ["9999", "9999-12", "9999-12-31"])
def test_the_last_year_means_no_end(text: str) -> None:
    """Systems that must state an end write this one."""
    assert moment_after(text) is None
    assert within(None, text, datetime(2026, 3, 10, tzinfo=UTC))


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("2026", "2026-12-31T23:00:00+00:00"),
        ("2026-06", "2026-06-30T22:00:00+00:00"),
        ("2026-03-10", "2026-03-10T23:00:00+00:00"),
        ("2026-12", "2026-12-31T23:00:00+00:00"),
    ],
)
def test_a_period_includes_its_last_day_month_or_year(text: str, after: str) -> None:
    """Counted in Norwegian time, summer and winter."""
    end = moment_after(text)
    assert end is not None
    assert end.astimezone(UTC).isoformat() == after


def test_a_leap_second_is_a_moment() -> None:
    """FHIR's instant may end in :60."""
    assert first_moment("2026-06-30T23:59:60+00:00") == datetime(2026, 6, 30, 23, 59, 59, tzinfo=UTC)


def test_the_day_in_norway_begins_before_that_of_utc() -> None:
    """An hour before midnight UTC it is tomorrow in Norway."""
    assert norwegian_day(datetime(2026, 1, 1, 23, 30, tzinfo=UTC)).isoformat() == "2026-01-02"


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("9999-12-31T23:59:00Z", "9999-12-31"),
        ("9999-12-31T23:59:00-12:00", "9999-12-31"),
        ("0001-01-01T00:00:00+14:00", "0001-01-01"),
    ],
)
def test_every_moment_has_a_day(text: str, day: str) -> None:
    """Also where the calendar in Norway is past its last day, or before its first."""
    moment = first_moment(text)
    assert moment is not None
    assert norwegian_day(moment).isoformat() == day


@given(st.dates().map(str) | st.datetimes(timezones=st.just(UTC)).map(lambda d: d.isoformat()))
def test_every_fhir_date_has_a_first_moment(text: str) -> None:
    """None that the format allows ends in an exception, and an end is never before its beginning."""
    start, end = first_moment(text), moment_after(text)
    assert start is not None
    assert end is None or end >= start


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        (None, None, None),
        ("2026-02-28", date(2026, 2, 28), date(2026, 2, 28)),
        ("2024-02", date(2024, 2, 1), date(2024, 2, 29)),
        ("2026", date(2026, 1, 1), date(2026, 12, 31)),
        ("2026-06-30T22:30:00+00:00", date(2026, 7, 1), date(2026, 7, 1)),
        ("9999-12-31", date(9999, 12, 31), None),
    ],
)
def test_the_first_and_last_day_of_a_period_are_norwegian(
    text: str | None, first: date | None, last: date | None
) -> None:
    """A month or a year counts whole, and half past ten in the evening in UTC is the next day of a Norwegian summer."""
    assert (first_day(text), last_day(text)) == (first, last)
