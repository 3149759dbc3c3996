"""What is counted of all that is kept (`adapter.ports.Reckoning`): questions in pages, without locks."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Select, func, select, tuple_

from adapter.domain.case import Audit
from adapter.domain.reconciliation import LEFT, Trace
from adapter.domain.record import Counted
from adapter.domain.standing import Kind, Standing
from adapter.outside.store import figures, rows, still
from adapter.outside.store.connections import Connections
from adapter.outside.store.sql import Record, Sql
from adapter.outside.store.tables import audit, history, received, tombstone, version, waiting
from adapter.ports import Reckoning

KNOWN: Final = {"need-known": "open", "already-cancelled": "cancel"}
"""Findings by which a sender is told that its message says nothing new, and what must have happened in its case before:
it began, or was taken back."""
_ANSWERED = ("message-accepted", "message-refused")


class SqlReckoning:
    """Safe to use from many threads."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def traces(self, since: datetime, before: datetime, after: Trace | None, limit: int) -> Sequence[Trace]:
        with self._connections.reading() as sql:
            page = sql.rows(_received(since, before, after, limit))
            return _traces(sql, page) if page else []

    def counted(
        self, since: datetime, before: datetime, after: Counted | None, limit: int
    ) -> Sequence[Counted]:
        with self._connections.reading() as sql:
            page = sql.rows(figures.opened(since, before, after, limit))
            return figures.counted(sql, page) if page else []

    def standing(self) -> Mapping[Kind, Standing]:
        with self._connections.reading() as sql:
            return still.standing(sql)

    def received(self, since: datetime, before: datetime) -> Mapping[str, int]:
        at = received.c
        counted = select(at.sender, func.count().label("number")).where(at.at >= since, at.at < before)
        with self._connections.reading() as sql:
            return {row["sender"]: row["number"] for row in sql.rows(counted.group_by(at.sender))}

    def first_received(self) -> datetime | None:
        with self._connections.reading() as sql:
            row = sql.first(select(received.c.at).order_by(received.c.at, received.c.id).limit(1))
        return row["at"] if row else None

    def audits(self, action: str) -> Sequence[Audit]:
        at = audit.c
        found = select(audit).where(at.case_id.is_(None), at.action == action).order_by(at.at, at.id)
        with self._connections.reading() as sql:
            return [rows.audit_of(row) for row in sql.rows(found)]


def _received(since: datetime, before: datetime, after: Trace | None, limit: int) -> Select[*tuple[Any, ...]]:
    at = received.c
    page = select(at.id, at.sender, at.kind, at.at, at.case_id, at.findings)
    page = page.where(at.at >= since, at.at < before)
    if after:
        page = page.where(tuple_(at.at, at.id) > (after.at, after.message))
    return page.order_by(at.at, at.id).limit(limit)


def _traces(sql: Sql, page: Sequence[Record]) -> Sequence[Trace]:
    """Each kind of trace by a question of its own, for the cases of the whole page."""
    ids = [row["id"] for row in page]
    cases = sorted({row["case_id"] for row in page if row["case_id"]})
    steps = _by(sql.rows(_of(history, cases).where(history.c.because.in_(ids))), "because")
    versions = _by(sql.rows(_of(version, cases).where(version.c.source.in_(ids))), "source")
    before = _by(sql.rows(_begun_or_ended(cases)), "case_id")
    listed = _listed(sql, cases)
    gone = {row["case_id"] for row in sql.rows(select(tombstone.c.case_id).where(_in(tombstone, cases)))}
    back = _by(sql.rows(_returned(cases)), "case_id")
    told = _audited(sql, page, cases)
    return [
        Trace(
            message=row["id"],
            sender=row["sender"],
            kind=row["kind"],
            at=row["at"],
            case_id=row["case_id"],
            audited=told.get(row["id"], ""),
            opened=any(s["lifecycle"] == "case" and s["before"] == "new" for s in steps[row["id"]]),
            moved=bool(steps[row["id"]]),
            written=frozenset(v["type"] for v in versions[row["id"]]),
            listed=(row["case_id"], row["at"]) in listed,
            known=any(_shown(problem, row, before) for problem, _ in rows.from_text(row["findings"])),
            returned=any(
                s["actor"] == row["sender"] and s["at"] < row["at"] for s in back.get(row["case_id"], ())
            ),
            purged=row["case_id"] in gone,
        )
        for row in page
    ]


def _audited(sql: Sql, page: Sequence[Record], cases: Collection[str]) -> dict[str, str]:
    """What the audit says became of each message: of those of a case by the case, of the refused by their time."""
    at = audit.c
    answered = select(audit).where(at.action.in_(_ANSWERED), at.at >= page[0]["at"], at.at <= page[-1]["at"])
    found = [
        *sql.rows(answered.where(at.case_id.in_(cases))),
        *sql.rows(answered.where(at.case_id.is_(None))),
    ]
    return {rows.from_text(row["details"])["message"]: row["action"] for row in found}


def _returned(cases: Collection[str]) -> Select[*tuple[Any, ...]]:
    at = history.c
    steps = select(at.case_id, at.actor, at.at)
    return steps.where(at.case_id.in_(cases), at.lifecycle == "case", at.event == "reject-addressee")


def _of(table: Any, cases: Collection[str]) -> Select[*tuple[Any, ...]]:
    names = ("case_id", "because", "lifecycle", "before", "source", "type")
    return select(*(table.c[name] for name in names if name in table.c)).where(_in(table, cases))


def _in(table: Any, cases: Collection[str]) -> Any:
    return table.c.case_id.in_(cases)


def _listed(sql: Sql, cases: Collection[str]) -> set[tuple[str, datetime]]:
    """Cases and the moments at which a message was left to a person, of those that were put on the list for it."""
    at = audit.c
    left = sql.rows(select(audit).where(at.case_id.in_(cases), at.action == LEFT))
    lists = _by(sql.rows(select(waiting).where(_in(waiting, cases))), "case_id")
    return {
        (row["case_id"], row["at"]) for row in left if any(_for(one, row) for one in lists[row["case_id"]])
    }


def _for(listed: Record, left: Record) -> bool:
    """Whether a row of a list stood, or came to stand, for what a message was left for."""
    said = rows.from_text(left["details"])
    stood = listed["since"] <= left["at"] <= (listed["resolved_at"] or left["at"])
    return stood and (listed["list"], listed["reason"]) == (said["list"], said["reason"])


def _begun_or_ended(cases: Collection[str]) -> Select[*tuple[Any, ...]]:
    at = history.c
    steps = select(at.case_id, at.event, at.before, at.because, at.at).where(at.case_id.in_(cases))
    return steps.where(at.lifecycle == "case", (at.before == "new") | (at.event == "cancel"))


def _shown(problem: str, row: Record, before: Mapping[str, Sequence[Record]]) -> bool:
    """Whether another message that came before did what the sender was told had been done."""
    event = KNOWN.get(problem)
    return any(
        step["because"] != row["id"]
        and step["at"] <= row["at"]
        and (step["event"] == event or event == "open")
        for step in before.get(row["case_id"], ())
        if event
    )


def _by(found: Iterable[Record], name: str) -> dict[str, list[Record]]:
    by: dict[str, list[Record]] = defaultdict(list)
    for row in found:
        by[row[name]].append(row)
    return by


_CONTRACT: type[Reckoning] = SqlReckoning
