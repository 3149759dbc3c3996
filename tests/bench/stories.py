"""A case brought as far as a plan in force, over HTTP, by the steps its partners take."""

import json
from dataclasses import dataclass
from typing import Any

import httpx

from adapter.domain.identifiers import derived
from adapter.outside.store import open_store
from tests.bench.inside import delivered, parts_on
from tests.bench.messages import HOSPITAL, MUNICIPALITY, Need
from tests.bench.places import House

_BASE = "https://ip-adapter.example/fhir/CodeSystem"
_ENH = "urn:oid:2.16.578.1.12.4.1.4.101"
_SCOPE = {
    "coding": [{"system": "http://terminology.hl7.org/CodeSystem/consentscope", "code": "patient-privacy"}]
}
_REASON = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
_OURS = "https://ip-adapter.example/fhir/StructureDefinition"
_UNIT = {"type": "Organization", "identifier": {"system": _ENH, "value": MUNICIPALITY}}
_AUTHOR = {
    "type": "Practitioner",
    "identifier": {"system": "urn:oid:2.16.578.1.12.4.1.4.4", "value": "9999999"},
}
_GOALS = [
    {"display": f"Delmål {n}: bo hjemme, gå til butikken og samtale med barnebarna"} for n in range(1, 9)
]
_ACTIVITIES = [
    {
        "extension": [
            {
                "url": f"{_OURS}/legal-status",
                "valueCoding": {"system": f"{_BASE}/legal-status", "code": "granted"},
            }
        ],
        "detail": {
            "status": "in-progress",
            "scheduledString": "To ganger i uken",
            "performer": [_UNIT],
            "description": f"Tiltak {n}: trening med fysioterapeut og logoped, to ganger i uken",
        },
    }
    for n in range(1, 21)
]
_TEXTS = {
    "plan-resources": "Liker å gå tur, og har familien i nærheten",
    "plan-need": "Opptrening av gange og tale, og hjelp i hverdagen",
    "contribution-of-person": "Øver hver dag og sier fra om hva som virker",
    "contribution-of-providers": "Kommunen kaller inn og skriver, sykehuset gir råd",
    "wanted-cooperation": "Lærings- og mestringssenteret",
}
Resource = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Standing:
    """A case with a plan in force: its id, and by type the resource that stands now with its ETag."""

    id: str
    resources: dict[str, tuple[Resource, str]]


class Storyteller:
    """Acts as the hospital that reports and the municipality that owns the case."""

    def __init__(self, house: House, service: str) -> None:
        self._house, self._service = house, service
        self._http = house.stack.enter_context(httpx.Client(trust_env=False, timeout=60, base_url=service))
        self._owner = house.headers("application/fhir+json", MUNICIPALITY)

    def plan_in_force(self, number: int) -> Standing:
        """The whole way of one need. Letters on the way are delivered at once."""
        reported = self._http.post("/edi/messages", content=Need(number).xml(), headers=self._house.headers())
        reported.raise_for_status()
        case, found = self._newest()
        task, patient = found["Task"], found["Patient"]
        self._change(f"Task/{task}", status="accepted", businessStatus=None)
        for kind, provision in (("PLAN", _permit()), ("SHARING", _sharing())):
            self._put(_consent(derived(task, kind), kind, f"Patient/{patient}", provision))
        self._change(f"CareTeam/{found['CareTeam']}", status="active")
        content = {"goal": _GOALS, "activity": _ACTIVITIES, "author": _AUTHOR}
        content["extension"] = _content(f"Consent/{derived(task, 'PLAN')}")
        period = {"start": "2026-03-10"}
        self._change(
            f"CarePlan/{found['CarePlan']}",
            status="active",
            description="Individuell plan",
            period=period,
            **content,
        )
        self._deliver()
        return Standing(
            case, {kind: self._read(f"{kind}/{found[kind]}") for kind in ("Task", "CarePlan", "CareTeam")}
        )

    def _newest(self) -> tuple[str, dict[str, str]]:
        self._deliver()
        store = open_store(self._house.url)
        try:
            case = store.case_ids()[-1]
            return case, {version.type: version.id for version in store.versions_of(case)}
        finally:
            store.close()

    def _deliver(self) -> None:
        store = open_store(self._house.url)
        try:
            for recipient in (MUNICIPALITY, HOSPITAL):
                delivered(parts_on(store), recipient=recipient)
        finally:
            store.close()

    def _read(self, reference: str) -> tuple[Resource, str]:
        answer = self._http.get(f"/fhir/{reference}", headers=self._owner)
        answer.raise_for_status()
        return json.loads(answer.content), answer.headers["ETag"]

    def _change(self, reference: str, **changed: Any) -> None:
        current, etag = self._read(reference)
        merged = {**current, **changed}
        self._put({name: value for name, value in merged.items() if value is not None}, etag)

    def _put(self, resource: Resource, etag: str = "") -> None:
        headers = self._owner | ({"If-Match": etag} if etag else {})
        path = f"/fhir/{resource['resourceType']}/{resource['id']}"
        answer = self._http.put(path, content=json.dumps(resource).encode(), headers=headers)
        if answer.status_code not in (200, 201):
            raise RuntimeError(
                f"PUT {resource['resourceType']} was answered {answer.status_code}: {answer.text[:400]}"
            )


def _organisation(number: str) -> Resource:
    return {"type": "Organization", "identifier": {"system": _ENH, "value": number}}


def _content(consent: str) -> list[Resource]:
    """What a plan in force must say besides goals and measures (forskrift 1110/2022 § 9)."""
    offered = (
        ("coordinator", "appointed"),
        ("child-coordinator", "not-relevant"),
        ("contact-doctor", "offered"),
    )
    # The clock here is the real one: a revision that has passed keeps a plan from coming into force.
    said: list[Resource] = [{"valueReference": _AUTHOR}, {"valueReference": _UNIT}]
    said += [{"valueDate": "2099-09-10"}, {"valueReference": {"reference": consent}}]
    said += [{"extension": [{"url": who, "valueCode": status} for who, status in offered]}]
    names = (
        "responsible-for-coordination",
        "main-responsible",
        "next-revision",
        "plan-consent",
        "coordinator-status",
    )
    texts = [(name, {"extension": [{"url": "text", "valueString": text}]}) for name, text in _TEXTS.items()]
    return [{"url": f"{_OURS}/{name}", **what} for name, what in (*zip(names, said, strict=True), *texts)]


def _permit() -> Resource:
    return {"type": "permit", "period": {"start": "2026-03-10"}}


def _sharing() -> Resource:
    role = {
        "coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "code": "IRCP"}]
    }
    return {
        **_permit(),
        "actor": [{"role": role, "reference": _organisation(HOSPITAL)}],
        "purpose": [{"system": _REASON, "code": code} for code in ("COC", "TREAT")],
        "code": [{"coding": [{"system": f"{_BASE}/information-category", "code": "plan"}]}],
    }


def _consent(id_: str, kind: str, patient: str, provision: Resource) -> Resource:
    return {
        "resourceType": "Consent",
        "id": id_,
        "status": "active",
        "scope": _SCOPE,
        "category": [{"coding": [{"system": f"{_BASE}/consent-kind", "code": kind}]}],
        "patient": {"reference": patient},
        "dateTime": "2026-03-10T10:00:00+01:00",
        "organization": [_organisation(MUNICIPALITY)],
        "policy": [{"uri": "https://lovdata.no/forskrift/2022-06-17-1110/%C2%A75"}],
        "provision": provision,
    }
