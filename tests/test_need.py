"""Where an acceptable need goes, decided from facts alone: here, a child coordinator and the person's age."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter.domain.days import OSLO
from adapter.domain.need import Verdict, judge, judge_reviewed, not_of_a_child
from adapter.domain.problems import Finding
from adapter.mapping.routes import load

DIRECTORY = load(Path(__file__).resolve().parents[1] / "mappings" / "routes")
UNIT = "8900022"
NOON = datetime(2026, 3, 10, 11, tzinfo=UTC)
ADULT = Finding("child-coordinator-for-adult", "need.kind")
UNCERTAIN = Finding("need-uncertain", "need.words")
NOT_STATED = Finding("consent-not-stated", "consent")
BORN_1994, FHN = "05829400059", "80001000016"


def facts(born: str = "", **others: str) -> dict[str, str]:
    """A need of a child coordinator, with consent; the number says no date of birth."""
    stated = {"patient.fhn": FHN, "need.kind": "child-coordinator", "consent.status": "obtained"}
    birth = {"patient.birth_date": born} if born else {}
    return stated | birth | {name.replace("__", "."): value for name, value in others.items()}


def judged(said: dict[str, str], outcome: str = "states", at: datetime = NOON) -> Verdict:
    return judge(said, outcome, [UNIT], DIRECTORY, at)


@pytest.mark.parametrize(
    ("born", "event"),
    [
        ("2008-03-11", "route"),
        ("2008-03-10", "hold-for-review"),
        ("2008-03-09", "hold-for-review"),
        ("1994-02-05", "hold-for-review"),
        ("2026-03-10", "route"),
        ("2026-07-01", "route"),
    ],
)
def test_a_child_coordinator_is_for_a_child_until_the_day_it_turns_18(born: str, event: str) -> None:
    """17 years and 364 days, the birthday itself, later (hol § 7-2 a); newborn, and born later than it is."""
    assert judged(facts(born)).event == event


@pytest.mark.parametrize(
    ("at", "event"),
    [
        (datetime(2026, 3, 10, 22, 59, 59, tzinfo=UTC), "route"),
        (datetime(2026, 3, 10, 23, 0, 0, tzinfo=UTC), "hold-for-review"),
        (datetime(2026, 7, 1, 21, 59, 59, tzinfo=UTC), "route"),
        (datetime(2026, 7, 1, 22, 0, 0, tzinfo=UTC), "hold-for-review"),
    ],
)
def test_the_birthday_begins_at_midnight_in_norway(at: datetime, event: str) -> None:
    """In winter time 23:00 UTC, in summer time 22:00 UTC."""
    born = "2008-03-11" if at.month == 3 else "2008-07-02"
    assert judged(facts(born), at=at).event == event


def test_who_is_born_on_a_leap_day_is_a_child_until_march() -> None:
    """As where units are divided by age: years are whole on the day."""
    assert judged(facts("2008-02-29"), at=datetime(2026, 2, 28, 12, tzinfo=UTC)).event == "route"
    assert judged(facts("2008-02-29"), at=datetime(2026, 3, 1, 12, tzinfo=UTC)).event == "hold-for-review"


def test_an_adult_waits_for_a_person_with_the_reason_named() -> None:
    """No unit, no refusal: a work list and the problem."""
    assert judged(facts("1994-02-05")) == Verdict(
        "hold-for-review", (ADULT,), None, "detection", "child-coordinator-for-adult"
    )


def test_the_age_follows_from_the_number_where_no_date_is_stated() -> None:
    """A national identity number has a date of birth. One of a health register has none, and holds nobody."""
    of_number = {"patient.fnr": BORN_1994, "need.kind": "child-coordinator", "consent.status": "obtained"}
    assert judged(of_number).findings == (ADULT,)
    assert judged(facts()).event == "route"


@pytest.mark.parametrize("kind", ["coordinator-only", "plan-and-coordinator", None])
def test_other_needs_of_adults_go_their_way(kind: str | None) -> None:
    """Also one whose kind is not stated."""
    said = facts("1994-02-05") | ({"need.kind": kind} if kind else {})
    if kind is None:
        del said["need.kind"]
    assert judged(said).event == "route"


def test_what_else_is_in_doubt_is_told_beside_the_age() -> None:
    """The age is the reason on the list: who looks at it reads the message, and the other way round not."""
    unclear = judged(facts("1994-02-05", consent__status="not-stated"), "uncertain")
    assert unclear.findings == (UNCERTAIN, ADULT, NOT_STATED)
    assert unclear.reason == ADULT.problem
    assert judged(facts("2015-02-14"), "uncertain").reason == UNCERTAIN.problem


def test_a_person_lets_the_need_go_but_gives_no_consent() -> None:
    """After the look it goes to its unit; without consent it waits for that."""
    reviewed = judge_reviewed(facts("1994-02-05"), [UNIT], DIRECTORY, NOON)
    assert (reviewed.event, reviewed.unit and reviewed.unit.her_id) == ("route", UNIT)
    open_ = judge_reviewed(facts("1994-02-05", consent__status="not-stated"), [UNIT], DIRECTORY, NOON)
    assert (open_.event, open_.findings) == ("hold-for-consent", (NOT_STATED,))


@given(
    st.dates(date(1920, 1, 1), date(2030, 1, 1)),
    st.integers(0, 12 * 365 * 24 * 60),
)
def test_held_exactly_from_the_day_that_comes_18_years_after_the_birth(born: date, minutes: int) -> None:
    """Counted another way: by comparing calendar days written out."""
    at = datetime(2018, 1, 2, tzinfo=UTC) + timedelta(minutes=minutes)
    birthday = f"{born.year + 18}-{born:%m-%d}"
    held = not_of_a_child(facts(born.isoformat()), at) is not None
    assert held == (f"{at.astimezone(OSLO):%Y-%m-%d}" >= birthday)
