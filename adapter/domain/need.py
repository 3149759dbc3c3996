"""What a hospital's notification leads to. A machine refuses messages, never people: it routes, holds or asks."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Literal

from adapter.domain import person
from adapter.domain.days import first_day, last_day, norwegian_day
from adapter.domain.problems import Finding
from adapter.domain.routing import Directory, Routed, Stay, Unit, Unrouted, route

Facts = Mapping[str, str]
Environment = Literal["test", "production"]
NUMBERS = ("patient.fnr", "patient.dnr", "patient.fhn")
CHILD_COORDINATOR = "child-coordinator"
OF_AGE = 18
"""In years: the municipality's duty to have a child coordinator ends on this birthday (hol § 7-2 a)."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The event for the case, the unit it goes to (event `route`), or the list and reason a person gets."""

    event: str
    findings: tuple[Finding, ...] = ()
    unit: Unit | None = None
    list: Literal["routing", "detection", "consent"] | None = None
    reason: str = ""


def identity_number(facts: Facts) -> str:
    """The number the person is known by: national number before D-number before FHN."""
    return next(facts[name] for name in NUMBERS if name in facts)


def identity_findings(facts: Facts, origin: Mapping[str, str], environment: Environment) -> list[Finding]:
    """Is there exactly one person, and of the kind this environment takes?

    A person without any number is a case for a later version; here the message is refused with E30.
    """
    present = [name for name in NUMBERS if name in facts]
    if not present:
        return [Finding("missing-person-id", origin.get("patient", "patient"))]
    if len(present) > 1:
        return [Finding("identity-disagrees", origin.get(present[1], present[1]))]
    known = person.classify(facts[present[0]])
    synthetic = known is not None and known.synthetic
    if environment == "test" and not synthetic:
        return [Finding("real-person-in-test", origin.get(present[0], present[0]))]
    if environment == "production" and synthetic:
        return [Finding("synthetic-person-in-production", origin.get(present[0], present[0]))]
    return []


def consent_findings(status: str, where: str) -> list[Finding]:
    """A need leaves the hospital only with the person's consent (hpl § 22, § 32; CL-08)."""
    problem = {"refused": "consent-refused", "not-asked": "consent-not-asked"}.get(status)
    return [Finding(problem, where)] if problem else []


def strictest(*stated: str | None) -> str:
    """Of statements on consent the one that allows least; an unclear one, and none at all, are `not-stated`."""
    order = ("refused", "not-asked", "unclear", "not-required", "obtained")
    found = next((s for s in order if s in stated), "unclear")
    return "not-stated" if found == "unclear" else found


def judge(
    facts: Facts, outcome: str, addressed: Collection[str], directory: Directory, at: datetime
) -> Verdict:
    """Where an acceptable notification goes: to a unit, or to the list of a person.

    `outcome` is that of the detection ("states" for structured needs), `at` the moment of receipt; reforms and
    birthdays begin at midnight in Norway.
    """
    unclear = [Finding("need-uncertain", "need.words")] if outcome == "uncertain" else []
    adult = not_of_a_child(facts, at)
    if reason := adult or next(iter(unclear), None):
        doubt = _doubt(facts)
        held = _hold("review", "detection", reason)
        return replace(held, findings=(*unclear, *(f for f in (adult, doubt) if f)))
    return judge_reviewed(facts, addressed, directory, at)


def judge_reviewed(facts: Facts, addressed: Collection[str], directory: Directory, at: datetime) -> Verdict:
    """As `judge`, when a person has looked at the message and lets it go as the need that it states."""
    doubt = _doubt(facts)
    if doubt:
        return _hold("consent", "consent", doubt)
    result = route(directory, stay_of(facts), addressed, norwegian_day(at))
    if isinstance(result, Unrouted):
        held = _hold("routing", "routing", result.reason)
        return Verdict(held.event, (*held.findings, *result.findings), None, held.list, held.reason)
    assert isinstance(result, Routed)  # noqa: S101 - route() has two outcomes; this tells the type checker
    return Verdict("route", result.findings, result.unit)


def not_of_a_child(facts: Facts, at: datetime) -> Finding | None:
    """Whether a child coordinator is needed and the person of the message is of age; `at` has a zone.

    The right is the family's that has a child or expects one (hol § 7-2 a, pbrl § 2-5 c), so the person may be the
    parent: of an unborn child there is no number. It may also be someone whose right has ended, on the 18th birthday.
    The message does not tell one from the other. Where no date of birth is known, nothing is said against a child.
    """
    born = _born(facts)
    if facts.get("need.kind") != CHILD_COORDINATOR or born is None:
        return None
    of_age = person.age(born, norwegian_day(at)) >= OF_AGE
    return Finding("child-coordinator-for-adult", "need.kind") if of_age else None


def _doubt(facts: Facts) -> Finding | None:
    """Why the consent is not enough to send the need on, or None where it is."""
    problems = {"not-stated": "consent-not-stated", "not-required": "consent-basis-unclear"}
    problem = problems.get(facts["consent.status"])
    if problem is None and facts.get("consent.limits") == "yes":
        problem = "consent-giver-unclear" if "consent.giver_doubt" in facts else "consent-limited"
    return Finding(problem, "consent") if problem else None


def stay_of(facts: Facts) -> Stay:
    """What the message says of where the person is. Nothing said of protection counts as protected (R-150)."""
    return Stay(
        municipality=facts.get("stay.municipality"),
        district=facts.get("stay.district"),
        registered=facts.get("registered.municipality"),
        protection=facts.get("patient.protection", "unknown"),  # type: ignore[arg-type]
        birth_date=_born(facts),
        registered_district=facts.get("registered.district"),
        reason=facts.get("stay.reason"),
        begins=first_day(facts.get("stay.begins")),
        ends=last_day(facts.get("stay.ends")),
        several="stay.several" in facts,
    )


def shielded(facts: Facts) -> dict[str, str]:
    """The facts without any place, unless the address is stated to be open (R-150, R-151)."""
    if facts.get("patient.protection") == "open":
        return dict(facts)
    return {name: value for name, value in facts.items() if not name.startswith(("stay.", "registered."))}


def _born(facts: Facts) -> date | None:
    if "patient.birth_date" in facts:
        return date.fromisoformat(facts["patient.birth_date"])
    known = person.classify(identity_number(facts))
    return known.born if known else None


def _hold(what: str, work_list: Literal["routing", "detection", "consent"], finding: Finding) -> Verdict:
    return Verdict(f"hold-for-{what}", (finding,), None, work_list, finding.problem)
