"""Bringing a database to the tables of this release, and asking whether it is there."""

from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from adapter.outside.store.engine import WRITING, file_of, open_engine, read_url
from adapter.outside.store.errors import asked
from adapter.ports import StoreBusy

_PATIENCE = 60.0
_ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(6184231094)")


def migrate(url: str) -> None:
    """Create or upgrade the tables, in one transaction. Raises StoreBusy if the database cannot be reached.

    Nodes that start together may all call it: one works, the others wait and find nothing to do.
    """
    read = read_url(url)
    file = file_of(read)
    if file:
        _create(file)
    engine = open_engine(read, _PATIENCE)
    try:
        connection = asked(engine.connect).execution_options(**WRITING)
        with connection:
            asked(_upgrade, connection)
    finally:
        engine.dispose()


def at_head(url: str) -> bool:
    """Whether the tables are those of this release. Raises StoreBusy if the database cannot be reached."""
    engine = open_engine(read_url(url), _PATIENCE)
    try:
        with asked(engine.connect) as connection:
            return asked(stands_at_head, connection)
    finally:
        engine.dispose()


def stands_at_head(connection: Connection) -> bool:
    """Whether the tables behind a connection are those of this release."""
    return set(MigrationContext.configure(connection).get_current_heads()) == _heads()


def _create(file: Path) -> None:
    # Health data: readable by the owner alone; SQLite gives its side files the same rights.
    try:
        file.touch(mode=0o600, exist_ok=True)
    except OSError:
        reachable = False
    else:
        reachable = True
    if not reachable:
        raise StoreBusy("the database file cannot be created")


def _upgrade(connection: Connection) -> None:
    with connection.begin():
        if connection.dialect.name == "postgresql":
            connection.execute(text("SET LOCAL statement_timeout = 0"))
            connection.execute(_ONE_AT_A_TIME)
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


@cache
def _heads() -> frozenset[str]:
    return frozenset(ScriptDirectory.from_config(_config()).get_heads())


def _config() -> Config:
    config = Config()
    folder = str(Path(__file__).with_name("migrations"))
    config.set_main_option("script_location", folder.replace("%", "%%"))
    return config
