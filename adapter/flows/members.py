"""The rows of a care team as the rules need them, read from its CareTeam by mappings/messages/care-team-update.yaml."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime

from adapter.domain.case import Resource, Version
from adapter.domain.days import first_moment, moment_after
from adapter.domain.hand_over import OVER
from adapter.domain.participation import (
    CHILD_COORDINATOR,
    GUARDIAN,
    HOSPITAL_COORDINATOR,
    PARENT,
    RELATIVE,
    Participant,
    comes_of_age,
    main_responsible,
)
from adapter.flows.actors import organisation_number
from adapter.flows.birth import birth_date
from adapter.flows.contacts import contact
from adapter.flows.parts import Parts
from adapter.flows.resources import ENH
from adapter.mapping.engine import Reading, Root, flat, read, rows_of

_ROLES = ("roles", "functions", "parts")
_OVER = ("inactive", "entered-in-error")


def read_team(team: Resource, parts: Parts, table: str) -> Reading:
    """Only for its facts: who asks for no account of the leaves is answered in a third of the time."""
    root, nothing = Root("CareTeam", team), Root("CareTeam", {})
    return read(parts.tables.messages[table], "fhir", {"CareTeam": root}, nothing, parts.tables.codes)


def team_of(versions: Sequence[Version]) -> Version | None:
    """The care team of a case, if it stands."""
    team = next((v for v in versions if v.type == "CareTeam"), None)
    return None if team is None or team.body["status"] in _OVER else team


def rows_of_team(team: Resource, parts: Parts, *, in_full: bool = False) -> list[dict[str, str]]:
    """The facts of each row: all, or those that decide who has access."""
    reading = read_team(team, parts, "care-team-update" if in_full else "care-team-access")
    return [flat(row) for row in rows_of(reading.facts, "participants")]


def members(
    team: Resource, versions: Sequence[Version], parts: Parts, *, in_full: bool = False
) -> list[Participant]:
    """The rows of a care team, in their order; `versions` are those of its case. `in_full` with functions and reasons,
    which take as long again to read and decide on no access."""
    rows = rows_of_team(team, parts, in_full=in_full)
    found = [_participant(number, row, team, versions) for number, row in enumerate(rows)]
    if not in_full:
        return found
    items = team.get("participant", ())
    return [replace(row, family=_family(items[n], team, versions, parts)) for n, row in enumerate(found)]


def _participant(
    number: int, row: Mapping[str, str], team: Resource, versions: Sequence[Version]
) -> Participant:
    roles = frozenset(role for name in _ROLES for role in row.get(name, "").split("\n") if role)
    children = tuple(date.fromisoformat(day) for day in row.get("children", "").split("\n") if day)
    of_child = CHILD_COORDINATOR in roles
    return Participant(
        place=f"CareTeam.participant[{number}]",
        who=row.get("member") or row.get("organisation") or row.get("name", ""),
        organisation=organisation_of(row, team, versions) or "",
        roles=roles,
        stated=row.get("status", ""),
        start=first_moment(row.get("start")),
        end=moment_after(row.get("end")),
        until=comes_of_age(children, birth_date(versions)) if of_child else None,
        hpr=HOSPITAL_COORDINATOR in roles
        and _is_health_personnel(team["participant"][number], team, versions),
        reason=bool(row.get("reason")),
        children=children,
        accepted=(_last_day(row.get("accepted_by_person")), _last_day(row.get("accepted_by_relative"))),
    )


def _last_day(text: str | None) -> date | None:
    """Of several days the last: whoever says two must have both behind it."""
    return max((date.fromisoformat(day) for day in (text or "").split("\n") if day), default=None)


def _family(row: Resource, team: Resource, versions: Sequence[Version], parts: Parts) -> str:
    """What a RelatedPerson is to the person, whatever role the row gives it or leaves out: a relative, unless it is a
    guardian or has parental responsibility; "" for every other member."""
    member = row.get("member", {})
    reference = member.get("reference", "")
    resource = _resolved(reference, team, versions)
    kinds = {member.get("type"), resource.get("resourceType"), reference.partition("/")[0]}
    if "RelatedPerson" not in kinds:
        return ""
    codings = (c for concept in resource.get("relationship", ()) for c in concept.get("coding", ()))
    known = parts.tables.authority.relations
    relations = {r for c in codings for r in known.get((c.get("system", ""), c.get("code", "")), ())}
    if relations & {"guardian", "parental-responsibility"}:
        return GUARDIAN if "guardian" in relations else PARENT
    return RELATIVE


def _is_health_personnel(row: Resource, team: Resource, versions: Sequence[Version]) -> bool:
    return bool(contact(row.get("member", {}), team, versions).hpr)


def organisation_of(row: Mapping[str, str], team: Resource, versions: Sequence[Version]) -> str | None:
    """The organisation a member is, works for, or takes part on behalf of."""
    for system, number in (("system", "organisation"), ("behalf_system", "behalf_organisation")):
        if row.get(system) == ENH:
            return row.get(number)
    found = (_behind(row.get(name, ""), team, versions) for name in ("member", "behalf"))
    return next((number for number in found if number), None)


def _behind(reference: str, team: Resource, versions: Sequence[Version]) -> str | None:
    resource = _resolved(reference, team, versions)
    employer = resource.get("organization", {})
    number = employer.get("identifier", {})
    if number.get("system") == ENH:
        return str(number.get("value"))
    works_for = _resolved(employer.get("reference", ""), team, versions)
    return next((n for r in (resource, works_for) if r and (n := organisation_number(r))), None)


def _resolved(reference: str, team: Resource, versions: Sequence[Version]) -> Resource:
    """What a reference leads to; nothing where it leads nowhere that is known here."""
    if reference.startswith("#"):
        return next((r for r in team.get("contained", ()) if f"#{r.get('id')}" == reference), {})
    return next((v.body for v in versions if v.reference == reference), {})


def plan_of(versions: Sequence[Version]) -> Version | None:
    """The plan of a case; after a hand-over that of the unit whose the case is now, not the one that ended by it."""
    plans = [v for v in versions if v.type == "CarePlan"]
    stands = (v for v in plans if v.body["status"] not in OVER)
    return next(stands, max(plans, key=lambda v: v.at, default=None))


def plan_in_force(versions: Sequence[Version]) -> Resource | None:
    """The plan of a case, if it is in force."""
    return next((v.body for v in versions if v.type == "CarePlan" and v.body["status"] == "active"), None)


def led_by(versions: Sequence[Version], at: datetime, parts: Parts) -> list[Participant]:
    """Who in the team of a case has the main responsibility at a moment (IP-f § 3)."""
    team = team_of(versions)
    rows = members(team.body, versions, parts) if team else []
    return main_responsible(rows, named_by_plan(versions, parts), at)


def named_by_plan(versions: Sequence[Version], parts: Parts) -> list[str]:
    """Whatever the plan in force says of its main responsible: a reference, a name, an identifier, an organisation
    number. What the plan itself contains is known to the team by name only."""
    plan = plan_in_force(versions) or {}
    url = f"{parts.base}/StructureDefinition/main-responsible"
    said: list[str] = []
    for extension in plan.get("extension", ()):
        named = extension.get("valueReference", {}) if extension.get("url") == url else {}
        reference = str(named.get("reference", ""))
        row = {"member": reference}
        said += [reference] if not reference.startswith("#") else []
        said += [str(named.get("display", "")), str(named.get("identifier", {}).get("value", ""))]
        said.append(organisation_of(row, plan, versions) or "")
    return [word for word in said if word]
