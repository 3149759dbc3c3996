"""Keeping a live database in order (`adapter.ports.Keeping`), on connections of its own beside those who work on it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, text

from adapter.domain.case import Audit
from adapter.domain.record import CaseRecord, Found, Question
from adapter.domain.retention import Batch, Over, Removal
from adapter.outside.store import removal as removing
from adapter.outside.store import rows, search
from adapter.outside.store.engine import WRITING, file_of, open_engine, read_url
from adapter.outside.store.errors import StoreFailed, asked
from adapter.outside.store.snapshot import SqlSnapshot
from adapter.outside.store.sql import Sql
from adapter.outside.store.tables import archived, audit, case_
from adapter.ports import Keeping, Snapshot, StoreBusy


def open_keeping(url: str, *, patience: float = 10.0) -> "Housekeeping":
    """The database of `sqlite:///file` or `postgresql://…`. Raises ValueError for other URLs."""
    return Housekeeping(url, patience)


class Housekeeping:
    """See `adapter.ports.Keeping`. Any number may work at once, in any number of processes."""

    def __init__(self, url: str, patience: float) -> None:
        read = read_url(url)
        self._file = file_of(read)
        self._engine = open_engine(read, patience)

    def close(self) -> None:
        """End all connections."""
        self._engine.dispose()

    @contextmanager
    def snapshot(self) -> Iterator[Snapshot]:
        """The database as it is now, for as long as the block runs; writers go on and nobody waits."""
        connection = asked(self._engine.connect)
        try:
            if self._file is None:
                connection = connection.execution_options(isolation_level="REPEATABLE READ")
            asked(connection.begin)
            if self._file is None:
                # Looking at every row of a large table may take its time; nobody waits for it.
                asked(connection.execute, text("SET TRANSACTION READ ONLY"))
                asked(connection.execute, text("SET LOCAL statement_timeout = 0"))
                asked(connection.execute, text("SET LOCAL idle_in_transaction_session_timeout = 0"))
            yield SqlSnapshot(Sql(connection))
        finally:
            with suppress(StoreBusy, StoreFailed):
                asked(connection.close)

    def due(self, removal: Removal, after: Batch, limit: int) -> Batch:
        """What `remove` would look at; nothing is locked or changed, and `rows` is 0."""
        with self._reading() as sql:
            return removing.due(sql, removal, after.last, limit)

    def remove(self, removal: Removal, after: Batch, limit: int, at: datetime, by: str) -> Batch:
        """Remove a class from at most `limit` messages or cases behind `after`, in one short transaction.

        What somebody else holds just now is left for the next run. What went is audited, as counts; a purged case by
        a row of its own. `last` is None when there is nothing left to look at.
        """
        with self._writing() as sql:
            return removing.remove(sql, removal, after.last, limit, at=at, by=by)

    def not_archived(self, over: Over, before: datetime, after: str, limit: int) -> Sequence[str]:
        """Cases over since before a moment that no archive holds as they stand, by id."""
        found = select(case_.c.id).where(
            case_.c.id > after, case_.c.moved_at < before, removing.is_over(over), ~removing.is_archived()
        )
        with self._reading() as sql:
            return [row["id"] for row in sql.rows(found.order_by(case_.c.id).limit(limit))]

    def archived(self, record: CaseRecord, sha256: str, audit: Audit) -> None:
        """Note the archive (SHA-256, hex) that holds the case as the record has it."""
        id_ = record.case.id
        with self._writing() as sql:
            sql.run(delete(archived).where(archived.c.case_id == id_))
            row = {"case_id": id_, "sha256": sha256, "at": audit.at, "mark": record.mark}
            sql.run(insert(archived).values(row))
            _record(sql, [audit])

    def find(self, question: Question) -> Sequence[Found]:
        """Cases that fit, by id."""
        with self._reading() as sql:
            return [Found(**row) for row in sql.rows(search.cases(question))]

    def record(self, audits: Sequence[Audit]) -> None:
        """Evidence of what was read."""
        with self._writing() as sql:
            _record(sql, audits)

    @contextmanager
    def _reading(self) -> Iterator[Sql]:
        connection = asked(self._engine.connect)
        try:
            yield Sql(connection)
        finally:
            with suppress(StoreBusy, StoreFailed):
                asked(connection.close)

    @contextmanager
    def _writing(self) -> Iterator[Sql]:
        connection: Connection = asked(self._engine.connect).execution_options(**WRITING)
        try:
            asked(connection.begin)
            yield Sql(connection)
            asked(connection.commit)
        finally:
            with suppress(StoreBusy, StoreFailed):
                asked(connection.close)


def _record(sql: Sql, audits: Sequence[Audit]) -> None:
    sql.run_each(insert(audit), [rows.audit_values(one) for one in audits])


_CONTRACT: type[Keeping] = Housekeeping
