"""The service overview: services only, those of now, and what each answers for; no plan, and nobody of the family."""

import json
from pathlib import Path
from typing import Any

import pytest
from cases import FIXTURES, empty_database

from adapter.cli.commands import app
from adapter.outside.store import open_store
from adapter.replay import open_stage, read_case
from adapter.wire.fhir import check

FOLDER = FIXTURES / "team" / "no-plan-but-a-coordinator"
_TEAM = json.loads((FOLDER / "out" / "5-answer.json").read_text("utf-8"))["body"]
_SEEN = json.loads((FOLDER / "out" / "6-answer.json").read_text("utf-8"))["body"]


def test_it_is_valid_and_says_that_it_is_a_part_of_the_team_and_no_plan() -> None:
    assert check(_SEEN) == ()
    (category,) = _SEEN["category"]
    assert category["coding"][0]["code"] == "service-overview"
    assert "SUBSETTED" in [tag["code"] for tag in _SEEN["meta"]["tag"]]
    assert not {"identifier", "contained", "note", "reasonCode"} & _SEEN.keys()


def test_relatives_and_who_has_left_are_not_in_it() -> None:
    """Of the team's seven rows the two of no service, or of no service now, are missing, and nothing tells of them."""
    kinds = [row["member"].get("type") for row in _TEAM["participant"]]
    assert "RelatedPerson" in kinds
    assert len(_TEAM["participant"]) == 7
    assert len(_SEEN["participant"]) == 5
    assert "RelatedPerson" not in json.dumps(_SEEN)
    assert "participation-status" not in json.dumps(_SEEN)


def test_each_row_says_who_and_for_what() -> None:
    """By name, as what the team refers to is not all for whoever reads the overview."""
    assert all(row["member"]["display"].strip() for row in _SEEN["participant"])
    assert not any("reference" in row["member"] for row in _SEEN["participant"])
    areas = [
        e["valueString"]
        for row in _SEEN["participant"]
        for e in row.get("extension", ())
        if "valueString" in e
    ]
    assert areas == ["Koordinering av tjenestene", "Fysioterapi i hjemmet"]


def test_a_telephone_is_shown_only_where_the_address_is_said_to_be_open() -> None:
    """The number of who is near tells a place (R-150): of a child whose protection is not stated there is none."""
    shielded = FIXTURES / "team" / "child-coordinator-until-eighteen" / "out"
    case = next(iter(json.loads((shielded / "end.json").read_text("utf-8")).values()))
    patient = next(r for r in case["resources"] if r["resourceType"] == "Patient")
    assert "security" not in patient.get("meta", {})
    assert any("telecom" in r for r in case["resources"])
    assert "contact-point" not in (shielded / "4-answer.json").read_text("utf-8")
    assert "contact-point" in json.dumps(_SEEN)


@pytest.fixture
def case(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The case of the folder, in the database that commands look into."""
    url = f"sqlite:///{empty_database(tmp_path / 'adapter.db')}"
    monkeypatch.setenv("IP_ADAPTER_DATABASE", url)
    store = open_store(url)
    stage = open_stage(FOLDER, store)
    for step in read_case(FOLDER).steps[:5]:
        stage.play(step)
    store.close()
    return stage.cases[-1]


def ended(capsys: pytest.CaptureFixture[str], *args: str) -> tuple[Any, str]:
    with pytest.raises(SystemExit) as end:
        app(list(args), prog_name="ip-adapter")
    return end.value.code or 0, capsys.readouterr().out


def test_a_person_here_reads_it_and_that_is_recorded(case: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, told = ended(capsys, "overview", case, "--why", "Pasienten spør", "--by", "tester")
    assert code == 0
    assert "coordinator  OLA KOORDINATORSEN  99 99 99 98  Koordinering av tjenestene" in told.splitlines()
    _, raw = ended(capsys, "overview", case, "--why", "Pasienten spør", "--by", "tester", "--json")
    assert [row["member"]["display"] for row in json.loads(raw)["participant"]] == [
        row["member"]["display"] for row in _SEEN["participant"]
    ]
    assert ended(capsys, "overview", "none", "--why", "x")[0] == 1


def test_a_team_that_lacks_nothing_is_not_listed(case: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert case
    assert ended(capsys, "teams") == (0, "No team lacks anything.\n")
