"""What is known of the notices of message services (`adapter.service_ports.Mailbox`): one row each, for good."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Executable, and_, bindparam, func, literal_column, or_, select, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite

from adapter.domain.mailbox import Fetched, Kind, Notice, State
from adapter.outside.store.buffer import call_postmen
from adapter.outside.store.connections import Connections
from adapter.outside.store.mailbox_tables import fetched, mailbox
from adapter.outside.store.rows import values
from adapter.outside.store.sql import Record
from adapter.outside.store.statements import IS_HEAD
from adapter.outside.store.tables import delivery
from adapter.service_ports import Mailbox

_KEY = ("message", "her_id", "kind")
_CHANGED = ("position", "state", "tries", "because", "first", "at", "due", "sender")
# Written out, not bound: a planner proves that a partial index fits only when it sees the words.
_UNFINISHED = fetched.c.state.in_([literal_column("'announced'"), literal_column("'answered'")])
_IS_PARKED = fetched.c.state == literal_column("'parked'")
_IS_SAME = and_(*(fetched.c[name] == bindparam(f"{name}_") for name in _KEY))
_AS_BEGUN = and_(_IS_SAME, fetched.c.tries == bindparam("begun"))
_TURN = (fetched.c.due, fetched.c.first, fetched.c.position)

POSITION = select(mailbox.c.position).where(mailbox.c.service == bindparam("service"))
POSITION_BEFORE = (
    select(fetched.c.position)
    .where(fetched.c.first < bindparam("since"))
    .order_by(fetched.c.first.desc(), fetched.c.position.desc())
    .limit(1)
)
DUE = (
    select(fetched)
    .where(_UNFINISHED, fetched.c.due <= bindparam("now"))
    .order_by(*_TURN)
    .limit(bindparam("most"))
)
_IN_LINE = (
    select(
        fetched,
        func.row_number()
        .over(partition_by=fetched.c.sender, order_by=(fetched.c.first, fetched.c.position))
        .label("nth"),
    )
    .where(
        _UNFINISHED,
        fetched.c.state == "announced",
        fetched.c.kind == "message",
        fetched.c.because != "",
        tuple_(*_TURN) > tuple_(*(bindparam(f"{column.name}_", type_=column.type) for column in _TURN)),
        or_(fetched.c.sender != "", fetched.c.tries < bindparam("most")),
    )
    .subquery()
)
STUCK = select(*(_IN_LINE.c[column.name] for column in fetched.c)).where(_IN_LINE.c.nth == 1)
PARKED = select(fetched).where(_IS_PARKED).order_by(fetched.c.first)
UNFINISHED_COUNT = select(fetched.c.state, func.count().label("number")).where(_UNFINISHED).group_by("state")
PARKED_COUNT = select(fetched.c.state, func.count().label("number")).where(_IS_PARKED).group_by("state")
BEGIN = update(fetched).where(_AS_BEGUN, _UNFINISHED).values(tries=fetched.c.tries + 1)
IS_BEGUN = select(fetched.c.state).where(_AS_BEGUN, _UNFINISHED)
WRITE = (
    update(fetched).where(_AS_BEGUN, _UNFINISHED).values({name: bindparam(f"{name}_") for name in _CHANGED})
)
_PARKED_ONE = update(fetched).where(
    fetched.c.message == bindparam("message_"), fetched.c.her_id == bindparam("her_id_"), _IS_PARKED
)
AGAIN = _PARKED_ONE.values(state="announced", due=bindparam("at_"), at=bindparam("at_"))
LEAVE = _PARKED_ONE.values(state="done", because=bindparam("why"), at=bindparam("at_"))
_REFERRED = and_(delivery.c.reference == bindparam("named"), delivery.c.reference != literal_column("''"))
_OF_MESSAGE = delivery.c.message_id == bindparam("named")
PLACE_BY_REFERENCE = select(delivery.c.place).where(_REFERRED)
PLACE_BY_MESSAGE = select(delivery.c.place).where(_OF_MESSAGE)
HASTEN = update(delivery).where(_REFERRED, IS_HEAD).values(due=bindparam("at_"))
ADOPT = (
    update(delivery)
    .where(_OF_MESSAGE, delivery.c.reference == literal_column("''"))
    .values(reference=bindparam("reference_"))
)
HOT: dict[str, Executable] = {
    name: statement
    for name, statement in dict(globals()).items()
    if name.isupper() and not name.startswith("_") and name != "HOT" and isinstance(statement, Executable)
}
"""What searches, by name, as it stands above; each is answered by an index."""


def _note(dialect: Callable[..., Any]) -> Executable:
    new = dialect(fetched)
    is_later_state = and_(fetched.c.kind == "state", new.excluded.position > fetched.c.position)
    told_again = {name: new.excluded[name] for name in ("position", "state", "tries", "because", "at", "due")}
    written: Executable = new.on_conflict_do_update(
        index_elements=list(_KEY), set_=told_again, where=is_later_state
    )
    return written


def _read_to(dialect: Callable[..., Any]) -> Executable:
    new = dialect(mailbox)
    written: Executable = new.on_conflict_do_update(
        index_elements=["service"],
        set_={"position": new.excluded.position},
        where=new.excluded.position > mailbox.c.position,
    )
    return written


_AT_FIRST: Mapping[Kind, tuple[State, str]] = {
    "unknown": ("done", "unknown-type"),
    "unreadable": ("parked", "unreadable-notice"),
}
# By whether the database is PostgreSQL.
_NOTE = {True: _note(postgresql.insert), False: _note(sqlite.insert)}
_READ_TO = {True: _read_to(postgresql.insert), False: _read_to(sqlite.insert)}


class SqlMailbox:
    """See `adapter.service_ports.Mailbox`. On the connections of a store; `ring` tells our postmen of due mail."""

    def __init__(self, connections: Connections, ring: Callable[[], None]) -> None:
        self._connections, self._ring = connections, ring

    def position(self, service: str) -> int:
        row = self._first(POSITION, service=service)
        return row["position"] if row else 0

    def position_before(self, since: datetime) -> int:
        row = self._first(POSITION_BEFORE, since=since)
        return row["position"] if row else 0

    def note(self, service: str, notices: Sequence[Notice], position: int, at: datetime) -> int:
        """How many notices were written down or were known; the position never goes back."""
        rows = [values(_announced(notice, at)) for notice in notices]
        with self._connections.writing() as sql:
            sql.run_each(_NOTE[sql.postgresql], rows)
            sql.run(_READ_TO[sql.postgresql], service=service, position=position)
            sql.commit()
        return len(rows)

    def due(self, now: datetime, limit: int) -> Sequence[Fetched]:
        """What is unfinished and due, longest due first, in the service's order."""
        with self._connections.reading() as sql:
            return [Fetched(**row) for row in sql.rows(DUE, now=now, most=limit)]

    def stuck(self, behind: Fetched, unknown: int) -> Sequence[Fetched]:
        """Of each sender the first."""
        turn = {"due_": behind.due, "first_": behind.first, "position_": behind.position}
        with self._connections.reading() as sql:
            return [Fetched(**row) for row in sql.rows(STUCK, **turn, most=unknown)]

    def begin(self, fetched: Sequence[Fetched]) -> Sequence[Fetched]:
        # One by one: the driver says of many together only how many were changed, not which.
        with self._connections.writing() as sql:
            begun = [one for one in fetched if sql.run(BEGIN, **_key(one), begun=one.tries)]
            sql.commit()
        return [replace(one, tries=one.tries + 1) for one in begun]

    def is_begun(self, one: Fetched) -> bool:
        return self._first(IS_BEGUN, **_key(one), begun=one.tries) is not None

    def write(self, begun: Sequence[Fetched], outcome: Sequence[Fetched]) -> None:
        rows = [
            _key(one) | {"begun": one.tries} | {f"{name}_": getattr(now, name) for name in _CHANGED}
            for one, now in zip(begun, outcome, strict=True)
        ]
        with self._connections.writing() as sql:
            sql.run_each(WRITE, rows)
            sql.commit()

    def hasten(self, reference: str, at: datetime) -> str:
        if not reference:
            return ""
        with self._connections.writing() as sql:
            hastened = sql.run(HASTEN, named=reference, at_=at)
            if hastened:
                call_postmen(sql)
            found = sql.first(PLACE_BY_REFERENCE, named=reference)
            sql.commit()
        if hastened:
            self._ring()
        return str(found["place"]) if found else ""

    def adopt(self, message_id: str, reference: str) -> str:
        if not message_id:
            return ""
        self._changed(ADOPT, named=message_id, reference_=reference)
        found = self._first(PLACE_BY_MESSAGE, named=message_id)
        return str(found["place"]) if found else ""

    def parked(self) -> Sequence[Fetched]:
        """Oldest first."""
        with self._connections.reading() as sql:
            return [Fetched(**row) for row in sql.rows(PARKED)]

    def counts(self) -> dict[str, int]:
        """How many are announced, answered and parked; what is done is not counted."""
        with self._connections.reading() as sql:
            found = [*sql.rows(UNFINISHED_COUNT), *sql.rows(PARKED_COUNT)]
        return {"announced": 0, "answered": 0, "parked": 0} | {row["state"]: row["number"] for row in found}

    def again(self, message: str, her_id: str, at: datetime) -> bool:
        return self._changed(AGAIN, message_=message, her_id_=her_id, at_=at)

    def leave(self, message: str, her_id: str, because: str, at: datetime) -> bool:
        return self._changed(LEAVE, message_=message, her_id_=her_id, why=because, at_=at)

    def _changed(self, statement: Executable, **given: Any) -> bool:
        with self._connections.writing() as sql:
            changed = sql.run(statement, **given)
            sql.commit()
        return changed > 0

    def _first(self, statement: Executable, **given: Any) -> Record | None:
        with self._connections.reading() as sql:
            return sql.first(statement, **given)


def _announced(notice: Notice, at: datetime) -> Fetched:
    """What is not known is noted and passed; what cannot be read is a person's; everything else is to be seen to."""
    state, because = _AT_FIRST.get(notice.kind, ("announced", ""))
    key = notice.message, notice.her_id, notice.kind
    return Fetched(*key, notice.position, state, 0, because, at, at, at)


def _key(one: Fetched) -> Record:
    return {f"{name}_": getattr(one, name) for name in _KEY}


_CONTRACT: type[Mailbox] = SqlMailbox
