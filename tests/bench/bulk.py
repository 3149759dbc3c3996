"""Puts copies of a case into a database as fast as it takes them, and leaves it as it would stand in service."""

import sqlite3
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any

from sqlalchemy import Connection, create_engine
from sqlalchemy.engine import make_url

from tests.bench.copies import Copies
from tests.bench.template_rows import rows_of

_AT_ONCE = 2_000
_MANY = 20_000
"""From so many copies on, indexes are made anew afterwards: three times as fast as keeping them."""

_CONSTRAINTS = """SELECT conrelid::regclass::text, quote_ident(conname), pg_get_constraintdef(oid), contype
FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND contype IN ('f', 'u', 'p')
AND conrelid::regclass::text <> 'alembic_version' ORDER BY contype = 'f' DESC, contype = 'u' DESC"""
_INDEXES = """SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index
JOIN pg_class ON pg_class.oid = indexrelid WHERE relnamespace = 'public'::regnamespace
AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)"""
_SEQUENCES = """SELECT c.relname, a.attname, pg_get_serial_sequence(quote_ident(c.relname), a.attname)
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'
AND pg_get_serial_sequence(quote_ident(c.relname), a.attname) IS NOT NULL"""


def copies_of(
    url: str, case_id: str, other: str, only: Collection[str] | None = None, *, apart: float = 1.0
) -> Copies:
    """Copies of a case, each `apart` seconds older than the one before; `other` is a second case of the same kind."""
    engine = create_engine(_with_driver(url))
    with engine.connect() as connection:
        made = Copies(rows_of(connection, case_id), rows_of(connection, other), only, apart)
    engine.dispose()
    return made


def fill(
    url: str,
    copies: Copies,
    start: int,
    count: int,
    tell: Callable[[int], None] = lambda _: None,
    *,
    in_service: bool = False,
) -> None:
    """Copies number `start` to `start + count - 1`, and fresh statistics for the planner.

    `in_service`: somebody works on the database meanwhile, so every constraint and index stays.
    """
    drop = count >= _MANY and not in_service
    if url.startswith("sqlite"):
        _fill_sqlite(str(make_url(url).database), _batches(copies, start, count), tell, drop=drop)
    else:
        _fill_postgresql(url, copies, _batches(copies, start, count), tell, drop=drop)


def _with_driver(url: str) -> Any:
    read = make_url(url)
    return read if read.drivername == "sqlite" else read.set(drivername="postgresql+psycopg")


def _batches(copies: Copies, start: int, count: int) -> Iterator[list[str]]:
    """The text of each table, for up to _AT_ONCE copies together."""
    texts = copies.texts(start, count)
    while batch := list(islice(texts, _AT_ONCE)):
        yield ["".join(column) for column in zip(*batch, strict=True)]


def _fill_sqlite(file: str, batches: Iterator[list[str]], tell: Callable[[int], None], *, drop: bool) -> None:
    connection = sqlite3.connect(file, isolation_level=None)
    connection.execute("PRAGMA synchronous=OFF")
    connection.execute("PRAGMA foreign_keys=OFF")
    made_again = []
    if drop:
        made = connection.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
        )
        made_again = made.fetchall()
    for name, _ in made_again:
        connection.execute(f'DROP INDEX "{name}"')
    for number, texts in enumerate(batches):
        connection.executescript(f"BEGIN IMMEDIATE;\n{''.join(texts)}COMMIT;")
        tell(number * _AT_ONCE)
    for _, statement in made_again:
        connection.execute(statement)
    connection.execute("ANALYZE")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


def _fill_postgresql(
    url: str, copies: Copies, batches: Iterator[list[str]], tell: Callable[[int], None], *, drop: bool
) -> None:
    import psycopg  # noqa: PLC0415 - only for this database

    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("SET synchronous_commit = off")
        connection.execute("SET maintenance_work_mem = '512MB'")
        with _without_indexes(connection, drop=drop):
            for number, texts in enumerate(batches):
                for form, text in zip(copies.forms, texts, strict=True):
                    names = ", ".join(f'"{name}"' for name in form.columns)
                    with connection.cursor().copy(f'COPY "{form.table}" ({names}) FROM STDIN') as copy:
                        copy.write(text)
                tell(number * _AT_ONCE)
        for table, column, sequence in connection.execute(_SEQUENCES).fetchall():
            last = f"SELECT coalesce(max({column}), 1) FROM {table}"  # noqa: S608 - names of our own tables
            connection.execute(f"SELECT setval('{sequence}', ({last}))")
        connection.execute("VACUUM (ANALYZE)")


@contextmanager
def _without_indexes(connection: Any, *, drop: bool) -> Iterator[None]:
    """Constraints and indexes away and back again. Foreign keys come back unproven for old rows, checked for new."""
    constraints = connection.execute(_CONSTRAINTS).fetchall() if drop else []
    for table, name, _, _ in constraints:
        connection.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
    indexes = connection.execute(_INDEXES).fetchall() if drop else []
    for name, _ in indexes:
        connection.execute(f"DROP INDEX {name}")
    yield
    for _, statement in indexes:
        connection.execute(statement)
    for table, name, definition, kind in reversed(constraints):
        proven = "" if kind != "f" else " NOT VALID"
        connection.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}{proven}")


def size_of(url: str) -> int:
    """Bytes on disk: tables, indexes and what is set aside, after a checkpoint."""
    if url.startswith("sqlite"):
        file = sqlite3.connect(str(make_url(url).database))
        file.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (pages,), (page,) = (file.execute(f"PRAGMA {n}").fetchone() for n in ("page_count", "page_size"))
        file.close()
        return int(pages * page)
    engine = create_engine(_with_driver(url))
    with engine.connect() as connection:
        return int(_scalar(connection, "SELECT pg_database_size(current_database())"))


def count_of(url: str, table: str) -> int:
    """Rows of a table."""
    engine = create_engine(_with_driver(url))
    with engine.connect() as connection:
        return int(_scalar(connection, f'SELECT count(*) FROM "{table}"'))  # noqa: S608


def _scalar(connection: Connection, statement: str) -> Any:
    return connection.exec_driver_sql(statement).scalar()
