"""Who stands behind a reference in a message Bundle, and how we refer to an organisation ourselves.

Organisations are named by their number in Enhetsregisteret; HER-ids (Adresseregisteret) are addresses.
"""

import re
from typing import Any

from adapter.domain.case import Resource
from adapter.domain.message import Party

ORGANISATION_NUMBER = "urn:oid:2.16.578.1.12.4.1.4.101"
HER_ID = "urn:oid:2.16.578.1.12.4.1.2"

_FORMS = {
    ORGANISATION_NUMBER: re.compile(r"[0-9]{9}"),
    HER_ID: re.compile(r"[1-9][0-9]{0,9}"),
}
_LONGEST_CHAIN = 10


def resolve(bundle: Resource, reference: str) -> tuple[int, Resource] | None:
    """The entry (its position from 0) a reference points to, and its resource. For many, make Entries once."""
    return Entries(bundle).resolve(reference)


class Entries:
    """The entries of a Bundle by the names references may call them, for Bundles of any size."""

    def __init__(self, bundle: Resource) -> None:
        entries = bundle.get("entry")
        self._held: list[tuple[int, Resource]] = []
        self._by_url: dict[str, int] = {}
        self._by_name: dict[str, int] = {}
        for position, entry in enumerate(entries if isinstance(entries, list) else ()):
            if isinstance(entry, dict) and isinstance(entry.get("resource"), dict):
                self._add(position, entry.get("fullUrl"), entry["resource"])

    def _add(self, position: int, full_url: object, resource: Resource) -> None:
        place = len(self._held)
        self._held.append((position, resource))
        self._by_name.setdefault(f"{resource.get('resourceType')}/{resource.get('id')}", place)
        if isinstance(full_url, str):
            self._by_url.setdefault(full_url, place)
            self._by_name.setdefault("/".join(full_url.split("/")[-2:]), place)

    def resolve(self, reference: str) -> tuple[int, Resource] | None:
        """An absolute reference is a fullUrl; a relative one, "Type/id", is the end of a fullUrl or the type and id
        of a resource. A version in the reference is left out. Contained resources ("#id") are not entries.
        """
        wanted = reference.split("/_history/", maxsplit=1)[0]
        place = self._by_url.get(wanted)
        if place is None and len(wanted.split("/")) == 2 and ":" not in wanted:
            place = self._by_name.get(wanted)
        return None if place is None else self._held[place]


def party(entries: Entries, reference: Any) -> Party | None:
    """The organisation a reference names, by identifier or by one of the entries of its Bundle.

    A PractitionerRole leads to its organisation and a unit to the organisation it is part of. An absent
    reference is an empty Party; None is a literal reference that nothing in the Bundle answers.
    """
    chain = _chain(entries, reference)
    if chain is None:
        return None
    numbered = [(number, node) for node in chain for number in _identifiers(node, ORGANISATION_NUMBER)]
    her_ids = [her_id for node in reversed(chain) for her_id in _identifiers(node, HER_ID)]
    names = [name for node in chain if isinstance(name := node.get("name"), str)]
    number, legal = numbered[0] if numbered else ("", {})
    name = legal.get("name") or (names[-1] if names else "")
    return Party(
        organisation=number,
        her_ids=tuple(dict.fromkeys(her_ids)),
        name=name if isinstance(name, str) else "",
        service=names[0] if names and names[0] != name else "",
    )


def logical_reference(party: Party) -> Resource | None:
    """A reference by organisation number, or else by the innermost HER-id; None without either."""
    if party.organisation:
        identifier = {"system": ORGANISATION_NUMBER, "value": party.organisation}
    elif party.her_ids:
        identifier = {"system": HER_ID, "value": party.her_ids[-1]}
    else:
        return None
    name = {"display": party.name} if party.name else {}
    return {"type": "Organization", "identifier": identifier} | name


def endpoint_of(party: Party) -> str | None:
    """A URI that names the party where its address is not known (MessageHeader.destination.endpoint may)."""
    reference = logical_reference(party)
    return f"{reference['identifier']['system']}.{reference['identifier']['value']}" if reference else None


def _chain(entries: Entries, reference: Any) -> list[Resource] | None:
    """What a reference says itself and the resources it leads to, innermost first."""
    chain: list[Resource] = []
    while isinstance(reference, dict) and len(chain) < _LONGEST_CHAIN:
        said = {"identifier": [reference.get("identifier")], "name": reference.get("display")}
        literal = reference.get("reference")
        found = entries.resolve(literal) if isinstance(literal, str) else None
        if found is None:
            named = _identifiers(said, *_FORMS)
            return [*chain, said] if named or literal is None else None
        chain += [{"identifier": said["identifier"]}, found[1]]
        reference = found[1].get("organization") or found[1].get("partOf")
    return chain


def _identifiers(node: Resource, *systems: str) -> list[str]:
    """Values of the identifiers of these systems, without blanks; what has not the form of one is none."""
    listed = node.get("identifier")
    given = [i for i in (listed if isinstance(listed, list) else ()) if isinstance(i, dict)]
    values = [
        (system, str(identifier.get("value")).replace(" ", ""))
        for identifier in given
        for system in systems
        if identifier.get("system") == system
    ]
    return [value for system, value in values if _FORMS[system].fullmatch(value)]
