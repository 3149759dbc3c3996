"""The FHIR resources of a case: written from facts, stamped with id and version, compared with what stands."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from adapter.domain.case import Case, Resource, Version
from adapter.domain.identifiers import derived
from adapter.domain.partners import Partner
from adapter.domain.problems import Finding, Refused
from adapter.domain.routing import Unit
from adapter.domain.steps import StepRule
from adapter.flows.parts import Parts
from adapter.mapping.engine import Fact
from adapter.mapping.writing import write
from adapter.ports import Transaction
from adapter.wire.own import check_own

KINDS = {
    "patient": "Patient",
    "hospital": "Organization",
    "practitioner": "Practitioner",
    "requester": "PractitionerRole",
    "municipality": "Organization",
    "unit": "HealthcareService",
    "need": "ServiceRequest",
    "task": "Task",
    "plan": "CarePlan",
    "team": "CareTeam",
    "consent": "Consent",
}
ENH = "urn:oid:2.16.578.1.12.4.1.4.101"
_ROLES = "urn:oid:2.16.578.1.12.4.1.1.8473"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a case stands as its resources show it: the step it has come to, and the unit."""

    step: StepRule
    unit: Unit | None
    owner_name: str


def id_of(case_id: str, name: str) -> str:
    """The id of one of a case's own resources, by its name in KINDS."""
    return derived(case_id, name)


def written(
    case_id: str,
    facts: Mapping[str, str],
    hospital: Partner,
    place: Place,
    names: Iterable[str],
    parts: Parts,
    *,
    consent_id: str = "",
) -> dict[str, Resource]:
    """The resources of these names, with their ids. `consent_id` is that of the consent the case rests on.

    Raises Refused(own-resource-invalid) if one is not valid FHIR.
    """
    ids = {name: id_of(case_id, name) for name in KINDS} | ({"consent": consent_id} if consent_id else {})
    all_facts = _facts(case_id, facts, hospital, place, ids)
    made: dict[str, Resource] = {}
    for name in names:
        resource = write(parts.tables.resources[name], all_facts, parts.tables.codes)
        if resource is not None:
            made[name] = {"resourceType": resource["resourceType"], "id": ids[name], **resource}
    for name, resource in made.items():
        require_valid(name, resource)
    return made


def business_status(rule: StepRule, parts: Parts) -> Resource:
    """Task.businessStatus of a step, with its text in Norwegian."""
    coding = {"system": f"{parts.base}/CodeSystem/case-step", "code": rule.business_status}
    return {"coding": [coding], "text": rule.label}


def update_source(type_: str, id_: str, number: int) -> str:
    """The id of the update (PUT) that made a version, as against the message that made another."""
    return derived("update", type_, id_, str(number))


def is_recorded(version: Version) -> bool:
    """Whether an update made it, as against a message."""
    return version.source == update_source(version.type, version.id, version.number)


def require_valid(name: str, resource: Resource) -> None:
    """What we make ourselves is valid, or is not stored."""
    if faults := check_own(resource):
        raise Refused(*(Finding("own-resource-invalid", f"{name}:{fault.where}") for fault in faults))


def _facts(
    case_id: str, facts: Mapping[str, str], hospital: Partner, place: Place, ids: Mapping[str, str]
) -> dict[str, Fact]:
    made: dict[str, Fact] = dict(facts)
    if facts.get("consent.limits") == "yes":
        made["consent.status"] = (
            "not-stated"  # what cannot be carried over is not written as if it were unlimited
        )
    present = set(KINDS)
    if place.unit is None:
        present -= {"municipality", "unit"}
    if "requester.family" not in facts:
        present.discard("practitioner")
    if facts.get("need.kind") == "coordinator-only" or "plan.to_revise" in facts:
        present.discard("plan")  # there is one plan per person (IP-f § 9)
    references = {name: f"{KINDS[name]}/{id_}" for name, id_ in ids.items()}
    for name in present:
        made[f"ref.{name}"] = references[name]
        made[f"id.{name}"] = ids[name]
    made |= {
        "case.id": case_id,
        "case.status": place.step.status,
        "case.business_status": place.step.business_status,
        "case.step": place.step.label,
        "need.status": "active",
        "requester.organisation": hospital.organisation,
        "requester.organisation_name": hospital.name,
        "team.participants": tuple(_participants(facts, place, references)),
        "consent.actors": tuple(_actors(hospital, place, references)),
    }
    for where in ("stay", "registered"):
        if f"{where}.district" in facts:
            made[f"{where}.district_system"] = "urn:oid:2.16.578.1.12.4.1.1.3403"
    if place.unit:
        made |= {
            "owner.organisation": place.unit.organisation,
            "owner.name": place.owner_name,
            "unit.name": place.unit.name,
        }
    return made


