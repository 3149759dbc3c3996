"""Of a person whose address is protected nothing leaves by which anybody in the case can be placed (R-150).

Neither an address, a district or a telephone number of a region, nor who a school or a surgery is. Asked at each
sending and reading, as a level may have changed meanwhile; a level that nobody has stated is protected.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from adapter.domain.case import Resource, Version
from adapter.flows.parts import Parts
from adapter.flows.placeless import Placing
from adapter.flows.pruning import prune

_LEVEL = "http://ehelse.no/fhir/CodeSystem/gd-address-confidentiality"
_AS_PUT = frozenset({"CarePlan", "CareTeam", "Communication", "Consent", "Task"})
"""Kept as a partner wrote them. All else is written here, of facts that name nobody but the case's own parties."""
_CALLED_BY_PARTNERS = _AS_PUT - {"Communication"}
"""A Communication has the words of a partner in it, but what it contains is called so here."""


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
    placing = Placing(version.body, known, parts, put=version.type in _AS_PUT)
    part = prune(version.body, placing.leaves)
    if part is None:
        return None
    if version.type in _CALLED_BY_PARTNERS and "contained" in part:
        part = _renamed(part)
    return version if part is version.body else replace(version, body=part)


def _renamed(resource: Resource) -> Resource:
    """With what is contained called by its type and place: what a partner calls it by may be words."""
    held = resource["contained"]
    names = {f"#{c['id']}": f"{c['resourceType'].lower()}-{n}" for n, c in enumerate(held, 1) if "id" in c}

    def said(name: str, value: Any) -> Any:
        if isinstance(value, dict):
            return {inner: said(inner, one) for inner, one in value.items()}
        if isinstance(value, list):
            return [said(name, one) for one in value]
        return f"#{names[value]}" if name == "reference" and value in names else value

    body: Resource = said("", resource)
    called = [c | {"id": names[f"#{c['id']}"]} if "id" in c else c for c in body["contained"]]
    return body | {"contained": called}


def _may_say(version: Version, parts: Parts) -> bool:
    """Whether anything in it may be a place. Looking at the text first takes half of the time of the whole."""
    text, names = version.kept_text, (*parts.tables.places.elements, "telecom")
    return version.type in _AS_PUT or text is None or any(f'"{name}"' in text for name in names)
