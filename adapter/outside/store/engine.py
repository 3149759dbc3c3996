"""How the two databases are opened: durable commits, bounded waiting, nothing of a row in any log."""

import os
import sqlite3
from contextlib import suppress
from math import ceil
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, NullPool, QueuePool, create_engine, event, make_url
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.pool import ConnectionPoolEntry

READING: dict[str, dict[str, Any]] = {
    "sqlite": {"reading": True},
    "postgresql": {"isolation_level": "AUTOCOMMIT"},
}
"""By dialect, of a connection on which each statement is a question by itself: no transaction to begin and to end,
two round trips less."""

WRITING = {"writing": True}
"""Execution options of a connection that will write: SQLite takes its lock at once, not half-way."""

_POSTGRESQL = {"postgres", "postgresql", "postgresql+psycopg"}


def read_url(url: str) -> URL:
    """The URL with our driver. Raises ValueError for another database, or for SQLite without a file."""
    read = make_url(url)
    if read.drivername in _POSTGRESQL:
        return read.set(drivername="postgresql+psycopg")
    if read.drivername == "sqlite" and read.database and read.database != ":memory:":
        return read.set(database=os.path.abspath(read.database))
    raise ValueError("the database must be sqlite:///file or postgresql://…")


def file_of(url: URL) -> Path | None:
    """The file of a SQLite database, None for PostgreSQL."""
    return Path(url.database) if url.drivername == "sqlite" and url.database else None


def open_engine(url: URL, patience: float, pool_size: int = 10) -> Engine:
    """A pool of connections. `patience`: seconds to wait for a connection or a lock."""
    file = file_of(url)
    return _sqlite(url, file, patience, pool_size) if file else _postgresql(url, patience, pool_size)


def open_single(url: URL, settings: str = "") -> Engine:
    """PostgreSQL connections that are nobody else's, each statement its own transaction."""
    options = _postgresql_options(patience=5.0, settings=settings)
    return create_engine(
        url, poolclass=NullPool, isolation_level="AUTOCOMMIT", connect_args=options, hide_parameters=True
    )


def _postgresql(url: URL, patience: float, pool_size: int) -> Engine:
    wait = ceil(patience * 1000)
    settings = (
        # What is acknowledged is on disk, whatever the server's own setting says.
        f"-c synchronous_commit=on -c lock_timeout={wait} -c statement_timeout={wait * 3} "
        f"-c idle_in_transaction_session_timeout={wait * 6}"
    )
    return create_engine(
        url,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=patience,
        isolation_level="READ COMMITTED",
        connect_args=_postgresql_options(patience, settings),
        hide_parameters=True,
    )


# A partner that vanished without a word (a dead machine, a cut cable) is noticed within seconds, not hours: by the
# server too, which else keeps the locks of who is gone for as long as its system says (two hours, as a rule).
_SERVER_NOTICES = (
    "-c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 "
    "-c tcp_keepalives_count=3 -c tcp_user_timeout=15000"
)


def _postgresql_options(patience: float, settings: str) -> dict[str, Any]:
    return {
        "connect_timeout": max(2, ceil(patience)),
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "tcp_user_timeout": 15_000,
        "application_name": "ip-adapter",
        "options": f"-c timezone=UTC {_SERVER_NOTICES} {settings}".strip(),
    }


def _sqlite(url: URL, file: Path, patience: float, pool_size: int) -> Engine:
    def connect() -> sqlite3.Connection:
        # mode=rw: a database that disappeared is not replaced by an empty one behind everybody's back.
        connection = sqlite3.connect(
            f"file:{quote(str(file))}?mode=rw",
            uri=True,
            timeout=patience,
            isolation_level=None,
            check_same_thread=False,
        )
        try:
            _write_ahead(connection)
            connection.execute("PRAGMA synchronous=FULL")
            connection.execute("PRAGMA foreign_keys=ON")
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    engine = create_engine(
        url,
        creator=connect,
        poolclass=QueuePool,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=patience,
        hide_parameters=True,
    )
    event.listen(engine, "begin", _begin)
    _watch(engine, file)
    return engine


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Turn the write-ahead log on. Only the first connection ever to a file changes anything."""
    for _ in range(20):
        with suppress(sqlite3.OperationalError):
            connection.execute("PRAGMA journal_mode=WAL")
            return
        # Of several that change a new file at once, SQLite refuses some without waiting; a lock waits.
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("ROLLBACK")
    connection.execute("PRAGMA journal_mode=WAL")


def _begin(connection: Connection) -> None:
    options = connection.get_execution_options()
    if not options.get("reading"):
        connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get("writing") else "BEGIN")


def _watch(engine: Engine, file: Path) -> None:
    """Leave connections to a file that was deleted or replaced: commits to it would be lost unseen."""

    def opened(_: object, entry: ConnectionPoolEntry) -> None:
        entry.info["file"] = _identity(file)

    def lent(_: object, entry: ConnectionPoolEntry, __: object) -> None:
        if entry.info["file"] != _identity(file):
            raise DisconnectionError

    event.listen(engine, "connect", opened)
    event.listen(engine, "checkout", lent)


def _identity(file: Path) -> tuple[int, int] | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