def _participants(
    facts: Mapping[str, str], place: Place, references: Mapping[str, str]
) -> Iterable[dict[str, str]]:
    """The reporting hospital takes part (IP-f § 8); its coordinator, if one reports; the owning municipality."""
    yield {"role.system": _ROLES, "role.code": "23", "member": references["hospital"]}
    if facts.get("requester.role") == "18":
        yield {
            "role.system": "urn:oid:2.16.578.1.12.4.1.1.9034",
            "role.code": "18",
            "member": references["requester"],
        }
    if place.unit:
        yield {"role.system": _ROLES, "role.code": "1", "member": references["municipality"]}


def _actors(hospital: Partner, place: Place, references: Mapping[str, str]) -> Iterable[dict[str, str]]:
    yield {"organisation": hospital.organisation, "reference": references["hospital"]}
    if place.unit:
        yield {"organisation": place.unit.organisation, "reference": references["municipality"]}


def same(one: Resource, other: Resource) -> bool:
    """Equal but for what we ourselves write at every version."""
    return _without_stamp(one) == _without_stamp(other)


def _without_stamp(resource: Resource) -> Resource:
    meta = {k: v for k, v in resource.get("meta", {}).items() if k not in ("versionId", "lastUpdated")}
    return {**{k: v for k, v in resource.items() if k != "meta"}, "meta": meta}


def next_version(
    current: Version | None, resource: Resource, *, case_id: str, author: str, source: str, at: datetime
) -> Version:
    """The resource as the version after `current`, stamped with versionId and lastUpdated (UTC)."""
    number = current.number + 1 if current else 1
    meta: dict[str, Any] = {"versionId": str(number), "lastUpdated": instant(at)}
    rest = {k: v for k, v in resource.get("meta", {}).items() if k not in meta}
    head = {"resourceType": resource["resourceType"], "id": resource["id"], "meta": meta | rest}
    body = head | {k: v for k, v in resource.items() if k not in head}
    return Version(resource["resourceType"], resource["id"], number, case_id, at, author, source, body)


def instant(at: datetime) -> str:
    """A moment as a FHIR instant in UTC, to the second."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def keep_changed(
    tx: Transaction, resources: Iterable[Resource], *, case: Case, author: str, source: str, at: datetime
) -> list[Version]:
    """Keep a new version of each resource that differs from the one that stands; the versions in force after."""
    kept = []
    for resource in resources:
        current = tx.current(resource["resourceType"], resource["id"])
        if current is None or not same(current.body, resource):
            current = next_version(current, resource, case_id=case.id, author=author, source=source, at=at)
            tx.keep_version(current)
        kept.append(current)
    return kept


def provenance(
    targets: Sequence[Version],
    *,
    key: str,
    event: str,
    author: str,
    source: str,
    mapping: str,
    at: datetime,
    parts: Parts,
) -> Resource:
    """Who said so, in which message, read by which tables: for these versions."""
    facts: dict[str, Fact] = {
        "targets": tuple({"reference": f"{v.reference}/_history/{v.number}"} for v in targets),
        "recorded": instant(at),
        "event": event,
        "mapping": f"{parts.base}/mapping/{mapping}",
        "agents": (
            {"type": "author", "system": ENH, "value": author},
            {"type": "assembler", "system": ENH, "value": parts.home},
        ),
        "source_role": "source",
        "source_system": "urn:ietf:rfc:3986",
        "source": source,
    }
    resource = write(parts.tables.resources["provenance"], facts, parts.tables.codes)
    assert resource is not None  # noqa: S101 - the table has no `when`
    made = {"resourceType": "Provenance", "id": derived("provenance", key), **resource}
    require_valid("provenance", made)
    return made
