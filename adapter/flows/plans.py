"""What the plans of all cases need now, or soon will: for lists. A plan is never ended by time alone (R-077, R-093).

Without anything that a plan says but its own days: when it is revised next, and when its period ends (IP-f § 9 h).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from adapter.domain.case import Version
from adapter.domain.consent import Deny
from adapter.domain.days import moment_after, norwegian_day
from adapter.flows.consents import permit_making
from adapter.flows.members import plan_in_force, plan_of
from adapter.flows.parts import Parts
from adapter.flows.plan_content import as_said, judged, read_plan, times_of
from adapter.flows.resources import id_of
from adapter.flows.standing_plan import stands_here
from adapter.mapping.engine import Reading
from adapter.ports import Transaction

_PAGE = 200
_RESTS = "on-hold"
_OVER = ("refused", "concluded", "cancelled", "dismissed")


@dataclass(frozen=True, slots=True)
class Need:
    """A case, what its plan needs, where, and the last day (in Norway) that it holds.

    `what`: `revision-overdue`, `revision-due`, `period-over`, `period-ends`, `case-over` (its case is over, so that
    nobody may revise it there); of a plan in force also `incomplete` (it lacks now what it must contain; the place ends
    with the letter) and `without-consent`. The last three have no day.
    """

    case: str
    what: str
    place: str
    day: date | None = None


def needs_of_plans(within: timedelta, parts: Parts) -> Iterator[Need]:
    """Cases by id, of plans in force or on hold. `within`: how soon a day must come to be listed."""
    at, after = parts.clock(), ""
    while ids := parts.store.case_ids(after, _PAGE):
        with parts.store.transaction() as tx:
            cases = tx.of_cases(ids)
            over = [id_ for id_ in ids if stands_here(cases.get(id_, ())) and _is_over(tx, id_)]
        for id_ in ids:
            if id_ in over:
                yield Need(id_, "case-over", "CarePlan")
            yield from _of_case(id_, cases.get(id_, ()), at, within, parts)
        after = ids[-1]


def _is_over(tx: Transaction, case: str) -> bool:
    glance = tx.glance("Task", id_of(case, "task"))
    return glance is not None and glance[1].state in _OVER


def _of_case(
    id_: str, versions: Sequence[Version], at: datetime, within: timedelta, parts: Parts
) -> Iterator[Need]:
    plan = plan_of(versions)
    if plan is None or not (plan_in_force(versions) or plan.body["status"] == _RESTS):
        return
    reading = read_plan(plan.body, parts)
    times = times_of(reading)
    yield from _ends(id_, "period", times.end, at, within)
    if plan_in_force(versions):
        yield from _ends(id_, "revision", times.revision, at, within)
        yield from _lacks(id_, plan, reading, versions, at, parts)


_NAMES = {
    "period": ("period-over", "period-ends", "CarePlan.period"),
    "revision": ("revision-overdue", "revision-due", "CarePlan.extension[next-revision]"),
}


def _ends(id_: str, which: str, said: str | None, at: datetime, within: timedelta) -> Iterator[Need]:
    passed, soon, place = _NAMES[which]
    end = moment_after(said)
    if end and end <= at + within:
        yield Need(id_, passed if end <= at else soon, place, norwegian_day(end - timedelta(seconds=1)))


def _lacks(
    id_: str, plan: Version, reading: Reading, versions: Sequence[Version], at: datetime, parts: Parts
) -> Iterator[Need]:
    if isinstance(permit_making(versions, plan.author, at, parts), Deny):
        yield Need(id_, "without-consent", "CarePlan")
    missing, _ = judged(as_said(plan.body, reading, versions, parts), versions, at, parts)
    for gap in missing:
        yield Need(id_, "incomplete", gap.finding.where)
