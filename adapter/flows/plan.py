"""The plan comes back, version by version (PUT CarePlan), and goes on to those who take part.

The municipality owns the plan (hol § 7-1, IP-f § 8). A new version is offered to each participating service; whether it
is sent is decided by the consent in force at the moment of sending.
"""

from collections.abc import Sequence

from adapter.domain.case import Step, Version
from adapter.domain.consent import Deny
from adapter.domain.delivery import Outgoing
from adapter.domain.message import Answer, Caller
from adapter.domain.problems import Finding, Refused
from adapter.domain.steps import names_professional, step_of
from adapter.flows.announcing import new_to_them
from adapter.flows.consents import permit_making
from adapter.flows.members import plan_of
from adapter.flows.outbox import outgoing
from adapter.flows.participants import recipients_of_plan, team_resources
from adapter.flows.parts import Parts
from adapter.flows.plan_content import plan_findings
from adapter.flows.plan_view import category_findings
from adapter.flows.update import Decision, Offers, Update, read_update, require_unchanged, update
from adapter.mapping.engine import Reading, flat, rows_of
from adapter.ports import Transaction

_UNDER_WAY = frozenset({"accepted", "needs-information", "decided", "coordinator-appointed"})
"""States of a case in which its unit writes a plan: from when it took the case on, until that ends."""


def put_care_plan(caller: Caller, id_: str, if_match: str | None, raw: bytes, parts: Parts) -> Answer:
    """A new version of the plan."""
    return update(caller, "CarePlan", id_, if_match, raw, _decide_plan, parts)


def _decide_plan(asked: Update, parts: Parts) -> Decision:
    _require_owner(asked)
    reading = read_update("care-plan-update", asked.resource, parts)
    if labelled := category_findings(asked.resource, parts):
        raise Refused(*labelled)
    require_unchanged(asked, "identifier", "intent", "subject")
    before = asked.current.body["status"] if asked.current else "draft"
    rule = step_of(parts.tables.steps, "plan", flat(reading.facts)["status"], "")
    after = parts.tables.lifecycles["plan"].after(before, rule.event) if rule else None
    if rule is None or after is None:
        raise Refused(Finding("step-forbidden", "CarePlan.status"))
    if rule.person and not _answered_for(reading):
        raise Refused(Finding("person-not-named", "CarePlan.author"))
    if (before == "draft" or after == "active") and asked.case.state not in _UNDER_WAY:
        raise Refused(Finding("step-forbidden", "CarePlan.status"))
    if after in ("draft", "active") and _not_consented(asked, parts):
        raise Refused(Finding("plan-without-consent", "CarePlan.status"))
    if after == "active":
        _require_lawful(asked, before, reading, parts)
    step = Step(
        asked.case.id, "plan", rule.event, before, after, asked.at, asked.caller.organisation, asked.source
    )
    return Decision(asked.case, [step] if before != after else [], outgoing=offered(asked, parts))


def _require_lawful(asked: Update, before: str, reading: Reading, parts: Parts) -> None:
    """Every version in force is whole, and there is one plan per person (IP-f § 9). Raises Refused."""
    if findings := plan_findings(reading, asked.versions, asked.at, parts):
        raise Refused(*findings)
    if before == "draft" and asked.elsewhere():
        raise Refused(Finding("second-active-plan", "CarePlan.status"))


def _answered_for(reading: Reading) -> bool:
    return any(names_professional(flat(row)) for row in rows_of(reading.facts, "author"))


def _require_owner(asked: Update) -> None:
    if asked.caller.organisation != asked.case.owner:
        raise Refused(Finding("actor-not-allowed", asked.resource["resourceType"]))


def _not_consented(asked: Update, parts: Parts) -> bool:
    """No plan is made without consent to its making (IP-f § 5), not even as a draft; ending one needs none."""
    return isinstance(permit_making(asked.versions, asked.caller.organisation, asked.at, parts), Deny)


def offered(asked: Update, parts: Parts) -> Offers:
    """The new version, with what it needs to be understood, to each organisation in the team as it is after it whose
    own part of it has changed."""

    def offers(tx: Transaction, version: Version, origin: Version) -> Sequence[Outgoing]:
        versions = with_version(asked.versions, version)
        recipients = recipients_of_plan(asked.case, versions, asked.caller.organisation, asked.at, parts)
        carries = [*plan_and_team(versions, version, parts), origin]
        each = [
            outgoing(asked.case, recipient, "plan-updated", "plan", version, carries, asked.at)
            for recipient in recipients
        ]
        return new_to_them(tx, each, asked.versions, [*versions, origin], asked.at, parts)

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
