"""A sound FHIR message from a synthetic hospital unit to a synthetic municipality."""

from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import yaml

from adapter.domain.case import Resource
from adapter.domain.message import Envelope
from adapter.domain.problems import Catalogue, Problem
from adapter.wire import json
from adapter.wire.message import open_message

LIMITS = {"max_bytes": 1_000_000, "max_depth": 60}
BASE = "https://ip-adapter.example/fhir"
EVENTS = f"{BASE}/CodeSystem/message-event"
AT = datetime(2026, 2, 3, 7, 9, 10, tzinfo=UTC)

LETTER, ENVELOPE = "0d6e6a0e-6a2b-4a3e-9f57-3b1a52f1c001", "0d6e6a0e-6a2b-4a3e-9f57-3b1a52f1c002"
ENH, HER = "urn:oid:2.16.578.1.12.4.1.4.101", "urn:oid:2.16.578.1.12.4.1.2"
HOSPITAL, UNIT = (
    "urn:uuid:11111111-1111-4111-8111-111111111111",
    "urn:uuid:22222222-2222-4222-8222-222222222222",
)

FNR = "urn:oid:2.16.578.1.12.4.1.4.1"
KOMMUNE = {"identifier": {"system": ENH, "value": "999900022"}, "display": "Testkommunen"}

MESSAGE: Resource = {
    "resourceType": "Bundle",
    "id": ENVELOPE,
    "meta": {"lastUpdated": "2026-02-03T08:09:10+01:00"},
    "type": "message",
    "timestamp": "2026-02-03T08:09:10+01:00",
    "entry": [
        {
            "fullUrl": f"urn:uuid:{LETTER}",
            "resource": {
                "resourceType": "MessageHeader",
                "id": LETTER,
                "eventCoding": {"system": EVENTS, "code": "need-notified"},
                "destination": [
                    {
                        "endpoint": "https://kommune.example/fhir/$process-message",
                        "receiver": KOMMUNE,
                    }
                ],
                "sender": {"reference": UNIT},
                "source": {"endpoint": "https://sykehus.example/fhir"},
                "focus": [{"reference": "ServiceRequest/need-1"}],
            },
        },
        {
            "fullUrl": UNIT,
            "resource": {
                "resourceType": "Organization",
                "identifier": [{"system": HER, "value": "8900031"}],
                "name": "Habilitering",
                "partOf": {"reference": HOSPITAL},
            },
        },
        {
            "fullUrl": HOSPITAL,
            "resource": {
                "resourceType": "Organization",
                "identifier": [{"system": ENH, "value": "999 900 033"}, {"system": HER, "value": "8900003"}],
                "name": "Prøveby sykehus HF",
            },
        },
        {
            "fullUrl": "https://sykehus.example/fhir/ServiceRequest/need-1",
            "resource": {
                "resourceType": "ServiceRequest",
                "id": "need-1",
                "status": "active",
                "intent": "order",
                "subject": {"identifier": {"system": FNR, "value": "21905297101"}},
            },
        },
    ],
}  # fmt: skip


@cache
def catalogue() -> Catalogue:
    """The problems of mappings/problems.yaml."""
    rows = yaml.safe_load((Path(__file__).parents[1] / "mappings" / "problems.yaml").read_text("utf-8"))
    return Catalogue({row["name"]: Problem(**row) for row in rows})


def opened(message: Resource) -> tuple[Envelope, Resource]:
    """The envelope and Bundle of a message that is sound."""
    return open_message(json.dumps(message), **LIMITS, event_system=EVENTS)
