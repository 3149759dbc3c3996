"""What operators and pages ask of the database: one question each, without locks."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Executable, ScalarSelect, Select, func, select, tuple_

from adapter.domain.case import Audit, Step, Version, Waiting
from adapter.domain.deadline import Deadline, State
from adapter.domain.delivery import Delivery, Receipt
from adapter.domain.message import Received
from adapter.outside.store import clock_statements, rows, statements, tables
from adapter.outside.store.clock_statements import KEY
from adapter.outside.store.connections import Connections


def _count(where: ColumnElement[bool]) -> ScalarSelect[int]:
    return select(func.count()).select_from(tables.delivery).where(where).scalar_subquery()


# Each count reads a partial index alone, never the rows and nothing that is done.
_BACKLOG = select(
    _count(statements.IS_OPEN).label("open"),
    _count(statements.IS_HEAD).label("head"),
    _count(statements.IS_HELD).label("held"),
)


class Operators:
    """The part of `adapter.ports.Store` that only looks."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def case_ids(self, after: str = "", limit: int = 1000) -> Sequence[str]:
        """Cases in the order in which they were opened, from the one behind `after` ("": the first) on."""
        at = tables.case_.c
        opened = tuple_(at.opened_at, at.id)
        page = select(at.id).order_by(at.opened_at, at.id).limit(limit)
        if after:
            page = page.where(opened > select(at.opened_at, at.id).where(at.id == after).scalar_subquery())
        with self._connections.reading() as sql:
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
        with self._connections.reading() as sql:
            return [rows.version_of(row) for row in sql.rows(_versions_of(case_id))]

    def history_of(self, case_id: str) -> Sequence[Step]:
        """In the order in which it was written."""
        at = tables.history.c
        steps = select(tables.history).where(at.case_id == case_id).order_by(at.id)
        with self._connections.reading() as sql:
            return [rows.step_of(row) for row in sql.rows(steps)]

    def deliveries_of(self, case_id: str) -> Sequence[Delivery]:
        """In the order in which they were decided."""
        at = tables.delivery.c
        return self._deliveries(select(tables.delivery).where(at.case_id == case_id).order_by(at.id))

    def receipts_of(self, delivery_id: int) -> Sequence[tuple[int, datetime, Receipt]]:
        """(number of the try, when, what was said), oldest first."""
        at = tables.receipt.c
        said = select(tables.receipt).where(at.delivery == delivery_id).order_by(at.id)
        with self._connections.reading() as sql:
            return [(row["number"], row["at"], rows.receipt_of(row)) for row in sql.rows(said)]

    def audit_of(self, case_id: str) -> Sequence[Audit]:
        """In the order in which it was written."""
        at = tables.audit.c
        with self._connections.reading() as sql:
            found = sql.rows(select(tables.audit).where(at.case_id == case_id).order_by(at.id))
            return [rows.audit_of(row) for row in found]

    def parked(self) -> Sequence[Delivery]:
        """Every delivery that holds its lane until a person decides."""
        return self._deliveries(
            select(tables.delivery).where(statements.IS_HELD).order_by(tables.delivery.c.id)
        )

    def waiting(self) -> Sequence[Waiting]:
        """What is still open on the lists of people, longest first."""
        at = tables.waiting.c
        is_open = select(tables.waiting).where(at.resolved_at.is_(None))
        with self._connections.reading() as sql:
            return [rows.waiting_of(row) for row in sql.rows(is_open.order_by(at.since, at.id))]

    def deadlines_of(self, case_id: str) -> Sequence[Deadline]:
        """All that were ever kept of a case, by rule, about and start."""
        with self._connections.reading() as sql:
            return [rows.deadline_of(row) for row in sql.rows(clock_statements.OF_CASE, case=case_id)]

    def deadlines(
        self, states: Collection[State], after: Deadline | None = None, limit: int = 1000
    ) -> Sequence[Deadline]:
        """Those of all cases that are in one of these states, but none that stopped, by when they are due; from the one
        behind `after` on."""
        given = {"states": sorted(states), "most": limit}
        behind = {"due_at": after.due_at, **dict(zip(KEY, after.key, strict=True))} if after else {}
        statement = clock_statements.OPEN_BEHIND if after else clock_statements.OPEN_FIRST
        with self._connections.reading() as sql:
            return [rows.deadline_of(row) for row in sql.rows(statement, **given, **behind)]

    def clocks_due(self, now: datetime, limit: int) -> Sequence[str]:
        """Cases whose clocks are to be looked at by now, longest due first."""
        with self._connections.reading() as sql:
            return [row["id"] for row in sql.rows(clock_statements.LOOKS_DUE, now=now, most=limit)]

    def next_look(self) -> datetime | None:
        """When the clocks of a case are to be looked at next, or should have been; None if none turns by itself."""
        with self._connections.reading() as sql:
            found = sql.first(clock_statements.NEXT_LOOK)
        at: datetime | None = found["at"] if found else None
        return at

    def backlog(self) -> dict[str, int]:
        """How many deliveries stand at each open place: head, behind and held. What is done is not counted."""
        with self._connections.reading() as sql:
            counted = sql.first(_BACKLOG) or {}
        behind = counted["open"] - counted["head"] - counted["held"]
        return {"head": counted["head"], "behind": behind, "held": counted["held"]}

    def oldest_due(self, now: datetime) -> timedelta | None:
        """How long the oldest open head has been waiting since it was decided; None if there is no head."""
        oldest = select(func.min(tables.delivery.c.created_at).label("at")).where(statements.IS_HEAD)
        with self._connections.reading() as sql:
            found = sql.first(oldest)
            return max(now - found["at"], timedelta()) if found and found["at"] else None

    def _messages(self, statement: Executable) -> Sequence[Received]:
        with self._connections.reading() as sql:
            return [rows.received_of(row) for row in sql.rows(statement)]

    def _deliveries(self, statement: Executable) -> Sequence[Delivery]:
        with self._connections.reading() as sql:
            return [rows.delivery_of(row) for row in sql.rows(statement)]


def _versions_of(case_id: str) -> Select[*tuple[object, ...]]:
    at = tables.version.c
    return select(tables.version).where(at.case_id == case_id).order_by(at.type, at.id, at.number)
