"""Is it FHIR R4? What fhir.resources checks, and what it lets through.

fhir.resources (R4B models) sees values, cardinalities and choices. It accepts text for a number or an object,
empty arrays and objects, codes outside required value sets and references to the wrong type, and it fails
with a KeyError on an unknown resource type: one pass over the JSON finds those first.

Not checked: profiles, terminology beyond required codes, and invariants other than those in `invariants`.
Resource types that R4B dropped from R4 are unknown here.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from fhir.resources.R4B import get_fhir_model_class
from pydantic import ValidationError

from adapter.domain.case import Resource
from adapter.domain.problems import Finding
from adapter.wire.elements import Element, Model, elements, resource_model
from adapter.wire.invariants import broken

_MOST_FINDINGS = 100
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_RELATIVE = re.compile(r"([A-Z][A-Za-z]+)/[A-Za-z0-9\-.]{1,64}(/_history/[A-Za-z0-9\-.]{1,64})?")


def check(resource: Resource) -> tuple[Finding, ...]:
    """What is wrong with a resource: `not-fhir`, each with a place like `Bundle.entry[2].resource.status`.

    Positions count from 0. An unknown element is reported at its parent: its name is the sender's text.
    At most 100 findings. Where the shape is wrong, values are not judged. Never raises.
    """
    reading = _Reading(resource)
    places = dict.fromkeys(reading.shape)
    if not places:
        places = dict.fromkeys([*_values(resource), *reading.content, *reading.broken()])
    return tuple(Finding("not-fhir", place) for place in list(places)[:_MOST_FINDINGS])


class _Reading:
    """One pass over a resource: places where its shape is wrong, and where a code or reference is."""

    def __init__(self, resource: Resource) -> None:
        self.shape: list[str] = []
        self.content: list[str] = []
        self.resources: list[tuple[str, Resource]] = []
        self._types = _types_by_full_url(resource)
        name = resource.get("resourceType")
        self._resource(resource, name if isinstance(name, str) and resource_model(name) else "")

    def broken(self) -> Iterator[str]:
        for place, resource in self.resources:
            yield from broken(resource, place)

    def _resource(self, resource: Resource, place: str) -> None:
        name = resource.get("resourceType")
        model = resource_model(name) if isinstance(name, str) else None
        if model is None:
            self.shape.append(f"{place}.resourceType".removeprefix("."))
            return
        self.resources.append((place, resource))
        self._members({key: v for key, v in resource.items() if key != "resourceType"}, model, place)

    def _members(self, node: Resource, model: Model, place: str) -> None:
        allowed = elements(model)
        for name, value in node.items():
            element = allowed.get(name)
            if element is None:
                self.shape.append(place)
            elif not element.many:
                self._one(value, element, f"{place}.{name}")
            elif not isinstance(value, list) or not value:
                self.shape.append(f"{place}.{name}")
            else:
                other = name[1:] if name.startswith("_") else f"_{name}"
                self._many(value, element, f"{place}.{name}", node.get(other))

    def _many(self, values: list[Any], element: Element, place: str, beside: Any) -> None:
        """A null in a list of primitives only keeps a place for what stands in the list beside it."""
        others = beside if element.primitive and isinstance(beside, list) else []
        for position, item in enumerate(values):
            if item is not None or position >= len(others) or others[position] is None:
                self._one(item, element, f"{place}[{position}]")

    def _one(self, value: Any, element: Element, place: str) -> None:
        if type(value) not in element.kinds or value in ("", {}):
            self.shape.append(place)
        elif element.child is None:
            self._primitive(value, element, place)
        elif element.model.__name__ == "Resource":
            self._resource(value, place)
        else:
            self._members(value, element.model, place)
            if element.targets and not points_to(value, element.targets, self._types):
                self.content.append(f"{place}.reference")

    def _primitive(self, value: Any, element: Element, place: str) -> None:
        ill_formed = element.form is not None and not element.form.fullmatch(value)
        if ill_formed or (isinstance(value, str) and _CONTROL.search(value)):
            self.shape.append(place)
        elif element.codes is not None and value not in element.codes:
            self.content.append(place)


_NO_TYPES: Mapping[str, str] = {}


def points_to(reference: Resource, targets: frozenset[str], types: Mapping[str, str] = _NO_TYPES) -> bool:
    """False only where the type of what is referred to is known (`types`: by full URL), and wrong."""
    literal, said = reference.get("reference"), reference.get("type")
    if isinstance(said, str) and not _may_be(said, targets):
        return False
    if not isinstance(literal, str):
        return True
    named, relative = types.get(literal), _RELATIVE.fullmatch(literal)
    return (named is None or _may_be(named, targets)) and (
        relative is None or _may_be(relative.group(1), targets)
    )


def _may_be(kind: str, targets: frozenset[str]) -> bool:
    return kind in targets or resource_model(kind) is None


def _values(resource: Resource) -> Iterator[str]:
    """Places where fhir.resources objects. Its own messages quote values and go no further than here."""
    name = str(resource["resourceType"])
    try:
        get_fhir_model_class(name).model_validate(resource)
    except ValidationError as errors:
        for error in errors.errors(include_url=False, include_context=False, include_input=False):
            yield _place(name, error["loc"])


def _place(name: str, steps: tuple[int | str, ...]) -> str:
    """fhir.resources ends some places with `root`, and names what Python reserves `for_fhir`."""
    place = name
    for step in steps:
        if isinstance(step, int):
            place += f"[{step}]"
        elif step != "root":
            plain = step.removesuffix("_fhir")
            place += f"._{plain.removesuffix('__ext')}" if plain.endswith("__ext") else f".{plain}"
    return place


def _types_by_full_url(resource: Resource) -> dict[str, str]:
    entries = resource.get("entry")
    found = {}
    for entry in entries if isinstance(entries, list) else ():
        held = entry.get("resource") if isinstance(entry, dict) else None
        if isinstance(held, dict) and isinstance(entry.get("fullUrl"), str):
            kind = held.get("resourceType")
            if isinstance(kind, str):
                found[entry["fullUrl"]] = kind
    return found
