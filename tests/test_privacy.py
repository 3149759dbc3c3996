"""No value of a synthetic person stands in anything but clinical content: not in logs, findings, history or audit.

What somebody wrote as the reason of a command may name a person. It stands in one place, the audit's `why`, which is
as protected as clinical content; nothing else of the audit may hold a value, and no command prints it.
"""

import json
import logging
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from cases import FIXTURES, FOLDERS, empty_database, fresh, name_of

from adapter.cli.commands import app
from adapter.cli.explain import as_object, lines
from adapter.domain.person import classify
from adapter.flows.explain import explain
from adapter.outside.store import open_store
from adapter.replay import open_stage, play, read_case, read_cast
from adapter.replay.stage import Came

_CLINICAL = {"received": {"raw"}, "version": {"body"}}
_ELEVEN_DIGITS = re.compile(rb"(?<!\d)\d{11}(?!\d)")  # in a hash too, where the check digits are wrong


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return empty_database(tmp_path_factory.mktemp("empty") / "empty.db")


@pytest.mark.parametrize("folder", FOLDERS, ids=name_of)
def test_a_case_leaks_nothing(
    folder: Path,
    empty: Path,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Every private value of the cast is searched for in all columns, answers and logs that are not clinical."""
    monkeypatch.delenv("ACCEPT", raising=False)
    caplog.set_level(logging.DEBUG)
    database = fresh(empty, tmp_path)
    played = play(folder, database)
    out = capfd.readouterr()
    said = [caplog.text.encode(), out.out.encode(), out.err.encode(), *_columns(database)]
    said += [text for step in played.steps for text in _answers(step.came)]
    said += [line.encode() for line in _explained(folder, database)]
    private = [value.encode() for value in read_cast(FIXTURES).private]
    for text in said:
        assert [value for value in private if value in text] == []
        assert [number for number in _ELEVEN_DIGITS.findall(text) if classify(number.decode())] == []


def test_a_reason_that_names_somebody_stands_in_the_audit_and_nowhere_else(
    empty: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The case is one where the words of each command hold a private value, and they are kept for who may ask why."""
    monkeypatch.delenv("ACCEPT", raising=False)
    folder = FIXTURES / "operate" / "reason-names-a-person"
    reasons = [step.operate.why for step in read_case(folder).steps if step.operate]
    private = read_cast(FIXTURES).private
    assert reasons
    assert all(any(value in why for value in private) for why in reasons)
    database = fresh(empty, tmp_path)
    play(folder, database)
    store = open_store(f"sqlite:///{database}")
    try:
        kept = [
            a.details["why"] for id_ in store.case_ids() for a in store.audit_of(id_) if "why" in a.details
        ]
    finally:
        store.close()
    assert kept == reasons
    for command in (["parked"], ["parked", "--json"]):
        with pytest.raises(SystemExit) as end:
            app([*command, "--database", f"sqlite:///{database}"], prog_name="ip-adapter")
        told = capfd.readouterr()
        assert end.value.code in (0, None)
        assert [value for value in private if value in told.out + told.err] == []


def _explained(folder: Path, database: Path) -> Iterator[str]:
    """What `explain` tells of each case, for people and for programs."""
    store = open_store(f"sqlite:///{database}")
    try:
        parts = open_stage(folder, store).parts
        for id_ in store.case_ids():
            account = explain(id_, parts)
            yield from lines(account)
            yield json.dumps(as_object(account), ensure_ascii=False, default=str)
    finally:
        store.close()


def _answers(came: Came) -> list[bytes]:
    """Answers that say how it went, as against those that hold the resource asked for."""
    answer = came.answer
    if answer is None or (answer.status < 300 and b'"resourceType":"Bundle"' not in answer.body[:40]):
        return [answer.body] if answer and answer.media_type != "application/fhir+json" else []
    return [answer.body]


def _columns(database: Path) -> list[bytes]:
    connection = sqlite3.connect(database)
    try:
        tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type='table'")]
        found = []
        for table in tables:
            rows = connection.execute(f'SELECT * FROM "{table}"')  # noqa: S608
            names = [column[0] for column in rows.description]
            for row in rows:
                clear = {
                    n: _text(v) for n, v in zip(names, row, strict=True) if n not in _CLINICAL.get(table, ())
                }
                if table == "audit":
                    details = {n: v for n, v in json.loads(clear["details"]).items() if n != "why"}
                    clear["details"] = json.dumps(details, ensure_ascii=False)
                found.append(json.dumps(clear, ensure_ascii=False).encode())
        return found
    finally:
        connection.close()


def _text(value: object) -> str:
    """As somebody with the database before him reads it: letters beyond ASCII are letters, not escapes."""
    return value.decode("utf-8") if isinstance(value, bytes) else str(value)
