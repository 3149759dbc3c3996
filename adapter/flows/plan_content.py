"""What a plan says of what the law wants in it: read from the CarePlan and from the team that it names.

A plan is in force only as a whole (IP-f § 9); as a draft it may lack anything. Findings are names and places.
"""

from collections.abc import Sequence
from datetime import date, datetime

from adapter.domain.case import Resource, Version
from adapter.domain.consent import Category
from adapter.domain.days import norwegian_day, within
from adapter.domain.plan_content import (
    ContentRules,
    Gap,
    Measure,
    PlanContent,
    SubPlan,
    contradictions,
    gaps,
    is_child,
)
from adapter.domain.problems import Finding
from adapter.flows.consents import rows_of
from adapter.flows.participants import deciding
from adapter.flows.parts import Parts
from adapter.mapping.engine import Fact, Facts, Reading, Root, flat, read

MAKING = Category("plan-making", ("PLAN",), consent_needed=True, because="No plan without consent (IP-f § 5)")
_DAY = len("YYYY-MM-DD")


def read_plan(plan: Resource, versions: Sequence[Version], parts: Parts) -> Reading:
    """The facts of a plan, and of the team that it names among the current versions of its case."""
    named = {team.get("reference") for team in plan.get("careTeam", ())}
    team = next((v.body for v in versions if v.type == "CareTeam" and v.reference in named), {})
    roots = {"CarePlan": Root("CarePlan", plan), "CareTeam": Root("CareTeam", team)}
    table, nothing = parts.tables.messages["care-plan-update"], Root("CarePlan", {})
    return read(table, "fhir", roots, nothing, parts.tables.codes)


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
    child = is_child(_born(flat(reading.facts).get("subject"), versions), norwegian_day(at))
    return gaps(rules, content, child=child), contradictions(rules, content)


def content_of(reading: Reading, versions: Sequence[Version], at: datetime, parts: Parts) -> PlanContent:
    """What a plan states, without what it says. Who has left the team, and a consent of another case, state nothing."""
    rules, facts = parts.tables.plan_content, reading.facts
    there = [m for m in rows_of(facts, "participants") if _takes_part(flat(m), at)]
    lists: dict[str, Sequence[Facts]] = {
        "participants": there,
        "consents": _consents(facts, versions, parts),
    }
    stated = {name for name, fact in facts.items() if _states(lists.get(name, fact))}
    single = flat(facts)
    return PlanContent(
        stated=frozenset(stated | _said_by_team(there, rules)),
        measures=tuple(_measure(row) for row in rows_of(facts, "measures")),
        main_responsible=len(rows_of(facts, "main_responsible")),
        start=single.get("start"),
        end=single.get("end"),
        revision=single.get("revision"),
        sub_plans=tuple(SubPlan(_stated(row)) for row in rows_of(facts, "sub_plans")),
        holds_copies="copied" in single,
    )


def _states(fact: Fact | Sequence[Facts]) -> bool:
    """Whether anything is said: blanks say nothing, and neither do lists of empty items."""
    return bool(fact.strip()) if isinstance(fact, str) else any(_stated(row) for row in fact)


def _stated(row: Facts) -> frozenset[str]:
    return frozenset(name for name, fact in row.items() if _states(fact))


def _takes_part(member: dict[str, str], at: datetime) -> bool:
    return "member" in member and within(member.get("start"), member.get("end"), at)


def _said_by_team(members: Sequence[Facts], rules: ContentRules) -> set[str]:
    said = [{kind: set(codes.split("\n")) for kind, codes in flat(m).items()} for m in members]
    return {
        fact
        for fact, wanted in rules.said_by_team.items()
        if any(codes & member.get(kind, set()) for kind, codes in wanted.items() for member in said)
    }


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


def _consents(facts: Facts, versions: Sequence[Version], parts: Parts) -> list[Facts]:
    """Of the consents that the plan refers to those of this case that let it be made."""
    named = {flat(row).get("reference") for row in rows_of(facts, "consents")}
    making = (v for v in deciding(versions, MAKING, parts) if v.type == "Consent")
    return [{"reference": v.reference} for v in making if v.reference in named]


def _born(subject: str | None, versions: Sequence[Version]) -> date | None:
    """The birth date of the person the plan is about, where the whole of it is known."""
    person = next((v.body for v in versions if v.reference == subject), {})
    born = person.get("birthDate", "")
    return date.fromisoformat(born) if len(born) == _DAY else None
