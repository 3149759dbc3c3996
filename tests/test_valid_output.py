"""Whatever the adapter says is FHIR R4: each answer, each message, each resource it keeps, in every case folder."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from cases import FIXTURES
from oracle import needs_oracle, verdicts

from adapter.domain.case import Resource
from adapter.wire import json
from adapter.wire.fhir import check

_LIMITS = {"max_bytes": 50_000_000, "max_depth": 100}


@pytest.fixture(scope="module")
def said() -> dict[str, tuple[Path, Resource]]:
    """Everything in FHIR that a golden holds, each content once, with a file it stands in."""
    found: dict[str, tuple[Path, Resource]] = {}
    for path in sorted(FIXTURES.rglob("out/*.json")):
        for resource in _resources(path):
            found.setdefault(json.dumps(resource).decode(), (path, resource))
    return found


def test_there_is_output_of_every_kind(said: dict[str, tuple[Path, Resource]]) -> None:
    """The claims below are about something: messages, refusals, and each type of resource a case has."""
    types = {resource["resourceType"] for _, resource in said.values()}
    assert types >= {
        "Bundle",
        "OperationOutcome",
        "Patient",
        "ServiceRequest",
        "Task",
        "CarePlan",
        "CareTeam",
    }
    assert types >= {"Consent", "Organization", "PractitionerRole", "HealthcareService", "Provenance"}


def test_our_own_check_finds_nothing(said: dict[str, tuple[Path, Resource]]) -> None:
    """The check that guards the doors is met by what leaves through them."""
    faults = [(str(path), check(resource)) for path, resource in said.values()]
    assert [(path, found) for path, found in faults if found] == []


@needs_oracle
def test_independent_validators_find_nothing(said: dict[str, tuple[Path, Resource]]) -> None:
    """Two validators that are not ours hold no error against any of it."""
    paths = [str(path) for path, _ in said.values()]
    held = zip(paths, verdicts([resource for _, resource in said.values()]), strict=True)
    assert [(path, errors) for path, errors in held if errors] == []


def _resources(path: Path) -> Iterator[Resource]:
    tree = json.loads(path.read_bytes(), **_LIMITS)
    if path.name == "end.json":
        for case in tree.values():
            yield from case["resources"]
    elif "http" not in tree:
        yield tree
    elif "application/fhir+json" in tree["http"]:
        yield tree["body"]
