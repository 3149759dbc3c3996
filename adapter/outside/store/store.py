"""The database as the flows and the operators know it (`adapter.ports.Store`)."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from datetime import datetime, timedelta

from sqlalchemy import Connection, Executable, func, select, tuple_, update

from adapter.domain.case import Audit, Step, Version, Waiting
from adapter.domain.delivery import Delivery, Pause, Receipt
from adapter.domain.message import Received
from adapter.outside.store import rows, tables, work
from adapter.outside.store.bell import Doorbell
from adapter.outside.store.engine import WRITING, file_of, open_engine, read_url
from adapter.outside.store.errors import StoreFailed, asked
from adapter.outside.store.postround import AdvisoryRound, FileRound
from adapter.outside.store.schema import stands_at_head
from adapter.outside.store.sql import Sql
from adapter.outside.store.transaction import SqlTransaction, versions_of
from adapter.outside.store.turns import Turns
from adapter.ports import Store, StoreBusy, Transaction


def open_store(url: str, *, patience: float = 10.0) -> "Database":
    """The database of `sqlite:///file` or `postgresql://…`. Nothing is connected yet, and nothing created.

    `patience`: seconds to wait for a lock or a connection before StoreBusy. Raises ValueError for other URLs.
    """
    return Database(url, patience)


class Database:
    """Safe to use from many threads. See `adapter.ports.Store`."""

    def __init__(self, url: str, patience: float) -> None:
        self._url = read_url(url)
        self._file = file_of(self._url)
        self._engine = open_engine(self._url, patience)
        self._turns = Turns(patience) if self._file else None
        self._doorbell = Doorbell()

    def close(self) -> None:
        """End all connections."""
        self._engine.dispose()

    def round(self) -> AdvisoryRound | FileRound:
        """The postmen's locks of this process. Close it when they are done."""
        return FileRound(self._file, self._doorbell) if self._file else AdvisoryRound(self._url)

    def ready(self) -> bool:
        """Whether the tables are those of this release and a write would go through now."""
        try:
            with self._writing() as connection:
                nothing = update(tables.recipient).where(tables.recipient.c.failures < 0).values(failures=0)
                return asked(stands_at_head, connection) and Sql(connection).run(nothing) == 0
        except (StoreBusy, StoreFailed):
            return False

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """All or nothing: committed, durably, when the block ends; nothing is written if it raises.

        StoreBusy from the commit itself leaves open whether it was done, when the connection broke just
        then; the same message sent again finds out.
        """
        with self._writing() as connection:
            tx = SqlTransaction(Sql(connection))
            yield tx
            asked(connection.commit)
        if tx.queued_mail and self._file:
            self._doorbell.ring()

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with self._turns.turn() if self._turns else nullcontext():
            connection = asked(self._engine.connect).execution_options(**WRITING)
            try:
                asked(connection.begin)
                yield connection
            finally:
                # Rolls back what was not committed. What it says of a broken connection would only hide why.
                with suppress(StoreBusy, StoreFailed):
                    asked(connection.close)

    @contextmanager
    def _reading(self) -> Iterator[Sql]:
        connection = asked(self._engine.connect)
        try:
            yield Sql(connection)
        finally:
            with suppress(StoreBusy, StoreFailed):
                asked(connection.close)

    def due_recipients(self, now: datetime) -> Sequence[str]:
        """Recipients that are not paused and have a head that is due."""
        with self._reading() as sql:
            return work.due_recipients(sql, now)

    def due(self, recipient: str, now: datetime, limit: int) -> Sequence[Delivery]:
        """The heads of a recipient's lanes that are due, longest overdue first."""
        with self._reading() as sql:
            return work.due(sql, recipient, now, limit)

    def pause_of(self, recipient: str) -> Pause:
        """Its pause; no failures and no end for a recipient that was never written to."""
        with self._reading() as sql:
            return work.pause_of(sql, recipient)

    def case_ids(self, after: str = "", limit: int = 1000) -> Sequence[str]:
        """Cases in the order in which they were opened, from the one behind `after` ("": the first) on."""
        at = tables.case_.c
        opened = tuple_(at.opened_at, at.id)
        page = select(at.id).order_by(at.opened_at, at.id).limit(limit)
        if after:
            page = page.where(opened > select(at.opened_at, at.id).where(at.id == after).scalar_subquery())
        with self._reading() as sql:
            return [row["id"] for row in sql.rows(page)]

    def received(self, id: str) -> Received | None:
        found = self._messages(select(tables.received).where(tables.received.c.id == id))
        return found[0] if found else None

    def messages_of(self, case_id: str) -> Sequence[Received]:
        """Oldest first."""
        at = tables.received.c
        return self._messages(select(tables.received).where(at.case_id == case_id).order_by(at.at, at.id))

    def versions_of(self, case_id: str) -> Sequence[Version]:
        """All versions of all resources of the case, by type, id and number: the last of each is current."""
        with self._reading() as sql:
            return [rows.version_of(row) for row in sql.rows(versions_of(case_id))]

    def history_of(self, case_id: str) -> Sequence[Step]:
        """In the order in which it was written."""
        at = tables.history.c
        steps = select(tables.history).where(at.case_id == case_id).order_by(at.id)
        with self._reading() as sql:
            return [rows.step_of(row) for row in sql.rows(steps)]

    def deliveries_of(self, case_id: str) -> Sequence[Delivery]:
        """In the order in which they were decided."""
        at = tables.delivery.c
        return self._deliveries(select(tables.delivery).where(at.case_id == case_id).order_by(at.id))

    def receipts_of(self, delivery_id: int) -> Sequence[tuple[int, datetime, Receipt]]:
        """(number of the try, when, what was said), oldest first."""
        at = tables.receipt.c
        said = select(tables.receipt).where(at.delivery == delivery_id).order_by(at.id)
        with self._reading() as sql:
            return [(row["number"], row["at"], rows.receipt_of(row)) for row in sql.rows(said)]

    def audit_of(self, case_id: str) -> Sequence[Audit]:
        """In the order in which it was written."""
        at = tables.audit.c
        with self._reading() as sql:
            found = sql.rows(select(tables.audit).where(at.case_id == case_id).order_by(at.id))
            return [rows.audit_of(row) for row in found]

    def parked(self) -> Sequence[Delivery]:
        """Every delivery that holds its lane until a person decides."""
        return self._deliveries(select(tables.delivery).where(work.IS_HELD).order_by(tables.delivery.c.id))

    def waiting(self) -> Sequence[Waiting]:
        """What is still open on the lists of people, longest first."""
        at = tables.waiting.c
        is_open = select(tables.waiting).where(at.resolved_at.is_(None))
        with self._reading() as sql:
            return [rows.waiting_of(row) for row in sql.rows(is_open.order_by(at.since, at.id))]

    def backlog(self) -> dict[str, int]:
        """How many deliveries stand at each open place: head, behind and held. What is done is not counted."""
        place = tables.delivery.c.place
        with self._reading() as sql:
            counted = sql.rows(select(place, func.count().label("stand")).where(work.IS_OPEN).group_by(place))
            return {"head": 0, "behind": 0, "held": 0} | {row["place"]: row["stand"] for row in counted}

    def oldest_due(self, now: datetime) -> timedelta | None:
        """How long the oldest open head has been waiting since it was decided; None if there is no head."""
        oldest = select(func.min(tables.delivery.c.created_at).label("at")).where(work.IS_HEAD)
        with self._reading() as sql:
            found = sql.first(oldest)
            return max(now - found["at"], timedelta()) if found and found["at"] else None

    def _messages(self, statement: Executable) -> Sequence[Received]:
        with self._reading() as sql:
            return [rows.received_of(row) for row in sql.rows(statement)]

    def _deliveries(self, statement: Executable) -> Sequence[Delivery]:
        with self._reading() as sql:
            return [rows.delivery_of(row) for row in sql.rows(statement)]


_CONTRACT: type[Store] = Database
