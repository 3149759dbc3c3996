"""Die anywhere, in every case; start again, and the world ends up the same.

A step that dies is played again, as a sender without an answer sends again and a worker starts again. Two transactions
that change the same kinds of things in the same kind of step are one kind: each kind dies just before and just after
its commit, in the first case that has it; `--faults-full` lets every case die at each of its own. Some cases die at
every single call all the same.
"""

import copy
import shutil
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import count, groupby
from pathlib import Path
from typing import Any, TypeVar

import pytest
from cases import FOLDERS, empty_database, name_of
from mortal import WRITES, Changes, Died, Life, Mortal

from adapter.outside.store import open_store
from adapter.ports import Transaction
from adapter.replay import open_stage, read_case
from adapter.replay.case_file import CaseStep
from adapter.replay.script import Script
from adapter.replay.stage import Stage

EVERY_CALL = {
    "notify/xml-need-is-routed",
    "notify/fhir-need-is-routed",
    "follow/whole-way",
    "plan/second-version-once",
}
READS = {
    "known_as",
    "former_keys",
    "readers",
    "answered",
    "message_in_envelope",
    "case_of_reference",
    "case_of_content",
    "case",
    "cases_of_person",
    "person_waits",
    "persons_wait",
    "register_entry",
    "doubted_units",
    "glance",
    "current",
    "version",
    "versions",
    "of_case",
    "of_cases",
    "unchanged",
    "delivery",
    "delivery_of_message",
    "fresh",
    "deliveries",
    "receipts",
    "deadlines",
    "waits",
}
"""Calls of a transaction after which nothing is there that was not there before."""
OF_A_PROCESS = {"hasten"}
"""Writes that no step of a case makes: a process looks whether its clock was set (tests/test_clock_set.py)."""
T = TypeVar("T")
Rows = list[tuple[Any, ...]]
Letters = dict[str, list[bytes]]
Kind = tuple[str, Changes]


@pytest.fixture(scope="module")
def died_at() -> set[Kind]:
    """The kinds of transactions at which some case has died."""
    return set()


@pytest.mark.parametrize("folder", FOLDERS, ids=name_of)
def test_dying_anywhere_changes_nothing(
    folder: Path, tmp_path: Path, died_at: set[Kind], pytestconfig: pytest.Config
) -> None:
    """The database is equal row by row, and the same messages left, wherever the process died.

    Each message id goes out as often as in the whole run, once more at most for the try that was on its way, and
    always with the same content, byte for byte.

    A death is played from the state before its step. Since every death ends in the state that the whole step leaves,
    so does every case.
    """
    database, steps = empty_database(tmp_path / "case.db"), read_case(folder).steps
    everywhere = name_of(folder) in EVERY_CALL
    with closing(open_store(f"sqlite:///{database}")) as store:
        stage = open_stage(folder, store)
        for step in steps:
            before = Moment.of(stage, database, tmp_path / "before.db")
            acted, delivered = played(stage, step, Life(), Life())
            kinds = [(_act(step), c) for c in acted.changed] + [("deliver", c) for c in delivered.changed]
            moments = _moments(kinds, set() if pytestconfig.getoption("--faults-full") else died_at)
            whole, letters = _rows(database) if moments or everywhere else [], _letters(stage)
            for moment in count(1) if everywhere else moments:
                life = Life(moment, everywhere=everywhere)
                dead_rows, dead_letters = before.dead(step, life, tmp_path / "dead.db")
                if not life.died:
                    break
                assert dead_rows == whole, f"died at moment {moment} of {step}"
                assert _repeats(letters, dead_letters) <= 1, f"died at moment {moment} of {step}"
            died_at.update(kinds)


def test_every_way_to_write_was_died_at(died_at: set[Kind], request: pytest.FixtureRequest) -> None:
    """What a transaction can write at all, each call of its protocol, is in a kind of transaction that died."""
    if sum("dying_anywhere" in item.name for item in request.session.items) < len(FOLDERS):
        pytest.skip("not every case has died")
    calls = {name for name in vars(Transaction) if not name.startswith("_")}
    assert calls == WRITES.keys() | READS
    assert {word.partition(" ")[0] for _, changes in died_at for word in changes} == (
        WRITES.keys() - OF_A_PROCESS
    )


