"""The least a mapping can cost: lxml parse, one pass by hand into FHIR resources as dicts, JSON out.

It makes as many resources as the adapter does of the same message, from the same elements, and judges nothing.
"""

import hashlib
import json
from collections.abc import Callable
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from lxml import etree

from tests.bench.run import ROOT

_MH = "{http://www.kith.no/xmlstds/msghead/2006-05-24}"
_DM = "{http://www.kith.no/xmlstds/dialog/2013-01-23}"
_FK = "{http://www.kith.no/xmlstds/felleskomponent1}"
_XSD = ROOT.parent / "shared" / "data" / "norwegian-xml" / "xsd"
_PARSER = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
_SYSTEMS = {
    "FNR": "urn:oid:2.16.578.1.12.4.1.4.1",
    "HER": "urn:oid:2.16.578.1.12.4.1.2",
    "ENH": "urn:oid:2.16.578.1.12.4.1.4.101",
    "HPR": "urn:oid:2.16.578.1.12.4.1.4.4",
}
Resource = dict[str, Any]


@cache
def written() -> tuple[Callable[[Any], bytes], str]:
    """The fastest JSON writer that is installed, and its name."""
    if find_spec("orjson"):
        return import_module("orjson").dumps, "orjson"
    return lambda tree: json.dumps(tree, ensure_ascii=False, separators=(",", ":")).encode(), "json"


@cache
def schemas() -> tuple[etree.XMLSchema, etree.XMLSchema] | None:
    """The official schemas of the head and of the dialogue message; None where they do not stand beside the project."""
    head, dialogue = _XSD / "lax" / "MsgHead-v1_2.xsd", _XSD / "fiks-nhn-client" / "dialogmelding-v1.1.xsd"
    if not (head.is_file() and dialogue.is_file()):
        return None
    return _schema(head), _schema(dialogue)


def _schema(path: Path) -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(str(path)))


def parse(raw: bytes) -> etree._Element:
    return etree.fromstring(raw, _PARSER)


def parse_and_check(raw: bytes) -> etree._Element:
    """P of the goals: parse, and the official schema where it is there. Raises ValueError."""
    root = parse(raw)
    known = schemas()
    if known:
        content = root.find(f"{_MH}Document/{_MH}RefDoc/{_MH}Content")
        if content is None or not (known[0].validate(root) and known[1].validate(content[0])):
            raise ValueError("the reference message does not meet its schema")
    return root


def mapped(raw: bytes) -> list[Resource]:
    """Parse and map."""
    return _mapped(parse(raw))


def bundle(raw: bytes) -> bytes:
    """Parse, map, write one Bundle."""
    entries = [{"fullUrl": f"urn:uuid:{r['id']}", "resource": r} for r in mapped(raw)]
    return written()[0]({"resourceType": "Bundle", "type": "collection", "entry": entries})


def _id(need: str, what: str) -> str:
    digest = hashlib.sha1(f"{need} {what}".encode(), usedforsecurity=False).hexdigest()
    return f"{digest[:8]}-{digest[8:12]}-5{digest[13:16]}-8{digest[17:20]}-{digest[20:32]}"


def _identifiers(node: etree._Element, prefix: str = _MH) -> list[Resource]:
    found = []
    for ident in node.iterfind(f"{prefix}Ident"):
        kind = ident.find(f"{prefix}TypeId")
        system = _SYSTEMS.get(kind.get("V", "") if kind is not None else "", "")
        found.append({"system": system, "value": ident.findtext(f"{prefix}Id")})
    return found


def _coded(system: str, code: str) -> Resource:
    return {"coding": [{"system": f"urn:oid:2.16.578.1.12.4.1.1.{system}", "code": code}]}


def _mapped(root: etree._Element) -> list[Resource]:
    info: Any = root.find(f"{_MH}MsgInfo")
    note: Any = root.find(f"{_MH}Document/{_MH}RefDoc/{_MH}Content/{_DM}Dialogmelding/{_DM}Notat")
    need, at = info.findtext(f"{_MH}MsgId"), info.findtext(f"{_MH}GenDate")
    person, role = info.find(f"{_MH}Patient"), note.find(f"{_DM}RollerRelatertNotat")
    professional = role.find(f"{_DM}HealthcareProfessional")
    names = "Patient Hospital Owner Service Practitioner Role Need Task Plan Team Consent Origin"
    ids = {name: _id(need, name) for name in names.split()}
    patient = {"reference": f"Patient/{ids['Patient']}"}
    by = {"reference": f"PractitionerRole/{ids['Role']}"}
    hospital = {"reference": f"Organization/{ids['Hospital']}"}
    return [
        *_people(info, person, professional, role, ids, hospital),
        *_case(note, need, at, ids, patient, by, hospital),
    ]


