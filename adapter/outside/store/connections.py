"""Connections to read on, and connections to write on: who may have one, and for how long."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress

from sqlalchemy import URL

from adapter.outside.store.engine import READING, WRITING, file_of, open_engine
from adapter.outside.store.errors import StoreFailed, asked
from adapter.outside.store.sql import Sql
from adapter.outside.store.turns import Turns
from adapter.ports import StoreBusy


class Connections:
    """Every method raises StoreBusy when none is to be had in time."""

    def __init__(self, url: URL, patience: float, pool_size: int) -> None:
        self.file = file_of(url)
        self.patience = patience
        self.turns = Turns(patience) if self.file else None
        self.engine = open_engine(url, patience, pool_size)
        # Engines on the same pool: setting options on each connection lent costs as much as a question.
        self._readers = self.engine.execution_options(**READING[self.engine.dialect.name])
        self._writers = self.engine.execution_options(**WRITING)

    def close(self) -> None:
        """End them all."""
        self.engine.dispose()

    @contextmanager
    def reading(self) -> Iterator[Sql]:
        """Each statement by itself, without locks."""
        connection = asked(self._readers.connect)
        try:
            yield Sql(connection, autocommit=True)
        finally:
            with suppress(StoreBusy, StoreFailed):
                asked(connection.close)

    @contextmanager
    def writing(self) -> Iterator[Sql]:
        """One transaction, rolled back unless it is committed within. SQLite: the writers' turn is ours."""
        with self.turns.turn() if self.turns else nullcontext():
            connection = asked(self._writers.connect)
            try:
                asked(connection.begin)
                yield Sql(connection)
            finally:
                # Rolls back what was not committed. What it says of a broken connection would only hide why.
                with suppress(StoreBusy, StoreFailed):
                    asked(connection.close)
