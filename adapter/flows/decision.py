"""The decision of a case as its Task tells it, and what is wrong with it; never what it should be (R-085, R-093)."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from adapter.domain.case import Case, Resource, Version
from adapter.domain.days import first_moment, norwegian_day
from adapter.domain.decision import KNOWLEDGE, Decision, amiss
from adapter.domain.problems import Finding
from adapter.flows.contacts import codes
from adapter.flows.parts import Parts
from adapter.mapping.engine import Facts, Root, flat, read, rows_of

_OF_KNOWLEDGE = frozenset({KNOWLEDGE, "known-by"})
"""Outputs that tell when the party knew: of use to whoever counts the time to complain, and to nobody else."""

_SINGLE = {"decision": "outcome", "decided-on": "day", KNOWLEDGE: "day", "known-by": "evidence"}
"""Kinds of output that say one thing of a decision, and the fact that has it."""


def decision_in(task: Resource, parts: Parts) -> Decision:
    """What a Task says of a decision; what is not understood there says nothing."""
    roots = {"Task": Root("Task", task)}
    reading = read(parts.tables.messages["task-update"], "fhir", roots, Root("Task", {}), parts.tables.codes)
    return decision_of(reading.facts)


def decision_of(facts: Facts) -> Decision:
    """A decision by the facts of mappings/messages/task-update.yaml."""
    outputs = _outputs(facts)
    return Decision(
        outcome=_first(outputs, "decision", "outcome"),
        refusal=flat(facts).get("refusal", ""),
        bases=tuple(dict.fromkeys(_each(outputs, "legal-basis", "basis"))),
        decided_on=_day(_first(outputs, "decided-on", "day")),
        known_on=_day(_first(outputs, "known-on", "day")),
        known_by=_first(outputs, "known-by", "evidence"),
    )


def decision_findings(facts: Facts, event: str, need_on: date, at: datetime, parts: Parts) -> list[Finding]:
    """What is wrong with the decision that a step of the case tells; what is said twice is said once."""
    outputs = _outputs(facts)
    doubled = [kind for kind, fact in _SINGLE.items() if len(set(_each(outputs, kind, fact))) > 1]
    found = amiss(decision_of(facts), event, parts.tables.decisions, norwegian_day(at), need_on)
    return [*(Finding("decision-contradicts", f"Task.output[{kind}]") for kind in doubled), *found]


def need_reported_on(case: Case, versions: Iterable[Version]) -> date:
    """The day in Norway on which the need of a case was reported: written, or received where that was before."""
    needs = (v.body.get("authoredOn") for v in versions if v.type == "ServiceRequest")
    written = [moment for moment in map(first_moment, needs) if moment]
    return norwegian_day(min(case.opened_at, *written))


def tells_only_of_knowledge(before: Resource, after: Resource, base: str) -> bool:
    """Whether a Task differs from the one before in nothing but when the party knew of the decision, and how that is
    known: the hospital that asked has been told the decision, and this is no news of the case."""
    return _without(before, base) == _without(after, base) != {}


def _without(task: Resource, base: str) -> Resource:
    system = f"{base}/CodeSystem/task-output"
    left = [o for o in task.get("output", ()) if _OF_KNOWLEDGE.isdisjoint(codes([o.get("type", {})], system))]
    return {name: value for name, value in (task | {"output": left}).items() if name != "meta"}


def _outputs(facts: Facts) -> list[dict[str, str]]:
    return [flat(row) for row in rows_of(facts, "outputs")]


def _each(outputs: Sequence[dict[str, str]], kind: str, fact: str) -> list[str]:
    return [o[fact] for o in outputs if o.get("kind") == kind and fact in o]


def _first(outputs: Sequence[dict[str, str]], kind: str, fact: str) -> str:
    return next(iter(_each(outputs, kind, fact)), "")


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None
