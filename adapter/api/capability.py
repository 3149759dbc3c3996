"""What /fhir offers, as a CapabilityStatement (FHIR R4), made from the tables the routes are made from."""

from collections.abc import Collection, Sequence

from adapter.domain.case import Resource
from adapter.flows.parts import Parts

_R4 = "http://hl7.org/fhir"
_TERMINOLOGY = "http://terminology.hl7.org/CodeSystem"


def capability_statement(parts: Parts, types: Sequence[str], updatable: Collection[str]) -> Resource:
    """The statement of this instance; `date` is the moment it was made (UTC)."""
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": parts.clock().isoformat(timespec="seconds"),
        "kind": "instance",
        "software": {"name": "ip-adapter", "version": parts.version},
        "implementation": {"description": "Adapter for individuell plan", "url": parts.address},
        "fhirVersion": "4.0.1",
        "format": ["application/fhir+json"],
        "rest": [_rest(types, updatable, parts.base)],
        "messaging": [_messaging(parts)],
    }


def _rest(types: Sequence[str], updatable: Collection[str], base: str) -> Resource:
    return {
        "mode": "server",
        "security": {
            "cors": False,
            "service": [
                {"coding": [{"system": f"{_TERMINOLOGY}/restful-security-service", "code": "OAuth"}]}
            ],
            "description": (
                "Bearer token with scope ip-adapter/messages ($process-message), ip-adapter/cases.read (GET) "
                "or ip-adapter/cases.write (PUT)"
            ),
        },
        "resource": [_resource(type_, type_ in updatable) | _operation(type_, base) for type_ in types],
        "operation": [
            {
                "name": "process-message",
                "definition": f"{_R4}/OperationDefinition/MessageHeader-process-message",
            }
        ],
    }


def _resource(type_: str, updatable: bool) -> Resource:
    """Only a Consent may be put at an id that is new: everything else of a case is made by the adapter."""
    interactions = ["read", "vread", *(["update"] if updatable else [])]
    return {
        "type": type_,
        "interaction": [{"code": code} for code in interactions],
        "versioning": "versioned-update" if updatable else "versioned",
        "readHistory": True,
        "updateCreate": type_ in ("Consent", "Task"),
    }


def _operation(type_: str, base: str) -> Resource:
    """What can be asked of one resource of this type beside reading it."""
    name = {"CareTeam": "service-overview"}.get(type_)
    return {"operation": [{"name": name, "definition": f"{base}/OperationDefinition/{name}"}]} if name else {}


def _messaging(parts: Parts) -> Resource:
    events = sorted(way.kind for way in parts.tables.ways if way.door == "fhir")
    return {
        "endpoint": [
            {
                "protocol": {"system": f"{_TERMINOLOGY}/message-transport", "code": "http"},
                "address": f"{parts.address}/$process-message",
            }
        ],
        "supportedMessage": [
            {"mode": "receiver", "definition": f"{parts.base}/MessageDefinition/{event}"} for event in events
        ],
    }
