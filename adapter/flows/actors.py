"""Whom a provision of a Consent names, as far as the case and the partner table tell.

FHIR lets it name an organisation, a person or a role; a service stands there as an Organization with a HER-id.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from adapter.domain.case import Resource, Version
from adapter.domain.provision import Actor
from adapter.flows.parts import Parts
from adapter.flows.resources import ENH

HER: Final = "urn:oid:2.16.578.1.12.4.1.2"
_PARTICIPATION = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"
_RECIPIENT = frozenset({"IRCP", "PRCP"})
_PRIVATE = ("Patient", "RelatedPerson")
_ADDRESSED = ("Organization", "HealthcareService")
_OWNER = {"PractitionerRole": "organization", "Organization": "partOf"}
"""The element with the organisation that something is in; of another type one of these names may mean anything."""
_ANYBODY: Final = Actor(frozenset())
"""Somebody of whom nobody knows where they are."""
_NO_ORGANISATION: Final = Actor(frozenset(), whole=True)
"""A private person: nothing that goes to an organisation goes to them."""


def organisation_number(resource: Resource) -> str | None:
    """The number in Enhetsregisteret of an Organization resource."""
    if resource["resourceType"] != "Organization":
        return None
    return _number(resource, ENH)


def _number(resource: Resource, system: str) -> str | None:
    return next((i.get("value") for i in resource.get("identifier", ()) if i.get("system") == system), None)


class Actors:
    """Finds who is named in one Consent. `versions` are the current ones of its case."""

    def __init__(self, consent: Resource, versions: Sequence[Version], parts: Parts) -> None:
        self._contained = {f"#{c.get('id')}": c for c in consent.get("contained", ())}
        self._versions, self._partners = versions, parts.partners

    def named(self, actor: Mapping[str, str], roles: Iterable[tuple[str, str]]) -> Actor:
        """The one that an actor is, in the roles (system, code) it has there."""
        who = self._who(actor)
        for system, code in roles:
            if system == _PARTICIPATION and code not in _RECIPIENT:
                return _ANYBODY  # where information comes from, not who is to have it
            if system != _PARTICIPATION and who.whole and who.organisations:
                return Actor(who.organisations)
        return who

    def knows(self, actor: Mapping[str, str]) -> bool:
        """Whether an actor is somebody at all, as far as can be told."""
        return bool(actor.get("number")) or self._resource(actor.get("reference", "")) is not None

    def _who(self, actor: Mapping[str, str]) -> Actor:
        number, system = actor.get("number", ""), actor.get("system", ENH)
        if number and system == ENH:
            return Actor(frozenset({number}), whole=True)
        if number and system == HER:
            return self._service(number)
        resource = self._resource(actor.get("reference", ""))
        return self._somebody(resource) if resource else _ANYBODY

    def _somebody(self, resource: Resource) -> Actor:
        kind = resource["resourceType"]
        if kind in _PRIVATE:
            return _NO_ORGANISATION
        if number := organisation_number(resource):
            return Actor(frozenset({number}), whole=True)
        if kind in _ADDRESSED and (her_id := _number(resource, HER)):
            return self._service(her_id)
        if kind == "Practitioner":
            return Actor(self._employers(resource))
        return Actor(self._organisations(resource.get(_OWNER.get(kind, ""), {})))

    def _service(self, her_id: str) -> Actor:
        partner = self._partners.by_her_id.get(her_id)
        if partner is None:
            return Actor(frozenset(), her_id)
        whose = frozenset({partner.organisation})
        return Actor(whose, whole=True) if partner.her_id == her_id else Actor(whose, her_id)

    def _employers(self, person: Resource) -> frozenset[str]:
        """Where somebody works, by the roles that the case knows; nothing where one of them does not tell."""
        reference = f"{person['resourceType']}/{person.get('id')}"
        roles = [
            v.body for v in self._versions
            if v.type == "PractitionerRole" and v.body.get("practitioner", {}).get("reference") == reference
        ]  # fmt: skip
        found = [self._organisations(role.get("organization", {})) for role in roles]
        return frozenset().union(*found) if all(found) else frozenset()

    def _organisations(self, reference: Resource) -> frozenset[str]:
        identifier = reference.get("identifier", {})
        if identifier.get("system") == ENH and "value" in identifier:
            return frozenset({identifier["value"]})
        resource = self._resource(reference.get("reference", ""))
        number = organisation_number(resource) if resource else None
        return frozenset({number}) if number else frozenset()

    def _resource(self, reference: str) -> Resource | None:
        if reference.startswith("#"):
            return self._contained.get(reference)
        return next((v.body for v in self._versions if v.reference == reference), None)
