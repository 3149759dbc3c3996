"""What is wrong with a Consent beyond its being valid FHIR, named with its place, before it is recorded.

A no needs no form: what denies more than it says is taken as it is, and so is a withdrawal. What permits must be
something that can be followed, name somebody, and contradict neither itself nor what the person has denied.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from adapter.domain.case import Resource, Version
from adapter.domain.consent import OBJECTIONS, Consent, Deny, Permit, decide
from adapter.domain.days import first_moment, moment_after
from adapter.domain.problems import Finding
from adapter.domain.provision import UNCLEAR, Provision
from adapter.flows.actors import Actors
from adapter.flows.consents import PURPOSES, consent_of, consents_of, read_consent, replaced
from adapter.flows.parts import Parts
from adapter.flows.provisions import Provisions, Read, provisions_of
from adapter.mapping.engine import Facts, flat, rows_of


def consent_findings(
    resource: Resource, versions: Sequence[Version], at: datetime, parts: Parts
) -> list[Finding]:
    """What is wrong with a Consent that is to be recorded at a moment. `versions` are the current ones of its case."""
    reading = read_consent(resource, parts)
    found = [*reading.findings, *_of_another(resource, versions)]
    if found or resource["status"] not in ("active", "proposed"):
        return found
    every = provisions_of(resource, parts)
    found += [f for one in every for f in (*_nobody(one, resource, versions, parts), *_reversed(one))]
    found += _unknown(resource, versions, parts)
    if found:
        return found
    made = Provisions(resource, versions, parts)
    found += [*_unfollowed(every, made), *_against_itself(every, made.root())]
    return found or [*_against_others(resource, every, versions, at, parts)]


def _of_another(resource: Resource, versions: Sequence[Version]) -> Iterator[Finding]:
    """A person's number beside the reference is that of the person of the case."""
    said = resource.get("patient", {}).get("identifier", {})
    for person in (v.body for v in versions if v.type == "Patient"):
        known = {
            i.get("value") for i in person.get("identifier", ()) if i.get("system") == said.get("system")
        }
        if "value" in said and known and said["value"] not in known:
            yield Finding("consent-of-another", "Consent.patient.identifier")


def _nobody(one: Read, resource: Resource, versions: Sequence[Version], parts: Parts) -> Iterator[Finding]:
    actors = Actors(resource, versions, parts)
    for position, row in enumerate(rows_of(one.reading.facts, "actors")):
        if not actors.knows(flat(row)):
            yield Finding("provision-names-nobody", f"{one.place}.actor[{position}].reference")


def _reversed(one: Read) -> Iterator[Finding]:
    for name in ("period", "dataPeriod"):
        period = one.tree.get(name, {})
        start, end = first_moment(period.get("start")), moment_after(period.get("end"))
        if start and end and end <= start:
            yield Finding("period-reversed", f"{one.place}.{name}")


def _unknown(resource: Resource, versions: Sequence[Version], parts: Parts) -> Iterator[Finding]:
    """What it is given in place of is another consent of the case, of its kind, and none that came after it."""
    this = read_consent(resource, parts).facts
    others = {v.id: read_consent(v.body, parts).facts for v in versions if v.type == "Consent"}
    for id_ in replaced(this):
        known = others.get(id_, {}) if id_ != resource["id"] else {}
        if known.get("kind") != this["kind"] or resource["id"] in _before(known, others):
            yield Finding("replaced-consent-unknown", "Consent.sourceReference")


def _before(facts: Facts, others: Mapping[str, Facts]) -> set[str]:
    """The ids of all that a consent was given in place of, and what those were given in place of, all the way."""
    found, waiting = set[str](), [facts]
    for one in waiting:
        near = set(replaced(one)) - found
        found |= near
        waiting += [others[id_] for id_ in near if id_ in others]
    return found


def _unfollowed(every: Sequence[Read], made: Provisions) -> Iterator[Finding]:
    """Where a permission is limited in a way nobody here can follow: it would permit nothing."""
    for one in (each for each in every if each.permits):
        limits = {
            "securityLabel" if e == "labels" else e: limit for e, limit in made.limits(one).items() if limit
        }
        unknown = [e for e, limit in limits.items() if all(code.startswith(UNCLEAR) for code in limit)]
        places = [*one.reading.unread, *(f"{one.place}.{element}" for element in unknown)]
        yield from (Finding("limit-not-followed", place) for place in places)


def _against_itself(every: Sequence[Read], made: Provision | None) -> Iterator[Finding]:
    """An exception that is the opposite of another, or of all that it is an exception of."""
    for one, provision in zip(every, _level_by_level(made), strict=True):
        alone = [replace(inner, exceptions=()) for inner in provision.exceptions]
        whole = [replace(provision, exceptions=()), Provision(permits=provision.permits)]
        for position, inner in enumerate(alone):
            if replace(inner, permits=not inner.permits) in (*whole, *alone[:position]):
                yield Finding("consents-contradict", f"{one.place}.provision[{position}].type")


def _level_by_level(made: Provision | None) -> list[Provision]:
    """A provision and its exceptions, in the order in which they are read."""
    found = [made] if made else []
    for provision in found:
        found.extend(provision.exceptions)
    return found


def _against_others(
    resource: Resource, every: Sequence[Read], versions: Sequence[Version], at: datetime, parts: Parts
) -> Iterator[Finding]:
    """Where it permits by name, or everybody, what the person denies in another consent that stands."""
    new = consent_of(resource, versions, parts)
    if new.kind in OBJECTIONS:
        if new.provision and new.provision.permits:
            yield Finding("consents-contradict", "Consent.provision.type")
        return
    others = [c for c in consents_of(versions, parts) if c.id not in {new.id, *new.replaces}]
    for place, organisation in _named(every):
        if _contradicted(new, others, organisation, max(at, new.start or at), parts):
            yield Finding("consents-contradict", place)


def _named(every: Sequence[Read]) -> Iterator[tuple[str, str]]:
    """Each organisation that may be let in, by number, with its place; "" for everybody."""
    if every and every[0].permits and not every[0].tree.get("actor"):
        yield "Consent.provision", ""
    for one in every:
        for position, row in enumerate(rows_of(one.reading.facts, "actors") if one.permits else ()):
            if number := flat(row).get("number"):
                yield f"{one.place}.actor[{position}]", number


def _contradicted(
    new: Consent, others: Sequence[Consent], organisation: str, at: datetime, parts: Parts
) -> bool:
    for category in parts.tables.categories.values():
        if new.kind in category.kinds:
            yes = decide([new], organisation, category, PURPOSES, at)
            no = decide(others, organisation, category, PURPOSES, at)
            if isinstance(yes, Permit) and isinstance(no, Deny) and no.because in ("denied", "objected"):
                return True
    return False
