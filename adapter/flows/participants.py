"""Who takes part in a case: the hospital that reported, the municipality that owns it, and the care team."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from adapter.domain.case import Case, Version
from adapter.domain.consent import Deny, Permit
from adapter.domain.days import norwegian_day
from adapter.flows.consents import organisation_number, permit
from adapter.flows.doors import flat
from adapter.flows.parts import Parts
from adapter.flows.resources import ENH
from adapter.mapping.engine import Root, read


def team_organisations(versions: Sequence[Version], parts: Parts) -> frozenset[str]:
    """Organisation numbers of those in the care team whose participation has not ended (IP-f § 9)."""
    team = next((v for v in versions if v.type == "CareTeam"), None)
    if team is None or team.body["status"] in ("inactive", "entered-in-error"):
        return frozenset()
    root = Root("CareTeam", team.body)
    reading = read(
        parts.tables.messages["care-team-update"], "fhir", {"CareTeam": root}, root, parts.tables.codes
    )
    rows = reading.facts.get("participants", ())
    members = [flat(row) for row in rows if not isinstance(row, str)]
    today = norwegian_day(parts.clock()).isoformat()
    found = (_number(member, versions) for member in members if _takes_part_on(member, today))
    return frozenset(number for number in found if number)


def _takes_part_on(member: Mapping[str, str], day: str) -> bool:
    return member.get("start", "0")[:10] <= day <= member.get("end", "9999")[:10]


def _number(member: dict[str, str], versions: Sequence[Version]) -> str | None:
    """The organisation a member is or works for."""
    if member.get("system") == ENH:
        return member.get("organisation")
    resource = next((v.body for v in versions if v.reference == member.get("member")), None)
    if resource is None:
        return None
    employer = resource.get("organization", {}).get("reference")
    return (
        organisation_number(resource) or _number({"member": employer}, versions)
        if employer
        else organisation_number(resource)
    )


def takes_part(case: Case, versions: Sequence[Version], organisation: str, parts: Parts) -> bool:
    """Whether an organisation may know of the case at all."""
    return organisation in (case.owner, case.requester) or organisation in team_organisations(versions, parts)


def recipients_of_plan(case: Case, versions: Sequence[Version], author: str, parts: Parts) -> list[str]:
    """Who a new version of the plan is offered to: everybody in the team who can be reached, but its author."""
    team = team_organisations(versions, parts)
    partners = parts.partners.by_organisation
    return sorted(o for o in team if o not in (author, case.owner) and o in partners and partners[o].endpoint)


def may_have(
    versions: Sequence[Version], organisation: str, category: str, at: datetime, parts: Parts
) -> Permit | Deny:
    """What consent says; but the plan is for those who take part in it, and only as long as they do (IP-f § 9)."""
    if category == "plan" and organisation not in team_organisations(versions, parts):
        return Deny("not-in-the-team")
    return permit(versions, organisation, category, at, parts)
