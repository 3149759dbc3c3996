"""What is told of plans outside themselves: the list of what they need, found from how cases stand now, and letters."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from api_client import open_database
from cases import FIXTURES

from adapter.cli.plan import lines
from adapter.cli.plans import line
from adapter.domain.case import Step
from adapter.flows.plan_report import plan_report
from adapter.flows.plans import needs_of_plans
from adapter.mapping.tables import load
from adapter.replay import open_stage, read_case
from adapter.replay.stage import Stage
from adapter.settings import carried

Played = Callable[[str, int], Stage]
REVISION = ("CarePlan.extension[next-revision]", "2026-09-10")
PERIOD = ("CarePlan.period", "2027-03-09")


@pytest.fixture
def played(tmp_path: Path, request: pytest.FixtureRequest) -> Played:
    """A folder under fixtures as it stands after so many steps."""

    def until(name: str, steps: int) -> Stage:
        home = tmp_path / str(steps)
        home.mkdir()
        store = open_database(home)
        request.addfinalizer(store.close)
        stage = open_stage(FIXTURES / name, store)
        for step in read_case(FIXTURES / name).steps[:steps]:
            stage.play(step)
        return stage

    return until


def needs(stage: Stage, days: int = 30) -> list[tuple[str, ...]]:
    return [
        (one.what, one.place, *([one.day.isoformat()] if one.day else []))
        for one in needs_of_plans(timedelta(days=days), stage.parts)
    ]


def status(stage: Stage) -> str:
    return plan_report(stage.cases[-1], stage.parts).status


def test_days_that_come_and_pass_are_listed_and_end_nothing(played: Played) -> None:
    """The plan is revised by 10 September and runs until 9 March: each listed in time, then as passed."""
    stage = played("plan/runs-out-and-stands", 6)
    assert needs(stage) == []
    assert needs(stage, 190) == [("revision-due", *REVISION)]
    stage.clock.now += timedelta(days=185)
    assert needs(stage) == [("revision-overdue", *REVISION)]
    stage.clock.now += timedelta(days=180)
    assert needs(stage) == [("period-over", *PERIOD), ("revision-overdue", *REVISION)]
    assert status(stage) == "active"
    (first, *_) = lines(plan_report(stage.cases[-1], stage.parts))
    assert first.endswith(": active, revision overdue, period over")


def test_a_plan_that_rests_is_not_revised(played: Played) -> None:
    """On hold only its period is asked for; in force again, with new days, nothing is."""
    stage = played("plan/runs-out-and-stands", 12)
    assert status(stage) == "on-hold"
    assert needs(stage) == [("period-over", *PERIOD)]
    for step in read_case(FIXTURES / "plan" / "runs-out-and-stands").steps[12:]:
        stage.play(step)
    assert needs(stage) == []


def test_what_a_plan_comes_to_lack_is_listed_by_its_letter(played: Played) -> None:
    """Consent to the plan is taken back, and no machine revokes it."""
    stage = played("consent/plan-consent-withdrawn", 6)
    assert status(stage) == "active"
    assert [what for what, *_ in needs(stage)] == ["without-consent", "incomplete"]
    assert needs(stage)[1][1].endswith("(i)")


def test_drafts_and_plans_that_are_over_need_nothing(played: Played) -> None:
    """Neither is in force, whatever its days."""
    for steps in (3, 12):
        stage = played("plan/ending-says-why-and-when", steps)
        stage.clock.now += timedelta(days=1000)
        assert needs(stage) == []


def test_a_line_names_a_case_and_a_place(played: Played) -> None:
    """Nothing that a plan says but its own days, as a line and as JSON."""
    stage = played("plan/runs-out-and-stands", 6)
    (one,) = needs_of_plans(timedelta(days=190), stage.parts)
    assert line(one) == f"{stage.cases[-1]}  {REVISION[0]}: it is to be revised by {REVISION[1]}"
    assert [value for value in stage.cast.private if value in json.dumps(str(one))] == []


def test_no_letter_tells_of_a_measure() -> None:
    """A letter in XML says that there is a plan and its days, so no wish can stand in it as a grant (IP-f § 4)."""
    table = load(carried("mappings"), "https://ip-adapter.example/fhir").messages["letter"]
    read = {path for row in table.rows for cell in row.cells.values() for path in cell.at}
    of_plan = {path.split(".valueDate")[0].rpartition("/")[2] for path in read if path.startswith("plan.")}
    assert of_plan == {"plan.period.start", "plan.period.end", "next-revision]"}


def test_a_plan_that_stands_in_a_case_that_is_over_is_listed(played: Played) -> None:
    """Nobody can revise it there; no step leads to that any more, but a case may have come so from before."""
    stage = played("plan/runs-out-and-stands", 6)
    with stage.parts.store.transaction() as tx:
        case = tx.case(stage.cases[-1])
        assert case
        step = Step(case.id, "case", "conclude", case.state, "concluded", stage.clock(), "test", "test")
        tx.move(replace(case, state="concluded"), [step])
    assert ("case-over", "CarePlan") in needs(stage)
