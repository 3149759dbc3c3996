"""Cases as they are counted: a page by when they were opened, and each kind of row by one question for all of them."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select, tuple_

from adapter.domain.record import Counted, Handed
from adapter.outside.store import rows
from adapter.outside.store.sql import Record, Sql
from adapter.outside.store.tables import case_, delivery, history, receipt, version


def opened(since: datetime, before: datetime, after: Counted | None, limit: int) -> Select[*tuple[Any, ...]]:
    """Without those that were purged: nothing of them is left to count."""
    at = case_.c
    page = select(case_).where(at.opened_at >= since, at.opened_at < before, at.subject_key != "")
    if after:
        page = page.where(tuple_(at.opened_at, at.id) > (after.case.opened_at, after.case.id))
    return page.order_by(at.opened_at, at.id).limit(limit)


def counted(sql: Sql, page: Sequence[Record]) -> Sequence[Counted]:
    """The cases of a page, in its order."""
    cases = [row["id"] for row in page]
    steps = _by_case(sql.rows(select(history).where(history.c.case_id.in_(cases)).order_by(history.c.id)))
    planned = {row["case_id"] for row in sql.rows(_with_plan(cases))}
    handed, tasks = _handed(sql, cases), _by_case(_tasks(sql, steps))
    return [
        Counted(
            rows.case_of(row),
            tuple(rows.step_of(step) for step in steps[row["id"]]),
            tuple(handed[row["id"]]),
            row["id"] in planned,
            tuple(rows.version_of(task) for task in tasks[row["id"]]),
        )
        for row in page
    ]


def _tasks(sql: Sql, steps: Mapping[str, Sequence[Record]]) -> Sequence[Record]:
    """Of the cases of which a decision alone says whether a coordinator is waited for."""
    events = {
        case: {step["event"] for step in of if step["lifecycle"] == "case"} for case, of in steps.items()
    }
    cases = [case for case, had in events.items() if "decide" in had and "appoint" not in had]
    at = version.c
    found = select(version).where(at.case_id.in_(cases), at.type == "Task").order_by(at.id, at.number)
    return sql.rows(found) if cases else []


def _with_plan(cases: Sequence[str]) -> Select[*tuple[Any, ...]]:
    plans = select(version.c.case_id).distinct()
    return plans.where(version.c.case_id.in_(cases), version.c.type == "CarePlan")


def _handed(sql: Sql, cases: Sequence[str]) -> dict[str, list[Handed]]:
    """By case: the letters of its need that were accepted."""
    at = delivery.c
    accepted = select(at.id, at.case_id, at.recipient, at.created_at).where(
        at.case_id.in_(cases), at.category == "need", at.event == "need-notified", at.state == "accepted"
    )
    letters = sql.rows(accepted.order_by(at.id))
    said: dict[int, list[Record]] = defaultdict(list)
    of = select(receipt).where(receipt.c.delivery.in_([row["id"] for row in letters])).order_by(receipt.c.id)
    for row in sql.rows(of):
        said[row["delivery"]].append(row)
    handed: dict[str, list[Handed]] = defaultdict(list)
    for row in letters:
        heard = tuple((one["at"], rows.receipt_of(one)) for one in said[row["id"]])
        handed[row["case_id"]].append(Handed(row["recipient"], row["created_at"], heard))
    return handed


def _by_case(found: Sequence[Record]) -> dict[str, list[Record]]:
    by: dict[str, list[Record]] = defaultdict(list)
    for row in found:
        by[row["case_id"]].append(row)
    return by
