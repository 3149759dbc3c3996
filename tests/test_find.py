"""Operators find cases page by page, and a person only by a number that goes nowhere, for a reason that is kept."""

import io
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from cases import empty_database
from kept import by_hand, kept, played
from stored import CASE, NOW

from adapter.cli.commands import app
from adapter.domain.record import Question
from adapter.outside.store import Database
from adapter.outside.store.keeping import Housekeeping

_NUMBER, _WRONG = "21905297101", "21905297102"


@pytest.fixture
def listed(store: Database, database_url: str) -> Iterator[Housekeeping]:
    """Seven cases: every second of another owner, each opened a day after the one before."""
    with store.transaction() as tx:
        for n in range(7):
            owner, state = ("1" if n % 2 else "2"), ("routed" if n < 5 else "refused")
            opened = NOW + timedelta(days=n)
            tx.open_case(replace(CASE, id=f"case-{n}", owner=owner, state=state, opened_at=opened))
    with kept(database_url) as keeping:
        yield keeping


def test_pages_hold_every_case_once(listed: Housekeeping) -> None:
    """Whatever the size of a page; in the order of ids."""
    for size in (1, 2, 7, 50):
        seen: list[str] = []
        while page := listed.find(Question(after=seen[-1] if seen else "", limit=size)):
            assert len(page) <= size
            seen += [found.id for found in page]
        assert seen == [f"case-{n}" for n in range(7)]


def test_each_condition_narrows(listed: Housekeeping) -> None:
    def ids(**asked: object) -> list[str]:
        return [found.id[-1] for found in listed.find(replace(Question(), **asked))]  # type: ignore[arg-type]

    assert ids(owner="1") == ["1", "3", "5"]
    assert ids(states=("refused",)) == ["5", "6"]
    assert ids(states=("refused", "routed"), since=NOW + timedelta(days=4)) == ["4", "5", "6"]
    assert ids(requester="nobody") == []
    assert ids(subject_key=CASE.subject_key, owner="2", limit=2) == ["0", "2"]
    assert ids(subject_key="00") == []


def _found(*args: str) -> int:
    with pytest.raises(SystemExit) as end:
        app(["find", *args], prog_name="ip-adapter")
    return int(end.value.code or 0)


def test_a_person_is_found_by_a_number_that_is_shown_nowhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """The case is found; the audit says who and why, of the case found, or of none; a wrong number is refused."""
    database = tmp_path / "case.db"
    url = f"sqlite:///{empty_database(database)}"
    monkeypatch.setenv("IP_ADAPTER_DATABASE", url)
    with played(url, "notify/fhir-need-is-routed") as stage:
        (case,) = stage.cases
    who = ["--person", "--by", "ola", "--why", "asked by the patient", "--json"]
    numbers = {"": [case], "x": []}
    for number, wanted in ((_NUMBER, numbers[""]), ("01857099889", numbers["x"])):
        monkeypatch.setattr("sys.stdin", io.StringIO(f"{number}\n"))
        code = _found(*who)
        said = capfd.readouterr()
        assert number not in said.out + said.err
        if code == 0:
            assert [found["id"] for found in json.loads(said.out)["cases"]] == wanted
    monkeypatch.setattr("sys.stdin", io.StringIO(_WRONG))
    assert _found(*who) == 1
    assert _WRONG not in "".join(capfd.readouterr())
    told = by_hand(url, "SELECT actor, case_id, details FROM audit WHERE action = 'case-found' ORDER BY id")
    assert told[0][:2] == ("ola", case)
    assert json.loads(told[0][2])["why"] == "asked by the patient"
    assert _NUMBER not in str(by_hand(url, "SELECT * FROM audit"))


def test_a_search_for_a_person_needs_a_reason_and_a_state_must_exist(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("IP_ADAPTER_DATABASE", f"sqlite:///{empty_database(tmp_path / 'case.db')}")
    assert _found("--person") == 2
    assert "--why" in capfd.readouterr().err
    assert _found("--state", "lost") == 1
    assert _found("--since", "2026-01-01") == 0
    assert "No case fits." in capfd.readouterr().out
