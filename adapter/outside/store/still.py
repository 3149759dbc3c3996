"""How much stands still, by kind: each counted from an index that has only what is not done yet.

So it costs what is waiting, and not what there is: nothing done, resolved or stopped is read.
"""

from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import exists, func, literal_column, select

from adapter.domain.standing import NONE, Kind, Standing
from adapter.outside.store import statements
from adapter.outside.store.clock_tables import deadline
from adapter.outside.store.mailbox_tables import fetched
from adapter.outside.store.register_tables import register_entry
from adapter.outside.store.rows import AT_ONCE
from adapter.outside.store.sql import Record, Sql
from adapter.outside.store.tables import case_, delivery, waiting

_NUMBER = func.count().label("number")
# Words are written out: a planner proves that a partial index fits only when it sees them.
_OVERDUE = deadline.c.state == literal_column("'overdue'")
_RUNS = deadline.c.state != literal_column("'stopped'")
_UNFINISHED = fetched.c.state.in_([literal_column("'announced'"), literal_column("'answered'")])
_PARKED = fetched.c.state == literal_column("'parked'")
_NOT_COME = exists().where(
    delivery.c.case_id == case_.c.id, statements.IS_OPEN, delivery.c.event == "need-notified"
)

HEADS = (
    select(delivery.c.state, _NUMBER, func.min(delivery.c.created_at).label("oldest"))
    .where(statements.IS_HEAD)
    .group_by(delivery.c.state)
)
HELD = select(_NUMBER, func.min(delivery.c.clock).label("oldest")).where(statements.IS_HELD)
# Every case has moved since then. Without it SQLite, where it has statistics, takes each state for as common as the
# commonest, and reads every case.
_EVER = case_.c.moved_at > AT_ONCE
UNOPENED = select(_NUMBER, func.min(case_.c.moved_at).label("oldest")).where(
    case_.c.state.in_([literal_column("'routed'"), literal_column("'received'")]), _EVER, ~_NOT_COME
)
OVERDUE = select(_NUMBER, func.min(deadline.c.due_at).label("oldest")).where(_OVERDUE, _RUNS)
LISTS = (
    select(waiting.c.list, _NUMBER, func.min(waiting.c.since).label("oldest"))
    .where(waiting.c.resolved_at.is_(None))
    .group_by(waiting.c.list)
)
ANNOUNCED = select(_NUMBER, func.min(fetched.c.first).label("oldest")).where(_UNFINISHED)
PARKED = select(_NUMBER, func.min(fetched.c.first).label("oldest")).where(_PARKED)
REGISTER = select(_NUMBER, func.min(register_entry.c.look_since).label("oldest")).where(
    register_entry.c.look_since.is_not(None)
)
_FIRST_LOOK = (
    select(case_.c.look_at).where(case_.c.look_at.is_not(None)).order_by(case_.c.look_at).limit(1).subquery()
)
CLOCKS = select(_NUMBER, func.min(_FIRST_LOOK.c.look_at).label("oldest")).select_from(_FIRST_LOOK)
ALL: Final = (HEADS, HELD, UNOPENED, OVERDUE, LISTS, ANNOUNCED, PARKED, REGISTER, CLOCKS)
_ALONE: Final[tuple[tuple[Kind, Any], ...]] = (
    ("parked", HELD),
    ("unopened", UNOPENED),
    ("overdue", OVERDUE),
    ("announced", ANNOUNCED),
    ("mailbox", PARKED),
    ("register", REGISTER),
    ("clocks", CLOCKS),
)


def standing(sql: Sql) -> dict[Kind, Standing]:
    """By kind; a kind of which there is nothing may be left out."""
    found: dict[Kind, Standing] = {kind: _of(row) for kind, row in _rows(sql)}
    heads = {row["state"]: _of(row) for row in sql.rows(HEADS)}
    found["receipt"] = heads.pop("sent", NONE)
    found["outbox"] = Standing(
        sum(one.number for one in heads.values()),
        min((one.oldest for one in heads.values() if one.oldest), default=None),
    )
    return found | {row["list"]: _of(row) for row in sql.rows(LISTS)}


def _rows(sql: Sql) -> Iterator[tuple[Kind, Record]]:
    for kind, statement in _ALONE:
        row = sql.first(statement)
        if row:
            yield kind, row


def _of(row: Record) -> Standing:
    return Standing(row["number"], row["oldest"])
