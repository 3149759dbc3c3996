"""Who takes part in a case: the hospital that reported, the municipality that owns it, and the care team."""

from collections.abc import Sequence
from datetime import datetime

from adapter.domain.case import Case, Version
from adapter.domain.consent import Deny, Permit
from adapter.domain.participation import OVER
from adapter.domain.problems import Finding
from adapter.flows.actors import organisation_number
from adapter.flows.consents import making_was_permitted, permit, permit_making
from adapter.flows.members import members, plan_of, rows_of_team, team_of
from adapter.flows.parts import Parts

_ENDED = frozenset({"revoked", "completed", "entered-in-error"})
from adapter.flows.resources import id_of
"""States of a plan that is no more."""


def team_organisations(versions: Sequence[Version], at: datetime, parts: Parts) -> frozenset[str]:
    """Organisation numbers of those in the care team who take part at a moment (IP-f § 9), in a role that the plan is
    for."""
    team = team_of(versions)
    rows = members(team.body, versions, parts) if team else []
    return frozenset(row.organisation for row in rows if row.organisation and row.has_access(at))


def team_resources(versions: Sequence[Version], parts: Parts) -> list[Version]:
    """Who the team's members are: the resources of the case that it names, and whom and where these work for."""
    team = next((v for v in versions if v.type == "CareTeam"), None)
    if team is None:
        return []
    wanted = {
        row.get(member, "") for row in rows_of_team(team.body, parts) for member in ("member", "behalf")
    }
    wanted |= {managing.get("reference", "") for managing in team.body.get("managingOrganization", ())}
    roles = [v.body for v in versions if v.reference in wanted and v.type == "PractitionerRole"]
    for role in roles:
        wanted |= {role.get(e, {}).get("reference", "") for e in ("practitioner", "organization")}
    kinds = ("Organization", "Practitioner", "PractitionerRole")
    return sorted((v for v in versions if v.reference in wanted and v.type in kinds), key=_in_order)


def _in_order(version: Version) -> tuple[str, str]:
    return version.type, version.id


def has_returned(case: Case, organisation: str) -> bool:
    """Whether an organisation is the unit that has sent the case back as not its own: it has purged what it got."""
    return organisation == case.owner and case.state == "wrong-addressee"


def takes_part(
    case: Case, versions: Sequence[Version], organisation: str, at: datetime, parts: Parts
) -> bool:
    """Whether an organisation may know of the case at all."""
    if organisation == case.owner:
        return not has_returned(case, organisation)
    return organisation == case.requester or organisation in team_organisations(versions, at, parts)


def participation_over(
    versions: Sequence[Version], organisation: str, at: datetime, parts: Parts
) -> Finding | None:
    """What an organisation is told that the team says has taken part, and no longer does."""
    team = team_of(versions)
    rows = members(team.body, versions, parts) if team else []
    over = (row.place for row in rows if row.organisation == organisation and row.state(at) in OVER)
    return next((Finding("participation-ended", place) for place in over), None)


def recipients_of_plan(
    case: Case, versions: Sequence[Version], author: str, at: datetime, parts: Parts
) -> list[str]:
    """Who a new version of the plan is offered to: everybody in the team who can be reached, but its author."""
    team = team_organisations(versions, at, parts)
    partners = parts.partners.by_organisation
    return sorted(
        o for o in team if o not in (author, case.owner) and o in partners and partners[o].reachable
    )


def may_have(
    versions: Sequence[Version],
    organisation: str,
    category: str,
    at: datetime,
    parts: Parts,
    *,
    carried: Sequence[Version] | None = None,
) -> Permit | Deny:
    """What consent says; but the plan is for those who take part in it, and only as long as they do (IP-f § 9), and as
    long as there may be one at all (§ 5). `carried` is what goes, where that is not what stands."""
    if category != "plan":
        return permit(versions, organisation, category, at, parts)
    if organisation not in team_organisations(versions, at, parts):
        return Deny("not-in-the-team")
    making = _making(versions if carried is None else carried, versions, at, parts)
    return making if isinstance(making, Deny) else permit(versions, organisation, category, at, parts)


def _making(
    carried: Sequence[Version], versions: Sequence[Version], at: datetime, parts: Parts
) -> Permit | Deny | None:
    """What consent says of the making of the plan that is carried. None of one that has ended, as that is told, and
    where nobody has ever been asked: a plan does not come into force so, and what it is shared by decides."""
    plan = plan_of(carried)
    if plan is None or plan.body["status"] in _ENDED:
        return None
    said = permit_making(versions, _maker(versions) or plan.author, at, parts)
    asked = isinstance(said, Permit) or said.consents or making_was_permitted(versions, at, parts)
    return said if asked else None


def _maker(versions: Sequence[Version]) -> str | None:
    """The unit whose work the plan of a case is: a draft of the adapter's is made for it."""
    own = (v.body for v in versions if v.type == "Task" and v.id == id_of(v.case_id, "task"))
    owners = {task.get("owner", {}).get("reference") for task in own}
    units = (organisation_number(v.body) for v in versions if v.reference in owners)
    return next((number for number in units if number), None)


def may_join(versions: Sequence[Version], organisation: str, at: datetime, parts: Parts) -> bool:
    """Whether the person has consented to what an organisation gets by taking part in the plan (IP-f § 9)."""
    return isinstance(permit(versions, organisation, "plan", at, parts), Permit)
