"""What tidying removes: found without a lock, then looked at again under one, then gone, in one short transaction.

Each class is walked from its oldest on. Nothing here waits for anybody: a row that somebody holds is left for the next
run, so that accepting and sending never stand behind it.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    bindparam,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
    tuple_,
    update,
)

from adapter.domain.case import Audit
from adapter.domain.retention import Batch, Class, Over, Removal
from adapter.domain.view import SUBSETTED
from adapter.outside.store import rows
from adapter.outside.store.clock_tables import deadline
from adapter.outside.store.sql import Record, Sql
from adapter.outside.store.tables import (
    archived,
    audit,
    case_,
    delivery,
    former_key,
    history,
    receipt,
    received,
    thinned,
    tombstone,
    version,
    waiting,
)
from adapter.outside.store.unnaming import unname

NO_CHANGE = ("access-reported", "case-archived", "case-found", "resource-read")
"""Audited acts after which a case is what it was before: an archive of it still holds it whole."""
_EMPTIED = {"need": "", "subject_key": "", "owner": None, "unit": None, "look_at": None}


def is_over(over: Over) -> ColumnElement[bool]:
    """A case (of the table in the query) that is over: its state and its plan say so, nothing of it is under way."""
    at, step = case_.c, history.c
    last = select(step.after).where(step.case_id == at.id, step.lifecycle == "plan")
    plan = last.order_by(step.id.desc()).limit(1).scalar_subquery()
    ended = or_(at.state.in_(over.states), and_(at.state.in_(over.with_plan), plan.in_(over.plan)))
    under_way = exists().where(delivery.c.case_id == at.id, delivery.c.place != "done")
    on_a_list = exists().where(waiting.c.case_id == at.id, waiting.c.resolved_at.is_(None))
    return and_(ended, ~under_way, ~on_a_list, at.subject_key != "")


def is_archived() -> ColumnElement[bool]:
    """A case that has not changed since its archive was written and checked."""
    told = select(func.max(audit.c.id)).where(
        audit.c.case_id == archived.c.case_id, audit.c.action.not_in(NO_CHANGE)
    )
    last = told.correlate(archived).scalar_subquery()
    return exists().where(archived.c.case_id == case_.c.id, archived.c.mark == last).correlate(case_)


def due(sql: Sql, removal: Removal, after: tuple[datetime, str | int] | None, limit: int) -> Batch:
    """The next messages or cases whose time is over."""
    found = sql.rows(_page(removal, after, limit))
    return Batch(len(found), 0, (found[-1]["at"], found[-1]["id"]) if found else None)


def remove(
    sql: Sql, removal: Removal, after: tuple[datetime, str | int] | None, limit: int, *, at: datetime, by: str
) -> Batch:
    found = sql.rows(_page(removal, after, limit))
    if not found:
        return Batch(0, 0, None)
    name = removal.rule.name
    ids = _locked(sql, removal, [row["id"] for row in found])
    gone = _ACTS[name](sql, ids, at, by) if ids else 0
    if gone:
        details = {"class": name, "items": str(len(ids)), "rows": str(gone)}
        sql.run(insert(audit).values(rows.audit_values(Audit(at, by, "tidied", None, details))))
    return Batch(len(ids), gone, (found[-1]["at"], found[-1]["id"]))


def _page(removal: Removal, after: tuple[datetime, str | int] | None, limit: int) -> Select[Any, Any]:
    query, moment, key = _query(removal)
    page = query.where(moment < removal.before).order_by(moment, key).limit(limit)
    return page.where(tuple_(moment, key) > after) if after else page


def _locked(sql: Sql, removal: Removal, ids: Sequence[Any]) -> list[Any]:
    """Those that nobody else holds and that are still due now that they are held here."""
    query, moment, key = _query(removal)
    table = key.table
    free = (
        select(key.label("id")).where(key.in_(ids)).order_by(key).with_for_update(skip_locked=True, of=table)
    )
    held = [row["id"] for row in sql.rows(free)]
    again = query.where(moment < removal.before, key.in_(held))
    return [row["id"] for row in sql.rows(again)]


def _query(removal: Removal) -> tuple[Select[Any, Any], ColumnElement[Any], ColumnElement[Any]]:
    """What is due of a class, by the moment and the id it is walked by."""
    table = {"audit": audit, "payload": received, "refused": received, "answers": received}.get(
        removal.rule.name, case_
    )
    moment, key = (table.c.moved_at if table is case_ else table.c.at), table.c.id
    query = select(moment.label("at"), key.label("id"))
    over = is_over(removal.over)
    if removal.rule.name == "superseded":
        done = exists().where(thinned.c.case_id == key, thinned.c.at >= moment)
        query = query.where(over, ~done)
    elif removal.rule.name == "case":
        query = query.where(over, is_archived())
    elif removal.rule.name == "payload":
        settled = over if removal.rule.case == "over" else case_.c.state.in_(removal.settled)
        of_case = case_.c.id == received.c.case_id
        query = query.join(case_, of_case).where(received.c.raw.is_not(None), settled)
    elif removal.rule.name == "refused":
        query = query.where(received.c.case_id.is_(None))
    else:
        query = query.join(tombstone, tombstone.c.case_id == table.c.case_id)
    return query, moment, key


def _forget_bytes(sql: Sql, ids: Sequence[Any], at: datetime, by: str) -> int:
    return sql.run(update(received).where(received.c.id.in_(ids)).values(raw=None))


def _forget_answers(sql: Sql, ids: Sequence[Any], at: datetime, by: str) -> int:
    return sql.run(delete(received).where(received.c.id.in_(ids)))


def _forget_audit(sql: Sql, ids: Sequence[Any], at: datetime, by: str) -> int:
    return sql.run(delete(audit).where(audit.c.id.in_(ids)))


def _thin(sql: Sql, ids: Sequence[Any], at: datetime, by: str) -> int:
    """Of each version that has a successor only who made it, when, and that there was more (FHIR: SUBSETTED)."""
    last, was = version.alias(), version.c
    same = (last.c.type == was.type) & (last.c.id == was.id) & (last.c.number > was.number)
    old = sql.rows(select(version).where(was.case_id.in_(ids), exists().where(same)))
    emptied = [
        {"type_": row["type"], "id_": row["id"], "number_": row["number"], "body_": _emptied(row)}
        for row in old
    ]
    this = (
        (was.type == bindparam("type_")) & (was.id == bindparam("id_")) & (was.number == bindparam("number_"))
    )
    sql.run_each(update(version).where(this).values(body=bindparam("body_")), emptied)
    sql.run(delete(thinned).where(thinned.c.case_id.in_(ids)))
    sql.run_each(insert(thinned), [{"case_id": id_, "at": at} for id_ in ids])
    return len(emptied)


def _emptied(row: Record) -> str:
    body = rows.from_text(row["body"])
    meta = {name: body["meta"][name] for name in ("versionId", "lastUpdated")} | {"tag": [SUBSETTED]}
    return rows.to_text({"resourceType": body["resourceType"], "id": body["id"], "meta": meta})


def _purge(sql: Sql, ids: Sequence[Any], at: datetime, by: str) -> int:
    """What is archived and whose time is over."""
    because = "time-over"
    kept = sql.rows(select(archived).where(archived.c.case_id.in_(ids)))
    unname(sql, ids)
    gone = _empty(sql, ids)
    for one in kept:
        _bury(sql, one["case_id"], one["sha256"], because, at, by)
    return gone


def purge(sql: Sql, case_id: str, at: datetime, by: str, because: str) -> None:
    """One case at once, however old. A file that it was archived to is elsewhere: its hash tells which to remove."""
    written = sql.first(select(archived.c.sha256).where(archived.c.case_id == case_id))
    unname(sql, [case_id])
    _empty(sql, [case_id])
    _bury(sql, case_id, written["sha256"] if written else "", because, at, by)


def _bury(sql: Sql, case_id: str, archive: str, because: str, at: datetime, by: str) -> None:
    sql.run(insert(tombstone).values(case_id=case_id, at=at, because=because, archive=archive))
    told = Audit(at, by, "case-purged", case_id, {"because": because, "archive": archive})
    sql.run(insert(audit).values(rows.audit_values(told)))


def _empty(sql: Sql, ids: Sequence[Any]) -> int:
    """Everything but the answers and the audit. The row of the case stays, empty: its need is never new again."""
    sent = select(delivery.c.id).where(delivery.c.case_id.in_(ids))
    gone = sql.run(delete(receipt).where(receipt.c.delivery.in_(sent)))
    for table in (delivery, deadline, waiting, former_key, history, version):
        gone += sql.run(delete(table).where(table.c.case_id.in_(ids)))
    of_case = received.c.case_id.in_(ids)
    sql.run(update(received).where(of_case).values(raw=None, findings="[]", content=""))
    sql.run(update(case_).where(case_.c.id.in_(ids)).values(_EMPTIED))
    for table in (archived, thinned):
        sql.run(delete(table).where(table.c.case_id.in_(ids)))
    return gone + len(ids)


_ACTS: Mapping[Class, Callable[[Sql, Sequence[Any], datetime, str], int]] = {
    "payload": _forget_bytes,
    "refused": _forget_answers,
    "superseded": _thin,
    "case": _purge,
    "answers": _forget_answers,
    "audit": _forget_audit,
}
