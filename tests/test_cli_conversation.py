"""What a person does, by command, about what was said of a case: takes it off the lists, or removes the case."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from cases import empty_database
from kept import played

from adapter.cli.commands import app
from adapter.outside.store import open_store

Run = Callable[..., tuple[int, str]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command on a database of its own: its exit code, and what it says."""
    monkeypatch.setenv("IP_ADAPTER_DATABASE", url_in(tmp_path))

    def run_(*args: str) -> tuple[int, str]:
        capsys.readouterr()
        with pytest.raises(SystemExit) as end:
            app(list(args), prog_name="ip-adapter")
        said = capsys.readouterr()
        return int(end.value.code or 0), said.out + said.err

    return run_


def url_in(folder: Path) -> str:
    return f"sqlite:///{folder / 'adapter.db'}"


def case_after(folder: Path, name: str, steps: int) -> str:
    """The id of the case of a folder, after its first steps."""
    empty_database(folder / "adapter.db")
    with played(url_in(folder), name, steps) as stage:
        return stage.cases[-1]


def test_what_was_seen_to_is_off_the_lists_with_its_reason(run: Run, tmp_path: Path) -> None:
    case = case_after(tmp_path, "talk/note-takes-something-back", 2)
    assert "note-takes-back" in run("parked")[1]
    assert run("seen", case, "--why", "The ward says that the need stands", "--by", "vakt")[0] == 0
    assert "note-takes-back" not in run("parked")[1]
    store = open_store(url_in(tmp_path))
    last = store.audit_of(case)[-1]
    store.close()
    assert (last.actor, last.action) == ("vakt", "case-seen")
    assert last.details == {"why": "The ward says that the need stands"}


def test_what_waits_to_be_sent_is_not_seen_away(run: Run, tmp_path: Path) -> None:
    case = case_after(tmp_path, "talk/note-before-the-unit", 2)
    code, said = run("seen", case, "--why", "x")
    assert (code, "step-forbidden" in said) == (1, True)


def test_a_case_about_the_wrong_person_goes_when_all_have_been_told(run: Run, tmp_path: Path) -> None:
    """First it is begun, and the mail that tells it is queued; it is gone only when that has arrived."""
    case = case_after(tmp_path, "talk/addition-is-told-once", 1)
    code, said = run("purge", case, "--why", "Another patient's record was open", "--json")
    assert (code, json.loads(said)) == (0, {"case": case, "purged": False})
    store = open_store(url_in(tmp_path))
    told = {(d.outgoing.recipient, d.outgoing.event) for d in store.deliveries_of(case) if d.place == "head"}
    store.close()
    assert told == {("999900011", "case-updated"), ("999900022", "need-cancelled")}
    assert run("purge", "no-such-case", "--why", "x")[0] == 1
