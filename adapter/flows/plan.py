"""The plan comes back, version by version (PUT CarePlan), and goes on to those who take part.

The municipality owns the plan (hol § 7-1, IP-f § 8). A new version is offered to each participating service; whether it
is sent is decided by the consent in force at the moment of sending.
"""

from collections.abc import Sequence

from adapter.domain.case import Resource, Step, Version
from adapter.domain.consent import Deny
from adapter.domain.delivery import Outgoing
from adapter.domain.message import Answer, Caller
from adapter.domain.plan_content import ending, past
from adapter.domain.problems import Finding, Refused
from adapter.domain.steps import StepRule, names_professional, step_of
from adapter.flows.announcing import new_to_them
from adapter.flows.consents import permit_making
from adapter.flows.members import plan_of
from adapter.flows.outbox import outgoing
from adapter.flows.participants import recipients_of_plan, team_resources
from adapter.flows.participation_notices import left
from adapter.flows.parts import Parts
from adapter.flows.plan_content import as_said, hidden_statuses, plan_findings, read_plan, times_of
from adapter.flows.plan_view import category_findings
from adapter.flows.resources import same
from adapter.flows.standing_plan import UNDER_WAY
from adapter.flows.update import Decision, Offers, Update, read_update, require_unchanged, update
from adapter.mapping.engine import Reading, flat, rows_of
from adapter.ports import Transaction

_OVER = frozenset({"revoked", "completed", "entered-in-error"})
"""States of a plan that is locked: nothing more is put into it (R-078)."""
_DIED = "died"


def put_care_plan(caller: Caller, id_: str, if_match: str | None, raw: bytes, parts: Parts) -> Answer:
    """A new version of the plan."""
    return update(caller, "CarePlan", id_, if_match, raw, _decide_plan, parts)


def _decide_plan(asked: Update, parts: Parts) -> Decision:
    _require_owner(asked)
    reading = read_update("care-plan-update", asked.resource, parts)
    if labelled := [*category_findings(asked.resource, parts), *hidden_statuses(asked.resource, parts)]:
        raise Refused(*labelled)
    require_unchanged(asked, "identifier", "intent", "subject")
    before = asked.current.body["status"] if asked.current else "draft"
    rule, after = _step_taken(asked, before, reading, parts)
    if after in ("draft", "active"):
        _require_may_stand(asked, before, after, reading, parts)
    rules, said = parts.tables.plan_content, times_of(reading)
    if amiss := ending(rules, rule.event, said, asked.at, begun=before != "draft"):
        raise Refused(*amiss)
    step = Step(
        asked.case.id, "plan", rule.event, before, after, asked.at, asked.caller.organisation, asked.source
    )
    silent = said.closing_reason == _DIED and after != "entered-in-error"
    tells = _nobody if silent else offered(asked, parts)
    return Decision(asked.case, [step] if before != after else [], outgoing=tells)


def _step_taken(asked: Update, before: str, reading: Reading, parts: Parts) -> tuple[StepRule, str]:
    """The step that an update says, and where it leads to. Raises Refused where it may not be taken."""
    status = flat(reading.facts)["status"]
    rule = step_of(parts.tables.steps, "plan", status, "")
    after = parts.tables.lifecycles["plan"].after(before, rule.event) if rule else None
    if rule is None or after is None:
        locked = before in _OVER and status == before
        raise Refused(Finding("plan-locked" if locked else "step-forbidden", "CarePlan.status"))
    if rule.person and not _answered_for(reading):
        raise Refused(Finding("person-not-named", "CarePlan.author"))
    if (before == "draft" or after == "active") and asked.case.state not in UNDER_WAY:
        raise Refused(Finding("step-forbidden", "CarePlan.status"))
    if before in _OVER and asked.current and not same(_as_left(asked.current.body), _as_left(asked.resource)):
        raise Refused(Finding("plan-locked", "CarePlan"))
    return rule, after


