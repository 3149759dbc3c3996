"""One flow's reads and writes, as one commit (`adapter.ports.Transaction`).

What is inserted is kept until the commit, or until a read depends on it. A flow that meets no case that is there
reads without locks and holds no transaction while it decides: what it adds goes into a commit shared with others.
If two such flows open the same case, or keep the same message, the second one's commit is a Collision. As soon as a
flow finds a case, or changes anything that is there, it has a transaction of its own and locks what it changes.
"""

from collections.abc import Collection, Mapping, Sequence
from contextlib import ExitStack
from datetime import datetime
from types import TracebackType

from adapter.domain.case import Audit, Case, Step, Version, Waiting
from adapter.domain.delivery import Delivery, Outgoing, Pause, Pinned, Receipt, Settled
from adapter.domain.message import Received
from adapter.outside.store import removal, rows, settle, statements, work
from adapter.outside.store.buffer import Buffer, write
from adapter.outside.store.clocks import Clocks
from adapter.outside.store.connections import Connections
from adapter.outside.store.errors import StoreFailed
from adapter.outside.store.group import Group
from adapter.outside.store.persons import Persons
from adapter.outside.store.register import Addresses
from adapter.outside.store.sql import Record, Sql
from adapter.outside.store.versions import Versions
from adapter.ports import Transaction


