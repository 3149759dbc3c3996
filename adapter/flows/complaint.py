"""The unit registers a complaint of what it decided, of a plan or of a participation, and what became of it (PUT Task
of code `complaint`).

What becomes of it people decide: the unit that looks at it anew, or the body above (pbrl § 7-2, fvl §§ 33, 34). One
that is late, or lacks a power of attorney, is registered like any other and put before a person (R-088, R-089). It is
sent to nobody; who but the unit may read it is for the person to say. The unit that decided keeps it, also when the
case is no longer its own.
"""

from collections.abc import Sequence

from adapter.domain.case import Step
from adapter.domain.complaint import Complaint, amiss, amiss_with
from adapter.domain.days import norwegian_day
from adapter.domain.decision import Decision as Decided
from adapter.domain.problems import Finding, Refused
from adapter.domain.steps import StepRule, names_professional, step_of
from adapter.flows.complaint_lists import listed
from adapter.flows.complaint_read import TABLE, complaint_of, meant, shown, state_of
from adapter.flows.decisions_made import Made, decisions_made
from adapter.flows.participants import has_returned
from adapter.flows.parts import Parts
from adapter.flows.update import Decision, Update, read_update, require_unchanged
from adapter.mapping.engine import Facts, flat, rows_of

_FIXED = ("identifier", "intent", "code", "focus", "for", "authoredOn", "requester", "owner")


def decide(asked: Update, parts: Parts) -> Decision:
    """One step of a complaint. Raises Refused."""
    made = decisions_made(asked.tasks(), parts)
    _require_keeper(asked, made)
    facts = read_update(TABLE, asked.resource, parts).facts
    complaint = complaint_of(facts, asked.case.id, asked.versions)
    rule = step_of(parts.tables.steps, "complaint", *shown(facts))
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
    _require_sound(asked, complaint, made, facts, parts)
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
    return Decision(asked.case, [step] if before != after else [], lists=listed(asked, parts))


def _require_keeper(asked: Update, made: Sequence[Made]) -> None:
    """Who registered a complaint goes on with it; a new one is for the unit that the case is with, and for one that has
    decided in it. Raises Refused."""
    here = asked.caller.organisation
    keepers = {asked.current.author} if asked.current else {asked.case.owner, *(one.by for one in made)}
    if here not in keepers or has_returned(asked.case, here):
        raise Refused(Finding("actor-not-allowed", "Task.code"))


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


def _require_sound(
    asked: Update, complaint: Complaint, made: Sequence[Made], facts: Facts, parts: Parts
) -> None:
    """Of a new one also that what it is about was there, and is of whoever registers it. Raises Refused."""
    found = [Finding("complaint-contradicts", f"Task.input[{kind}]") for kind in _doubled(facts)]
    found += amiss(complaint, parts.tables.decisions, norwegian_day(asked.at))
    if asked.current is None:
        about = meant(asked.resource, complaint, made, asked.at)
        found += amiss_with(complaint, about.decision if about else Decided())
        if complaint.about and asked.caller.organisation != (about.by if about else asked.case.owner):
            found = [Finding("actor-not-allowed", "Task.focus")]
    if found:
        raise Refused(*found)
