"""Every example Consent of IHE PCF and of FHIR R4 comes to the decision that its text means."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from cases import FIXTURES, empty_database
from consent_vectors import HERE, NOW, PCF, R4, Vector
from shared_data import SHARED

from adapter.domain.case import Version
from adapter.domain.consent import Category, Permit, decide
from adapter.flows.consents import PURPOSES, consents_of
from adapter.outside.store import open_store
from adapter.replay import open_stage
from adapter.replay.stage import Stage

FOLDERS = {
    "Consent-ex-": (SHARED / "fhir" / "ihe-pcf", PCF),
    "Consent-": (SHARED / "fhir" / "r4-examples", R4),
}
CASES = [(prefix, vector) for prefix, (_, vectors) in FOLDERS.items() for vector in vectors]
CONFIDENTIALITY = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
MENTAL_HEALTH = Category(
    "mental-health",
    ("SHARING",),
    consent_needed=True,
    because="R-043",
    within="plan",
    labels=frozenset({f"{CONFIDENTIALITY}|R", "http://terminology.hl7.org/CodeSystem/v3-ActCode|PSY"}),
)
needs_examples = pytest.mark.skipif(
    not all(folder.is_dir() for folder, _ in FOLDERS.values()),
    reason="the examples of IHE PCF and FHIR (../shared/data) are not beside this project",
)


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    store = open_store(f"sqlite:///{empty_database(tmp_path_factory.mktemp('vectors') / 'case.db')}")
    yield open_stage(FIXTURES / "consent" / "expired", store)
    store.close()


def _version(body: dict[str, Any]) -> Version:
    return Version(body["resourceType"], body["id"], 1, "case", NOW, HERE, "test", body)


def _known(written: str) -> list[Version]:
    """What the case knows of those whom the examples name, and when its need was written."""
    enh = {"system": "urn:oid:2.16.578.1.12.4.1.4.101", "value": HERE}
    return [
        _version({"resourceType": "Organization", "id": "f001", "identifier": [enh]}),
        _version({"resourceType": "Practitioner", "id": "f204"}),
        _version(
            {
                "resourceType": "PractitionerRole",
                "id": "nurse",
                "practitioner": {"reference": "Practitioner/f204"},
                "organization": {"reference": "Organization/f001"},
            }
        ),
        _version({"resourceType": "ServiceRequest", "id": "need", "authoredOn": written}),
    ]


@needs_examples
@pytest.mark.parametrize(("prefix", "vector"), CASES, ids=lambda value: getattr(value, "example", value))
def test_the_decision_is_the_one_its_text_means(stage: Stage, prefix: str, vector: Vector) -> None:
    """The consent alone, for who asks, at the moment named; the derivation stands beside it in the table."""
    parts, at = stage.parts, vector.at
    example = (FOLDERS[prefix][0] / f"{prefix}{vector.example}.json").read_text(encoding="utf-8")
    resource = json.loads(example)
    kind = {"system": f"{parts.base}/CodeSystem/consent-kind", "code": vector.kind}
    resource["category"] = [*resource["category"], {"coding": [kind]}]
    written = "2022-06-20" if at.year == 2022 else "2014-06-20" if at < NOW else "2026-03-10"
    category = MENTAL_HEALTH if vector.asked == "mental-health" else parts.tables.categories["plan"]
    consents = consents_of([*_known(written), _version(resource)], parts)
    said = decide(consents, vector.to, category, PURPOSES, at)
    assert ("permit" if isinstance(said, Permit) else said.because) == vector.decision
    assert said.consents == (() if vector.decision == "no-consent" else (resource["id"],))


@needs_examples
def test_no_example_is_left_out() -> None:
    """The tables have a row for each Consent that IHE PCF and FHIR R4 give as an example."""
    for prefix, (folder, vectors) in FOLDERS.items():
        there = {p.stem.removeprefix(prefix) for p in folder.glob("Consent-*.json")}
        assert {v.example for v in vectors} == there
