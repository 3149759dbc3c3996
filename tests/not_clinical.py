"""What a case leaves behind that is not clinical content: every column, answer, account, log line and print."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from adapter.replay.stage import Came

_CLINICAL = {"received": {"raw"}, "version": {"body"}}


def columns(database: Path) -> Iterator[bytes]:
    """Every row of every table but what is clinical, and but the reasons that people gave for their commands."""
    with closing(sqlite3.connect(database)) as connection:
        tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type='table'")]
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
                yield json.dumps(clear, ensure_ascii=False).encode()


def answers(came: Came) -> list[bytes]:
    """Answers that say how it went, as against those that hold the resource asked for."""
    answer = came.answer
    if answer is None or (answer.status < 300 and b'"resourceType":"Bundle"' not in answer.body[:40]):
        return [answer.body] if answer and answer.media_type != "application/fhir+json" else []
    return [answer.body]


def _text(value: object) -> str:
    """As somebody with the database before him reads it: letters beyond ASCII are letters, not escapes."""
    return value.decode("utf-8") if isinstance(value, bytes) else str(value)
