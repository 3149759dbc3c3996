"""What life does to a case, as commands: a person closes it, or puts it under a new number; neither shows who it is."""

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from cases import FIXTURES, empty_database

from adapter.cli.commands import app
from adapter.domain.identifiers import subject_key
from adapter.outside.store import Database, open_store
from adapter.replay import open_stage, read_case

FOLDER = FIXTURES / "life" / "a-d-number-gives-way"
OLD, NEW = "45855510018", "05855510180"
WHY = ("--why", "Told by the ward", "--by", "test")


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    """A need that has gone to its unit."""
    url = f"sqlite:///{empty_database(tmp_path / 'case.db')}"
    monkeypatch.setenv("IP_ADAPTER_DATABASE", url)
    opened = open_store(url)
    open_stage(FOLDER, opened).play(read_case(FOLDER).steps[0])
    yield opened
    opened.close()


def run(*args: str) -> int:
    with pytest.raises(SystemExit) as end:
        app([*args], prog_name="ip-adapter")
    return int(end.value.code or 0)


def test_a_death_is_confirmed_once(store: Database, capfd: pytest.CaptureFixture[str]) -> None:
    """The second time there is nothing left to close; the reason is in the audit, with who said so."""
    (case,) = store.case_ids()
    assert run("close", case, "--because", "died", *WHY) == 0
    assert run("close", case, "--because", "died", *WHY, "--json") == 0
    assert capfd.readouterr().out.splitlines()[-1] == f'{{"case": "{case}", "closed": 0}}'
    closed = [a for a in store.audit_of(case) if a.action == "case-closed"]
    assert [(a.actor, a.details["because"], a.details["why"]) for a in closed] == [("test", "died", WHY[1])]
    assert list(store.due_recipients(closed[0].at)) == []


@pytest.mark.parametrize("args", [("none", "died"), ("", "moved"), ("", "pregnancy-ended")])
def test_what_cannot_be_closed_is_said(store: Database, args: tuple[str, str]) -> None:
    """No such case, no such reason, or a need that is about no expected child: exit code 1, and nothing is closed."""
    (case,) = store.case_ids()
    assert run("close", args[0] or case, "--because", args[1], *WHY) == 1
    assert [s.event for s in store.history_of(case)] == ["route"]


def test_a_new_number_comes_in_silence(
    store: Database, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """It is read from standard input and stands in nothing that is printed; wrong ones change nothing."""
    (case,) = store.case_ids()
    stage = open_stage(FOLDER, store)
    for number, code in (("05855510181", 1), ("", 1), (NEW, 0)):
        monkeypatch.setattr("sys.stdin", io.StringIO(number + "\n"))
        assert run("renumber", case, *WHY) == code
    with store.transaction() as tx:
        assert [c.id for c in tx.cases_of_person(subject_key(stage.parts.secret, OLD))] == []
    told = "".join(capfd.readouterr()) + repr(store.audit_of(case))
    assert not [number for number in (OLD, NEW, "05855510181") if number in told]
