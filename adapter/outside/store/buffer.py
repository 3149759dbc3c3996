"""What a flow has decided and nobody has written yet, and writing it: each table once, for one flow or for many."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from itertools import chain
from operator import itemgetter

from adapter.domain.case import Audit, Case, Step, Version, Waiting
from adapter.domain.delivery import Outgoing, Place
from adapter.domain.message import Received
from adapter.outside.store import clock_statements, rows
from adapter.outside.store.bell import CHANNEL
from adapter.outside.store.sql import Record, Sql
from adapter.outside.store.statements import INSERT, KNOW_RECIPIENT, MAIL_IS_THERE


class Buffer:
    """Rows to insert, by table, in the order in which they were decided.

    A case in it was opened by this flow: nobody else has versions, lanes or lists of it.
    """

    def __init__(self) -> None:
        self.received: list[Record] = []
        self.cases: dict[str, Record] = {}
        self.history: list[Record] = []
        self.versions: list[Record] = []
        self.deliveries: dict[str, Record] = {}
        self.waiting: dict[tuple[str, str, str], Record] = {}
        self.closed: list[Record] = []
        self.audit: list[Record] = []
        self.looks: dict[str, datetime] = {}

    def __bool__(self) -> bool:
        lists = (self.received, self.history, self.versions, self.closed, self.audit)
        return any((*lists, self.cases, self.deliveries, self.waiting, self.looks))

    @property
    def queues_mail(self) -> bool:
        """Whether a postman can go when this is committed."""
        return any(row["place"] == "head" for row in self.deliveries.values())

    def keep(self, received: Received) -> None:
        self.received.append(rows.received_values(received))

    def open_case(self, case: Case) -> None:
        self.cases[case.id] = rows.case_values(case)

    def move(self, case: Case, steps: Sequence[Step]) -> None:
        """A case of this buffer."""
        before = self.cases[case.id]
        moved_at = max((step.at for step in steps), default=before["moved_at"])
        self.cases[case.id] = before | rows.values(case) | {"moved_at": moved_at}
        self.tell(steps)

    def tell(self, steps: Sequence[Step]) -> None:
        """Rows of history."""
        self.history += [rows.values(step) for step in steps]

    def keep_version(self, version: Version) -> None:
        self.versions.append(rows.version_values(version))
        self.look(version.case_id, version.at)

    def look(self, case_id: str, at: datetime) -> None:
        """Something of a case has changed: its clocks are to be looked at."""
        if case_id not in self.cases:
            self.looks[case_id] = at

    def send(self, outgoing: Sequence[Outgoing]) -> None:
        """Of cases of this buffer: the first of a lane is its head."""
        taken = {(row["recipient"], row["case_id"]) for row in self.deliveries.values()}
        for one in outgoing:
            if one.message_id not in self.deliveries:
                place: Place = "behind" if (one.recipient, one.case_id) in taken else "head"
                taken.add((one.recipient, one.case_id))
                self.deliveries[one.message_id] = rows.delivery_values(one, place)

    def wait_for_person(self, waiting: Waiting) -> None:
        """For a case of this transaction: one row per list and reason, since the first call."""
        self.waiting.setdefault((waiting.case_id, waiting.list, waiting.reason), rows.values(waiting))
        self.look(waiting.case_id, waiting.since)

    def resolve(self, case_id: str, at: datetime, by: str, reasons: Collection[str] = ()) -> int:
        """Of a case of this buffer: close what waits, or only for these reasons; how many there were."""
        mine = [
            key
            for key, row in self.waiting.items()
            if key[0] == case_id and (not reasons or row["reason"] in reasons)
        ]
        self.closed += [self.waiting.pop(key) | {"resolved_at": at, "resolved_by": by} for key in mine]
        return len(mine)

    def record(self, audit: Audit) -> None:
        self.audit.append(rows.audit_values(audit))


def write(sql: Sql, buffers: Sequence[Buffer]) -> None:
    """Insert it all; the postmen are called once, by the commit. Raises Collision if anything of it is there already.

    Two groups that hold the same messages or cases meet them in the same order, so neither waits in a ring.
    """
    sql.run_each(
        INSERT["received"], sorted(_all(b.received for b in buffers), key=itemgetter("content", "id"))
    )
    sql.run_each(INSERT["case_"], sorted(_all(b.cases.values() for b in buffers), key=itemgetter("id")))
    sql.run_each(INSERT["history"], _all(b.history for b in buffers))
    sql.run_each(INSERT["version"], _all(b.versions for b in buffers))
    deliveries = _all(b.deliveries.values() for b in buffers)
    know(sql, {row["recipient"] for row in deliveries})
    sql.run_each(INSERT["delivery"], deliveries)
    sql.run_each(INSERT["waiting"], _all((*b.waiting.values(), *b.closed) for b in buffers))
    sql.run_each(INSERT["audit"], _all(b.audit for b in buffers))
    for buffer in buffers:
        _have_looked_at(sql, buffer)
    if any(b.queues_mail for b in buffers):
        call_postmen(sql)


def _have_looked_at(sql: Sql, buffer: Buffer) -> None:
    """The clocks of cases that changed without moving; who moves a case says so itself."""
    moved = {row["case_id"] for row in buffer.history}
    each = [{"case": id_, "at": at} for id_, at in sorted(buffer.looks.items()) if id_ not in moved]
    sql.run_each(clock_statements.LOOK_AT, each)


def know(sql: Sql, organisations: set[str]) -> None:
    """Make the rows of recipients that have none; sorted, as others may be making the same ones."""
    each = [{"organisation": name, "failures": 0} for name in sorted(organisations)]
    sql.run_each(KNOW_RECIPIENT[sql.postgresql], each)


def call_postmen(sql: Sql) -> None:
    """Tell all processes on this database, when this is committed, that there is mail."""
    if sql.postgresql:
        sql.rows(MAIL_IS_THERE, channel=CHANNEL)


def _all(parts: Iterable[Iterable[Record]]) -> list[Record]:
    return list(chain.from_iterable(parts))
