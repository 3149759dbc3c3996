"""What is asked of a Consent before it is recorded, and what it shows to one whom it names."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from cases import FIXTURES, empty_database

from adapter.domain.case import Version
from adapter.domain.problems import Finding
from adapter.flows.consent_findings import consent_findings
from adapter.flows.consent_view import as_seen_by
from adapter.outside.store import open_store
from adapter.replay import open_stage
from adapter.replay.stage import Stage

AT = datetime(2026, 3, 10, 12, tzinfo=UTC)
HERE, DENIED = "999900022", "999900033"
CATEGORY = "https://ip-adapter.example/fhir/CodeSystem/information-category"
MENTAL_HEALTH = {"system": CATEGORY, "code": "mental-health"}
RECIPIENT = {"system": "http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "code": "IRCP"}
NAMED = {
    "role": {"coding": [RECIPIENT]},
    "reference": {"identifier": {"system": "urn:oid:2.16.578.1.12.4.1.4.101", "value": DENIED}},
}
DENY = {"type": "deny", "actor": [NAMED]}
PERMIT = {"type": "permit", "actor": [NAMED]}


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    store = open_store(f"sqlite:///{empty_database(tmp_path_factory.mktemp('recorded') / 'case.db')}")
    yield open_stage(FIXTURES / "consent" / "expired", store)
    store.close()


def consent(id_: str, provision: dict[str, Any], in_place_of: str = "") -> dict[str, Any]:
    kind = {"system": "https://ip-adapter.example/fhir/CodeSystem/consent-kind", "code": "SHARING"}
    source = {"sourceReference": {"reference": f"Consent/{in_place_of}"}} if in_place_of else {}
    return {
        "resourceType": "Consent",
        "id": id_,
        "status": "active",
        "category": [{"coding": [kind]}],
        "patient": {"reference": "Patient/person"},
        "provision": provision,
        **source,
    }


def recorded(body: dict[str, Any]) -> Version:
    return Version(body["resourceType"], body["id"], 1, "case", AT, HERE, "test", body)


def test_no_consent_comes_in_place_of_what_came_in_its_own(stage: Stage) -> None:
    """However many stand between: a ring says of none of them that it is the last."""
    person = recorded({"resourceType": "Patient", "id": "person"})
    given = [("c", ""), ("b", "c"), ("a", "b")]
    versions = [person, *(recorded(consent(id_, DENY, before)) for id_, before in given)]
    ring = consent_findings(consent("c", DENY, "a"), versions, AT, stage.parts)
    assert ring == [Finding("replaced-consent-unknown", "Consent.sourceReference")]
    assert consent_findings(consent("d", DENY, "a"), versions, AT, stage.parts) == []


@pytest.mark.parametrize(
    "limit",
    [
        {"code": [{"coding": [MENTAL_HEALTH]}, {"coding": [{"system": CATEGORY, "code": "plan"}]}]},
        {"purpose": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": "HRESCH"}]},
        {"extension": [{"url": f"{CATEGORY}-of", "valueCoding": MENTAL_HEALTH}]},
    ],
    ids=lambda limit: next(iter(limit)),
)
def test_who_is_denied_is_not_told_which_part(stage: Stage, limit: dict[str, Any]) -> None:
    """It reads that it is denied, and not what: that would say that there is something of the kind."""
    alone, nested = views_of_a_denial(stage, DENY | limit)
    assert alone == DENY
    assert nested == PERMIT | {"provision": [DENY]}


@pytest.mark.parametrize(
    "limit",
    [
        {"code": [{"coding": [MENTAL_HEALTH]}]},
        {"securityLabel": [MENTAL_HEALTH]},
        {"class": [{"system": "http://hl7.org/fhir/resource-types", "code": "Goal"}]},
        {"data": [{"meaning": "instance", "reference": {"reference": "CarePlan/plan"}}]},
        {"dataPeriod": {"start": "2025-01-01"}},
    ],
    ids=lambda limit: next(iter(limit)),
)
def test_who_is_denied_a_part_reads_of_no_denial(stage: Stage, limit: dict[str, Any]) -> None:
    """In what permits it the rest; what denies and nothing else is a denial still, and says not even whose."""
    alone, nested = views_of_a_denial(stage, DENY | limit)
    assert alone == {"type": "deny"}
    assert nested == PERMIT


def views_of_a_denial(stage: Stage, denial: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the denied one reads of a consent that is this denial, and of one that permits it the rest."""
    alone = as_seen_by(DENIED, consent("no", denial), [], stage.parts)
    nested = as_seen_by(DENIED, consent("partly", PERMIT | {"provision": [denial]}), [], stage.parts)
    return alone["provision"], nested["provision"]
