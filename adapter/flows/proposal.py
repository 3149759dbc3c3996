"""What the unit that is asked to take a case over gets to see before it has accepted: the question, and no word of the
plan or of anything else (hpl § 21)."""

from collections.abc import Iterator, Mapping
from typing import Any, Final, TypeAlias

from adapter.domain.case import Resource
from adapter.domain.problems import Finding, Refused

_Elements: TypeAlias = "Mapping[str, _Elements]"

_IDENTIFIER: Final[_Elements] = {"use": {}, "system": {}, "value": {}}
_REFERENCE: Final[_Elements] = {"reference": {}, "type": {}, "identifier": _IDENTIFIER}
_NAMED: Final[_Elements] = {**_REFERENCE, "display": {}}
_QUESTION: Final[_Elements] = {
    "resourceType": {},
    "id": {},
    "meta": {"versionId": {}, "lastUpdated": {}, "profile": {}},
    "language": {},
    "identifier": _IDENTIFIER,
    "status": {},
    "intent": {},
    "code": {"coding": {"system": {}, "code": {}, "display": {}}},
    "focus": _REFERENCE,
    "for": _REFERENCE,
    "authoredOn": {},
    "requester": _NAMED,
    "owner": _NAMED,
    "restriction": {"period": {"start": {}, "end": {}}},
}
"""The elements of a Task that ask, and no other: text, notes, inputs, extensions and what is contained could say what
is in the plan."""


def require_only_the_question(task: Resource) -> None:
    """Refused by place, not left out in silence: who wrote more would think that it was read. Raises Refused."""
    more = [*_beyond(task, _QUESTION, "Task")]
    more += [f"Task.code.coding[{n}]" for n in range(1, len(task.get("code", {}).get("coding", ())))]
    if more:
        raise Refused(*(Finding("hand-over-tells-more", place) for place in more))


def _beyond(value: Any, allowed: _Elements, place: str) -> Iterator[str]:
    """The places of what is not among the elements."""
    if isinstance(value, list):
        for number, one in enumerate(value):
            yield from _beyond(one, allowed, f"{place}[{number}]")
    elif isinstance(value, dict):
        for name, inner in value.items():
            if name in allowed:
                yield from _beyond(inner, allowed[name], f"{place}.{name}")
            else:
                yield f"{place}.{name}"
