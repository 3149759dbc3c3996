"""How the plan of a case stands against the law: what it lacks by letter, and which versions are or were in force.

Reads only, and names no value.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import zip_longest

from adapter.domain.case import Version
from adapter.domain.days import moment_after, norwegian_day
from adapter.domain.plan_content import Gap
from adapter.domain.problems import Finding, Refused
from adapter.flows.members import plan_of
from adapter.flows.parts import Parts
from adapter.flows.plan_content import as_said, judged, read_plan, times_of
from adapter.flows.standing_plan import standing_plans
from adapter.mapping.engine import Reading, flat, rows_of


@dataclass(frozen=True, slots=True)
class InForce:
    """A version that was or is in force: its name, from when (UTC), and until when, if another took its place."""

    version: str
    since: datetime
    until: datetime | None


@dataclass(frozen=True, slots=True)
class PlanReport:
    """`legal_statuses`: how many measures are wished, applied for, granted … `others`: cases of the person that have a
    plan in force or on hold. `revision`: the next one, as the plan says it. `overdue`, `over`: of a plan in force, that
    this day or its period has passed."""

    case: str
    version: str
    status: str
    missing: tuple[Gap, ...]
    findings: tuple[Finding, ...]
    legal_statuses: Mapping[str, int]
    revision: date | None
    overdue: bool
    over: bool
    in_force: tuple[InForce, ...]
    others: tuple[str, ...]


def plan_report(case_id: str, parts: Parts) -> PlanReport:
    """The report of a case. Raises Refused(not-found) where there is no such case, or no plan in it."""
    with parts.store.transaction() as tx:
        case = tx.case(case_id)
        versions = tx.of_case(case_id) if case else ()
        plan = plan_of(versions)
        if case is None or plan is None:
            raise Refused(Finding("not-found", "CarePlan" if case else "case"))
        others = tuple(sorted(standing.plan.case_id for standing in standing_plans(tx, case)))
    return _report(plan, versions, others, parts)


def _report(plan: Version, versions: Sequence[Version], others: tuple[str, ...], parts: Parts) -> PlanReport:
    at = parts.clock()
    reading = read_plan(plan.body, parts)
    missing, contradicting = judged(as_said(plan.body, reading, versions, parts), versions, at, parts)
    revision = _day(flat(reading.facts).get("revision"))
    status, end = plan.body["status"], moment_after(times_of(reading).end)
    return PlanReport(
        case=plan.case_id,
        version=f"{plan.reference}/_history/{plan.number}",
        status=status,
        missing=tuple(missing),
        findings=(*reading.findings, *contradicting),
        legal_statuses=_legal_statuses(reading),
        revision=revision,
        overdue=bool(status == "active" and revision and revision < norwegian_day(at)),
        over=bool(status == "active" and end and end <= at),
        in_force=_in_force(
            [v for v in parts.store.versions_of(plan.case_id) if v.reference == plan.reference]
        ),
        others=others,
    )


def _legal_statuses(reading: Reading) -> dict[str, int]:
    """How many measures there are of each legal status; of those that state none nothing is said here."""
    measures = (flat(row) for row in rows_of(reading.facts, "measures"))
    return dict(sorted(Counter(m["legal_status"] for m in measures if "legal_status" in m).items()))


def _in_force(versions: Sequence[Version]) -> tuple[InForce, ...]:
    """The versions in force of one plan, in their order: each is kept as it was, whatever came after it."""
    ends = [later.at for later in versions[1:]]
    return tuple(
        InForce(f"{v.reference}/_history/{v.number}", v.at, until)
        for v, until in zip_longest(versions, ends)
        if v.body["status"] == "active"
    )


def _day(text: str | None) -> date | None:
    """A whole date; of a year or a month alone it is not said which day."""
    return date.fromisoformat(text) if text and len(text) == len("YYYY-MM-DD") else None
