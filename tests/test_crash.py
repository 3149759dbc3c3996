"""Die anywhere: at every call to the store, in every case; start again, and the world ends up the same.

A step that dies is played again, as a sender without an answer sends again and a worker starts again.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from cases import FOLDERS, empty_database, fresh, name_of

from adapter.outside.store import open_store
from adapter.replay import open_stage, read_case
from adapter.replay.stage import Stage


class Died(BaseException):
    """The process is gone: nothing catches this."""


class Mortal:
    """Stands before a store or a transaction and dies at the n-th call since it was told to."""

    def __init__(self, inner: Any, life: "Life") -> None:
        self._inner, self._life = inner, life

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
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
    """How many calls are left before the one death of a run."""

    def __init__(self, calls: int) -> None:
        self.left, self.died = calls, False

    def spend(self) -> None:
        if not self.died:
            self.left -= 1
            if self.left == 0:
                self.died = True
                raise Died


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return empty_database(tmp_path_factory.mktemp("empty") / "empty.db")


@pytest.mark.parametrize("folder", FOLDERS, ids=name_of)
def test_dying_anywhere_changes_nothing(folder: Path, empty: Path, tmp_path: Path) -> None:
    """The database is equal row by row, and each message id left with the same content, wherever the process died."""
    whole, letters = _run(folder, fresh(empty, tmp_path), Life(10**9))
    deaths = 0
    for calls in count(1):
        life = Life(calls)
        rows, sent = _run(folder, fresh(empty, tmp_path), life)
        assert rows == whole, f"died at call {calls}"
        assert sent == letters, f"died at call {calls}"
        if not life.died:
            break
        deaths += 1
    assert deaths >= 1


def _run(folder: Path, database: Path, life: Life) -> tuple[list[tuple[Any, ...]], dict[str, bytes]]:
    store = open_store(f"sqlite:///{database}")
    try:
        stage = open_stage(folder, store)
        stage.parts = replace(stage.parts, store=Mortal(store, life))  # type: ignore[arg-type]
        for step in read_case(folder).steps:
            stage.act_first(step)
            _twice_if_dead(stage, lambda step=step: stage.act(step))
            _twice_if_dead(stage, stage.deliver)
        return _rows(database), _letters(stage)
    finally:
        store.close()


def _twice_if_dead(stage: Stage, act: Callable[[], object]) -> None:
    try:
        act()
    except Died:
        act()


def _letters(stage: Stage) -> dict[str, bytes]:
    """By message id: what was sent under it, which is the same at every repeat of a try."""
    return {sent.message_id: sent.body for sent in stage.collect()}


def _rows(database: Path) -> list[tuple[Any, ...]]:
    connection = sqlite3.connect(database)
    try:
        tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type='table' ORDER BY 1")]
        rows = ((t, *row) for t in tables for row in connection.execute(f'SELECT * FROM "{t}"'))  # noqa: S608
        return sorted(rows, key=repr)
    finally:
        connection.close()
