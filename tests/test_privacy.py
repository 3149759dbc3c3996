"""No value of a synthetic person stands in anything but clinical content: not in logs, findings, history or audit."""

import json
import logging
import re
import sqlite3
from pathlib import Path

import pytest
from cases import FIXTURES, FOLDERS, empty_database, fresh, name_of

from adapter.domain.person import classify
from adapter.replay import play, read_cast
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
    played = play(folder, fresh(empty, tmp_path))
    out = capfd.readouterr()
    said = [caplog.text.encode(), out.out.encode(), out.err.encode(), *_columns(tmp_path / "case.db")]
    said += [text for step in played.steps for text in _answers(step.came)]
    private = [value.encode() for value in read_cast(FIXTURES).private]
    for text in said:
        assert [value for value in private if value in text] == []
        assert [number for number in _ELEVEN_DIGITS.findall(text) if classify(number.decode())] == []


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
                    n: str(v) for n, v in zip(names, row, strict=True) if n not in _CLINICAL.get(table, ())
                }
                found.append(json.dumps(clear, ensure_ascii=False).encode())
        return found
    finally:
        connection.close()
