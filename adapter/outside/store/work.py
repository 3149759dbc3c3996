"""Lanes: who may be sent now, and who waits behind whom.

Whoever adds, moves or ends a delivery first locks the row of its case (SQLite: the write lock of the whole
database). So ids grow in commit order within a lane, and no delivery is put behind a head that is about to
be done without anybody calling it forward. A flow has one case and locks it first; only postmen lock several,
sorted: nobody waits in a ring, however many recipients a flow stops and writes to, in whatever order.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import Select, case, func, insert, literal_column, or_, select, update

from adapter.domain.delivery import Delivery, Outgoing, Pause
from adapter.outside.store import rows
from adapter.outside.store.bell import CHANNEL
from adapter.outside.store.sql import Sql
from adapter.outside.store.tables import case_, delivery, recipient

# Written out, not bound: a planner proves that a partial index fits only when it sees the word.
IS_HEAD = delivery.c.place == literal_column("'head'")
IS_HELD = delivery.c.place == literal_column("'held'")
IS_OPEN = delivery.c.place != literal_column("'done'")


def lock(sql: Sql, case_ids: Iterable[str]) -> None:
    """Lock the lanes of these cases until the commit, always in the same order."""
    ids = set(case_ids)
    if ids:
        sql.rows(select(case_.c.id).where(case_.c.id.in_(ids)).order_by(case_.c.id).with_for_update())


def know(sql: Sql, organisations: Iterable[str]) -> None:
    """Make the rows of recipients that have none; sorted, as others may be making the same ones."""
    sql.add_missing(recipient, [{"organisation": name, "failures": 0} for name in sorted(set(organisations))])


def send(sql: Sql, outgoing: Sequence[Outgoing]) -> bool:
    """Put deliveries at the end of their lanes. A message id that is there is left alone.

    Whether there is a new head: then postmen are called, on PostgreSQL by the commit itself.
    """
    lock(sql, (one.case_id for one in outgoing))
    know(sql, (one.recipient for one in outgoing))
    there = {row["message_id"] for row in sql.rows(_with_ids(outgoing))}
    taken = {(row["recipient"], row["case_id"]) for row in sql.rows(_open_lanes(outgoing))}
    new = {one.message_id: one for one in outgoing if one.message_id not in there}
    added = []
    for one in new.values():
        lane = (one.recipient, one.case_id)
        place = "behind" if lane in taken else "head"
        taken.add(lane)
        start = {"state": "queued", "tries": 0, "because": "", "due": one.created_at, "clock": one.created_at}
        added.append(rows.outgoing_values(one) | start | {"place": place})
    sql.run_each(insert(delivery), added)
    has_head = any(row["place"] == "head" for row in added)
    if has_head:
        sql.notify(CHANNEL)
    return has_head


def _with_ids(outgoing: Sequence[Outgoing]) -> Select[str]:
    known = delivery.c.message_id
    return select(known).where(known.in_({one.message_id for one in outgoing}))


def _open_lanes(outgoing: Sequence[Outgoing]) -> Select[str, str]:
    return (
        select(delivery.c.recipient, delivery.c.case_id)
        .where(delivery.c.recipient.in_({one.recipient for one in outgoing}), IS_OPEN)
        .where(delivery.c.case_id.in_({one.case_id for one in outgoing}))
        .distinct()
    )


def stop(sql: Sql, case_id: str, to: str, category: str, *, at: datetime, because: str) -> Sequence[int]:
    """End every open delivery of a case, recipient ("": all) and category."""
    lock(sql, [case_id])
    meant = (delivery.c.case_id == case_id) & (delivery.c.category == category) & IS_OPEN
    if to:
        meant &= delivery.c.recipient == to
    ended = sql.rows(
        update(delivery)
        .where(meant)
        .values(state="stopped-by-consent", place="done", because=because)
        .returning(delivery.c.id, delivery.c.recipient)
    )
    call_forward(sql, {row["recipient"] for row in ended}, {case_id}, at)
    return sorted(row["id"] for row in ended)


def call_forward(sql: Sql, recipients: Iterable[str], cases: Iterable[str], at: datetime) -> None:
    """The oldest delivery of a lane without a front becomes its head; its own time until parking begins."""
    front = case((IS_HEAD | IS_HELD, 1), else_=0)
    oldest = (
        select(func.min(delivery.c.id))
        .where(delivery.c.recipient.in_(set(recipients)), delivery.c.case_id.in_(set(cases)), IS_OPEN)
        .group_by(delivery.c.recipient, delivery.c.case_id)
        .having(func.max(front) == 0)
    )
    sql.run(update(delivery).where(delivery.c.id.in_(oldest)).values(place="head", clock=at))


def due_recipients(sql: Sql, now: datetime) -> Sequence[str]:
    """Recipients that are not paused and have a head that is due, in order of their numbers."""
    has_mail = select(delivery.c.id).where(
        delivery.c.recipient == recipient.c.organisation, IS_HEAD, delivery.c.due <= now
    )
    awake = or_(recipient.c.paused_until.is_(None), recipient.c.paused_until <= now)
    found = select(recipient.c.organisation).where(awake, has_mail.exists())
    return [row["organisation"] for row in sql.rows(found.order_by(recipient.c.organisation))]


def due_heads(to: str, now: datetime, limit: int) -> Select[*tuple[object, ...]]:
    """The heads of a recipient's lanes that are due, longest overdue first."""
    return (
        select(delivery)
        .where(delivery.c.recipient == to, IS_HEAD, delivery.c.due <= now)
        .order_by(delivery.c.due, delivery.c.id)
        .limit(limit)
    )


def due(sql: Sql, to: str, now: datetime, limit: int) -> Sequence[Delivery]:
    return [rows.delivery_of(row) for row in sql.rows(due_heads(to, now, limit))]


def unpause(sql: Sql, organisation: str) -> None:
    """End the recipient's pause now. Its failures stay counted: if it fails again it is left alone as long."""
    sql.run(update(recipient).where(recipient.c.organisation == organisation).values(paused_until=None))


def pause_of(sql: Sql, organisation: str) -> Pause:
    row = sql.first(select(recipient).where(recipient.c.organisation == organisation))
    return Pause(organisation, row["failures"], row["paused_until"]) if row else Pause(organisation, 0, None)
