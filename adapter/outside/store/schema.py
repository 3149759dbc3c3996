"""Bringing a database to the tables of this release, and asking whether this release may work on it.

Releases differ, and for a while two of them work on one database. A migration therefore only adds at first; the
database says in the table `serves` which is the oldest release (by its newest migration) that may still work on it.
"""

import sqlite3
import time
from contextlib import ExitStack, closing, suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from sqlalchemy import Connection, Engine, column, inspect, select, table, text

from adapter.outside.store.engine import WRITING, file_of, open_engine, open_single, read_url
from adapter.outside.store.errors import asked
from adapter.outside.store.tables import serves
from adapter.ports import StoreBusy

if TYPE_CHECKING:
    from alembic.config import Config

_MIGRATIONS = Path(__file__).with_name("migrations")
_APPLIED = table("alembic_version", column("version_num"))
_PATIENCE = 60.0
_PAUSE = 0.2
# Tried and not waited for: who waits in a statement keeps CREATE INDEX CONCURRENTLY of the other waiting for it.
_ONE_AT_A_TIME = text("SELECT pg_try_advisory_lock(6184231094)")
# A change of a table that waits for its lock keeps everybody else waiting behind it: give up soon, and try again.
_GENTLY = "-c lock_timeout=1000 -c statement_timeout=0"

Standing = Literal["older", "fits", "newer"]


def migrate(url: str) -> None:
    """Create or upgrade the tables. Raises StoreBusy if the database cannot be reached or stays locked.

    Nodes that start together may all call it: one works, the others wait and find nothing to do. Tables of a newer
    release are left as they are. On SQLite all is one transaction; on PostgreSQL each migration is one, or several,
    so that releases at work go on; after an interruption it goes on where it was.
    """
    read = read_url(url)
    file = file_of(read)
    if file:
        _create(file)
    engine = open_engine(read, _PATIENCE) if file else open_single(read, _GENTLY)
    until = time.monotonic() + _PATIENCE
    try:
        while not _migrated(engine, last=time.monotonic() > until):
            time.sleep(_PAUSE)
    finally:
        engine.dispose()


def standing(url: str) -> Standing:
    """Whether the tables fit this release, or are too old or too new for it. Raises StoreBusy without a database."""
    engine = open_engine(read_url(url), _PATIENCE)
    try:
        with asked(engine.connect) as connection:
            return asked(stands, connection)
    finally:
        engine.dispose()


def at_head(url: str) -> bool:
    """Whether the tables are those of this release exactly. Raises StoreBusy if the database cannot be reached."""
    engine = open_engine(read_url(url), _PATIENCE)
    try:
        with asked(engine.connect) as connection:
            return asked(_revision, connection) == _head()
    finally:
        engine.dispose()


def stands(connection: Connection) -> Standing:
    """The same of the tables behind a connection."""
    revision = _revision(connection)
    if revision < _head():
        return "older"
    oldest = connection.execute(select(serves.c.oldest)).scalar()
    return "fits" if oldest is not None and oldest <= _head() else "newer"


def _migrated(engine: Engine, *, last: bool) -> bool:
    """One attempt. False when somebody else is at it, or holds a lock; raises StoreBusy then if it was the last."""
    with ExitStack() as held:
        connection = held.enter_context(asked(engine.connect))
        if engine.dialect.name == "sqlite":
            connection = connection.execution_options(**WRITING)
            held.enter_context(asked(connection.begin))
            asked(_upgrade, connection)
            asked(connection.commit)
            return True
        mine = asked(lambda: bool(connection.execute(_ONE_AT_A_TIME).scalar()))
        try:
            if mine:
                worker = held.enter_context(asked(engine.connect))
                asked(_upgrade, worker.execution_options(isolation_level="READ COMMITTED"))
        except StoreBusy:
            mine = False
        if last and not mine:
            raise StoreBusy("the tables stayed locked by others")
        return mine


def _create(file: Path) -> None:
    # Health data: readable by the owner alone; SQLite gives its side files the same rights.
    try:
        file.touch(mode=0o600, exist_ok=True)
        if file.stat().st_size == 0:
            _let_shrink(file)
    except OSError:
        reachable = False
    else:
        reachable = True
    if not reachable:
        raise StoreBusy("the database file cannot be created")


def _let_shrink(file: Path) -> None:
    """A file that is still empty learns to give pages back; later only a rebuild of the whole teaches it."""
    # Another process may be making it at this moment: then it is done, or rebuilding does no harm yet.
    with suppress(sqlite3.Error), closing(sqlite3.connect(file, timeout=_PATIENCE)) as connection:
        connection.execute("PRAGMA auto_vacuum=INCREMENTAL")
        connection.execute("VACUUM")


def _upgrade(connection: Connection) -> None:
    if _revision(connection) >= _head():
        return
    # A start on tables that are there already is 0.4 s of CPU and 10 MB cheaper without Alembic.
    from alembic import command  # noqa: PLC0415

    if connection.dialect.name == "postgresql":
        connection.rollback()  # Alembic begins its own transactions
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _revision(connection: Connection) -> str:
    """The newest migration that was applied, by its number; "" for none."""
    if not inspect(connection).has_table(_APPLIED.name):
        return ""
    return max(connection.execute(select(_APPLIED.c.version_num)).scalars(), default="")


@cache
def _head() -> str:
    """The newest migration of this release: files are named by their numbers, as `m0001_tables.py`."""
    return max(file.name[1:5] for file in _MIGRATIONS.glob("versions/m*.py"))


def _config() -> "Config":
    from alembic.config import Config  # noqa: PLC0415 - as above

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    return config
