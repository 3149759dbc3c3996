"""What was decided in a case, until when it may be complained of, and which complaints there are.

Reads only; a day stands here only where all that the law counts it from is known. No value of a person.
"""

from dataclasses import dataclass

from adapter.domain.decision import Decision, TimeLimit, time_limit
from adapter.domain.problems import Finding, Refused
from adapter.flows.complaints import ComplaintStands, complaints_of
from adapter.flows.decisions_made import decisions_made, standing, task_versions
from adapter.flows.parts import Parts
from adapter.mapping.days_off import is_day_off


@dataclass(frozen=True, slots=True)
class DecisionReport:
    """`decision`: the one that stands; `limit`: when the time to complain of it ends, or what is missing to tell. Each
    complaint is held against the decision that it is about."""

    case: str
    state: str
    decision: Decision
    limit: TimeLimit
    complaints: tuple[ComplaintStands, ...]


def decision_report(case_id: str, parts: Parts) -> DecisionReport:
    """The report of a case. Raises Refused(not-found)."""
    with parts.store.transaction() as tx:
        case = tx.case(case_id)
        if case is None:
            raise Refused(Finding("not-found", "case"))
        versions = tx.of_case(case_id)
        made = decisions_made(task_versions(tx, case_id, versions), parts)
        complaints = complaints_of(tx, case_id, versions, made, parts)
    decision = standing(made)
    limit = time_limit(decision, parts.tables.decisions, is_day_off)
    return DecisionReport(case_id, case.state, decision, limit, complaints)
