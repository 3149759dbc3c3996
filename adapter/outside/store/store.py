"""The database as the flows and the operators know it (`adapter.ports.Store`)."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

from sqlalchemy import func, select

from adapter.domain.delivery import Delivery, Pause
from adapter.outside.store import buffer, tables, work
from adapter.outside.store.bell import Doorbell
from adapter.outside.store.buffer import Buffer
from adapter.outside.store.connections import Connections
from adapter.outside.store.engine import read_url
from adapter.outside.store.errors import StoreFailed
from adapter.outside.store.group import Group
from adapter.outside.store.mailbox import SqlMailbox
from adapter.outside.store.operators import Operators
from adapter.outside.store.postround import AdvisoryRound, FileRound
from adapter.outside.store.reckoning import SqlReckoning
from adapter.outside.store.register import SqlRegister
from adapter.outside.store.room import Room
from adapter.outside.store.schema import stands
from adapter.outside.store.transaction import SqlTransaction
from adapter.ports import Store, StoreBusy, Transaction

POOL_SIZE = 10
_TIME = select(func.clock_timestamp().label("at"))


def open_store(url: str, *, patience: float = 10.0, pool_size: int = POOL_SIZE) -> "Database":
    """The database of `sqlite:///file` or `postgresql://…`. Nothing is connected yet, and nothing created.

    `patience`: seconds to wait for a lock or a connection before StoreBusy. `pool_size`: connections at most,
    without the two of a post round. Raises ValueError for other URLs.
    """
    return Database(url, patience, pool_size)


class Database(Operators):
    """Safe to use from many threads. See `adapter.ports.Store`."""

    def __init__(self, url: str, patience: float, pool_size: int = POOL_SIZE) -> None:
        self._url = read_url(url)
        super().__init__(Connections(self._url, patience, pool_size))
        # A second leader on PostgreSQL writes while the first one's commit is being flushed to disk.
        leaders = 1 if self._connections.file else 2
        self._group = Group(self._write, leaders=leaders, patience=patience)
        self._doorbell = Doorbell()
        self._room = Room(self._connections)

    def close(self) -> None:
        """End all connections."""
        self._connections.close()

    def round(self) -> AdvisoryRound | FileRound:
        """The postmen's locks of this process. Close it when they are done."""
        file = self._connections.file
        return FileRound(file, self._doorbell) if file else AdvisoryRound(self._url)

    def mailbox(self) -> SqlMailbox:
        """What is known of the messages that a message service has for us."""
        return SqlMailbox(self._connections, self._doorbell.ring)

    def reckoning(self) -> SqlReckoning:
        """What is counted of all that is kept."""
        return SqlReckoning(self._connections)

    def register(self) -> SqlRegister:
        """What an address register said of the addresses we send to."""
        return SqlRegister(self._connections)

    def ready(self) -> bool:
        """Whether the tables are those of this release and a write would go through now."""
        if not self.has_room():
            return False
        try:
            with self._connections.writing() as sql:
                nothing = tables.recipient.update().where(tables.recipient.c.failures < 0).values(failures=0)
                return sql.run(nothing) == 0 and sql.asked(stands) == "fits"
        except (StoreBusy, StoreFailed):
            return False

    def has_room(self) -> bool:
        """Whether the disk takes what is written. Of a PostgreSQL only: how full the disk of a file is, one can see."""
        return self._room.there()

    def time(self) -> datetime | None:
        """What the clock of a database server says, in UTC; None for a file, which has none."""
        if self._connections.file:
            return None
        with self._connections.reading() as sql:
            found = sql.first(_TIME)
        return found["at"].astimezone(UTC) if found else None

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """All or nothing: committed, durably, when the block ends; nothing is written if it raises.

        StoreBusy from the commit itself leaves open whether it was done, when the connection broke just
        then; the same message sent again finds out.
        """
        with SqlTransaction(self._connections, self._group) as tx:
            yield tx
            tx.commit()
        if tx.queued_mail and self._connections.file:
            self._doorbell.ring()

    def due_recipients(self, now: datetime) -> Sequence[str]:
        """Recipients that are not paused and have a head that is due."""
        with self._connections.reading() as sql:
            return work.due_recipients(sql, now)

    def due(self, recipient: str, now: datetime, limit: int) -> Sequence[Delivery]:
        """The heads of a recipient's lanes that are due: second tries, longest overdue first, then what is new."""
        with self._connections.reading() as sql:
            return work.due(sql, recipient, now, limit)

    def pause_of(self, recipient: str) -> Pause:
        """Its pause; no failures and no end for a recipient that was never written to."""
        with self._connections.reading() as sql:
            return work.pause_of(sql, recipient)

    def _write(self, buffers: Sequence[Buffer]) -> None:
        with self._connections.writing() as sql:
            buffer.write(sql, buffers)
            sql.commit()


_CONTRACT: type[Store] = Database
