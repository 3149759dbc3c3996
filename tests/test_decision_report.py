"""What is told of a decision and its complaints: by whoever asks here, and to nobody who may not know."""

import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import date
from pathlib import Path

import pytest
from api_client import open_database
from cases import FIXTURES

from adapter.cli.decision import lines
from adapter.domain.problems import Refused
from adapter.flows.complaints import open_complaints
from adapter.flows.decision_report import DecisionReport, decision_report
from adapter.replay import open_stage, read_case, read_cast
from adapter.replay.stage import Stage

Told = Callable[[str], DecisionReport]
Played = Callable[[str], Stage]


@pytest.fixture
def played(tmp_path: Path, request: pytest.FixtureRequest) -> Played:
    """A folder under fixtures/decision, played to its end."""

    def of(name: str) -> Stage:
        home = tmp_path / name
        home.mkdir()
        store = open_database(home)
        request.addfinalizer(store.close)
        folder = FIXTURES / "decision" / name
        stage = open_stage(folder, store)
        for step in read_case(folder).steps:
            stage.play(step)
        return stage

    return of


@pytest.fixture
def told(played: Played) -> Told:
    """The report of the case of a folder under fixtures/decision."""

    def of(name: str) -> DecisionReport:
        stage = played(name)
        return decision_report(stage.cases[-1], stage.parts)

    return of


def test_the_last_day_and_what_came_after_it(told: Told) -> None:
    report = told("complaint-by-the-rules-of-nav")
    assert report.limit.last_day == date(2026, 3, 31)
    assert [(one.in_time, one.received_on) for one in report.complaints] == [
        ("in-time", date(2026, 3, 31)),
        ("late", date(2026, 4, 1)),
    ]
    said = "\n".join(lines(report))
    assert "until 2026-03-31, to the superior-body" in said
    assert said.count(", late") == 1


def test_what_is_missing_is_said_instead_of_a_day(told: Told) -> None:
    for folder, what in (
        ("time-limit-is-not-known", "when the party knew"),
        ("provisions-of-two-tracks", "different rules"),
        ("complaint-about-nothing", "the provision it rests on"),
    ):
        report = told(folder)
        said = "\n".join(lines(report))
        assert report.limit.last_day is None
        assert "no time limit is known" in said
        assert what in said
        assert all(one.in_time == "not-known" for one in report.complaints)


def test_what_became_of_a_complaint_says_that_the_case_is_to_be_decided_anew(told: Told) -> None:
    """Until it is: a decision taken after the complaint stands."""
    assert [one.opens_anew for one in told("complaint-goes-the-whole-way").complaints] == [False]
    reversed_ = told("complaint-is-reversed-by-the-unit")
    assert reversed_.state == "accepted"
    assert "nothing is decided" in "\n".join(lines(reversed_))
    ends = {one.state: one.opens_anew for one in told("every-end-of-a-complaint").complaints}
    assert ends == {
        **dict.fromkeys(("upheld", "dismissed", "withdrawn", "entered-in-error"), False),
        "changed": True,
    }


def test_each_complaint_is_counted_by_the_decision_it_is_about(told: Told) -> None:
    """Refused on 10 March, decided anew on 29 May: versions 3 and 5 of the Task tell them first, and the time to
    complain of the first is long over when the second stands."""
    report = told("complaints-of-two-decisions")
    assert report.decision.outcome == "plan-and-coordinator"
    assert report.limit.last_day == date(2026, 6, 26)
    assert [(one.received_on, one.decision[-1], one.in_time) for one in report.complaints] == [
        (date(2026, 3, 30), "3", "in-time"),
        (date(2026, 3, 31), "3", "in-time"),
        (date(2026, 5, 29), "3", "late"),
        (date(2026, 5, 29), "5", "in-time"),
        (date(2026, 5, 29), "5", "in-time"),
    ]


@pytest.mark.parametrize(
    ("folder", "states"),
    [
        ("complaint-comes-to-be-late", ["received"]),  # of two: one was an error
        ("every-end-of-a-complaint", ["changed"]),  # ended, but what was decided is not decided anew yet
        ("complaint-is-reversed-by-the-unit", ["reversed"]),
        ("complaint-goes-the-whole-way", []),  # decided anew
        ("complaint-stays-with-who-decided", ["forwarded", "received"]),
    ],
)
def test_complaints_that_somebody_has_to_see_to(played: Played, folder: str, states: list[str]) -> None:
    """Of all cases, here of one: those undecided, and those by which a case is to be decided anew."""
    stage = played(folder)
    found = list(open_complaints(stage.parts))
    assert [(one.case, one.stands.state) for one in found] == [(stage.cases[-1], state) for state in states]
    said = json.dumps([asdict(one) for one in found], default=str)
    assert [value for value in read_cast(FIXTURES).private if value in said] == []


def test_who_complains_is_told_by_role_and_no_value_of_a_person(told: Told) -> None:
    report = told("complaint-by-proxy")
    assert [(one.complainant, one.lacks_authority) for one in report.complaints] == [
        ("proxy", True),
        ("proxy", False),
    ]
    said = "\n".join(lines(report)) + json.dumps(asdict(report), default=str)
    assert said.count("without a written power of attorney") == 1
    assert [value for value in read_cast(FIXTURES).private if value in said] == []


def test_there_is_no_such_case(told: Told, tmp_path: Path) -> None:
    store = open_database(tmp_path)
    parts = open_stage(FIXTURES / "decision" / "knowledge-is-shown", store).parts
    with pytest.raises(Refused, match="not-found"):
        decision_report("no-such-case", parts)
    store.close()
