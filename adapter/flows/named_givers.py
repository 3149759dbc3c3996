"""Whom a Consent names as its performers: the person, an organisation, or a RelatedPerson that stands inside it."""

from collections.abc import Iterable, Mapping

from adapter.domain.authority import PATIENT
from adapter.domain.days import first_moment, moment_after
from adapter.domain.giver import Giver
from adapter.domain.person import SYSTEMS, identity
from adapter.flows.birth import born_of
from adapter.flows.parts import Parts
from adapter.flows.resources import ENH
from adapter.mapping.authority import ORGANISATION
from adapter.mapping.engine import Facts, flat, rows_of


def named_givers(facts: Facts, place: str, parts: Parts) -> Iterable[Giver]:
    """Everybody who is named, by the facts of mappings/messages/consent-authority.yaml; the person, where nobody is."""
    patient = flat(facts)
    people = {flat(row).get("id", ""): row for row in rows_of(facts, "people")}
    rows = rows_of(facts, "performers")
    if not rows:
        yield Giver(f"{place}.performer", PATIENT, frozenset({PATIENT}))
    for position, row in enumerate(rows):
        yield _giver(flat(row), f"{place}.performer[{position}]", people, patient, parts)


def bodies(system: str, number: str, parts: Parts) -> frozenset[str]:
    """What an organisation is by law, as far as the partner table tells."""
    return parts.partners.bodies.get(number, frozenset()) if system == ENH else frozenset()


def identifiers(pairs: Iterable[tuple[str, str]]) -> frozenset[tuple[str, str]]:
    """Of system and value of identifiers those that tell who is meant: a mistyped identity number tells nobody."""
    return frozenset(
        (system, value)
        for system, value in pairs
        if system and value and (system not in SYSTEMS or identity(system, value))
    )


def _giver(
    performer: Mapping[str, str],
    place: str,
    people: Mapping[str, Facts],
    patient: Mapping[str, str],
    parts: Parts,
) -> Giver:
    reference, number = performer.get("reference", ""), performer.get("number", "")
    if _is(patient, reference, number):
        return Giver(place, PATIENT, frozenset({PATIENT}))
    if number and performer.get("system") == ENH:
        return Giver(place, number, frozenset({ORGANISATION, *bodies(ENH, number, parts)}))
    row = people.get(reference.removeprefix("#"))
    if row is None:
        return Giver(place, "", known=False)
    said = flat(row)
    whose = said.get("patient", ""), said.get("patient.number", "")
    if said.get("type") != "RelatedPerson" or not _is(patient, *whose):
        return Giver(place, "", known=False)
    return _related(row, place, reference, parts)


def _related(row: Facts, place: str, reference: str, parts: Parts) -> Giver:
    said = flat(row)
    pairs = [(one.get("system", ""), one.get("value", "")) for one in map(flat, rows_of(row, "identifiers"))]
    numbers = [{"system": system, "value": value} for system, value in pairs]
    words = (
        " ".join(said.get(name, "") for name in ("given", "family")).split() or said.get("name", "").split()
    )
    return Giver(
        place,
        reference,
        _relations(row, parts),
        numbers=identifiers(pairs),
        name=" ".join(sorted(word.casefold() for word in words)),
        born=born_of({"birthDate": said.get("birthDate", ""), "identifier": numbers}),
        active=said.get("active") != "false",
        start=first_moment(said.get("start")),
        end=moment_after(said.get("end")),
    )


def _relations(row: Facts, parts: Parts) -> frozenset[str]:
    codes = ((flat(c).get("system", ""), flat(c).get("code", "")) for c in rows_of(row, "relations"))
    known = parts.tables.authority.relations
    return frozenset(relation for code in codes for relation in known.get(code, ()))


def _is(patient: Mapping[str, str], reference: str, number: str) -> bool:
    """Whether a reference or a number is the person's of the consent."""
    same = bool(reference) and reference == patient.get("patient")
    return same or (bool(number) and number == patient.get("patient.number"))
