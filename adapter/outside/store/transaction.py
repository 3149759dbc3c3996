"""One flow's reads and writes, as one commit (`adapter.ports.Transaction`)."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Select, insert, select, tuple_, update

from adapter.domain.case import Audit, Case, Step, Version, Waiting
from adapter.domain.delivery import Delivery, Outgoing, Pause, Pinned, Settled
from adapter.domain.message import Received
from adapter.outside.store import rows, settle, tables, work
from adapter.outside.store.errors import StoreFailed
from adapter.outside.store.sql import Sql
from adapter.ports import Transaction


def versions_of(case_id: str) -> Select[*tuple[object, ...]]:
    """All versions of all resources of a case, by type, id and number."""
    at = tables.version.c
    return select(tables.version).where(at.case_id == case_id).order_by(at.type, at.id, at.number)


class SqlTransaction:
    """Lock order: cases (`case`, `send`, `stop`, `settle`; several at once are sorted), then one recipient's pause."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql
        self.queued_mail = False

    def answered(self, door: str, sender: str, message_id: str) -> Received | None:
        """The message, if it was answered before. `door` "edi" or "fhir"; `sender` an organisation number."""
        at = tables.received.c
        known = (at.door == door) & (at.sender == sender) & (at.message_id == message_id)
        row = self._sql.first(select(tables.received).where(known))
        return rows.received_of(row) if row else None

    def message_in_envelope(self, sender: str, envelope_id: str) -> str | None:
        """The message id that first came in this envelope from this sender."""
        at = tables.received.c
        first = select(at.message_id).where(at.sender == sender, at.envelope_id == envelope_id)
        row = self._sql.first(first.order_by(at.at, at.id).limit(1))
        return row["message_id"] if row else None

    def keep(self, received: Received) -> None:
        """Raises Collision if this sender's message id was kept for this door already."""
        self._sql.run(insert(tables.received).values(rows.received_values(received)))

    def case(self, case_id: str) -> Case | None:
        """The case, locked until the commit."""
        found = select(tables.case_).where(tables.case_.c.id == case_id)
        row = self._sql.first(found.with_for_update())
        return rows.case_of(row) if row else None

    def open_case(self, case: Case) -> None:
        """Raises Collision if the case is there."""
        self._sql.run(insert(tables.case_).values(rows.values(case)))

    def move(self, case: Case, steps: Sequence[Step]) -> None:
        """Write the case as given and add to its history. Raises StoreFailed if it was never opened."""
        changed = update(tables.case_).where(tables.case_.c.id == case.id).values(rows.values(case))
        if not self._sql.run(changed):
            raise StoreFailed("a case that was never opened cannot move")
        self._sql.run_each(insert(tables.history), [rows.values(step) for step in steps])

    def wait_for_person(self, waiting: Waiting) -> None:
        """One open row per case and list: a second call says why now, and still since when."""
        at = tables.waiting.c
        same = (at.case_id == waiting.case_id) & (at.list == waiting.list) & at.resolved_at.is_(None)
        if not self._sql.run(update(tables.waiting).where(same).values(reason=waiting.reason)):
            self._sql.run(insert(tables.waiting).values(rows.values(waiting)))

    def resolve(self, case_id: str, at: datetime, by: str) -> int:
        """Close every open row of the case; how many there were."""
        is_open = (tables.waiting.c.case_id == case_id) & tables.waiting.c.resolved_at.is_(None)
        return self._sql.run(update(tables.waiting).where(is_open).values(resolved_at=at, resolved_by=by))

    def current(self, type: str, id: str) -> Version | None:
        """The version with the highest number."""
        at = tables.version.c
        versions = select(tables.version).where(at.type == type, at.id == id)
        row = self._sql.first(versions.order_by(at.number.desc()).limit(1))
        return rows.version_of(row) if row else None

    def version(self, pinned: Pinned) -> Version | None:
        at = tables.version.c
        same = (at.type == pinned.type) & (at.id == pinned.id) & (at.number == pinned.number)
        row = self._sql.first(select(tables.version).where(same))
        return rows.version_of(row) if row else None

    def of_case(self, case_id: str) -> Sequence[Version]:
        """The current version of every resource of the case, by type and id."""
        every = self._sql.rows(versions_of(case_id))
        current = {(row["type"], row["id"]): row for row in every}
        return [rows.version_of(row) for row in current.values()]

    def of_cases(self, case_ids: Collection[str]) -> Mapping[str, Sequence[Version]]:
        """`of_case` of several, in one question; an unknown case has no versions."""
        at = tables.version.c
        every = select(tables.version).where(at.case_id.in_(case_ids)).order_by(at.type, at.id, at.number)
        current = {(row["type"], row["id"]): row for row in self._sql.rows(every)}
        found: dict[str, list[Version]] = {id_: [] for id_ in case_ids}
        for row in current.values():
            found[row["case_id"]].append(rows.version_of(row))
        return found

    def versions(self, pins: Collection[Pinned]) -> Mapping[Pinned, Version]:
        """Those of the pinned versions that are there."""
        at = tables.version.c
        wanted = tuple_(at.type, at.id, at.number).in_([(p.type, p.id, p.number) for p in pins])
        found = [rows.version_of(row) for row in self._sql.rows(select(tables.version).where(wanted))]
        return {Pinned(version.type, version.id, version.number): version for version in found}

    def keep_version(self, version: Version) -> None:
        """Raises Collision if the number is taken."""
        self._sql.run(insert(tables.version).values(rows.version_values(version)))

    def send(self, outgoing: Sequence[Outgoing]) -> None:
        """Put deliveries at the end of their lanes; a message id that is there already is left alone."""
        if work.send(self._sql, outgoing):
            self.queued_mail = True

    def stop(self, case_id: str, recipient: str, category: str, at: datetime, because: str) -> Sequence[int]:
        """End what is open for a case, recipient ("": all) and category; the ids of what was ended."""
        return work.stop(self._sql, case_id, recipient, category, at=at, because=because)

    def delivery(self, delivery_id: int) -> Delivery | None:
        row = self._sql.first(select(tables.delivery).where(tables.delivery.c.id == delivery_id))
        return rows.delivery_of(row) if row else None

    def fresh(self, ids: Sequence[int]) -> Sequence[Delivery]:
        """Deliveries as they stand now, in the order of the ids, without a lock."""
        found = self._sql.rows(select(tables.delivery).where(tables.delivery.c.id.in_(ids)))
        standing = {row["id"]: rows.delivery_of(row) for row in found}
        return [standing[id_] for id_ in ids if id_ in standing]

    def deliveries(self, case_id: str) -> Sequence[Delivery]:
        """All of a case, in the order in which they were decided."""
        at = tables.delivery.c
        of_case = select(tables.delivery).where(at.case_id == case_id).order_by(at.id)
        return [rows.delivery_of(row) for row in self._sql.rows(of_case)]

    def settle(self, settled: Sequence[Settled], pause: Pause | None) -> Sequence[int]:
        """Write back the outcomes of a batch, and the recipient's pause where one is given.

        The ids of the deliveries that stand now as they were settled; the others somebody else moved before.
        An outcome without a try sets the clock of its delivery; a try leaves it as it is.
        """
        return settle.settle(self._sql, settled, pause)

    def unpause(self, recipient: str) -> None:
        """End the pause of a recipient (organisation number), if it has one."""
        work.unpause(self._sql, recipient)

    def record(self, audit: Audit) -> None:
        self._sql.run(insert(tables.audit).values(rows.audit_values(audit)))


_CONTRACT: type[Transaction] = SqlTransaction