class SqlTransaction(Persons, Clocks, Addresses):
    """Lock order: cases (`case`, `send`, `stop`, `settle`; several at once are sorted), then one recipient's pause."""

    def __init__(self, connections: Connections, group: Group) -> None:
        self._connections, self._group = connections, group
        self._held = ExitStack()
        self._reader: Sql | None = None
        self._writer: Sql | None = None
        self._new, self._versions = Buffer(), Versions()
        self._locked: str | None = None
        self._glanced: str | None = None
        self.queued_mail = False

    def __enter__(self) -> "SqlTransaction":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._held.close()

    def commit(self) -> None:
        """Durable when it returns. What was only added goes with what others add at this moment."""
        if self._writer:
            self._flush()
            self._writer.commit()
        elif self._new:
            self._held.close()
            self.queued_mail = self._new.queues_mail
            self._group.commit(self._new)

    # messages

    def answered(self, door: str, sender: str, message_id: str) -> Received | None:
        """The message, if it was answered before. `door` "edi" or "fhir"; `sender` an organisation number."""
        self._written(self._new.received)
        row = self._sql.first(statements.ANSWERED, door=door, sender=sender, message_id=message_id)
        return rows.received_of(row) if row else None

    def message_in_envelope(self, sender: str, envelope_id: str) -> str | None:
        """The message id that first came in this envelope from this sender."""
        self._written(self._new.received)
        row = self._sql.first(statements.FIRST_IN_ENVELOPE, sender=sender, envelope_id=envelope_id)
        return row["message_id"] if row else None

    def case_of_reference(self, sender: str, reference: str) -> str | None:
        """The case of a message that this sender sent as XML, or that was sent to it. Locks nothing."""
        self._written(self._new.received)
        row = self._sql.first(statements.REFERRED_TO, sender=sender, reference=reference)
        return row["case_id"] if row else None

    def case_of_content(self, content: str) -> str | None:
        self._written(self._new.received)
        row = self._sql.first(statements.CASE_OF_CONTENT, content=content)
        return row["case_id"] if row else None

    def keep(self, received: Received) -> None:
        """The commit raises Collision if this sender's message id was kept for this door already, or its content."""
        self._new.keep(received)

    # cases

    def case(self, case_id: str) -> Case | None:
        if case_id in self._new.cases:
            return rows.case_of(self._new.cases[case_id])
        if (
            not self._writer
            and case_id != self._glanced
            and not self._sql.first(statements.CASE, id_=case_id)
        ):
            return None
        row = self._own().first(statements.CASE_LOCKED, id_=case_id)
        self._versions.forget()  # read before the lock, it may be old by now
        self._locked = case_id if row else self._locked
        return rows.case_of(row) if row else None

    def open_case(self, case: Case) -> None:
        """The commit raises Collision if the case is there."""
        self._new.open_case(case)
        self._versions.begin(case.id)

    def move(self, case: Case, steps: Sequence[Step]) -> None:
        """Write the case, add to its history; without a step it has not moved. Raises StoreFailed if never opened."""
        if case.id in self._new.cases:
            self._new.move(case, steps)
            return
        moved: Record = {"moved_at": max(step.at for step in steps)} if steps else {}
        row = rows.values(case) | moved
        if not self._own().run(
            statements.MOVE_CASE if moved else statements.WRITE_CASE, id_=row.pop("id"), **row
        ):
            raise StoreFailed("a case that was never opened cannot move")
        self._new.tell(steps)

    def wait_for_person(self, waiting: Waiting) -> None:
        """One open row per case, list and reason, since the first call."""
        if waiting.case_id not in self._new.cases:
            self._written(self._new.waiting)
            here = {"case": waiting.case_id, "list_": waiting.list, "why": waiting.reason}
            if self._own().first(statements.SAME_WAITING, **here):
                return
        self._new.wait_for_person(waiting)

    def resolve(self, case_id: str, at: datetime, by: str, reasons: Collection[str] = ()) -> int:
        """Close the open rows of the case, but none on a death, or only those with these reasons; how many."""
        if case_id in self._new.cases:
            return self._new.resolve(case_id, at, by, reasons)
        self._written(self._new.waiting)
        self._new.look(case_id, at)
        only = {"reasons": sorted(reasons)} if reasons else {}
        return self._own().run(
            statements.RESOLVE_OF if only else statements.RESOLVE, case=case_id, at=at, by=by, **only
        )

    def purge(self, case_id: str, at: datetime, by: str, because: str) -> None:
        """Nothing of the case stays but a tombstone, its answers and its audit."""
        removal.purge(self._settled(), case_id, at, by, because)
        self._versions.forget()

    # versions

    def current(self, type: str, id: str) -> Version | None:
        """The version with the highest number.

        While a flow opens a case and has met no other, what it does not keep itself is not there: an id of a new
        case is derived from the case. If it were there all the same, the commit would be a Collision.
        """
        if self._new.cases and not self._writer:
            return self._versions.here(type, id)
        return self._versions.current(self._sql, type, id, self._locked)

    def glance(self, type: str, id: str) -> tuple[Version, Case] | None:
        """The current version of a resource and its case as they stand, in one question and without a lock."""
        self._written(self._new.versions)
        row = self._sql.first(statements.GLANCE, type_=type, id_=id)
        if row is None:
            return None
        version, case = rows.glanced_of(row)
        self._versions.note(version)
        self._glanced = case.id
        return version, case

    def version(self, pinned: Pinned) -> Version | None:
        return self._versions.pinned(self._sql, [pinned]).get(pinned)

    def versions(self, pins: Collection[Pinned]) -> Mapping[Pinned, Version]:
        """Those of the pinned versions that are there."""
        return self._versions.pinned(self._sql, pins)

    def of_case(self, case_id: str) -> Sequence[Version]:
        """The current version of every resource of the case, by type and id."""
        return self.of_cases([case_id])[case_id]

    def of_cases(self, case_ids: Collection[str]) -> Mapping[str, Sequence[Version]]:
        """`of_case` of several, in one question; an unknown case has no versions."""
        return self._versions.of_cases(self._sql, case_ids)

    def keep_version(self, version: Version) -> None:
        """The commit raises Collision if the number is taken."""
        if version.case_id not in self._new.cases:
            self._own()
        self._new.keep_version(version)
        self._versions.keep(version)

    # work and evidence

    def send(self, outgoing: Sequence[Outgoing]) -> None:
        """Put deliveries at the end of their lanes; a message id that is there already is left alone."""
        if all(one.case_id in self._new.cases for one in outgoing):
            self._new.send(outgoing)
            return
        if work.send(self._settled(), outgoing):
            self.queued_mail = True

    def unchanged(self, editions: Mapping[str, int]) -> Collection[str]:
        """Lock these cases; those to which nothing was added since their versions made this edition."""
        return work.unchanged(self._settled(), editions)

    def begin(self, ids: Sequence[int], at: datetime) -> Collection[int]:
        """Mark those that are heads as begun, and say which they are. Their cases are locked by `unchanged`."""
        return work.begin(self._settled(), ids, at)

    def stop(self, case_id: str, recipient: str, category: str, at: datetime, because: str) -> Sequence[int]:
        """End what is open for a case, recipient ("": all) and category; the ids of what was ended."""
        return work.stop(self._settled(), case_id, recipient, category, at=at, because=because)

    def delivery(self, delivery_id: int) -> Delivery | None:
        found = self.fresh([delivery_id])
        return found[0] if found else None

    def delivery_of_message(self, message_id: str) -> Delivery | None:
        """The delivery that goes, or went, under this id, without a lock."""
        self._written(self._new.deliveries)
        row = self._sql.first(statements.DELIVERY_OF_MESSAGE, message_id=message_id)
        return rows.delivery_of(row) if row else None

    def fresh(self, ids: Sequence[int]) -> Sequence[Delivery]:
        """Deliveries as they stand now, in the order of the ids, without a lock."""
        self._written(self._new.deliveries)
        standing = {
            row["id"]: rows.delivery_of(row) for row in self._sql.rows(statements.DELIVERIES, ids=list(ids))
        }
        return [standing[id_] for id_ in ids if id_ in standing]

    def deliveries(self, case_id: str) -> Sequence[Delivery]:
        """All of a case, in the order in which they were decided."""
        if case_id in self._new.cases and not self._new.deliveries:
            return []
        self._written(self._new.deliveries)
        return [rows.delivery_of(row) for row in self._sql.rows(statements.DELIVERIES_OF_CASE, case=case_id)]

    def receipts(self, case_id: str) -> Mapping[int, Sequence[Receipt]]:
        return rows.receipts_by_delivery(self._sql.rows(statements.RECEIPTS_OF_CASE, case=case_id))

    def settle(self, settled: Sequence[Settled], pause: Pause | None) -> Sequence[int]:
        """Write back a batch, and the pause if one is given; the ids of those that stand now as they were settled."""
        return settle.settle(self._settled(), settled, pause)

    def unpause(self, recipient: str) -> None:
        """End the recipient's pause now. Its failures stay counted: if it fails again it is left alone as long."""
        self._own().run(statements.UNPAUSE, to=recipient)

    def hasten(self, after: datetime, to: datetime) -> int:
        """Every head due later than `after` is due at `to`; how many. What somebody writes now is left out."""
        return self._own().run(statements.HASTEN, after=after, due_to=to)

    def record(self, audit: Audit) -> None:
        self._new.record(audit)

    def readers(self, case_id: str) -> Collection[str]:
        """Organisation numbers of who has read anything of a case, as far as the audit still tells."""
        return frozenset(row["actor"] for row in self._sql.rows(statements.READERS_OF_CASE, case=case_id))

    # how

    @property
    def _sql(self) -> Sql:
        if self._writer:
            return self._writer
        if not self._reader:
            self._reader = self._held.enter_context(self._connections.reading())
        return self._reader

    def _own(self) -> Sql:
        """A transaction of this flow's own, from here on."""
        if not self._writer:
            self._held.close()
            self._writer = self._held.enter_context(self._connections.writing())
        return self._writer

    def _settled(self) -> Sql:
        """The same, with everything in it that was decided so far."""
        writer = self._own()
        self._flush()
        return writer

    def _written(self, rows: object) -> None:
        """Before a read of a table: what this flow has for it must be there."""
        if rows:
            self._settled()

    def _flush(self) -> None:
        new, self._new = self._new, Buffer()
        if self._writer and new:
            self.queued_mail = self.queued_mail or new.queues_mail
            write(self._writer, [new])


_CONTRACT: type[Transaction] = SqlTransaction
