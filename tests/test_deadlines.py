"""What is overdue can be found, and taken off the list by a person; a list is judged by the clocks as they are kept."""

import copy
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cases import FIXTURES, empty_database
from kept import played
from test_deadline_rules import RULES

from adapter.cli.commands import app
from adapter.flows import operate
from adapter.flows.clock_round import keep_clocks
from adapter.flows.open_clocks import open_clocks
from adapter.flows.stuck import stuck
from adapter.replay import read_case
from adapter.replay.case_file import CaseStep
from adapter.replay.stage import Stage

INVITED = "deadline/invitation-without-an-answer"
NOT_TOLD, BIRTHDAY = (
    "deadline/party-is-not-told-of-a-decision",
    "deadline/sixteen-soon-and-the-parents-gave-the-consent",
)
ENDS_BY_ITSELF = {"consent-expires", "turns-16", "turns-18", "complaint-time"}


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{empty_database(tmp_path / 'case.db')}"


def on_lists(stage: Stage) -> list[str]:
    return [one.reason for one in stage.parts.store.waiting()]


def team(*, without: int = 0, and_one_more: bool = False) -> CaseStep:
    """The step that invites, with another hospital invited too, or without the first."""
    step = copy.deepcopy(read_case(FIXTURES / INVITED).steps[4])
    assert step.put
    rows: list[Any] = step.put.change["participant"]
    if and_one_more:
        rows.append(copy.deepcopy(rows[-1]))
        rows[-1]["member"]["identifier"]["value"] = "999900044"
    del rows[len(rows) - 1 - without : len(rows) - 1]
    return step.model_copy(update={"expect": type(step.expect)()})


def test_after_an_outage_one_clock_stops_and_another_that_is_overdue_stays_listed(url: str) -> None:
    """Two are invited, three days apart. The first is overdue and listed; then nobody looks for eight days, in which
    the second becomes overdue and the first is taken back: one look finds both."""
    with played(url, INVITED, 5) as stage:
        stage.play(CaseStep(wait=timedelta(days=5)))
        stage.play(team(and_one_more=True))
        stage.play(CaseStep(wait=timedelta(days=12)))
        assert on_lists(stage) == ["invitation-is-unanswered"]
        stage.clock.now += timedelta(days=8)
        stage.act(team(without=1, and_one_more=True))
        while keep_clocks(stage.parts, 10):
            pass
        states = {
            d.about: d.state for d in stage.parts.store.deadlines_of(stage.cases[0]) if "invit" in d.rule
        }
        assert states == {"999900033": "stopped", "999900044": "overdue"}
        assert on_lists(stage) == ["invitation-is-unanswered"]


def test_what_a_person_has_seen_to_calls_nobody_anew(url: str) -> None:
    """The clock runs on, and is found; neither the list nor an alarm brings it back."""
    with played(url, NOT_TOLD, 5) as stage:
        assert on_lists(stage) == ["party-is-not-told"]
        operate.seen(stage.cases[0], "kari", "The unit has been rung", stage.parts)
        stage.play(CaseStep(wait=timedelta(days=60)))
        assert on_lists(stage) == []
        reckoned = stuck(stage.parts.store.reckoning(), stage.parts.tables.thresholds, stage.clock.now)
        of_clocks = [one for one in reckoned if one.kind in ("overdue", "deadline")]
        assert [(one.kind, one.number, one.alarm) for one in of_clocks] == [
            ("overdue", 1, False),
            ("deadline", 0, False),
        ]
        (found,) = open_clocks(stage.parts, only_overdue=True)
        assert (found.rule, found.waits_for) == ("party-is-told", ("999900022",))


def test_every_rule_that_can_stay_overdue_comes_on_the_list_of_a_person() -> None:
    """The rest ends by itself as its day begins, or is about a list that is an alarm of its own."""
    in_force = [
        rule for rule in RULES.rules if rule.name not in {"enquiry-confirmed", "late-answer-told-again"}
    ]
    without = {rule.name for rule in in_force if not rule.operator}
    assert without == {*ENDS_BY_ITSELF, "person-here-looks"}


def test_the_command_lists_what_is_overdue_first(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    with played(url, INVITED, 7):
        pass
    said, code = run(["deadlines"], url, capsys)
    lines = [line.split("  ", 1)[1] for line in said.splitlines()]
    assert code == 0
    assert [line.split(",")[0] for line in lines] == [
        "invitation-answered: overdue",
        "interim-reply: running",
    ]
    assert "last day 2026-03-24, waits for " in lines[0]
    found = json.loads(run(["deadlines", "--overdue", "--json"], url, capsys)[0])
    assert [(one["rule"], one["last_day"], one["waits_for"]) for one in found] == [
        ("invitation-answered", "2026-03-24", ["999900033", "999900022"])
    ]


def test_the_command_names_no_day_that_could_be_a_birthday(
    url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with played(url, BIRTHDAY, 3):
        pass
    found = json.loads(run(["deadlines", "--json"], url, capsys)[0])
    hidden = [one for one in found if RULES.of(one["rule"]).dayless]
    assert hidden
    assert all(one["since"] is None and one["last_day"] is None for one in hidden)
    assert found[-len(hidden) :] == hidden


def test_the_command_says_so_where_nothing_runs(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["deadlines"], url, capsys) == ("No clock runs.\n", 0)
    assert run(["deadlines", "--overdue"], url, capsys) == ("No clock is overdue.\n", 0)


def run(command: list[str], url: str, capsys: pytest.CaptureFixture[str]) -> tuple[str, object]:
    with pytest.raises(SystemExit) as ended:
        app([*command, "--database", url], prog_name="ip-adapter")
    return capsys.readouterr().out, ended.value.code or 0
