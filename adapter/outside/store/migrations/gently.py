"""Changes that a database in use hardly notices: on PostgreSQL none of them keeps writers waiting.

A migration only adds; what old releases still need goes in a later one, which says so by `declare_oldest`.
One that uses `index`, `drop_index` or `backfill` is committed piece by piece and, after an interruption, runs again
from its start: everything in it must bear that.
"""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

_BATCH = 1000
_BROKEN = sa.text(
    "SELECT 1 FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid WHERE relname = :name AND NOT indisvalid"
)


def declare_oldest(revision: str) -> None:
    """Releases whose newest migration is this one or a later one may work on the tables from now on; older may not."""
    op.execute(sa.text("DELETE FROM serves"))
    op.execute(sa.text("INSERT INTO serves (oldest) VALUES (:oldest)").bindparams(oldest=revision))


def add_column(table: str, column: sa.Column[Any]) -> None:
    """One that may be empty: no row is touched."""
    op.add_column(table, column, if_not_exists=True if op.get_bind().dialect.name == "postgresql" else None)


def index(name: str, table: str, columns: Sequence[str], where: str = "", *, unique: bool = False) -> None:
    """A further index. Ends the migration's transaction so far: what stood before it is committed."""
    only = sa.text(where) if where else None
    if op.get_bind().dialect.name != "postgresql":
        op.create_index(name, table, list(columns), unique=unique, sqlite_where=only)
        return
    with op.get_context().autocommit_block():
        if op.get_bind().execute(_BROKEN, {"name": name}).scalar():  # left by one that was interrupted
            op.drop_index(name, table, postgresql_concurrently=True)
        op.create_index(
            name,
            table,
            list(columns),
            unique=unique,
            postgresql_where=only,
            postgresql_concurrently=True,
            if_not_exists=True,
        )


def drop_index(name: str, table: str) -> None:
    """One that another has taken the place of. Ends the migration's transaction so far, as `index` does."""
    if op.get_bind().dialect.name != "postgresql":
        op.drop_index(name, table)
        return
    with op.get_context().autocommit_block():
        op.drop_index(name, table, postgresql_concurrently=True, if_exists=True)


def backfill(table: str, key: str, change: str, where: str) -> None:
    """Fill a new column of rows that are there, some at a time, so that nobody waits long for a row."""
    if op.get_bind().dialect.name != "postgresql":
        op.execute(f"UPDATE {table} SET {change} WHERE {where}")  # noqa: S608 - words of a migration
        return
    some = f"SELECT {key} FROM {table} WHERE {where} LIMIT {_BATCH}"  # noqa: S608 - words of a migration
    with op.get_context().autocommit_block():
        batch = sa.text(f"UPDATE {table} SET {change} WHERE {key} IN ({some})")  # noqa: S608 - as above
        while op.get_bind().execute(batch).rowcount:
            pass
