"""Cases played on any database, and a hand that writes into it past every rule."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Any

from cases import FIXTURES
from sqlalchemy.engine import make_url

from adapter.flows.invariants import Violation
from adapter.flows.parts import Parts
from adapter.flows.verify import verify
from adapter.outside.store import open_store
from adapter.outside.store.keeping import Housekeeping, open_keeping
from adapter.replay import open_stage, read_case
from adapter.replay.stage import Stage


@contextmanager
def played(url: str, name: str, steps: int | None = None) -> Iterator[Stage]:
    """The stage after the steps (all, or the first so many) of a case folder on a migrated database."""
    store = open_store(url)
    try:
        stage = open_stage(FIXTURES / name, store)
        for step in read_case(FIXTURES / name).steps[:steps]:
            stage.play(step)
        yield stage
    finally:
        store.close()


@contextmanager
def kept(url: str) -> Iterator[Housekeeping]:
    store = open_keeping(url)
    try:
        yield store
    finally:
        store.close()


def violations(url: str, parts: Parts, sample: int | None = None) -> list[Violation]:
    with kept(url) as store:
        return [*verify(store, parts, sample, lambda _done, _total: None)]


def by_hand(url: str, *statements: str) -> Sequence[tuple[Any, ...]]:
    """Run statements as somebody who has the database before him: no foreign key holds him back."""
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(str(make_url(url).database), isolation_level=None)) as connection:
            return [row for statement in statements for row in connection.execute(statement).fetchall()]
    import psycopg  # noqa: PLC0415 - only where the server is there

    with psycopg.connect(url, autocommit=True) as server:
        server.execute("SET session_replication_role = replica")
        found = [server.execute(statement) for statement in statements]
        return [row for cursor in found if cursor.description for row in cursor.fetchall()]
