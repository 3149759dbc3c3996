"""A complaint as its Task tells it: what is known of it, where it stands, and which decision it is about."""

from collections.abc import Sequence
from datetime import date, datetime

from adapter.domain.case import Resource, Version
from adapter.domain.complaint import About, Complaint, may_be_of
from adapter.domain.steps import step_of
from adapter.flows.decisions_made import Made
from adapter.flows.parts import Parts
from adapter.flows.resources import id_of
from adapter.mapping.engine import Facts, Root, flat, read, rows_of

TABLE = "complaint-update"
_ABOUT: dict[str, About] = {"CarePlan": "plan", "CareTeam": "participation"}


def state_of(task: Resource, parts: Parts) -> str:
    """Where a complaint stands (mappings/lifecycles/complaint.csv)."""
    rule = step_of(parts.tables.steps, "complaint", *shown(facts_of(task, parts)))
    cycle = parts.tables.lifecycles["complaint"]
    return next(iter(cycle.leads_to(rule.event))) if rule else cycle.initial


def complaint_in(task: Version, case_id: str, versions: Sequence[Version], parts: Parts) -> Complaint:
    """A complaint as it stands."""
    return complaint_of(facts_of(task.body, parts), case_id, versions)


def complaint_of(facts: Facts, case_id: str, versions: Sequence[Version]) -> Complaint:
    """A complaint by the facts of mappings/messages/complaint-update.yaml."""
    inputs = {
        row["kind"]: row for row in reversed([flat(r) for r in rows_of(facts, "inputs")]) if "kind" in row
    }
    holds = inputs.get("authority", {}).get("holds")
    return Complaint(
        about=_about(flat(facts)["about"], case_id, versions),
        received_on=_day(inputs.get("received-on", {}).get("day")),
        posted_on=_day(inputs.get("posted-on", {}).get("day")),
        complainant=inputs.get("complainant", {}).get("complainant", ""),
        authority=None if holds is None else holds == "true",
    )


def facts_of(task: Resource, parts: Parts) -> Facts:
    """What the Task of a complaint says, as far as it is understood."""
    roots = {"Task": Root("Task", task)}
    return read(parts.tables.messages[TABLE], "fhir", roots, Root("Task", {}), parts.tables.codes).facts


def shown(facts: Facts) -> tuple[str, str]:
    """Status and outcome, by which steps.csv knows the step."""
    said = flat(facts)
    return said["status"], said.get("outcome", "")


def _about(reference: str, case_id: str, versions: Sequence[Version]) -> About | None:
    """What of the case is complained of: its decision stands in its own Task."""
    named = reference.split("/_history/", maxsplit=1)[0]
    if named == f"Task/{id_of(case_id, 'task')}":
        return "decision"
    return next((_ABOUT[v.type] for v in versions if v.reference == named and v.type in _ABOUT), None)


def meant(task: Resource, complaint: Complaint, made: Sequence[Made], since: datetime) -> Made | None:
    """The decision that a complaint is about, of those `made` in its case: the one that the named version of the Task
    tells, or else the last that was there when it was sent and registered (`since`, UTC)."""
    if complaint.about != "decision":
        return None
    number = task["focus"]["reference"].partition("/_history/")[2]
    if number:
        return next((one for one in made if number in map(str, range(one.first, one.last + 1))), None)
    known = [one for one in made if one.at <= since]
    fitting = [one for one in known if may_be_of(complaint, one.decision)]
    return next(reversed(fitting or known), None)


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
