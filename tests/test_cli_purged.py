"""`ip-adapter purged`: a person records what a unit has told of the purge of what came to it wrongly."""

import json
from pathlib import Path

import pytest
from test_cli_conversation import Run, case_after, run, url_in

from adapter.outside.store import open_store

__all__ = ["run"]

SENT_BACK = 2
"""Steps of the folder after which the unit has sent the case back and is asked to purge what it got."""


def told(folder: Path, steps: int = SENT_BACK) -> str:
    return case_after(folder, "purge/second-refusal-is-for-a-person", steps)


def confirmed_by(folder: Path, case_id: str) -> list[str]:
    store = open_store(url_in(folder))
    try:
        steps = store.history_of(case_id)
    finally:
        store.close()
    return [step.actor for step in steps if (step.lifecycle, step.event) == ("purge-there", "confirm")]


def test_what_is_told_is_recorded_once_and_by_whom(run: Run, tmp_path: Path) -> None:
    """Given twice, as after a lost connection, it is one command."""
    id_ = told(tmp_path)
    for _ in range(2):
        code, said = run("purged", id_, "--why", "Told by telephone", "--by", "kari", "--json")
        assert (code, json.loads(said)) == (0, {"case": id_, "purged": True})
    assert confirmed_by(tmp_path, id_) == ["operator:kari"]


def test_where_two_are_asked_the_one_that_told_is_named(run: Run, tmp_path: Path) -> None:
    """Nobody is taken to have said what another did."""
    id_ = told(tmp_path, SENT_BACK + 1)
    assert run("purged", id_, "--why", "Told by telephone")[0] == 1
    assert confirmed_by(tmp_path, id_) == []
    assert run("purged", id_, "--organisation", "999902001", "--why", "Told by telephone")[0] == 0
    assert len(confirmed_by(tmp_path, id_)) == 1


@pytest.mark.parametrize("other", [("--organisation", "999900033"), ()], ids=["nobody-asked", "no-case"])
def test_who_was_not_asked_has_nothing_to_tell(run: Run, tmp_path: Path, other: tuple[str, ...]) -> None:
    """Of a case that there is, and of one that there is not."""
    id_ = told(tmp_path)
    assert run("purged", id_ if other else "no-such-case", *other, "--why", "Told by telephone")[0] == 1
    assert confirmed_by(tmp_path, id_) == []
