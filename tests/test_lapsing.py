"""What lapses is told in time, and once it has until somebody consents anew; no person is named."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from cases import FIXTURES, empty_database
from kept import kept, played

from adapter.cli.commands import app
from adapter.flows.lapsing import Lapsing, lapsing
from adapter.replay import read_cast


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{empty_database(tmp_path / 'case.db')}"


def listed(url: str, name: str, steps: int | None, days: int, *over: str) -> list[Lapsing]:
    """The list after so many steps of a case folder, for so many days ahead."""
    with played(url, f"authority/{name}", steps) as stage, kept(url) as keeping:
        return lapsing(timedelta(days=days), frozenset(over), keeping, stage.parts)


def told(found: list[Lapsing]) -> list[tuple[str, str, bool, str, str, str]]:
    return [(o.what, o.kind, o.lapsed, str(o.day), o.because, o.ask) for o in found]


_PARENTS = ("Consent/samtykke-deling", "SHARING", False, "None", "turns-16", "patient")
"""What both gave for a child of fifteen. The day is a birthday, and not told."""


@pytest.mark.parametrize(("days", "expected"), [(1, []), (2, [_PARENTS])])
def test_a_birthday_is_told_as_far_ahead_as_is_asked(
    url: str, days: int, expected: list[tuple[str, str, bool, str, str, str]]
) -> None:
    """From ten in the morning of 10 March to midnight before 12 March are less than two days."""
    assert told(listed(url, "sixteenth-birthday-with-parents-as-givers", 3, days)) == expected


def test_what_has_lapsed_stays_on_the_list_until_somebody_consents_anew(url: str) -> None:
    """After the birthday and before the young person has answered."""
    assert told(listed(url, "sixteenth-birthday-with-parents-as-givers", 7, 0)) == [
        (*_PARENTS[:2], True, *_PARENTS[3:])
    ]


def test_what_was_given_anew_is_told_no_more(url: str) -> None:
    assert told(listed(url, "sixteenth-birthday-with-parents-as-givers", None, 30)) == []


def test_a_case_that_is_over_asks_nobody(url: str) -> None:
    """Those in the states that are named are left out."""
    assert listed(url, "sixteenth-birthday-with-parents-as-givers", 3, 30, "accepted") == []


def test_each_lapse_says_why_and_who_is_asked(url: str) -> None:
    """The end of a mandate, and a care that is taken over."""
    guardian = listed(url, "guardianship-ends", 4, 30)
    assert told(guardian) == [
        ("Consent/samtykke-deling", "SHARING", False, "2026-03-12", "mandate-ends", "patient")
    ]
    assert [o.owner for o in guardian] == ["999900022"]


def test_care_taken_over_is_told_at_once(url: str) -> None:
    """The parents' consent has lapsed since the care order; a birthday years ahead is not yet told."""
    assert told(listed(url, "care-is-taken-over", 6, 30)) == [
        ("Consent/samtykke-deling", "SHARING", True, "2026-03-02", "care-taken-over", "child-welfare")
    ]


@pytest.mark.parametrize(("days", "expected"), [(0, []), (1, ["CareTeam.participant[0]"])])
def test_parents_in_the_team_of_one_who_comes_of_age_are_told(
    url: str, days: int, expected: list[str]
) -> None:
    """Seventeen until tomorrow: a mother in the team, and a coordinator who is none."""
    role = {"system": "https://ip-adapter.example/fhir/CodeSystem/team-role"}
    rows = [
        {"role": [{"coding": [role | {"code": code}]}], "member": {"type": kind, "display": "X"}}
        for code, kind in (("parent", "RelatedPerson"), ("coordinator", "Practitioner"))
    ]
    with played(url, "authority/parents-for-a-youth-with-capacity", 2) as stage, kept(url) as keeping:
        with stage.parts.store.transaction() as tx:
            team = next(v for v in tx.of_case(stage.cases[0]) if v.type == "CareTeam")
            tx.keep_version(replace(team, number=team.number + 1, body=team.body | {"participant": rows}))
        found = lapsing(timedelta(days=days), frozenset(), keeping, stage.parts)
    assert [o.what for o in found] == expected
    assert {(o.kind, o.because, o.ask) for o in found} <= {("PARTICIPATION", "turns-18", "patient")}


def test_the_command_lists_without_naming_anybody(
    url: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """One line or object for each; a time that is none is refused."""
    monkeypatch.setenv("IP_ADAPTER_DATABASE", url)
    listed(url, "sixteenth-birthday-with-parents-as-givers", 3, 30)

    def run(*args: str) -> tuple[int, str]:
        with pytest.raises(SystemExit) as end:
            app(["lapsing", *args], prog_name="ip-adapter")
        return int(end.value.code or 0), capfd.readouterr().out

    code, lines = run("--within", "P30000D")
    assert code == 0
    assert "Consent/samtykke-deling: turns-16; ask patient" in lines
    _, document = run("--within", "P30000D", "--json")
    assert "2026-03-12" not in lines + document
    assert [o["because"] for o in json.loads(document)] == ["turns-16"]
    assert [v for v in read_cast(FIXTURES).private if v in lines + document] == []
    assert run("--within", "soon")[0] == run("--within", "-P1D")[0] == 1