def _as_left(plan: Resource) -> Resource:
    """What of a plan that is over stays as it was, also where somebody says that it was an error."""
    return {name: value for name, value in plan.items() if name not in ("status", "author")}


def _require_may_stand(asked: Update, before: str, after: str, reading: Reading, parts: Parts) -> None:
    """There is consent to the plan (IP-f § 5); in force each version is whole; and there is one plan per person (§ 9).
    Raises Refused."""
    if _not_consented(asked, parts):
        raise Refused(Finding("plan-without-consent", "CarePlan.status"))
    if after == "active":
        said = as_said(asked.resource, reading, asked.versions, parts)
        findings = plan_findings(said, asked.versions, asked.at, parts)
        if amiss := findings or _out_of_period(asked, before, reading, parts):
            raise Refused(*amiss)
    others = asked.elsewhere() if before != "active" else ()
    if after == "active" and any(other.stands for other in others):
        raise Refused(Finding("second-active-plan", "CarePlan.status"))
    if any(other.owner == asked.case.owner for other in others):
        raise Refused(Finding("plan-written-elsewhere", "CarePlan.status"))


def _out_of_period(asked: Update, before: str, reading: Reading, parts: Parts) -> list[Finding]:
    """Days of a plan that it cannot be in force with from now on. What has passed of one in force already is for its
    unit to see to, and keeps no change back that leaves its days alone."""
    said = times_of(reading)
    found = past(said, asked.at)
    if found and before == "active" and asked.current:
        return [] if said == times_of(read_plan(asked.current.body, parts)) else found
    return found


def _answered_for(reading: Reading) -> bool:
    return any(names_professional(flat(row)) for row in rows_of(reading.facts, "author"))


def _require_owner(asked: Update) -> None:
    if asked.caller.organisation != asked.case.owner:
        raise Refused(Finding("actor-not-allowed", asked.resource["resourceType"]))


def _not_consented(asked: Update, parts: Parts) -> bool:
    """No plan is made without consent to its making (IP-f § 5), not even as a draft; ending one needs none."""
    return isinstance(permit_making(asked.versions, asked.caller.organisation, asked.at, parts), Deny)


def _nobody(_tx: Transaction, _version: Version, _origin: Version) -> Sequence[Outgoing]:
    """A plan that ends because the person has died is closed in silence (R-154)."""
    return ()


def offered(asked: Update, parts: Parts) -> Offers:
    """The new version, with what it needs to be understood, to each organisation in the team as it is after it whose
    own part of it has changed; and to who is in it no more that it is not."""

    def offers(tx: Transaction, version: Version, origin: Version) -> Sequence[Outgoing]:
        versions = with_version(asked.versions, version)
        recipients = recipients_of_plan(asked.case, versions, asked.caller.organisation, asked.at, parts)
        carries = [*plan_and_team(versions, version, parts), origin]
        each = [
            outgoing(asked.case, recipient, "plan-updated", "plan", version, carries, asked.at)
            for recipient in recipients
        ]
        fresh = new_to_them(tx, each, asked.versions, [*versions, origin], asked.at, parts)
        return [*fresh, *(left(tx, asked, versions, version, parts) if version.type == "CareTeam" else ())]

    return offers


def with_version(versions: Sequence[Version], version: Version) -> list[Version]:
    """The current versions of a case after one of them has a successor."""
    return [*(v for v in versions if v.reference != version.reference), version]


def plan_and_team(versions: Sequence[Version], focus: Version, parts: Parts) -> list[Version]:
    """What a plan update carries: the person, the plan and its team as they stand, the changed one first, and who
    the team's members are, so that a record can show the coordinator (pasientjournalforskriften § 5 c-d)."""
    plan = focus if focus.type == "CarePlan" else plan_of(versions)
    with_it = [v for v in versions if v.type in ("Patient", "CareTeam") or v is plan]
    rest = [v for v in with_it if v.reference != focus.reference]
    return [focus, *sorted(rest, key=lambda v: v.type), *team_resources(versions, parts)]
