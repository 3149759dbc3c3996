"""How single cases are counted: by the unit that has them, and for a coordinator only where one is waited for."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cases import FIXTURES, empty_database
from kept import played

from adapter.domain.figures import Course
from adapter.flows.figures import course
from adapter.flows.followed import followed
from adapter.replay import read_case
from adapter.replay.stage import Stage

NOW = datetime(2026, 3, 1, 8, tzinfo=UTC)
DECIDED = "deadline/granted-and-no-coordinator"


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{empty_database(tmp_path / 'case.db')}"


def course_of(stage: Stage) -> Course:
    (counted,) = stage.parts.store.reckoning().counted(NOW, NOW + timedelta(days=90), None, 9)
    return course(
        counted, {unit.her_id: unit.municipality for unit in stage.parts.directory.units}, stage.parts
    )


def test_what_was_taken_over_counts_from_there(url: str) -> None:
    """For the unit that has the case now, and with none of the steps of the one that had it."""
    with played(url, "hand-over/accepted") as stage:
        one = course_of(stage)
        (over,) = (s.at for s in stage.parts.store.history_of(stage.cases[0]) if s.event == "hand-over")
    assert one.municipality == "3201"
    assert {"delivered", "opened"} <= set(one.at)
    assert min(one.at.values()) == over


@pytest.mark.parametrize(
    ("outcome", "wanted"), [("service-overview", False), ("existing-plan", False), ("coordinator-only", True)]
)
def test_who_is_granted_no_coordinator_has_not_lost_one(outcome: str, wanted: bool, url: str) -> None:
    """Neither in the figures, nor in what the unit owes as the case is followed."""
    with played(url, DECIDED, 0) as stage:
        # A copy, as a case file is read once for all tests.
        for step in (step.model_copy(deep=True) for step in read_case(FIXTURES / DECIDED).steps[:3]):
            if step.put and step.put.change and "output" in step.put.change:
                step.put.change["output"][0]["valueCodeableConcept"]["coding"][0]["code"] = outcome
            stage.play(step)
        one, owed = course_of(stage), followed(stage.cases[0], stage.parts).owed
    assert "decided" in one.at
    assert one.coordinator_wanted is wanted
    assert ("appoint" in {o.what for o in owed}) is wanted
