"""Who takes part in a case: the hospital that reported, the municipality that owns it, and the care team."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from adapter.domain.case import Case, Version
from adapter.domain.consent import Deny, Ground, Permit, grounds
from adapter.domain.problems import Finding
from adapter.domain.provision import Recipient
from adapter.flows.actors import organisation_number
from adapter.flows.consents import MAKING, PURPOSES, addressed, consents_of, permit, permit_making
from adapter.flows.members import members, plan_of, rows_of_team, team_of
from adapter.flows.parts import Parts
from adapter.flows.resources import id_of

_ENDED = frozenset({"revoked", "completed", "entered-in-error"})
"""States of a plan that is no more."""
NOT_IN_THE_TEAM: Final = "not-in-the-team"
"""Why it is no, where no consent is asked."""


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
    """Whether an organisation is the unit that has sent the case back as not its own: it has purged what it got. Who
    reported the need to its own unit still takes part as the one that did (hpl § 38 a)."""
    sent_back = organisation == case.owner and case.state == "wrong-addressee"
    return sent_back and organisation != case.requester


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
    """What an organisation is told that the team says has taken part, and no longer does; not in which row, which
    would tell of the others."""
    team = team_of(versions)
    rows = members(team.body, versions, parts) if team else []
    over = any(row.organisation == organisation and row.is_over(at) for row in rows)
    return Finding("participation-ended", "CareTeam.participant") if over else None


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
    recipient: str | Recipient,
    category: str,
    at: datetime,
    parts: Parts,
    *,
    about: str = "",
    carried: Sequence[Version] | None = None,
) -> Permit | Deny:
    """What consent says; but the plan and its team are for those who take part, and only as long as they do (IP-f § 9).

    `about` is the type of what is read or sent: a plan itself goes only as long as there may be one (`no_plan`); of
    one that has ended always that it has (flows/ended_plan.py).
    `carried` is what goes, where that is not what stands.
    """
    said = permit(versions, recipient, category, at, parts)
    if category != "plan":
        return said
    organisation = recipient if isinstance(recipient, str) else recipient.organisation
    if organisation not in team_organisations(versions, at, parts):
        return Deny(NOT_IN_THE_TEAM)
    if about != "CarePlan":
        return said
    of = versions if carried is None else carried
    plan = plan_of(of)
    return (not (plan and has_ended(plan)) and no_plan(of, versions, at, parts)) or said


def no_plan(
    carried: Sequence[Version], versions: Sequence[Version], at: datetime, parts: Parts
) -> Deny | None:
    """Why a plan is for nobody but the unit that writes it, as read or sent: there is none without consent in force to
    its making (IP-f § 5, R-040), before that is given as after it is taken back, whatever else is shared, and also when
    the plan has ended. The team stands by itself: a coordinator needs no plan (hol § 7-2)."""
    plan = plan_of(carried)
    if plan is None:
        return None
    said = permit_making(versions, _maker(versions) or plan.author, at, parts)
    return said if isinstance(said, Deny) else None


def has_ended(plan: Version) -> bool:
    """Whether a version of a plan is one of a plan that is no more."""
    return plan.body["status"] in _ENDED


def grounds_of(
    versions: Sequence[Version], recipient: str, category: str, at: datetime, parts: Parts, *, about: str = ""
) -> tuple[Ground, ...]:
    """What each consent that bears on what `may_have` decides comes to, by the reasons it is decided by."""
    to, maker = addressed(recipient, parts), Recipient(_maker(versions) or "")
    wishes = [(to, parts.tables.categories[category])]
    wishes += [(maker, MAKING)] if category == "plan" and about == "CarePlan" else []
    consents = consents_of(versions, parts)
    return tuple(
        ground
        for who, wanted in wishes
        if wanted.consent_needed
        for ground in grounds(consents, who, wanted, PURPOSES, at)
    )


def _maker(versions: Sequence[Version]) -> str | None:
    """The unit whose work the plan of a case is: a draft of the adapter's is made for it."""
    own = (v.body for v in versions if v.type == "Task" and v.id == id_of(v.case_id, "task"))
    owners = {task.get("owner", {}).get("reference") for task in own}
    units = (organisation_number(v.body) for v in versions if v.reference in owners)
    return next((number for number in units if number), None)


def may_join(versions: Sequence[Version], organisation: str, at: datetime, parts: Parts) -> bool:
    """Whether the person has consented to what an organisation gets by taking part in the plan (IP-f § 9)."""
    return isinstance(permit(versions, organisation, "plan", at, parts), Permit)
