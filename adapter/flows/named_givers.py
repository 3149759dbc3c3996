"""Whom a Consent names as its performers: the person, an organisation, or a RelatedPerson that stands inside it."""

from collections.abc import Iterable, Mapping

from adapter.domain.authority import PATIENT
from adapter.domain.case import Resource
from adapter.domain.days import first_moment, moment_after
from adapter.domain.giver import IDENTITY_NUMBER, Giver
from adapter.domain.person import SYSTEMS, classify
from adapter.flows.birth import born_of
from adapter.flows.parts import Parts
from adapter.flows.resources import ENH
from adapter.mapping.authority import ORGANISATION
from adapter.mapping.engine import Facts, flat, rows_of

_TELL_NOBODY = frozenset({"", "urn:ietf:rfc:3986", *SYSTEMS})


def named_givers(facts: Facts, place: str, person: Resource, parts: Parts) -> Iterable[Giver]:
    """Everybody who is named, by the facts of mappings/messages/consent-authority.yaml; the person, where nobody is.
    `person`: the Patient, who may be named by reference or by an identity number."""
    patient = _Patient(flat(facts), person)
    people = {flat(row).get("id", ""): row for row in rows_of(facts, "people")}
    rows = rows_of(facts, "performers")
    if not rows:
        yield Giver(f"{place}.performer", PATIENT, frozenset({PATIENT}))
    for position, row in enumerate(rows):
        yield _giver(flat(row), f"{place}.performer[{position}]", people, patient, parts)


class _Patient:
    """Whom a consent is about, as far as it and the case tell."""

    def __init__(self, said: Mapping[str, str], person: Resource) -> None:
        numbers = (i.get("value", "") for i in person.get("identifier", ()) if i.get("system") in SYSTEMS)
        self._reference = said.get("patient", "")
        self._numbers = {*numbers, said.get("patient.number", "")} - {""}

    def is_named(self, reference: str, number: str) -> bool:
        """Whether a reference or a number is the person's."""
        return (bool(reference) and reference == self._reference) or number in self._numbers


def bodies(system: str, number: str, parts: Parts) -> frozenset[str]:
    """What an organisation is by law, as far as the partner table tells."""
    return parts.partners.bodies.get(number, frozenset()) if system == ENH else frozenset()


def identifiers(pairs: Iterable[tuple[str, str]]) -> frozenset[tuple[str, str]]:
    """Of system and value of identifiers those that tell who is meant: an identity number under whatever system, and
    what a register of its own has given. A mistyped identity number, or a URI that anybody makes, tells nobody."""
    return frozenset(one for system, value in pairs if (one := _identifier(system, value)) is not None)


def _identifier(system: str, value: str) -> tuple[str, str] | None:
    digits, register = "".join(value.split()), system.strip().casefold()
    if classify(digits):
        return IDENTITY_NUMBER, digits
    return (register, value.strip()) if register not in _TELL_NOBODY and value.strip() else None


def _giver(
    performer: Mapping[str, str],
    place: str,
    people: Mapping[str, Facts],
    patient: _Patient,
    parts: Parts,
) -> Giver:
    reference, number = performer.get("reference", ""), performer.get("number", "")
    if patient.is_named(reference, number):
        return Giver(place, PATIENT, frozenset({PATIENT}))
    if number and performer.get("system") == ENH:
        return Giver(place, number, frozenset({ORGANISATION, *bodies(ENH, number, parts)}))
    row = people.get(reference.removeprefix("#"))
    if row is None:
        return Giver(place, "", known=False)
    said = flat(row)
    whose = said.get("patient", ""), said.get("patient.number", "")
    if said.get("type") != "RelatedPerson" or not patient.is_named(*whose):
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
