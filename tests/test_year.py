"""A small year of cases: everything is accounted for, and what is not is named. `--faults-full` plays 5,000 cases."""

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.year import reckoning
from tests.year.run import Played, year

CASES = 40


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    with year(CASES, tmp_path_factory.mktemp("year")) as played:
        yield played


def test_a_small_year_is_accounted_for(played: Played) -> None:
    """Messages lost, late, repeated and crossing, units away for days: the books balance, each case has an owner, what
    was overdue was warned of first, and each letter that came is a delivery."""
    assert played.report.alarms == []
    books = played.report.figures["the books"]
    assert books["cases"] == played.report.figures["needs"] > CASES * 0.8
    assert books["received"] == sum(number for fate, number in books.items() if fate != "received")
    assert played.report.figures["the post"]["away"] > 0


def test_the_same_seed_is_the_same_year(tmp_path: Path) -> None:
    """Every figure but the seconds."""
    figures = []
    for folder in (tmp_path / "one", tmp_path / "two"):
        folder.mkdir()
        with year(8, folder, seed=3) as played:
            figures.append(json.dumps({**played.report.figures, "seconds": 0}))
    assert figures[0] == figures[1]


@pytest.mark.parametrize(
    ("check", "broken", "says"),
    [
        (
            reckoning.unbalanced,
            "UPDATE received SET case_id = NULL WHERE kind = 'need-corrected'",
            "left no trace",
        ),
        (reckoning.unbalanced, "DELETE FROM received WHERE kind = 'need-notified'", "received"),
        (reckoning.nobody_owns, "UPDATE case_ SET owner = NULL", "has no owner"),
        (reckoning.unaccounted_mail, "UPDATE delivery SET message_id = 'x' || message_id", "never came"),
        (reckoning.unwarned, "UPDATE deadline SET warned_at = NULL", "before it was warned of"),
        (reckoning.unwarned, "UPDATE deadline SET warned_at = overdue_at", "before it was warned of"),
    ],
)
def test_what_does_not_add_up_is_named(
    played: Played, tmp_path: Path, check: reckoning.Check, broken: str, says: str
) -> None:
    """Each check of the year fails where there is reason to."""
    copy = tmp_path / "year.db"
    with sqlite3.connect(played.file) as whole, sqlite3.connect(copy) as other:
        whole.backup(other)
        assert other.execute(broken).rowcount > 0
    with played.on(copy) as world:
        assert any(says in line for line in check(world))


@pytest.mark.in_full
def test_a_year_of_five_thousand_cases(tmp_path: Path, pytestconfig: pytest.Config) -> None:
    if not pytestconfig.getoption("--faults-full"):
        pytest.skip("a year of 5,000 cases is played with --faults-full")
    with year(5000, tmp_path, tell=print) as played:
        print(json.dumps(played.report.figures, indent=1))  # noqa: T201 - asked for with -s
        assert played.report.alarms == []