def played(stage: Stage, step: CaseStep, acting: Life, delivering: Life) -> tuple[Life, Life]:
    """One step, as replay plays it; what was changed by the act, and by the deliveries after it.

    The same life twice lives through both.
    """
    stage.act_first(step)
    own = stage.parts
    stage.parts = replace(own, store=Mortal(own.store, acting, set()))  # type: ignore[arg-type]
    came = _twice_if_dead(lambda: stage.act(step))
    if step.operate and step.expect.problems is not None:
        assert list(came.refused) == step.expect.problems
    stage.parts = replace(own, store=Mortal(own.store, delivering, set()))  # type: ignore[arg-type]
    _twice_if_dead(stage.deliver)
    stage.parts = own
    return acting, delivering


@dataclass(frozen=True)
class Moment:
    """A case between two steps: its database, and what the world around the adapter remembers."""

    folder: Path
    database: Path
    at: datetime
    cases: Sequence[str]
    script: Script

    @classmethod
    def of(cls, stage: Stage, database: Path, copied: Path) -> "Moment":
        copied.unlink(missing_ok=True)
        with closing(sqlite3.connect(database)) as here, closing(sqlite3.connect(copied)) as there:
            there.execute("PRAGMA synchronous=OFF")
            here.backup(there)
        return cls(stage.folder, copied, stage.clock.now, tuple(stage.cases), _copied(stage.script))

    def dead(self, step: CaseStep, life: Life, database: Path) -> tuple[Rows, Letters]:
        """What the step leads to when it dies there."""
        shutil.copy(self.database, database)
        with closing(open_store(f"sqlite:///{database}")) as store:
            stage = open_stage(self.folder, store)
            stage.clock.now, stage.cases, stage.script = self.at, [*self.cases], _copied(self.script)
            played(stage, step, life, life)
            return _rows(database), _letters(stage)


def _copied(script: Script) -> Script:
    """The same partners with the same answers ahead of them, who remember for themselves."""
    copied = copy.copy(script)
    copied.sent, copied._lines = [*script.sent], copy.deepcopy(script._lines)
    copied._always, copied._answered = {**script._always}, {**script._answered}
    return copied


def _act(step: CaseStep) -> str:
    """The kind of a step: what is done, at which door, to which type of resource, by which command."""
    acts = (
        (name, act) for name, act in step if act is not None and name not in ("partner", "wait", "expect")
    )
    name, act = next(acts, ("nothing", None))
    what = next((getattr(act, key) for key in ("via", "resource", "do") if hasattr(act, key)), "")
    return f"{name} {what.partition('/')[0]}"


def _moments(kinds: Sequence[Kind], died_at: set[Kind]) -> list[int]:
    """The moments, from 1, at which a step must die: two for each transaction of a kind that is new."""
    new: dict[Kind, int] = {}
    for position, kind in enumerate(kinds):
        if kind not in died_at:
            new.setdefault(kind, position)
    return [moment for position in new.values() for moment in (2 * position + 1, 2 * position + 2)]


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
    """Every row of every table. Who reads twice, or tries to, is audited twice, so reads count once and audit rows by
    content. That nobody knows what came of a try is what a death leaves: `begun` is held against it in
    tests/test_withdrawal.py."""
    connection = sqlite3.connect(database)
    try:
        tables = [
            row[0]
            for row in connection.execute("SELECT name FROM sqlite_master WHERE type='table' ORDER BY 1")
        ]
        rows = [(t, *row) for t in tables for row in connection.execute(_all_but_begun(connection, t))]
        evidence = [(t, *rest) for t, _id, *rest in (r for r in rows if r[0] == "audit")]
        reads = {
            row for row in evidence if {"resource-read", "emergency-refused", "access-reported"} & {*row}
        }
        others = [row for row in rows if row[0] != "audit"] + [row for row in evidence if row not in reads]
        return sorted([*others, *reads], key=repr)
    finally:
        connection.close()


def _all_but_begun(connection: sqlite3.Connection, table: str) -> str:
    names = [row[1] for row in connection.execute(f'PRAGMA table_info("{table}")') if row[1] != "begun"]
    return f'SELECT {",".join(names)} FROM "{table}"'  # noqa: S608
