"""Tjenesteoversikt: who from the services a person has to do with now, what each answers for, and how to reach them.

For one who wants no individual plan it can stand in its place. It is a view of the care team, made when it is asked
for: no plan, and not counted as one. It says nothing of relatives, or of who has left.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime

from adapter.domain.case import Audit, Resource, Version
from adapter.domain.message import Answer, Caller
from adapter.domain.participation import Participant
from adapter.domain.problems import Finding, Refused
from adapter.domain.view import SUBSETTED
from adapter.flows.contacts import contact
from adapter.flows.members import members, team_of
from adapter.flows.parts import Parts
from adapter.flows.protection import without_places
from adapter.flows.read import read_resource
from adapter.flows.resources import ENH

_KEPT = ("resourceType", "id", "meta", "status", "subject", "managingOrganization")
_OF_ROW = ("role", "onBehalfOf", "period")
_PROTECTION = "http://ehelse.no/fhir/CodeSystem/gd-address-confidentiality"
_PRIVATE = frozenset({"plan-owner", "parent", "relative", "guardian", "supporter", "interpreter"})
"""Roles that are no service's."""


def service_overview(caller: Caller, id_: str, parts: Parts) -> Answer:
    """The overview of a care team, for whoever may read the team (`GET /fhir/CareTeam/{id}/$service-overview`)."""

    def seen(team: Version, versions: Sequence[Version], at: datetime) -> Resource:
        return overview(team.body, versions, at, parts)

    return read_resource(caller, "CareTeam", id_, None, parts, view=seen)


def overview(team: Resource, versions: Sequence[Version], at: datetime, parts: Parts) -> Resource:
    """A CareTeam of category `service-overview`, a part of the team (SUBSETTED) in its order, valid FHIR R4."""
    rows = list(_rows(team, versions, at, parts))
    seen = {name: team[name] for name in _KEPT if name in team}
    meta = seen.get("meta", {})
    kind = {"system": f"{parts.base}/CodeSystem/team-type", "code": "service-overview"}
    return seen | {
        "meta": meta | {"tag": [*(m for m in meta.get("tag", ()) if m != SUBSETTED), SUBSETTED]},
        "category": [{"coding": [kind], "text": "Tjenesteoversikt"}],
        **({"participant": rows} if rows else {}),
    }


def _rows(team: Resource, versions: Sequence[Version], at: datetime, parts: Parts) -> Iterator[Resource]:
    for number, row in enumerate(members(team, versions, parts, in_full=True)):
        if row.takes_part(at) and _of_service(row, team["participant"][number]):
            yield _shown(row, team["participant"][number], team, versions, parts)


def _of_service(row: Participant, said: Resource) -> bool:
    member = said.get("member", {})
    kinds = {member.get("type", ""), member.get("reference", "").partition("/")[0]}
    return not (row.roles and row.roles <= _PRIVATE) and not kinds & {"Patient", "RelatedPerson"}


def _shown(
    one: Participant, row: Resource, team: Resource, versions: Sequence[Version], parts: Parts
) -> Resource:
    """One service or its contact: by name and number, as references lead to what a reader may not have."""
    member = row.get("member", {})
    person = contact(member, team, versions)
    named = next((v.body for v in versions if v.reference == member.get("reference")), {})
    display = person.name or str(named.get("name", "")) or str(member.get("display", ""))
    area = f"{parts.base}/StructureDefinition/area-of-responsibility"
    extensions = [e for e in row.get("extension", ()) if e.get("url") == area]
    if person.phone and _address_is_open(versions, parts):
        point = {"system": "phone", "value": person.phone}
        extensions.append(
            {"url": f"{parts.base}/StructureDefinition/contact-point", "valueContactPoint": point}
        )
    kept = {name: row[name] for name in _OF_ROW if name in row}
    kind = member.get("type") or named.get("resourceType", "")
    number = {"system": ENH, "value": one.organisation} if kind == "Organization" and one.organisation else {}
    shown = {"type": kind, "identifier": member.get("identifier") or number, "display": display}
    said = {
        "extension": extensions,
        **kept,
        "member": {name: value for name, value in shown.items() if value},
    }
    return {name: value for name, value in said.items() if value}


def _address_is_open(versions: Sequence[Version], parts: Parts) -> bool:
    """Whether the person's address is said to be open. Where it is not, a telephone of who is near could tell the place
    (R-150)."""
    known = parts.tables.codes["protection"].forward
    patient = next((v.body for v in versions if v.type == "Patient"), {})
    marks = patient.get("meta", {}).get("security", ())
    return any(
        mark.get("system") == _PROTECTION and known.get(mark.get("code", "")) == "open" for mark in marks
    )


def overview_of_case(case_id: str, by: str, why: str, parts: Parts) -> Resource | None:
    """The overview of a case's team, read by a person here; None where there is no team. Recorded with the reason
    (pasientjournalforskriften § 13). Raises Refused(not-found)."""
    with parts.store.transaction() as tx:
        case, at = tx.case(case_id), parts.clock()
        if case is None:
            raise Refused(Finding("not-found", "case"))
        versions = tx.of_case(case.id)
        team = team_of(versions)
        details = {"why": why, "view": "service-overview"}
        tx.record(Audit(at, by, "resource-read", case.id, details))
        shown = without_places([team], versions, parts) if team else []
        return overview(shown[0].body, versions, at, parts) if shown else None
