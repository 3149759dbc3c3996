"""The unit registers a complaint of what it decided, of a plan or of a participation, and what became of it (PUT Task
of code `complaint`).

What becomes of it people decide: the unit that looks at it anew, or the body above (pbrl § 7-2, fvl §§ 33, 34). One
that is late, or lacks a power of attorney, is registered like any other and put before a person (R-088, R-089). It is
sent to nobody; who but the unit may read it is for the person to say.
"""

from collections.abc import Sequence
from datetime import date

from adapter.domain.case import Case, Resource, Step, Version, Waiting
from adapter.domain.complaint import About, Complaint, amiss, amiss_with, lacks_authority, timeliness
from adapter.domain.days import norwegian_day
from adapter.domain.decision import time_limit
from adapter.domain.problems import Finding, Refused
from adapter.domain.steps import StepRule, names_professional, step_of
from adapter.flows.decision import decision_of_case
from adapter.flows.participants import has_returned
from adapter.flows.parts import Parts
from adapter.flows.resources import id_of
from adapter.flows.update import Decision, Update, read_update, require_unchanged
from adapter.mapping.days_off import is_day_off
from adapter.mapping.engine import Facts, Root, flat, read, rows_of

_FIXED = ("identifier", "intent", "code", "focus", "for", "authoredOn", "requester", "owner")
_TABLE = "complaint-update"
_ABOUT: dict[str, About] = {"CarePlan": "plan", "CareTeam": "participation"}


def decide(asked: Update, parts: Parts) -> Decision:
    """One step of a complaint. Raises Refused."""
    if asked.caller.organisation != asked.case.owner or has_returned(asked.case, asked.caller.organisation):
        raise Refused(Finding("actor-not-allowed", "Task.code"))
    facts = read_update(_TABLE, asked.resource, parts).facts
    complaint = complaint_of(facts, asked.case, asked.versions)
    rule = step_of(parts.tables.steps, "complaint", *_shown(facts))
    if rule is None:
        raise Refused(Finding("step-unknown", "Task.businessStatus"))
    if asked.current:
        require_unchanged(asked, *_FIXED)
    cycle = parts.tables.lifecycles["complaint"]
    before = state_of(asked.current.body, parts) if asked.current else cycle.initial
    after = cycle.after(before, rule.event)
    if after is None:
        raise Refused(Finding("step-forbidden", "Task.status"))
    _require_said(rule, facts)
    _require_sound(asked, complaint, facts, parts)
    step = Step(
        asked.case.id,
        "complaint",
        rule.event,
        before,
        after,
        asked.at,
        asked.caller.organisation,
        asked.source,
    )
    return Decision(asked.case, [step] if before != after else [], waiting=_waits(asked, complaint, parts))


def state_of(task: Resource, parts: Parts) -> str:
    """Where a complaint stands (mappings/lifecycles/complaint.csv)."""
    rule = step_of(parts.tables.steps, "complaint", *_shown(_facts(task, parts)))
    cycle = parts.tables.lifecycles["complaint"]
    return next(iter(cycle.leads_to(rule.event))) if rule else cycle.initial


def complaint_in(task: Version, case: Case, versions: Sequence[Version], parts: Parts) -> Complaint:
    """A complaint as it stands."""
    return complaint_of(_facts(task.body, parts), case, versions)


def complaint_of(facts: Facts, case: Case, versions: Sequence[Version]) -> Complaint:
    """A complaint by the facts of mappings/messages/complaint-update.yaml."""
    inputs = {
        row["kind"]: row for row in reversed([flat(r) for r in rows_of(facts, "inputs")]) if "kind" in row
    }
    holds = inputs.get("authority", {}).get("holds")
    return Complaint(
        about=_about(flat(facts)["about"], case, versions),
        received_on=_day(inputs.get("received-on", {}).get("day")),
        posted_on=_day(inputs.get("posted-on", {}).get("day")),
        complainant=inputs.get("complainant", {}).get("complainant", ""),
        authority=None if holds is None else holds == "true",
    )


def _facts(task: Resource, parts: Parts) -> Facts:
    roots = {"Task": Root("Task", task)}
    return read(parts.tables.messages[_TABLE], "fhir", roots, Root("Task", {}), parts.tables.codes).facts


def _shown(facts: Facts) -> tuple[str, str]:
    said = flat(facts)
    return said["status"], said.get("outcome", "")


def _about(reference: str, case: Case, versions: Sequence[Version]) -> About | None:
    """What of the case is complained of: its decision stands in its own Task."""
    meant = reference.split("/_history/", maxsplit=1)[0]
    if meant == f"Task/{id_of(case.id, 'task')}":
        return "decision"
    return next((_ABOUT[v.type] for v in versions if v.reference == meant and v.type in _ABOUT), None)


def _require_said(rule: StepRule, facts: Facts) -> None:
    """What becomes of a complaint names who decided it. Raises Refused."""
    deciders = [flat(row) for row in rows_of(facts, "outputs") if flat(row).get("kind") == "decided-by"]
    if rule.person and not any(names_professional(one) for one in deciders):
        raise Refused(Finding("person-not-named", "Task.output"))


def _doubled(facts: Facts) -> list[str]:
    """What is said twice, and not the same."""
    said = [flat(row) for row in rows_of(facts, "inputs")]
    kinds = dict.fromkeys(row["kind"] for row in said if "kind" in row)
    return [kind for kind in kinds if len({*(str(row) for row in said if row.get("kind") == kind)}) > 1]


def _require_sound(asked: Update, complaint: Complaint, facts: Facts, parts: Parts) -> None:
    """Of a new one also that what it is about was there. Raises Refused."""
    found = [Finding("complaint-contradicts", f"Task.input[{kind}]") for kind in _doubled(facts)]
    found += amiss(complaint, parts.tables.decisions, norwegian_day(asked.at))
    if asked.current is None:
        found += amiss_with(complaint, decision_of_case(asked.case.id, asked.versions, parts))
    if found:
        raise Refused(*found)


def _waits(asked: Update, complaint: Complaint, parts: Parts) -> Waiting | None:
    """A new complaint that came late, or without the power of attorney it takes: whether it is treated all the same a
    person decides (fvl §§ 31, 32)."""
    if asked.current:
        return None
    rules = parts.tables.decisions
    decision = decision_of_case(asked.case.id, asked.versions, parts)
    limit = time_limit(decision, rules, is_day_off)
    if timeliness(complaint, decision, limit) == "late":
        return Waiting(asked.case.id, "conversation", "complaint-late", asked.at)
    if lacks_authority(complaint, rules):
        return Waiting(asked.case.id, "conversation", "complaint-without-authority", asked.at)
    return None


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
