"""What is kept of what an address register said (`adapter.service_ports.Register`): one row for each address."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Executable, bindparam, delete, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from adapter.domain.register import Entry, Feed
from adapter.outside.store.connections import Connections
from adapter.outside.store.register_tables import register_entry, register_feed
from adapter.outside.store.rows import values
from adapter.outside.store.sql import Record, Sql
from adapter.outside.store.tables import case_
from adapter.service_ports import Register

ENTRY = select(register_entry).where(register_entry.c.her_id == bindparam("address"))
ENTRIES = select(register_entry).order_by(register_entry.c.her_id)
# Only those that may not be used: nearly all may, and reading the rows of 16 of them takes 200 us instead of 65.
_IN_DOUBT = or_(
    register_entry.c.state != "active",
    register_entry.c.until.is_not(None),
    register_entry.c.organisation != case_.c.owner,
)
DOUBTED_UNITS = (
    select(case_.c.id.label("case_id"), case_.c.owner, register_entry)
    .join(register_entry, register_entry.c.her_id == case_.c.unit)
    .where(case_.c.id.in_(bindparam("ids", expanding=True)), _IN_DOUBT)
)
TO_LOOK_AT = (
    select(register_entry)
    .where(register_entry.c.look_since.is_not(None))
    .order_by(register_entry.c.look_since, register_entry.c.her_id)
)
COUNTS = select(register_entry.c.state, func.count().label("number")).group_by(register_entry.c.state)
FEED = select(register_feed).where(register_feed.c.service == bindparam("name"))
SEEN = (
    update(register_entry)
    .where(register_entry.c.her_id == bindparam("address"), register_entry.c.look_since.is_not(None))
    .values(look_since=None)
)
FORGET = delete(register_entry).where(register_entry.c.her_id.in_(bindparam("addresses", expanding=True)))


def _upsert(dialect: Callable[..., Any], table: Any, key: str) -> Executable:
    new = dialect(table)
    changed = {column.name: new.excluded[column.name] for column in table.c if column.name != key}
    written: Executable = new.on_conflict_do_update(index_elements=[key], set_=changed)
    return written


# By whether the database is PostgreSQL.
_KEEP = {
    True: _upsert(postgresql.insert, register_entry, "her_id"),
    False: _upsert(sqlite.insert, register_entry, "her_id"),
}
_READ_TO = {
    True: _upsert(postgresql.insert, register_feed, "service"),
    False: _upsert(sqlite.insert, register_feed, "service"),
}


class Addresses(ABC):
    """What one flow asks of the register (`adapter.ports.Transaction`)."""

    @property
    @abstractmethod
    def _sql(self) -> Sql: ...

    def register_entry(self, her_id: str) -> Entry | None:
        row = self._sql.first(ENTRY, address=her_id)
        return Entry(**row) if row else None

    def doubted_units(self, case_ids: Collection[str]) -> Mapping[tuple[str, str], Entry]:
        rows = self._sql.rows(DOUBTED_UNITS, ids=sorted(case_ids))
        return {(row.pop("case_id"), row.pop("owner")): Entry(**row) for row in rows}


class SqlRegister:
    """See `adapter.service_ports.Register`. On the connections of a store."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def entry(self, her_id: str) -> Entry | None:
        row = self._first(ENTRY, address=her_id)
        return Entry(**row) if row else None

    def entries(self) -> Sequence[Entry]:
        with self._connections.reading() as sql:
            return [Entry(**row) for row in sql.rows(ENTRIES)]

    def to_look_at(self) -> Sequence[Entry]:
        with self._connections.reading() as sql:
            return [Entry(**row) for row in sql.rows(TO_LOOK_AT)]

    def counts(self) -> dict[str, int]:
        """How many addresses are in each state."""
        with self._connections.reading() as sql:
            return {row["state"]: row["number"] for row in sql.rows(COUNTS)}

    def keep(self, entries: Sequence[Entry]) -> None:
        with self._connections.writing() as sql:
            # One by one in one order: two processes that keep the same ones wait for each other, and not in a circle.
            sql.run_each(_KEEP[sql.postgresql], [values(e) for e in sorted(entries, key=lambda e: e.her_id)])
            sql.commit()

    def feed(self, service: str) -> Feed:
        row = self._first(FEED, name=service)
        return Feed(row["position"], row["whole_at"]) if row else Feed()

    def read_to(self, service: str, feed: Feed) -> None:
        with self._connections.writing() as sql:
            sql.run_each(_READ_TO[sql.postgresql], [{"service": service, **values(feed)}])
            sql.commit()

    def seen(self, her_id: str) -> bool:
        with self._connections.writing() as sql:
            changed = sql.run(SEEN, address=her_id)
            sql.commit()
        return changed > 0

    def forget(self, her_ids: Sequence[str]) -> int:
        with self._connections.writing() as sql:
            gone = sql.run(FORGET, addresses=sorted(her_ids))
            sql.commit()
        return gone

    def _first(self, statement: Executable, **given: Any) -> Record | None:
        with self._connections.reading() as sql:
            return sql.first(statement, **given)


_CONTRACT: type[Register] = SqlRegister
