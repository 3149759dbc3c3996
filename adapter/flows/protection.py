"""Of a person whose address is protected nothing leaves by which anybody in the case can be placed (R-150).

Neither an address, a district or a telephone number of a region, nor who a school or a surgery is. Asked at each
sending and reading, as a level may have changed meanwhile; a level that nobody has stated is protected. What people
write in their own words is theirs: no rule here reads a sentence.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from adapter.domain.case import Resource, Version
from adapter.flows.parts import Parts
from adapter.flows.pruning import prune, reference_of
from adapter.flows.resources import ENH

_HER = "urn:oid:2.16.578.1.12.4.1.2"
_LEVEL = "http://ehelse.no/fhir/CodeSystem/gd-address-confidentiality"
_AS_PUT = frozenset({"CarePlan", "CareTeam", "Communication", "Consent", "Task"})
"""Kept as a partner wrote them. All else is written here, of facts that name nobody but the case's own parties."""
_CONTACTS = frozenset({"phone", "fax", "email", "pager", "url", "sms", "other"})


def is_protected(versions: Sequence[Version], parts: Parts) -> bool:
    """Whether the address of the person of a case is protected, by its current versions; unknown counts as that."""
    person = next((v.body for v in versions if v.type == "Patient"), {})
    marks = person.get("meta", {}).get("security", ())
    codes = parts.tables.codes["protection"].forward
    levels = {codes.get(m.get("code", ""), "unknown") for m in marks if m.get("system") == _LEVEL}
    return not levels or not levels <= parts.tables.places.open


def without_places(carried: Sequence[Version], versions: Sequence[Version], parts: Parts) -> list[Version]:
    """What is carried, without any place if the address is protected. What is nothing without is not there.

    `versions` are the current ones of the case: who is named there is named anyway.
    """
    if not is_protected(versions, parts):
        return list(carried)
    known = {v.reference for v in versions}
    return [made for v in carried if (made := _placeless(v, known, parts))]


def _placeless(version: Version, known: set[str], parts: Parts) -> Version | None:
    if not _may_say(version, parts):
        return version
    part = prune(version.body, _Chooser(version.body, known, parts).leaves)
    if part is None:
        return None
    return version if part is version.body else replace(version, body=part)


def _may_say(version: Version, parts: Parts) -> bool:
    """Whether anything in it may be a place. Looking at the text first takes half of the time of the whole."""
    text, names = version.kept_text, (*parts.tables.places.elements, "telecom")
    return version.type in _AS_PUT or text is None or any(f'"{name}"' in text for name in names)


class _Chooser:
    """Says of each element whether it is a place, or names one."""

    def __init__(self, resource: Resource, known: set[str], parts: Parts) -> None:
        self._places, self._partners, self._known = parts.tables.places, parts.partners, known
        self._held = {f"#{c.get('id')}": c["resourceType"] for c in resource.get("contained", ())}

    def leaves(self, name: str, value: Mapping[str, Any], place: str) -> bool:
        places = self._places
        if name in places.elements or (name == "text" and "div" in value):
            return True
        if value.get("url") in places.extensions or value.get("system") in places.systems:
            return True
        if name == "contained":
            return self._is_elsewhere(value["resourceType"], value.get("identifier", ()))
        return self._is_contact_there(name, value) or self._refers_there(name, value)

    def _is_contact_there(self, name: str, value: Mapping[str, Any]) -> bool:
        if name not in ("telecom", "valueContactPoint") and value.get("system") not in _CONTACTS:
            return False
        told = value.get("system", "phone") in self._places.contacts
        return not (told and self._places.says_nothing_of_a_place(str(value.get("value", ""))))

    def _refers_there(self, name: str, value: Mapping[str, Any]) -> bool:
        literal = reference_of(value).split("/_history/", maxsplit=1)[0]
        identifier = value.get("identifier")
        identifiers = [identifier] if isinstance(identifier, dict) else []
        refers = literal or identifiers or name in self._places.by
        if not refers or literal in self._known or literal in self._held:
            return False
        kind = value.get("type") or literal.rpartition("/")[0].rpartition("/")[2]
        if any(i.get("system") in (ENH, _HER) for i in identifiers) or name in self._places.by:
            kind = "Organization"
        return isinstance(kind, str) and self._is_elsewhere(kind, identifiers)

    def _is_elsewhere(self, kind: str, identifiers: Sequence[Mapping[str, Any]]) -> bool:
        """Whether something of a type is a place, or an organisation that is no partner of ours."""
        if kind in self._places.places:
            return True
        ours = self._partners.by_organisation.keys() | self._partners.by_her_id.keys()
        return kind in self._places.named and not any(i.get("value") in ours for i in identifiers)
