"""This process's clock against the database's: told when they differ, and only then."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from stored import NOW

from adapter.app import system_clock
from adapter.domain.exchange import MAY_DIFFER
from adapter.flows.clocks import clock_ahead
from adapter.outside.store import Database
from adapter.watching import measuring

SECOND = timedelta(seconds=1)


class Elsewhere:
    """A database whose clock says this."""

    def __init__(self, says: datetime | None) -> None:
        self.says = says

    def time(self) -> datetime | None:
        return self.says


def ahead(there: datetime | None, *here: datetime) -> timedelta:
    """By a clock that says these one after the other."""
    moments: Iterator[datetime] = iter(here)
    store: Any = Elsewhere(there)
    return clock_ahead(store, lambda: next(moments))


@pytest.mark.parametrize(
    ("off", "told"),
    [
        (timedelta(), timedelta()),
        (MAY_DIFFER, timedelta()),
        (-MAY_DIFFER, timedelta()),
        (timedelta(hours=6), timedelta(hours=6)),
        (-timedelta(hours=6), -timedelta(hours=6)),
    ],
)
def test_a_clock_that_is_off_is_told_by_how_much(off: timedelta, told: timedelta) -> None:
    assert ahead(NOW, NOW + off, NOW + off) == told


def test_a_slow_answer_is_no_difference() -> None:
    """The database looked at its clock at some moment between question and answer."""
    for there in (NOW, NOW + 20 * SECOND, NOW + 30 * SECOND):
        assert ahead(there, NOW, NOW + 30 * SECOND) == timedelta()


def test_a_file_has_no_clock_of_its_own() -> None:
    assert ahead(None, NOW, NOW) == timedelta()


def test_the_condition_says_that_the_clock_is_off(store: Database) -> None:
    """By a real server, on this machine; a file never differs."""
    right = measuring(store, None, system_clock)()
    wrong = measuring(store, None, lambda: system_clock() - timedelta(hours=6))()
    assert right.clock_ahead == timedelta()
    if store.time() is None:
        assert wrong.clock_ahead == timedelta()
    else:
        assert abs(wrong.clock_ahead + timedelta(hours=6)) < timedelta(minutes=1)
        assert store.time().tzinfo == UTC  # type: ignore[union-attr]
