"""Rules of R4 that no schema can say, for the resources this adapter lives by. The names are HL7's."""

from collections.abc import Callable, Iterator, Mapping

from adapter.domain.case import Resource


def broken(resource: Resource, place: str) -> Iterator[str]:
    """Places in a resource (of sound shape) where a rule is broken."""
    rule = _RULES.get(resource["resourceType"])
    if rule is not None:
        yield from rule(resource, place)


def _cpl_3(plan: Resource, place: str) -> Iterator[str]:
    """An activity is either described (detail) or referred to (reference)."""
    for position, activity in enumerate(plan.get("activity", ())):
        if "detail" in activity and "reference" in activity:
            yield f"{place}.activity[{position}]"


def _ctm_1(team: Resource, place: str) -> Iterator[str]:
    """Only a practitioner takes part on behalf of an organisation."""
    for position, participant in enumerate(team.get("participant", ())):
        if "onBehalfOf" in participant and not _is_practitioner(participant.get("member", {}), team):
            yield f"{place}.participant[{position}].onBehalfOf"


def _is_practitioner(reference: Resource, team: Resource) -> bool:
    """As `member.resolve() is Practitioner`: taken as true where the reference does not tell its type."""
    literal = reference.get("reference", "")
    if literal.startswith("#"):
        held = [r for r in team.get("contained", ()) if r.get("id") == literal[1:]]
        return any(r["resourceType"] == "Practitioner" for r in held)
    if "type" in reference:
        return bool(reference["type"] == "Practitioner")
    kind = literal.split("/_history/")[0].split("/")[-2:]
    return not reference or len(kind) < 2 or not kind[0].isalpha() or kind[0] == "Practitioner"


def _bdl_7(bundle: Resource, place: str) -> Iterator[str]:
    """A full URL stands once in a Bundle, or with different versions; a history is free to repeat it."""
    if bundle.get("type") == "history":
        return
    seen = set()
    for position, entry in enumerate(bundle.get("entry", ())):
        version = entry.get("resource", {}).get("meta", {}).get("versionId")
        key = (entry.get("fullUrl"), version)
        if key[0] is not None and key in seen:
            yield f"{place}.entry[{position}].fullUrl"
        seen.add(key)


_RULES: Mapping[str, Callable[[Resource, str], Iterator[str]]] = {
    "CarePlan": _cpl_3,
    "CareTeam": _ctm_1,
    "Bundle": _bdl_7,
}
