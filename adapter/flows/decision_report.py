"""What was decided in a case, until when it may be complained of, and which complaints there are.

Reads only; a day stands here only where all that the law counts it from is known. No value of a person.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from adapter.domain.case import Case, Version
from adapter.domain.complaint import About, lacks_authority, opens_anew, timeliness
from adapter.domain.decision import Decision, InTime, TimeLimit, time_limit
from adapter.domain.problems import Finding, Refused
from adapter.flows.complaint import complaint_in, state_of
from adapter.flows.decision import decision_of_case
from adapter.flows.parts import Parts
from adapter.flows.task_kind import is_complaint
from adapter.mapping.days_off import is_day_off


@dataclass(frozen=True, slots=True)
class ComplaintStands:
    """One complaint. `opens_anew`: the decision that stands is to be decided anew by what became of it."""

    complaint: str
    state: str
    about: About | None
    received_on: date | None
    sent_on: date | None
    complainant: str
    in_time: InTime
    lacks_authority: bool
    opens_anew: bool


@dataclass(frozen=True, slots=True)
class DecisionReport:
    """`limit`: when the time to complain ends, or what is missing to tell."""

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
    decision = decision_of_case(case_id, versions, parts)
    limit = time_limit(decision, parts.tables.decisions, is_day_off)
    return DecisionReport(
        case_id, case.state, decision, limit, _complaints(case, versions, decision, limit, parts)
    )


def _complaints(
    case: Case, versions: Sequence[Version], decision: Decision, limit: TimeLimit, parts: Parts
) -> tuple[ComplaintStands, ...]:
    """In the order in which they came."""
    made = []
    for version in versions:
        if is_complaint(version, parts.base):
            complaint, state = complaint_in(version, case, versions, parts), state_of(version.body, parts)
            one = ComplaintStands(
                complaint=version.reference,
                state=state,
                about=complaint.about,
                received_on=complaint.received_on,
                sent_on=complaint.sent_on,
                complainant=complaint.complainant,
                in_time=timeliness(complaint, decision, limit),
                lacks_authority=lacks_authority(complaint, parts.tables.decisions),
                opens_anew=opens_anew(state, complaint, decision),
            )
            made.append(one)
    return tuple(sorted(made, key=lambda one: (one.received_on or date.max, one.complaint)))
