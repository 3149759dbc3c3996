"""Required codes and reference targets are those of the official R4 definitions."""

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from oracle import DEFINITIONS, needs_oracle

from adapter.wire import elements as elements_module
from adapter.wire.elements import Element, elements, resource_model

# Bound to open or filtered sets (media types, currencies), or to concepts in a CodeableConcept.
NOT_CODES = {
    "http://hl7.org/fhir/ValueSet/mimetypes",
    "http://hl7.org/fhir/ValueSet/currencies",
    "http://hl7.org/fhir/ValueSet/all-types",
    "http://hl7.org/fhir/ValueSet/resource-types",
    "http://hl7.org/fhir/ValueSet/FHIR-version",
    "http://hl7.org/fhir/ValueSet/languages",
}
MEDPLUM_ADDS = {"Bot", "ClientApplication", "Subscription"}  # to AuditEvent, in its copy of the definitions
OURS = [
    *("Bundle", "MessageHeader", "OperationOutcome", "Patient", "RelatedPerson", "Practitioner"),
    *("PractitionerRole", "Organization", "HealthcareService", "Endpoint", "ServiceRequest", "Task"),
    *("CarePlan", "CareTeam", "Consent", "Goal", "Provenance", "AuditEvent", "Communication"),
    *("DocumentReference", "Subscription", "Parameters", "Encounter", "Basic"),
]


@cache
def _bundle(name: str) -> list[dict[str, Any]]:
    return [entry["resource"] for entry in json.loads((DEFINITIONS / name).read_bytes())["entry"]]


@cache
def _official() -> dict[str, dict[str, Any]]:
    """Element path → element definition, of every base type."""
    return {
        element["path"]: element
        for name in ("profiles-types.json", "profiles-resources.json")
        for definition in _bundle(name)
        if definition["resourceType"] == "StructureDefinition"
        and definition.get("derivation") != "constraint"
        for element in definition["snapshot"]["element"]
    }


@cache
def _terminology() -> dict[str, dict[str, Any]]:
    return {r["url"]: r for n in ("valuesets.json", "v3-codesystems.json") for r in _bundle(n) if "url" in r}


def _codes(value_set: str) -> set[str]:
    found: set[str] = set()
    for include in _terminology()[value_set.partition("|")[0]]["compose"]["include"]:
        listed = include.get("concept") or _terminology()[include["system"]]["concept"]
        found |= set(_flat(listed))
    return found


def _flat(concepts: list[dict[str, Any]]) -> Iterator[str]:
    for concept in concepts:
        yield concept["code"]
        yield from _flat(concept.get("concept", []))


def _all(resource: str) -> Iterator[tuple[str, Element]]:
    """Every element of a resource and of the data types in it, with its path in the official definitions."""
    todo, seen = [(resource, resource_model(resource))], set()
    while todo:
        path, model = todo.pop()
        if model in seen or model.__name__ == "Resource":
            continue
        seen.add(model)
        for name, element in elements(model).items():
            if not name.startswith("_"):
                yield f"{path}.{name}", element
            if element.child is not None and not name.startswith("_"):
                inner = element.model
                is_part = inner.__module__ == model.__module__
                todo.append((f"{path}.{name}" if is_part else inner.__name__, inner))


@needs_oracle
@pytest.mark.parametrize("resource", OURS)
def test_every_required_code_list_is_the_official_one(resource: str) -> None:
    for path, element in _all(resource):
        official = _official().get(path, {})
        binding = official.get("binding", {})
        is_code = [t["code"] for t in official.get("type", [])] == ["code"]
        value_set = binding.get("valueSet", "").split("|")[0]
        if binding.get("strength") == "required" and is_code and value_set not in NOT_CODES:
            assert element.codes == _codes(value_set), path
        else:
            assert element.codes is None, path


@needs_oracle
@pytest.mark.parametrize("resource", OURS)
def test_every_reference_points_where_the_official_definition_lets_it(resource: str) -> None:
    for path, element in _all(resource):
        official = _official().get(path, {})
        types = [t for t in official.get("type", []) if t["code"] == "Reference"]
        named = {p.rsplit("/", 1)[1] for t in types for p in t.get("targetProfile", [])}
        if len(official.get("type", [])) == 1 and named and "Resource" not in named:
            assert element.targets is not None
            assert element.targets <= named, path
            assert named - element.targets <= MEDPLUM_ADDS, path
        elif types and not path.endswith("[x]"):
            assert element.targets is None, path


@needs_oracle
@pytest.mark.parametrize("resource", OURS)
def test_every_official_element_is_known_and_no_other(resource: str) -> None:
    """The elements of R4B are those of R4 for the resources used here."""
    ours = {path for path, _ in _all(resource) if path.startswith(f"{resource}.") and path.count(".") == 1}
    for path, definition in _official().items():
        if path.count(".") != 1 or not path.startswith(f"{resource}."):
            continue
        names = [path]
        if path.endswith("[x]"):
            names = [path[:-3] + t["code"][0].upper() + t["code"][1:] for t in definition["type"]]
        assert set(names) <= ours, path
        ours -= set(names)
    assert not ours


def test_names_of_types_that_callers_make_up_do_not_gather_in_memory() -> None:
    """A name may be as long as a message; what is remembered of names is few and short ones."""
    for number in range(1000):
        assert resource_model(f"Made{'x' * number}up") is None
    remembered = elements_module._resource_model.cache_info()
    assert remembered.currsize <= 256
    before = remembered.misses
    assert resource_model("A" * 1_000_000) is None
    assert elements_module._resource_model.cache_info().misses == before
