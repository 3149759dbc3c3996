"""What a plan says of what the law wants in it, and what the team that it names says of that.

A plan is in force only as a whole (IP-f § 9); as a draft it may lack anything. Findings are names and places.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from adapter.domain.case import Resource, Version
from adapter.domain.days import norwegian_day
from adapter.domain.participation import Participant, besides_named
from adapter.domain.plan_content import (
    Gap,
    Measure,
    PlanContent,
    SubPlan,
    contradictions,
    gaps,
    is_child,
    said_by,
)
from adapter.domain.problems import Finding
from adapter.flows.birth import birth_date
from adapter.flows.consents import MAKING, consents_of, deciding
from adapter.flows.members import members, team_of
from adapter.flows.parts import Parts
from adapter.flows.plan_view import labels
from adapter.flows.pruning import objects, references
from adapter.mapping.engine import Fact, Facts, Reading, Root, flat, read, rows_of


def read_plan(plan: Resource, parts: Parts) -> Reading:
    """The facts of a plan, and what is not understood of it."""
    root, nothing = Root("CarePlan", plan), Root("CarePlan", {})
    table = parts.tables.messages["care-plan-update"]
    return read(table, "fhir", {"CarePlan": root}, nothing, parts.tables.codes)


def as_said(plan: Resource, reading: Reading, versions: Sequence[Version], parts: Parts) -> Reading:
    """What a plan says for itself: its reading, or where some of its references lead to nothing that it contains and
    nothing that the case holds, that of the plan without these. Nobody who gets the plan could follow them."""
    held = {f"#{contained.get('id')}" for contained in plan.get("contained", ())}
    known = held | {version.reference for version in versions}
    dead = {literal for literal in references(plan) if literal.partition("/_history/")[0] not in known}
    return read_plan(_without(plan, dead), parts) if dead else reading


def _without(tree: Any, dead: Collection[str]) -> Any:
    """A resource without these literal references; what else a Reference says stays."""
    if isinstance(tree, list):
        return [_without(value, dead) for value in tree]
    if not isinstance(tree, dict):
        return tree
    gone = tree.get("reference") if isinstance(tree.get("reference"), str) else None
    return {
        name: _without(value, dead) for name, value in tree.items() if name != "reference" or gone not in dead
    }


def plan_findings(
    reading: Reading, versions: Sequence[Version], at: datetime, parts: Parts
) -> tuple[Finding, ...]:
    """Why a plan may not be in force as it stands: what is missing by letter and place, and what contradicts itself."""
    missing, contradicting = judged(reading, versions, at, parts)
    return (*(gap.finding for gap in missing), *contradicting)


def judged(
    reading: Reading, versions: Sequence[Version], at: datetime, parts: Parts
) -> tuple[list[Gap], list[Finding]]:
    """What is missing and what contradicts itself at a moment (UTC): age and taking part are those of that day."""
    rules, content = parts.tables.plan_content, content_of(reading, versions, at, parts)
    child = is_child(birth_date(versions), norwegian_day(at))
    return gaps(rules, content, child=child), contradictions(rules, content)


def times_of(reading: Reading) -> PlanContent:
    """Of what a plan states its days alone, and why it has ended."""
    single = flat(reading.facts)
    return PlanContent(
        stated=frozenset(),
        start=single.get("start"),
        end=single.get("end"),
        revision=single.get("revision"),
        closing_reason=single.get("closing_reason", ""),
    )


def content_of(reading: Reading, versions: Sequence[Version], at: datetime, parts: Parts) -> PlanContent:
    """What a plan states, without what it says. Who has left the team, and a consent of another case, state nothing."""
    facts = {**reading.facts, "consents": _consents(reading.facts, versions, parts)}
    team, single = _team(facts, versions, parts), flat(facts)
    leading = rows_of(facts, "main_responsible")
    others = besides_named(team, [flat(row).get("named", "") for row in leading], at)
    return replace(
        times_of(reading),
        stated=_stated(facts) | said_by(parts.tables.plan_content, team, at),
        measures=tuple(_measure(row) for row in rows_of(facts, "measures")),
        main_responsible=len(leading) + len(others),
        sub_plans=tuple(SubPlan(_stated(row)) for row in rows_of(facts, "sub_plans")),
        holds_copies="copied" in single,
    )


def hidden_statuses(plan: Resource, parts: Parts) -> list[Finding]:
    """Categories on the legal status of a measure: who sees a measure sees whether it is granted (IP-f § 4), so only
    the measure as a whole can be kept from somebody."""
    url, views = f"{parts.base}/StructureDefinition/legal-status", parts.tables.views
    return [
        Finding("category-on-what-must-stand", f"CarePlan.activity[{number}].extension[legal-status]")
        for number, measure in enumerate(plan.get("activity", ()))
        for extension in measure.get("extension", ())
        if extension.get("url") == url and any(labels(value, views) for _, value in objects(extension))
    ]


def _states(fact: Fact) -> bool:
    """Whether anything is said: blanks say nothing, and neither do lists of empty items."""
    return bool(fact.strip()) if isinstance(fact, str) else any(_stated(row) for row in fact)


def _stated(row: Facts) -> frozenset[str]:
    return frozenset(name for name, fact in row.items() if _states(fact))


def _measure(row: Facts) -> Measure:
    """Of several performers the one named as responsible is; of one alone nothing more need be said."""
    named = rows_of(row, "responsible") or rows_of(row, "performers")
    codes = flat(row)
    responsible = {"responsible"} if any(_stated(who) for who in named) else set()
    return Measure(
        stated=(_stated(row) - {"responsible"}) | responsible,
        responsible=len(named),
        status=codes.get("status", ""),
        legal_status=codes.get("legal_status", ""),
    )


def _team(facts: Facts, versions: Sequence[Version], parts: Parts) -> list[Participant]:
    """The members of the team that the plan names, if it is that of the case and stands."""
    team = team_of(versions)
    named = {flat(row).get("reference") for row in rows_of(facts, "teams")}
    return members(team.body, versions, parts, in_full=True) if team and team.reference in named else []


def _consents(facts: Facts, versions: Sequence[Version], parts: Parts) -> tuple[Facts, ...]:
    """Of the consents that the plan refers to those of this case that let it be made."""
    named = {flat(row).get("reference") for row in rows_of(facts, "consents")}
    consents = consents_of(list(deciding(versions, MAKING, parts)), parts)
    making = (f"Consent/{c.id}" for c in consents if c.kind in MAKING.kinds and c.status == "active")
    return tuple({"reference": reference} for reference in making if reference in named)
