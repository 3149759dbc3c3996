"""A connection that speaks only the store's own errors and hands out finished results."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import Connection, CursorResult, Executable

from adapter.outside.store.errors import asked
from adapter.ports import StoreBusy

Values = Mapping[str, Any]
Record = dict[str, Any]
T = TypeVar("T")


def _records(result: CursorResult[Any]) -> list[Record]:
    # Not `mappings()`, which looks up each column of each row: the 19 versions of a case take 122 us instead of 164.
    names = tuple(result.keys())
    return [dict(zip(names, row, strict=True)) for row in result]


class Sql:
    """Every method raises StoreBusy, Collision or StoreFailed.

    A connection that turns out to be broken is replaced, and the statement asked again, as long as nothing
    can have been written on it: always when each statement stands alone, else until the first one went through. A ping
    at every loan would cost a round trip (60-100 us) each time for what happens once in weeks.
    """

    def __init__(self, connection: Connection, *, autocommit: bool = False) -> None:
        self._connection = connection
        self._autocommit, self._untouched = autocommit, True

    @property
    def postgresql(self) -> bool:
        return self._connection.dialect.name == "postgresql"

    def rows(self, statement: Executable, **given: Any) -> Sequence[Record]:
        """All rows by column name, read at once."""
        return self._do(lambda: _records(self._connection.execute(statement, given)))

    def first(self, statement: Executable, **given: Any) -> Record | None:
        """The first row, if any."""
        found = self.rows(statement, **given)
        return found[0] if found else None

    def run(self, statement: Executable, **given: Any) -> int:
        """How many rows were changed."""
        return self._do(lambda: self._connection.execute(statement, given).rowcount)

    def run_each(self, statement: Executable, each: Sequence[Record]) -> None:
        """The statement once for each row of values, in order; nothing without rows."""
        if each:
            # One row by itself spares PostgreSQL's driver a pipeline (a quarter of a whole need's time).
            self._do(lambda: self._connection.execute(statement, each if len(each) > 1 else each[0]))

    def asked(self, question: Callable[[Connection], T]) -> T:
        """What a question of another module says of the database."""
        return self._do(lambda: question(self._connection))

    def commit(self) -> None:
        """Durable when it returns."""
        asked(self._connection.commit)

    def _do(self, act: Callable[[], T]) -> T:
        try:
            done = asked(act)
        except StoreBusy:
            if not (self._untouched and self._connection.invalidated):
                raise
            asked(self._connection.rollback)
            done = asked(act)
        self._untouched = self._autocommit
        return done
