"""What is asked and written of the clocks of cases, built once (see `statements.py`)."""

from dataclasses import fields
from typing import Any

from sqlalchemy import Executable, Select, Update, bindparam, func, literal_column, select, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite

from adapter.domain.deadline import Deadline
from adapter.outside.store.clock_tables import deadline
from adapter.outside.store.tables import case_, waiting

KEY = ("case_id", "rule", "about", "started_at")
_BY_DUE = (deadline.c.due_at, *(deadline.c[name] for name in KEY))

OF_CASE = (
    select(deadline)
    .where(deadline.c.case_id == bindparam("case"))
    .order_by(*(deadline.c[name] for name in KEY))
)
WAITS_OF_CASE = select(waiting).where(waiting.c.case_id == bindparam("case")).order_by(waiting.c.id)
# `look_at`: since when, or when, the clocks of a case are to be looked at; null: nothing will turn by itself.
LOOKS_DUE = (
    select(case_.c.id)
    .where(case_.c.look_at.is_not(None), case_.c.look_at <= bindparam("now"))
    .order_by(case_.c.look_at, case_.c.id)
    .limit(bindparam("most"))
)
NEXT_LOOK = select(func.min(case_.c.look_at).label("at")).where(case_.c.look_at.is_not(None))
# Written out, not bound: a planner proves that a partial index fits only when it sees the word.
_OPEN = (
    select(deadline)
    .where(
        deadline.c.state.in_(bindparam("states", expanding=True)),
        deadline.c.state != literal_column("'stopped'"),
    )
    .order_by(*_BY_DUE)
    .limit(bindparam("most"))
)
OPEN_FIRST = _OPEN
OPEN_BEHIND = _OPEN.where(tuple_(*_BY_DUE) > tuple_(*(bindparam(of.name, type_=of.type) for of in _BY_DUE)))

LOOK_AT = update(case_).where(case_.c.id == bindparam("case")).values(look_at=bindparam("at"))
LOOK_AT_ALL = (
    update(case_).where(case_.c.id.in_(bindparam("cases", expanding=True))).values(look_at=bindparam("at"))
)


def _keep(insert: Any) -> Executable:
    """A deadline that is there is written anew."""
    made = insert(deadline)
    changed = {field.name: made.excluded[field.name] for field in fields(Deadline) if field.name not in KEY}
    kept: Executable = made.on_conflict_do_update(index_elements=KEY, set_=changed)
    return kept


HOT: dict[str, Executable] = {
    name: statement
    for name, statement in dict(globals()).items()
    if isinstance(statement, Select | Update) and not name.startswith("_")
}
"""What searches, by name, as it stands above."""
KEEP = {True: _keep(postgresql.insert), False: _keep(sqlite.insert)}
"""By whether the database is PostgreSQL."""
