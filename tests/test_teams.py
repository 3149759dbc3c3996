"""The list of what teams lack: found from how cases stand now, and without a name or a day in it."""

from collections.abc import Callable
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path

import pytest
from api_client import open_database
from cases import FIXTURES

from adapter.flows.teams import lacking
from adapter.replay import open_stage, read_case
from adapter.replay.stage import Stage

Until = Callable[[str, int], Stage]


@pytest.fixture
def played(tmp_path: Path, request: pytest.FixtureRequest) -> Until:
    """A folder under fixtures/team as it stands after so many steps."""

    def until(name: str, steps: int) -> Stage:
        home = tmp_path / f"{name}-{steps}"
        home.mkdir()
        store = open_database(home)
        request.addfinalizer(store.close)
        folder = FIXTURES / "team" / name
        stage = open_stage(folder, store)
        for step in read_case(folder).steps[:steps]:
            stage.play(step)
        return stage

    return until


def lacks(stage: Stage, days: int = 30) -> list[tuple[str, str]]:
    return [(one.lack, one.place) for one in lacking(timedelta(days=days), stage.parts)]


def test_a_plan_that_nobody_leads_is_listed_until_somebody_does(played: Until) -> None:
    """As the folder has it: led, handed on at once, left by the one who led, then led by another."""
    for steps, expected in ((8, []), (9, [("no-main-responsible", "CareTeam.participant")]), (10, [])):
        assert lacks(played("main-responsible-leaves", steps)) == expected


def test_time_alone_can_leave_a_plan_without_one(played: Until) -> None:
    """Where the period of the one who leads runs out, nobody updates anything, and the list has it."""
    stage = played("main-responsible-leaves", 6)
    step = read_case(FIXTURES / "team" / "main-responsible-leaves").steps[6].model_copy(deep=True)
    assert step.put is not None
    assert step.put.change is not None
    step.put.change["participant"][3]["period"]["end"] = "2026-03-20"
    stage.play(step)
    assert lacks(stage) == [("participation-ends", "CareTeam.participant[3]")]
    stage.clock.now += timedelta(days=11)
    assert lacks(stage) == [("no-main-responsible", "CareTeam.participant")]


def test_a_child_coordinator_that_ends_is_listed_in_time(played: Until) -> None:
    """The child of the folder comes of age a day later: listed before, not after, and not long before."""
    stage = played("child-coordinator-until-eighteen", 3)
    assert lacks(stage, 1) == [("child-coordinator-ends", "CareTeam.participant[3]")]
    stage.clock.now -= timedelta(days=30)
    assert lacks(stage, 1) == []
    stage.clock.now += timedelta(days=32)
    assert lacks(stage, 1) == []


def test_the_list_names_nobody(played: Until) -> None:
    """Nothing of a row but the case, what it is, and its place: not even when."""
    stage = played("child-coordinator-until-eighteen", 3)
    (one,) = lacking(timedelta(days=1), stage.parts)
    assert asdict(one) == {
        "case": stage.cases[-1],
        "lack": "child-coordinator-ends",
        "place": "CareTeam.participant[3]",
    }
