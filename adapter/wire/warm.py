"""What fhir.resources builds when a type is first met, built at the start instead of in somebody's first message."""

from typing import Any

from adapter.wire.fhir import check
from adapter.wire.own import check_own

_IDENTIFIER = [{"system": "urn:oid:1.2", "value": "1"}]
_CONCEPT = {"coding": [{"system": "urn:oid:1.2", "code": "1"}], "text": "x"}
_EXTENSION = [{"url": "urn:oid:1.2", "valueCoding": {"system": "urn:oid:1.2", "code": "1"}}]
_REFERENCE = {"reference": "#x", "identifier": _IDENTIFIER[0]}
_ADDRESS = {"use": "home", "extension": _EXTENSION, "_district": {"extension": _EXTENSION}}
_PERIOD = {"start": "2026-01-01"}

_SAMPLES: tuple[dict[str, Any], ...] = (
    {
        "resourceType": "MessageHeader",
        "eventCoding": _CONCEPT["coding"][0],
        "destination": [{"endpoint": "urn:oid:1.2", "receiver": _REFERENCE}],
        "sender": _REFERENCE,
        "source": {"endpoint": "urn:oid:1.2"},
        "focus": [_REFERENCE],
    },
    {"resourceType": "Patient", "identifier": _IDENTIFIER, "name": [{"family": "x"}], "address": [_ADDRESS]},
    {"resourceType": "Organization", "identifier": _IDENTIFIER, "name": "x"},
    {"resourceType": "Practitioner", "identifier": _IDENTIFIER, "name": [{"family": "x"}]},
    {"resourceType": "PractitionerRole", "code": [_CONCEPT], "telecom": [{"system": "phone", "value": "1"}]},
    {"resourceType": "HealthcareService", "category": [_CONCEPT], "providedBy": _REFERENCE},
    {
        "resourceType": "ServiceRequest",
        "status": "active",
        "intent": "order",
        "subject": _REFERENCE,
        "code": _CONCEPT,
    },
    {"resourceType": "Task", "status": "requested", "intent": "order", "for": _REFERENCE, "code": _CONCEPT},
    {
        "resourceType": "CarePlan",
        "status": "draft",
        "intent": "plan",
        "subject": _REFERENCE,
        "activity": [{"detail": {"status": "scheduled", "code": _CONCEPT}}],
    },
    {
        "resourceType": "CareTeam",
        "participant": [{"role": [_CONCEPT], "member": _REFERENCE, "period": _PERIOD}],
    },
    {
        "resourceType": "Consent",
        "status": "active",
        "scope": _CONCEPT,
        "category": [_CONCEPT],
        "policy": [{"uri": "urn:oid:1.2"}],
        "provision": {
            "type": "permit",
            "actor": [{"role": _CONCEPT, "reference": _REFERENCE}],
            "purpose": _CONCEPT["coding"],
            "code": [_CONCEPT],
            "period": _PERIOD,
        },
    },
    {
        "resourceType": "DocumentReference",
        "status": "current",
        "subject": _REFERENCE,
        "author": [_REFERENCE],
        "content": [{"attachment": {"contentType": "text/plain", "data": "eA==", "size": 1}}],
        "context": {"related": [_REFERENCE]},
    },
    {
        "resourceType": "Provenance",
        "meta": {"versionId": "1", "lastUpdated": "2026-01-01T00:00:00Z"},
        "target": [_REFERENCE],
        "recorded": "2026-01-01T00:00:00Z",
        "agent": [{"type": _CONCEPT, "who": _REFERENCE}],
        "entity": [{"role": "source", "what": _REFERENCE}],
    },
)


def warm() -> None:
    """Judge a sample of each type we read and write, by both checks. Raises ValueError if one is not sound.

    0.4 s of CPU in a new process, which the first messages would wait for otherwise; 5 ms when called again.
    """
    entries = [{"resource": {"id": "x", **sample}} for sample in _SAMPLES]
    faults = [*check({"resourceType": "Bundle", "type": "collection", "entry": entries})]
    for sample in _SAMPLES:
        faults += check_own(sample)
    if faults:
        raise ValueError(f"samples are not FHIR at {', '.join(fault.where for fault in faults)}")
