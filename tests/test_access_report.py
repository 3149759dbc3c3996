"""Who has read or got what is told whole, on its basis, also when the case is gone; and asking is recorded."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from cases import FOLDERS, empty_database, name_of
from kept import by_hand, played

from adapter.cli.commands import app
from adapter.domain.problems import Refused
from adapter.flows.access_report import access_report
from adapter.mapping.access_words import load
from adapter.settings import carried

FOLDER = "view/everything-but-mental-health"
GONE = "talk/wrong-person-is-purged"
OTHER = "999900033"


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{empty_database(tmp_path / 'case.db')}"


def test_every_reading_and_every_confirmed_letter_is_told_once(url: str) -> None:
    """Held against a count of the rows of the audit and of the deliveries."""
    with played(url, FOLDER) as stage:
        report = access_report(stage.cases[0], "operator", "asked", stage.parts)
        ((reads,),) = by_hand(url, "SELECT count(*) FROM audit WHERE action = 'resource-read'")
        ((came,),) = by_hand(url, "SELECT count(*) FROM delivery WHERE state = 'accepted'")
    assert sum(one.how == "read" for one in report) == reads > 0
    assert sum(one.how == "got" for one in report) == came > 0
    assert [one.at for one in report] == sorted(one.at for one in report)


def test_what_consent_let_names_the_consent(url: str) -> None:
    """Who takes part has the plan by the consent to share it, and by no other basis."""
    with played(url, FOLDER) as stage:
        report = access_report(stage.cases[0], "operator", "asked", stage.parts)
    plans = [one for one in report if one.who == OTHER and "CarePlan" in one.what]
    assert plans
    assert all(one.basis == "consent" and one.consents for one in plans)


def test_asking_is_recorded_and_in_the_next_report(url: str) -> None:
    with played(url, FOLDER) as stage:
        first = access_report(stage.cases[0], "kari", "asked", stage.parts)
        stage.clock.now += timedelta(minutes=1)
        second = access_report(stage.cases[0], "kari", "asked again", stage.parts)
    assert [one.how for one in second if one not in first] == ["looked-up-here"]


def test_a_report_does_not_list_itself(url: str) -> None:
    """Whatever the clock does while it is made."""
    with played(url, FOLDER) as stage:
        ticks = (stage.clock.now + timedelta(milliseconds=n) for n in range(1, 99))
        report = access_report(
            stage.cases[0], "kari", "asked", replace(stage.parts, clock=lambda: next(ticks))
        )
    assert "kari" not in {one.who for one in report}


def test_a_case_that_is_gone_still_tells_who_got_it(url: str) -> None:
    """The audit outlives the letters."""
    with played(url, GONE) as stage:
        report = access_report(stage.cases[0], "operator", "asked", stage.parts)
        ((left,),) = by_hand(url, "SELECT count(*) FROM delivery")
    assert left == 0
    assert any(one.how == "got" for one in report)


def test_of_no_case_nothing_is_told_or_recorded(url: str) -> None:
    with played(url, FOLDER, 1) as stage, pytest.raises(Refused):
        access_report("no-such-case", "operator", "asked", stage.parts)
    assert by_hand(url, "SELECT * FROM audit WHERE action = 'access-reported'") == []


@pytest.mark.parametrize("language", ["nb", "nn"])
def test_the_command_has_a_line_for_each_in_either_language(
    language: str, url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with played(url, FOLDER) as stage:
        case = stage.cases[0]
    told = run(["access", case, "--why", "Asked by the person", "--json"], url, capsys)
    lines = run(["access", case, "--why", "Asked by the person", "--language", language], url, capsys)
    assert (
        len(lines.splitlines()) == 1 + len(json.loads(told)["access"]) + 1
    )  # the title, and the first asking
    assert lines.startswith(load(carried("mappings"))[language].title)


def test_the_folder_of_the_edge_case_is_there() -> None:
    assert "operate/who-saw-what-is-told-to-the-person" in {name_of(folder) for folder in FOLDERS}


def run(command: list[str], url: str, capsys: pytest.CaptureFixture[str]) -> str:
    with pytest.raises(SystemExit):
        app([*command, "--database", url], prog_name="ip-adapter")
    return capsys.readouterr().out
