"""An interim reply: the unit says why it takes longer, and when an answer is to be expected (fvl § 11 a, R-081–R-083).

It decides nothing, and the case stands where it stood. A second one tells of a second delay (nfvl § 17). The Task
carries it as outputs, so who reads the case finds the latest one there.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from adapter.domain.case import Resource
from adapter.domain.problems import Finding
from adapter.flows.parts import Parts
from adapter.mapping.engine import Facts, Root, flat, read, rows_of

INTERIM = "interim"
"""The event of the case."""
_REASON, _DAY = "interim-reason", "expected-on"


@dataclass(frozen=True, slots=True)
class Interim:
    """`reason` in words; `expected_on` the day in Norway by which an answer is expected. "" and None: not said."""

    reason: str = ""
    expected_on: date | None = None


def interim_in(task: Resource, parts: Parts) -> Interim:
    """The latest interim reply that a Task tells; nothing where it tells of none."""
    roots = {"Task": Root("Task", task)}
    table = parts.tables.messages["task-update"]
    return interim_of(read(table, "fhir", roots, Root("Task", {}), parts.tables.codes).facts)


def interim_of(facts: Facts) -> Interim:
    """An interim reply by the facts of mappings/messages/task-update.yaml."""
    days = _said(facts, _DAY, "day")
    return Interim(next(_said(facts, _REASON, "text"), ""), _day(next(days, "")))


def interim_findings(facts: Facts, today: date) -> list[Finding]:
    """What is wrong with an interim reply given `today` (in Norway): reason and day must be there, one of each, and the
    day is not past."""
    found = [
        Finding("missing-element" if not said else "interim-reply-contradicts", f"Task.output[{kind}]")
        for kind, fact in ((_REASON, "text"), (_DAY, "day"))
        if len(said := {*_said(facts, kind, fact)}) != 1
    ]
    expected = interim_of(facts).expected_on
    if expected and expected < today:
        found.append(Finding("expected-day-is-past", f"Task.output[{_DAY}]"))
    return found


def _said(facts: Facts, kind: str, fact: str) -> Iterator[str]:
    outputs = (flat(row) for row in rows_of(facts, "outputs"))
    return iter([o[fact] for o in outputs if o.get("kind") == kind and o.get(fact)])


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None
