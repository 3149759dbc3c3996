"""Which case a FHIR message goes on with, where it says something of one: by the Communication that it is about."""

from collections.abc import Iterator
from typing import Any

from adapter.domain.case import Resource
from adapter.wire.parties import Entries

_UUID = "urn:ietf:rfc:3986"


def named_by(entries: Entries, header: Resource) -> tuple[str, str]:
    """What the focus answers (inResponseTo) and which case it is about, each by a business identifier (UUID) or else by
    the id of a resource of ours; "" where it does not say so, or is no Communication."""
    note = _focus(entries, header)
    if note.get("resourceType") != "Communication":
        return "", ""
    return next(_names(note.get("inResponseTo")), ""), next(_names(note.get("about")), "")


def _focus(entries: Entries, header: Resource) -> Resource:
    listed = header.get("focus")
    first = listed[0] if isinstance(listed, list) and listed else None
    reference = first.get("reference") if isinstance(first, dict) else None
    found = entries.resolve(reference) if isinstance(reference, str) else None
    return found[1] if found else {}


def _names(references: Any) -> Iterator[str]:
    for reference in references if isinstance(references, list) else ():
        if not isinstance(reference, dict):
            continue
        identifier = reference.get("identifier")
        if isinstance(identifier, dict) and identifier.get("system") == _UUID:
            yield str(identifier.get("value", "")).removeprefix("urn:uuid:").lower()
        literal = reference.get("reference")
        if isinstance(literal, str):
            yield literal.split("/_history/", maxsplit=1)[0].rpartition("/")[2]
