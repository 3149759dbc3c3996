"""Lanes: who may be sent now, and who waits behind whom.

Whoever adds, moves or ends a delivery of a case that is there first locks the row of its case (SQLite: the write
lock of the whole database). So ids grow in commit order within a lane, and no delivery is put behind a head that is
about to be done without anybody calling it forward. A flow has one case and locks it first; only postmen lock
several, sorted: nobody waits in a ring, however many recipients a flow stops and writes to, in whatever order.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from adapter.domain.delivery import Delivery, Outgoing, Pause
from adapter.outside.store import rows, statements
from adapter.outside.store.buffer import call_postmen, know
from adapter.outside.store.sql import Sql
from adapter.outside.store.statements import (
    CALL_FORWARD,
    CASES_LOCKED,
    DUE_AGAIN,
    DUE_FIRST,
    DUE_RECIPIENTS,
    EDITIONS,
    INSERT,
    MARK_BEGUN,
    PAUSE_OF,
    SENT_OF_CASES,
    STOP_ALL,
    STOP_TO,
)

IS_OPEN = statements.IS_OPEN


def lock(sql: Sql, case_ids: Iterable[str]) -> None:
    """Lock the lanes of these cases until the commit, always in the same order."""
    ids = sorted(set(case_ids))
    if ids:
        sql.rows(CASES_LOCKED, ids=ids)


def send(sql: Sql, outgoing: Sequence[Outgoing]) -> bool:
    """Put deliveries at the end of their lanes. A message id that is there is left alone.

    Whether there is a new head: then postmen are called.
    """
    if not outgoing:
        return False
    cases = sorted({one.case_id for one in outgoing})
    lock(sql, cases)
    know(sql, {one.recipient for one in outgoing})
    standing = sql.rows(SENT_OF_CASES, cases=cases)  # a message id is derived from its case
    there = {row["message_id"] for row in standing}
    taken = {(row["recipient"], row["case_id"]) for row in standing if row["place"] != "done"}
    new = {one.message_id: one for one in outgoing if one.message_id not in there}
    added = []
    for one in new.values():
        lane = (one.recipient, one.case_id)
        added.append(rows.delivery_values(one, "behind" if lane in taken else "head"))
        taken.add(lane)
    sql.run_each(INSERT["delivery"], added)
    has_head = any(row["place"] == "head" for row in added)
    if has_head:
        call_postmen(sql)
    return has_head


def unchanged(sql: Sql, editions: Mapping[str, int]) -> frozenset[str]:
    """Lock these cases; those that are of this edition."""
    lock(sql, editions)
    found = sql.rows(
        EDITIONS, cases=sorted(editions)
    )  # behind the lock: sees what was committed while it was waited for
    standing = {row["case_id"]: row["edition"] for row in found}
    return frozenset(case_id for case_id, edition in editions.items() if standing.get(case_id, 0) == edition)


def begin(sql: Sql, ids: Sequence[int], at: datetime) -> frozenset[int]:
    """Mark heads as begun; those that are heads. Whoever calls holds the locks of their cases."""
    return frozenset(row["id"] for row in sql.rows(MARK_BEGUN, ids=list(ids), at=at))


def stop(sql: Sql, case_id: str, to: str, category: str, *, at: datetime, because: str) -> Sequence[int]:
    """End every open delivery of a case, recipient ("": all) and category."""
    lock(sql, [case_id])
    meant = {"case": case_id, "kind": category, "why": because}
    ended = sql.rows(STOP_TO, **meant, to=to) if to else sql.rows(STOP_ALL, **meant)
    call_forward(sql, {row["recipient"] for row in ended}, {case_id}, at)
    return sorted(row["id"] for row in ended)


def call_forward(sql: Sql, recipients: Iterable[str], cases: Iterable[str], at: datetime) -> None:
    """The oldest delivery of a lane without a front becomes its head; its own time until parking begins."""
    if freed := sorted(set(recipients)):
        sql.run(CALL_FORWARD, recipients=freed, cases=sorted(set(cases)), at=at)


def due_recipients(sql: Sql, now: datetime) -> Sequence[str]:
    """Recipients that are not paused and have a head that is due, in order of their numbers."""
    return [row["organisation"] for row in sql.rows(DUE_RECIPIENTS, now=now)]


def due(sql: Sql, to: str, now: datetime, limit: int) -> Sequence[Delivery]:
    """The heads of a recipient's lanes that are due: what was tried before, longest overdue first, then what was not,
    in the order of the ids. So no flood of new mail keeps back a second try; and as each failure puts that off for
    longer, or pauses the recipient, second tries do not keep back what is new.
    """
    found = list(sql.rows(DUE_AGAIN, to=to, now=now, most=limit))
    if len(found) < limit:
        found += sql.rows(DUE_FIRST, to=to, most=limit - len(found))
    return [rows.delivery_of(row) for row in found]


def pause_of(sql: Sql, organisation: str) -> Pause:
    """Its pause; none for a recipient that is not known."""
    row = sql.first(PAUSE_OF, to=organisation)
    return Pause(organisation, row["failures"], row["paused_until"]) if row else Pause(organisation, 0, None)