def _people(
    info: Any, person: Any, professional: Any, role: Any, ids: dict[str, str], hospital: Resource
) -> list[Resource]:
    sender, receiver = (info.find(f"{_MH}{side}/{_MH}Organisation") for side in ("Sender", "Receiver"))
    name = {"family": person.findtext(f"{_MH}FamilyName"), "given": [person.findtext(f"{_MH}GivenName")]}
    written_by = {
        "family": professional.findtext(f"{_DM}FamilyName"),
        "given": [professional.findtext(f"{_DM}GivenName")],
    }
    return [
        {
            "resourceType": "Patient",
            "id": ids["Patient"],
            "identifier": _identifiers(person),
            "name": [name],
            "gender": {"1": "male", "2": "female"}.get(person.find(f"{_MH}Sex").get("V"), "unknown"),
            "birthDate": person.findtext(f"{_MH}DateOfBirth"),
        },
        *(_organisation(node, ids[key]) for node, key in ((sender, "Hospital"), (receiver, "Owner"))),
        {
            "resourceType": "HealthcareService",
            "id": ids["Service"],
            "identifier": _identifiers(receiver.find(f"{_MH}Organisation")),
            "name": receiver.findtext(f"{_MH}Organisation/{_MH}OrganisationName"),
            "providedBy": {"reference": f"Organization/{ids['Owner']}"},
        },
        {
            "resourceType": "Practitioner",
            "id": ids["Practitioner"],
            "identifier": _identifiers(professional, _FK),
            "name": [written_by],
        },
        {
            "resourceType": "PractitionerRole",
            "id": ids["Role"],
            "practitioner": {"reference": f"Practitioner/{ids['Practitioner']}"},
            "organization": hospital,
            "code": [_coded("9034", role.find(f"{_DM}RoleToPatient").get("V"))],
        },
    ]


def _organisation(node: Any, id_: str) -> Resource:
    name = node.findtext(f"{_MH}OrganisationName")
    return {"resourceType": "Organization", "id": id_, "identifier": _identifiers(node), "name": name}


def _case(
    note: Any, need: str, at: str, ids: dict[str, str], patient: Resource, by: Resource, hospital: Resource
) -> list[Resource]:
    owner = {"reference": f"HealthcareService/{ids['Service']}"}
    request = {"reference": f"ServiceRequest/{ids['Need']}"}
    team = {"reference": f"CareTeam/{ids['Team']}"}
    said = {"text": note.findtext(f"{_DM}TekstNotatInnhold")}
    named = [{"system": "urn:ietf:rfc:3986", "value": f"urn:uuid:{need}"}]
    return [
        {"resourceType": "ServiceRequest", "id": ids["Need"], "identifier": named, "status": "active",
         "intent": "order", "category": [_coded("8307", "1")], "code": {"text": note.findtext(f"{_DM}Tema")},
         "subject": patient, "authoredOn": at, "requester": by, "performer": [owner], "reasonCode": [said]},
        {"resourceType": "Task", "id": ids["Task"], "identifier": named, "status": "requested", "intent": "order",
         "focus": request, "for": patient, "requester": hospital, "owner": owner, "authoredOn": at},
        {"resourceType": "CarePlan", "id": ids["Plan"], "status": "draft", "intent": "plan",
         "title": "Individuell plan", "subject": patient, "created": at, "careTeam": [team],
         "supportingInfo": [request]},
        {"resourceType": "CareTeam", "id": ids["Team"], "status": "proposed", "subject": patient,
         "participant": [{"role": [_coded(system, code)], "member": who}
                         for system, code, who in (("9034", "18", by), ("8473", "1", hospital))]},
        {"resourceType": "Consent", "id": ids["Consent"], "status": "active", "scope": _coded("9064", "1"),
         "category": [_coded("9064", "1")], "patient": patient, "dateTime": at, "organization": [hospital]},
        {"resourceType": "Provenance", "id": ids["Origin"], "target": [request], "recorded": at,
         "agent": [{"who": hospital}], "entity": [{"role": "source", "what": {"identifier": named[0]}}]},
    ]  # fmt: skip
