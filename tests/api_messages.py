"""Messages a hospital sends to the test municipality: small, synthetic, and sound."""

from copy import deepcopy
from typing import Any

from fhir_message import ENVELOPE, FNR, HER, LETTER, MESSAGE
from test_wire_edi import MESSAGE as HEAD

BASE = "https://ip-adapter.example/fhir"
PERSON = "21905297101"
HODEMELDING = (
    HEAD.replace('<Ack V="F"/>', '<Ack V="J"/>')
    .replace("8900031", "8900011")
    .replace("8900003", "8900001")
    .replace("999900033", "999900011")
    .replace(
        '<Ident><Id>999900022</Id><TypeId V="ENH" S="2.16.578.1.12.4.1.1.9051"/></Ident>\n    </Organisation>',
        '<Ident><Id>999900022</Id><TypeId V="ENH" S="2.16.578.1.12.4.1.1.9051"/></Ident>\n'
        "<Organisation><OrganisationName>Saksbehandling</OrganisationName>"
        '<Ident><Id>8900022</Id><TypeId V="HER"/></Ident></Organisation></Organisation>',
    )
    .replace('<Ident><Id>DUF-1</Id><TypeId V="DUF" S="2.16.578.1.12.4.1.1.8116"/></Ident>', "")
    .replace("<h:p>plan</h:p>", "<h:p>plan. Pasienten har samtykket.</h:p>")
)


def need(letter: str = LETTER, envelope: str = ENVELOPE, event: str = "need-notified") -> dict[str, Any]:
    """A message that tells of a need for a plan and a coordinator."""
    message = deepcopy(MESSAGE)
    message["id"] = envelope
    header, unit, hospital, request = (entry["resource"] for entry in message["entry"])
    message["entry"][0]["fullUrl"] = f"urn:uuid:{letter}"
    header["id"], header["eventCoding"]["code"] = letter, event
    header["destination"][0]["receiver"] = {"identifier": {"system": HER, "value": "8900022"}}
    unit["identifier"][0]["value"] = "8900011"
    hospital["identifier"] = [{"system": "urn:oid:2.16.578.1.12.4.1.4.101", "value": "999900011"}]
    request |= {
        "identifier": [
            {"system": "urn:ietf:rfc:3986", "value": "urn:uuid:5c1d7f0e-2f4c-4b7c-8a53-0d6f0f1c9a10"}
        ],
        "code": {"coding": [{"system": f"{BASE}/CodeSystem/need-kind", "code": "plan-and-coordinator"}]},
        "subject": {"reference": "Patient/p"},
        "authoredOn": "2026-03-10T10:00:00+01:00",
        "reasonCode": [{"text": "Rehabilitering etter hjerneslag"}],
        "requester": {"reference": "PractitionerRole/r"},
        "supportingInfo": [{"reference": "Consent/c"}],
    }
    message["entry"] += [_entry(resource) for resource in (_patient(), _consent(), *_requester())]
    return message


def _entry(resource: dict[str, Any]) -> dict[str, Any]:
    address = f"https://sykehus.example/fhir/{resource['resourceType']}/{resource['id']}"
    return {"fullUrl": address, "resource": resource}


def _patient() -> dict[str, Any]:
    return {
        "resourceType": "Patient",
        "id": "p",
        "identifier": [{"system": FNR, "value": PERSON}],
        "name": [{"family": "Prøvesen", "given": ["Kari"]}],
        "birthDate": "1952-10-21",
    }


def _requester() -> list[dict[str, Any]]:
    name = [{"family": "Prøvesykepleier", "given": ["Ola"]}]
    role = {"resourceType": "PractitionerRole", "id": "r", "practitioner": {"reference": "Practitioner/n"}}
    return [role, {"resourceType": "Practitioner", "id": "n", "name": name}]


def _consent() -> dict[str, Any]:
    code = "http://terminology.hl7.org/CodeSystem/consentscope"
    return {
        "resourceType": "Consent",
        "id": "c",
        "status": "active",
        "scope": {"coding": [{"system": code, "code": "patient-privacy"}]},
        "category": [{"coding": [{"system": "http://loinc.org", "code": "59284-0"}]}],
        "patient": {"reference": "Patient/p"},
        "dateTime": "2026-03-10T09:50:00+01:00",
        "policyRule": {"text": "helsepersonelloven § 22"},
    }
