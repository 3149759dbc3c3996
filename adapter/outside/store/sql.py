"""A connection that speaks only the store's own errors and hands out finished results."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Executable, Table, func, select
from sqlalchemy.dialects import postgresql, sqlite

from adapter.outside.store.errors import asked

Values = Mapping[str, Any]
Record = dict[str, Any]


class Sql:
    """Every method raises StoreBusy, Collision or StoreFailed."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def rows(self, statement: Executable) -> Sequence[Record]:
        """All rows by column name, read at once."""
        return asked(lambda: [dict(row) for row in self._connection.execute(statement).mappings()])

    def first(self, statement: Executable) -> Record | None:
        """The first row, if any."""
        found = self.rows(statement)
        return found[0] if found else None

    def run(self, statement: Executable) -> int:
        """How many rows were changed."""
        return asked(lambda: self._connection.execute(statement).rowcount)

    def run_each(self, statement: Executable, each: Sequence[Values]) -> None:
        """The statement once for each row of values, in order; nothing without rows."""
        if each:
            asked(lambda: self._connection.execute(statement, [dict(values) for values in each]))

    def notify(self, channel: str) -> None:
        """PostgreSQL: tell the listeners of the channel when this is committed."""
        if self._connection.dialect.name == "postgresql":
            self.rows(select(func.pg_notify(channel, "")))

    def add_missing(self, table: Table, each: Sequence[Values]) -> None:
        """Insert those rows whose key is not there yet."""
        postgres = self._connection.dialect.name == "postgresql"
        insert = postgresql.insert(table) if postgres else sqlite.insert(table)
        self.run_each(insert.on_conflict_do_nothing(), each)
