"""The whole database as it stood at one moment (`adapter.ports.Snapshot`), case by case."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Table, exists, func, select

from adapter.domain.delivery import Receipt
from adapter.domain.message import Received
from adapter.domain.record import CaseRecord, Tombstone
from adapter.outside.store import rows
from adapter.outside.store.clock_tables import deadline
from adapter.outside.store.removal import NO_CHANGE
from adapter.outside.store.sql import Record, Sql
from adapter.outside.store.tables import (
    audit,
    case_,
    delivery,
    former_key,
    history,
    receipt,
    received,
    recipient,
    thinned,
    tombstone,
    version,
    waiting,
)
from adapter.ports import Snapshot

_OF_CASE = (received, version, former_key, history, delivery, deadline, waiting, tombstone, thinned)
Rows = Mapping[str, Sequence[Record]]


class SqlSnapshot:
    """Every question is asked of the same moment; none locks anything."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def count(self) -> int:
        """How many cases there are, purged ones with them."""
        found = self._sql.first(select(func.count().label("cases")).select_from(case_))
        return int(found["cases"]) if found else 0

    def case_ids(self, after: str, limit: int) -> Sequence[str]:
        """By id, from the one behind `after` ("": the first)."""
        page = select(case_.c.id).where(case_.c.id > after).order_by(case_.c.id).limit(limit)
        return [row["id"] for row in self._sql.rows(page)]

    def records(self, case_ids: Sequence[str]) -> Sequence[CaseRecord]:
        """Everything of these cases, in a handful of questions, by id; unknown ids are left out."""
        cases = self._sql.rows(select(case_).where(case_.c.id.in_(case_ids)).order_by(case_.c.id))
        messages = self._of(received, case_ids, "at", "id")
        versions = self._of(version, case_ids, "type", "id", "number")
        numbered = {t.name: self._of(t, case_ids, "id") for t in (history, delivery, waiting, audit)}
        clocks = self._of(deadline, case_ids, "rule", "about", "started_at")
        stones, thin = self._of(tombstone, case_ids, "at"), self._of(thinned, case_ids, "at")
        said = self._receipts([d["id"] for of_case in numbered["delivery"].values() for d in of_case])
        return [
            _record(
                row,
                messages[row["id"]],
                versions[row["id"]],
                {name: of_case[row["id"]] for name, of_case in (numbered | {"deadline": clocks}).items()},
                said,
                stones[row["id"]],
                thinned=bool(thin[row["id"]]),
            )
            for row in cases
        ]

    def refused(self, after: str, limit: int) -> Sequence[Received]:
        """Messages that led to no case, by id."""
        alone = select(received).where(received.c.case_id.is_(None), received.c.id > after)
        return [rows.received_of(row) for row in self._sql.rows(alone.order_by(received.c.id).limit(limit))]

    def orphans(self) -> Sequence[tuple[str, str]]:
        """(table, id) of every row whose case, delivery or recipient is not there."""
        found: list[tuple[str, str]] = []
        for table in _OF_CASE:
            found += self._without(table, table.c.case_id, case_, case_.c.id)
        found += self._without(delivery, delivery.c.recipient, recipient, recipient.c.organisation)
        found += self._without(receipt, receipt.c.delivery, delivery, delivery.c.id)
        return found

    def _of(self, table: Table, case_ids: Sequence[str], *order: str) -> dict[str, list[Record]]:
        by_case: dict[str, list[Record]] = defaultdict(list)
        wanted = (
            select(table).where(table.c.case_id.in_(case_ids)).order_by(*(table.c[name] for name in order))
        )
        for row in self._sql.rows(wanted):
            by_case[row["case_id"]].append(row)
        return by_case

    def _receipts(self, deliveries: Sequence[int]) -> Mapping[int, Sequence[tuple[int, datetime, Receipt]]]:
        said: dict[int, list[tuple[int, datetime, Receipt]]] = defaultdict(list)
        wanted = select(receipt).where(receipt.c.delivery.in_(deliveries)).order_by(receipt.c.id)
        for row in self._sql.rows(wanted):
            said[row["delivery"]].append((row["number"], row["at"], rows.receipt_of(row)))
        return said

    def _without(self, table: Table, child: Any, parent: Table, key: Any) -> list[tuple[str, str]]:
        id_ = table.c["id" if "id" in table.c else "case_id"]
        alone = select(id_.label("id")).where(child.is_not(None), ~exists().where(key == child))
        return [(table.name, str(row["id"])) for row in self._sql.rows(alone.select_from(table))]


def _record(
    case: Record,
    messages: Sequence[Record],
    versions: Sequence[Record],
    numbered: Rows,
    said: Mapping[int, Sequence[tuple[int, datetime, Receipt]]],
    stones: Sequence[Record],
    *,
    thinned: bool,
) -> CaseRecord:
    deliveries = [rows.delivery_of(row) for row in numbered["delivery"]]
    told = numbered["audit"]
    return CaseRecord(
        case=rows.case_of(case),
        messages=[rows.received_of(row) for row in messages],
        versions=[rows.version_of(row) for row in versions],
        history=[rows.step_of(row) for row in numbered["history"]],
        deliveries=deliveries,
        receipts={d.id: said[d.id] for d in deliveries if d.id in said},
        deadlines=[rows.deadline_of(row) for row in numbered["deadline"]],
        waiting=[rows.waiting_of(row) for row in numbered["waiting"]],
        audit=[rows.audit_of(row) for row in told],
        tidied=frozenset({"superseded"} if thinned else ()),
        tombstone=Tombstone(**stones[0]) if stones else None,
        mark=max((row["id"] for row in told if row["action"] not in NO_CHANGE), default=0),
    )


_CONTRACT: type[Snapshot] = SqlSnapshot
