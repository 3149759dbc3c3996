"""The least a store-and-forward worker can cost: claim a batch, post it, mark it done. PostgreSQL or SQLite.

    python -m tests.bench.floors.relay --database URL --to http://…

Works on the tables of `durable` until it is ended. What is posted is the Bundle under a MessageHeader.
"""

import argparse
import asyncio
import json
import sqlite3
import sys
import uuid
from typing import Any

import aiohttp
from sqlalchemy.engine import make_url

from tests.bench.floors.durable import open_sqlite, prepare_postgresql

BATCH, SIDE_BY_SIDE, LOOK_SECONDS = 64, 16, 0.02
_CLAIM = """UPDATE floor_outbox SET state = 1 WHERE id = ANY(ARRAY(
SELECT id FROM floor_outbox WHERE state = 0 ORDER BY id LIMIT 64 FOR UPDATE SKIP LOCKED)) RETURNING id, message"""
_LETTER = (
    b'{"resourceType":"Bundle","type":"message","entry":[{"resource":{"resourceType":"MessageHeader","id":"%s",'
    b'"eventCoding":{"code":"need-notified"}}},{"resource":%s}]}'
)


class OnPostgresql:
    def __init__(self, url: str) -> None:
        import psycopg  # noqa: PLC0415 - only for this database

        prepare_postgresql(url)
        self._connection = psycopg.connect(url, autocommit=True)

    def claim(self) -> list[tuple[Any, bytes]]:
        got = self._connection.execute(_CLAIM, prepare=True).fetchall()
        ids = [message for _, message in got]
        kept = self._connection.execute(
            "SELECT id, bundle FROM floor_message WHERE id = ANY(%s)", [ids], binary=True, prepare=True
        )
        bodies: dict[Any, bytes] = dict(kept.fetchall()) if got else {}
        return [(id_, _LETTER % (str(message).encode(), bodies[message])) for id_, message in got]

    def done(self, ids: list[Any]) -> None:
        self._connection.execute("UPDATE floor_outbox SET state = 2 WHERE id = ANY(%s)", [ids], prepare=True)


class OnSqlite:
    def __init__(self, url: str) -> None:
        self._connection: sqlite3.Connection = open_sqlite(str(make_url(url).database))

    def claim(self) -> list[tuple[Any, bytes]]:
        found = self._connection.execute(
            "SELECT o.id, m.id, m.bundle FROM floor_outbox o JOIN floor_message m ON m.id = o.message"
            " WHERE o.state = 0 ORDER BY o.id LIMIT ?",
            [BATCH],
        )
        return [
            (id_, _LETTER % (str(uuid.UUID(bytes=m)).encode(), body)) for id_, m, body in found.fetchall()
        ]

    def done(self, ids: list[Any]) -> None:
        self._connection.execute("BEGIN IMMEDIATE")
        self._connection.executemany(
            "UPDATE floor_outbox SET state = 2 WHERE id = ?", [(id_,) for id_ in ids]
        )
        self._connection.execute("COMMIT")


async def carry(outbox: OnPostgresql | OnSqlite, to: str) -> None:
    """Until it is ended."""
    connector, headers = aiohttp.TCPConnector(limit=SIDE_BY_SIDE), {"content-type": "application/fhir+json"}
    async with aiohttp.ClientSession(connector=connector) as session:

        async def post(letter: bytes) -> None:
            async with session.post(to, data=letter, headers=headers) as answer:
                await answer.read()

        while True:
            batch = await asyncio.to_thread(outbox.claim)
            if not batch:
                await asyncio.sleep(LOOK_SECONDS)
                continue
            await asyncio.gather(*(post(letter) for _, letter in batch))
            await asyncio.to_thread(outbox.done, [id_ for id_, _ in batch])


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--database", required=True)
    parser.add_argument("--to", required=True)
    given = parser.parse_args()
    outbox = OnSqlite(given.database) if given.database.startswith("sqlite") else OnPostgresql(given.database)
    sys.stdout.write(json.dumps({"ready": True, "url": ""}) + "\n")
    sys.stdout.flush()
    import uvloop  # noqa: PLC0415 - only in the process that carries

    uvloop.run(carry(outbox, given.to))


if __name__ == "__main__":
    main()
