"""Die anywhere, in every case; start again, and the world ends up the same.

A step that dies is played again, as a sender without an answer sends again and a worker starts again. Every case dies
just before and just after each commit: between two commits nothing lasts but what was sent, so a death at a read or at
the start of a transaction leaves the same world. Some cases die at every single call all the same.
"""

import copy
import hashlib
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import count, groupby
from pathlib import Path
from typing import Any, TypeVar

import pytest
from cases import FOLDERS, empty_database, fresh, name_of

from adapter.outside.store import open_store
from adapter.replay import open_stage, read_case
from adapter.replay.case_file import CaseStep
from adapter.replay.stage import Stage

EVERY_CALL = {
    "notify/xml-need-is-routed",
    "notify/fhir-need-is-routed",
    "follow/whole-way",
    "plan/second-version-once",
}
T = TypeVar("T")
Rows = list[tuple[Any, ...]]
Letters = dict[str, list[bytes]]


class Died(BaseException):
    """The process is gone: nothing catches this."""


class Mortal:
    """Stands before a store or a transaction and dies at the n-th call since it was told to."""

    def __init__(self, inner: Any, life: "Life") -> None:
        self._inner, self._life = inner, life

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            if self._life.everywhere:
                self._life.spend()
            return getattr(self._inner, name)(*args, **kwargs)

        return call

    @contextmanager
    def transaction(self) -> Iterator[Any]:
        with self._inner.transaction() as tx:
            yield Mortal(tx, self._life)
            self._life.spend()  # just before the commit
        self._life.spend()  # just after it, before anybody is told


class Life:
    """How many moments are left before the one death of a run; `everywhere` counts every call too."""

    def __init__(self, moments: int, *, everywhere: bool = False) -> None:
        self.left, self.died, self.everywhere = moments, False, everywhere

    def spend(self) -> None:
        if not self.died:
            self.left -= 1
            if self.left == 0:
                self.died = True
                raise Died


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return empty_database(tmp_path_factory.mktemp("empty") / "empty.db")


@pytest.fixture(scope="session")
def proven() -> set[str]:
    """Steps from states in which they have died everywhere already: many cases begin alike."""
    return set()


@pytest.mark.parametrize("folder", FOLDERS, ids=name_of)
def test_dying_anywhere_changes_nothing(folder: Path, empty: Path, tmp_path: Path, proven: set[str]) -> None:
    """The database is equal row by row, and the same messages left, wherever the process died.

    Each message id goes out as often as in the whole run, once more at most for the try that was on its way, and
    always with the same content, byte for byte.

    Each step is played from the state before it, once whole and once for every call at which it can die. Since every
    death ends in the state that the whole step leaves, so does every case.
    """
    before = Moment(fresh(empty, tmp_path), folder)
    start, deaths = _rows(before.database), 0
    for step in read_case(folder).steps:
        after, rows, letters = before.play(step, Life(10**9), tmp_path / "whole.db")
        same = before.name(step)
        if same in proven:
            deaths += 1
            before = after.moved_to(tmp_path / "case.db")
            continue
        proven.add(same)
        for moment in count(1):
            life = Life(moment, everywhere=name_of(folder) in EVERY_CALL)
            _, dead_rows, dead_letters = before.play(step, life, tmp_path / "dead.db")
            assert dead_rows == rows, f"died at moment {moment} of {step}"
            assert _repeats(letters, dead_letters) <= 1, f"died at moment {moment} of {step}"
            if not life.died:
                break
            deaths += 1
        before = after.moved_to(tmp_path / "case.db")
    assert deaths >= 1 or _rows(before.database) == start  # who never commits cannot die half-way


@dataclass(frozen=True)
class Moment:
    """A case between two steps: its database, and what the world around the adapter remembers."""

    database: Path
    folder: Path
    stage: Stage | None = None

    def play(self, step: CaseStep, life: Life, database: Path) -> tuple["Moment", Rows, Letters]:
        shutil.copy(self.database, database)
        store = open_store(f"sqlite:///{database}")
        try:
            stage = open_stage(self.folder, store)
            if self.stage:
                stage.clock.now, stage.cases = self.stage.clock.now, list(self.stage.cases)
                stage.script = replace(copy.deepcopy(self.stage.script), partners=stage.parts.partners)
            stage.parts = replace(stage.parts, store=Mortal(store, life))  # type: ignore[arg-type]
            stage.act_first(step)
            came = _twice_if_dead(lambda: stage.act(step))
            if step.operate and step.expect.problems is not None:
                assert list(came.refused) == step.expect.problems
            _twice_if_dead(stage.deliver)
            return Moment(database, self.folder, stage), _rows(database), _letters(stage)
        finally:
            store.close()

    def name(self, step: CaseStep) -> str:
        """A digest of everything that a step can depend on: two of the same name are the same test."""
        acts = [act for act in (step.receive, step.put) if act and act.file]
        files = [(self.folder / act.file).read_bytes() for act in acts if act.file]
        script = repr(self.stage.script) if self.stage else ""
        clock = repr(self.stage.clock) if self.stage else repr(read_case(self.folder).at)
        everywhere = name_of(self.folder) in EVERY_CALL
        whole = (everywhere, _rows(self.database), step.model_dump(exclude={"expect"}), files, script, clock)
        return hashlib.sha256(repr((whole, read_case(self.folder).environment)).encode()).hexdigest()

    def moved_to(self, database: Path) -> "Moment":
        shutil.copy(self.database, database)
        return replace(self, database=database)


def _twice_if_dead(act: Callable[[], T]) -> T:
    try:
        return act()
    except Died:
        return act()


def _letters(stage: Stage) -> Letters:
    """By message id: every body that was sent under it, in order."""
    letters: Letters = {}
    for sent in stage.collect():
        letters.setdefault(sent.message_id, []).append(sent.body)
    return letters


def _repeats(whole: Letters, dead: Letters) -> int:
    """By how much the message id that was repeated most went out more often than in the whole run.

    Fails unless the same ids went out, none less often, each with bodies in the order of the whole run.
    """
    assert dead.keys() == whole.keys()
    more = 0
    for id_, bodies in whole.items():
        sent = dead[id_]
        assert len(sent) >= len(bodies)
        assert [body for body, _ in groupby(sent)] == [body for body, _ in groupby(bodies)]
        more = max(more, len(sent) - len(bodies))
    return more


def _rows(database: Path) -> Rows:
    """Every row of every table. Who reads twice is audited twice, so reads count once and audit rows by content. That
    nobody knows what came of a try is what a death leaves: `begun` is held against it in tests/test_withdrawal.py."""
    connection = sqlite3.connect(database)
    try:
        tables = [
            row[0]
            for row in connection.execute("SELECT name FROM sqlite_master WHERE type='table' ORDER BY 1")
        ]
        rows = [(t, *row) for t in tables for row in connection.execute(_all_but_begun(connection, t))]
        evidence = [(t, *rest) for t, _id, *rest in (r for r in rows if r[0] == "audit")]
        reads = {row for row in evidence if "resource-read" in row}
        others = [row for row in rows if row[0] != "audit"] + [row for row in evidence if row not in reads]
        return sorted([*others, *reads], key=repr)
    finally:
        connection.close()


def _all_but_begun(connection: sqlite3.Connection, table: str) -> str:
    names = [row[1] for row in connection.execute(f'PRAGMA table_info("{table}")') if row[1] != "begun"]
    return f'SELECT {",".join(names)} FROM "{table}"'  # noqa: S608
