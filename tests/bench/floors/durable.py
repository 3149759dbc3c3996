"""The least a durable acceptance can cost over HTTP: parse, map by hand, one grouped commit, then 202.

    python -m tests.bench.floors.durable --database URL [--outbox 3] [--models]

POST takes a message (raw, Bundle and `outbox` rows of work are committed), PUT a CarePlan (one version; with --models
fhir.resources looks at it first). Raw ASGI; whoever comes while a commit is under way shares the next one.
"""

import argparse
import asyncio
import itertools
import queue
import sqlite3
import threading
import uuid
from collections.abc import Callable
from typing import Any

from sqlalchemy.engine import make_url

from tests.bench.floors.mapping import bundle
from tests.bench.floors.serving import answered, body_of, serve

MOST = 256
FLUSHERS = 2
Row = tuple[uuid.UUID, bytes, bytes]
KEEP = """WITH m AS (INSERT INTO floor_message SELECT * FROM unnest(%b::uuid[], %b::bytea[], %b::bytea[]) RETURNING id)
INSERT INTO floor_outbox (message, recipient, state)
SELECT m.id, 'r' || k, 0 FROM m, generate_series(1, %s::int) k"""
TABLES = (
    "CREATE TABLE IF NOT EXISTS floor_message (id {uuid} PRIMARY KEY, raw {bytes}, bundle {bytes})",
    "CREATE TABLE IF NOT EXISTS floor_outbox (id {number}, message {uuid}, recipient text, state int)",
    "CREATE INDEX IF NOT EXISTS floor_outbox_open ON floor_outbox (id) WHERE state = 0",
)
POSTGRESQL = {"uuid": "uuid", "bytes": "bytea", "number": "bigserial PRIMARY KEY"}
SQLITE = {"uuid": "blob", "bytes": "blob", "number": "integer PRIMARY KEY"}


class SqliteGroups:
    """One thread writes; what has gathered meanwhile goes in one transaction."""

    def __init__(self, url: str, outbox: int) -> None:
        self._file, self._outbox = make_url(url).database, outbox
        self._queue: queue.Queue[tuple[Row, asyncio.Future[None]]] = queue.Queue()

    async def start(self) -> None:
        self._loop = asyncio.get_running_loop()
        threading.Thread(target=self._write, daemon=True).start()

    async def put(self, row: Row) -> None:
        future = self._loop.create_future()
        self._queue.put((row, future))
        await future

    def _write(self) -> None:
        connection = open_sqlite(str(self._file))
        while True:
            batch = [self._queue.get()]
            while len(batch) < MOST and not self._queue.empty():
                batch.append(self._queue.get_nowait())
            write_sqlite(connection, [row for row, _ in batch], self._outbox)
            self._loop.call_soon_threadsafe(_done, [future for _, future in batch])


class PostgresqlGroups:
    """A few connections; each takes what has gathered as one statement and one commit."""

    def __init__(self, url: str, outbox: int) -> None:
        self._url, self._outbox = url, outbox

    async def start(self) -> None:
        self._queue: asyncio.Queue[tuple[Row, asyncio.Future[None]]] = asyncio.Queue()
        prepare_postgresql(self._url)
        self._tasks = [asyncio.create_task(self._write()) for _ in range(FLUSHERS)]

    async def put(self, row: Row) -> None:
        future = asyncio.get_running_loop().create_future()
        self._queue.put_nowait((row, future))
        await future

    async def _write(self) -> None:
        import psycopg  # noqa: PLC0415 - only for this database

        connection = await psycopg.AsyncConnection.connect(self._url, autocommit=True)
        while True:
            batch = [await self._queue.get()]
            while len(batch) < MOST and not self._queue.empty():
                batch.append(self._queue.get_nowait())
            columns = [list(column) for column in zip(*(row for row, _ in batch), strict=True)]
            await connection.execute(KEEP, [*columns, self._outbox], prepare=True)
            _done([future for _, future in batch])


def _done(futures: list[asyncio.Future[None]]) -> None:
    for future in futures:
        future.set_result(None)


def open_sqlite(file: str) -> sqlite3.Connection:
    connection = sqlite3.connect(file, isolation_level=None, check_same_thread=False, timeout=30)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    for table in TABLES:
        connection.execute(table.format(**SQLITE))
    return connection


def write_sqlite(connection: sqlite3.Connection, rows: list[Row], outbox: int) -> None:
    work = [(row[0].bytes, f"r{k}") for row in rows for k in range(outbox)]
    connection.execute("BEGIN IMMEDIATE")
    connection.executemany(
        "INSERT INTO floor_message VALUES (?, ?, ?)", [(r[0].bytes, r[1], r[2]) for r in rows]
    )
    connection.executemany("INSERT INTO floor_outbox (message, recipient, state) VALUES (?, ?, 0)", work)
    connection.execute("COMMIT")


def prepare_postgresql(url: str) -> None:
    import psycopg  # noqa: PLC0415 - only for this database

    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(7)")  # two processes may begin together
        for table in TABLES:
            connection.execute(table.format(**POSTGRESQL))


def application(groups: SqliteGroups | PostgresqlGroups, checked: Callable[[bytes], object]) -> Any:
    """Raw ASGI: POST maps and keeps, PUT checks and keeps."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            while (message := await receive())["type"] == "lifespan.startup":
                await groups.start()
                await send({"type": "lifespan.startup.complete"})
            await send({"type": f"{message['type']}.complete"})
            return
        body = await body_of(receive)
        if scope["method"] == "PUT":
            checked(body)
            made = b""
        else:
            made = bundle(body)
        id_ = uuid.uuid4()
        await groups.put((id_, body, made))
        await answered(send, 202, b'{"id":"%s"}' % str(id_).encode())

    return app


def with_models() -> Callable[[bytes], object]:
    """Validation of a CarePlan by fhir.resources, as a naive adapter would."""
    from fhir.resources.R4B.careplan import CarePlan  # noqa: PLC0415 - takes a quarter of a second

    return CarePlan.model_validate_json


def grouped_rows(raw: bytes, made: bytes) -> Callable[[int], list[Row]]:
    """Batches of fresh rows, for commit rates without HTTP."""
    return lambda count: [(uuid.uuid4(), raw, made) for _ in itertools.repeat(None, count)]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--database", required=True)
    parser.add_argument("--outbox", type=int, default=3)
    parser.add_argument("--models", action="store_true")
    given = parser.parse_args()
    kind = SqliteGroups if given.database.startswith("sqlite") else PostgresqlGroups
    serve(
        application(kind(given.database, given.outbox), with_models() if given.models else len), lifespan=True
    )


if __name__ == "__main__":
    main()
