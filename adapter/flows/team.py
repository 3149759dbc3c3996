"""The care team comes back, version by version (PUT CareTeam), and goes on to those who take part (IP-f § 9).

The owner keeps the team; another participant says of its own participation that it accepts, declines, rests or ends.
Nobody joins through anything else, and nobody leaves but with a period.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial

from adapter.domain.case import Resource, Step, Version, Waiting
from adapter.domain.delivery import Outgoing
from adapter.domain.message import Answer, Caller
from adapter.domain.need import CHILD_COORDINATOR as NEED_OF_CHILD
from adapter.domain.participation import (
    CHILD_COORDINATOR,
    MAIN_RESPONSIBLE,
    TAKING_PART,
    Change,
    Participant,
    at_once,
    besides_named,
    beyond_its_say,
    changes,
    child_coordinator,
    leaving,
    of_child_coordinator,
    of_itself,
    of_relative,
)
from adapter.domain.problems import Finding, Refused
from adapter.domain.steps import StepRule, step_of
from adapter.flows.birth import birth_date
from adapter.flows.consents import consents_of
from adapter.flows.contacts import codes
from adapter.flows.members import led_by, members, named_by_plan, plan_in_force, team_of
from adapter.flows.outbox import outgoing
from adapter.flows.own_participation import as_put, echoed, rests_by_itself, said_of_itself, still_there
from adapter.flows.participants import may_join, team_organisations
from adapter.flows.parts import Parts
from adapter.flows.plan import offered, plan_and_team, with_version
from adapter.flows.plan_view import category_findings
from adapter.flows.resources import same
from adapter.flows.update import Decision, Offers, Update, as_kept, read_update, require_unchanged, update
from adapter.ports import Transaction

NOBODY_LEADS = "no-main-responsible"


def put_care_team(caller: Caller, id_: str, if_match: str | None, raw: bytes, parts: Parts) -> Answer:
    """A new version of who takes part. Those who have left no longer get anything."""
    return update(caller, "CareTeam", id_, if_match, raw, _decide, parts)


def _decide(asked: Update, parts: Parts) -> Decision:
    here, team = asked.caller.organisation, asked.current
    if team is None or here == asked.case.owner:
        return _decided(asked, parts)
    try:
        return _decided(asked, parts)
    except Refused as refused:
        found = as_put(refused.findings, here, team, asked.resource, asked.versions, parts)
        raise Refused(*found) from None


def _decided(asked: Update, parts: Parts) -> Decision:
    before = members(asked.current.body, asked.versions, parts, in_full=True) if asked.current else []
    put, stands, own = asked.resource, asked.current, asked.caller.organisation != asked.case.owner
    if own and stands:
        asked = replace(asked, resource=_said(asked, stands, before, parts))
        if same(asked.resource, stands.body):
            return Decision(asked.case, late=True, shown=partial(echoed, put))
    read_update("care-team-update", asked.resource, parts)
    require_unchanged(asked, "identifier", "subject")
    after = members(asked.resource, asked.versions, parts, in_full=True)
    made = changes(before, after)
    labelled = category_findings(asked.resource, parts)
    unled = _unled(asked, parts)
    if amiss := [*_amiss(asked, made, parts), *_leading(asked, after, parts), *unled, *labelled]:
        raise Refused(*amiss)
    return Decision(
        asked.case,
        list(_steps(asked, made, parts)),
        waiting=_alarm(asked, parts),
        outgoing=_tells(asked, parts),
        resource=asked.resource,
        shown=partial(echoed, put) if own else as_kept,
    )


def _said(asked: Update, team: Version, before: Sequence[Participant], parts: Parts) -> Resource:
    """The team after another than the owner has said how far its own participation has come. Raises Refused."""
    here = asked.caller.organisation
    own = [row for row in before if row.organisation == here]
    if own and not any(still_there(row, asked.at) for row in own):
        raise Refused(Finding("participation-ended", own[-1].place))
    return said_of_itself(here, team, asked.resource, asked.versions, asked.at, parts)


def _amiss(asked: Update, made: Sequence[Change], parts: Parts) -> Iterator[Finding]:
    """What is wrong with each participation that is new or has changed."""
    at, birth = asked.at, birth_date(asked.versions)
    for change in made:
        yield from leaving(change, at)
        row = change.after
        if row is None or (change.before and replace(change.before, place=row.place) == row):
            continue
        if _rule(asked, change, parts) is None:
            yield Finding("step-forbidden", row.place)
        if asked.caller.organisation != asked.case.owner:
            yield from beyond_its_say(change, at, partial(_rests_by_itself, asked, change, parts))
        yield from of_itself(row)
        yield from of_relative(row, birth, at)
        yield from of_child_coordinator(row, birth, at, wished=_wished(asked, parts))
        if _joins(asked, change) and not may_join(
            asked.versions, row.organisation, max(at, row.start or at), parts
        ):
            yield Finding("participant-without-consent", row.place)


def _rests_by_itself(asked: Update, change: Change, parts: Parts) -> bool:
    here, team = asked.caller.organisation, asked.current
    if team is None or change.before is None:
        return False
    return rests_by_itself(change.before, team, asked.earlier, asked.versions, here, parts)


def _rule(asked: Update, change: Change, parts: Parts) -> StepRule | None:
    """The step a participation has taken, if it may be taken from where it was, and by the caller."""
    before = (
        change.before.state(asked.at) if change.before else parts.tables.lifecycles["participation"].initial
    )
    after = change.after.state(asked.at) if change.after else before
    rule = step_of(parts.tables.steps, "participation", after, "")
    if rule is None or parts.tables.lifecycles["participation"].after(before, rule.event) != after:
        return None
    own = before != after and asked.caller.organisation != asked.case.owner
    return None if own and rule.actor != "participant" else rule


def _steps(asked: Update, made: Sequence[Change], parts: Parts) -> Iterator[Step]:
    """The history of those whose row says how far they have come; of the others the versions tell it."""
    cycle = parts.tables.lifecycles["participation"]
    for change in made:
        rule = _rule(asked, change, parts) if change.after else None
        before = change.before.state(asked.at) if change.before else cycle.initial
        if rule is None or change.after is None or before == change.after.state(asked.at):
            continue
        if change.after.stated or (change.before and change.before.stated):
            yield Step(
                asked.case.id,
                "participation",
                rule.event,
                before,
                change.after.state(asked.at),
                asked.at,
                asked.caller.organisation,
                asked.source,
            )


def _joins(asked: Update, change: Change) -> bool:
    """Whether an organisation comes to take part, other than the two whose case it is."""
    row, at = change.after, asked.at
    if row is None or row.state(at) not in TAKING_PART:
        return False
    before = change.before
    there = before and before.organisation == row.organisation and before.state(at) in TAKING_PART
    return not there and row.organisation not in ("", asked.case.owner, asked.case.requester)


def _wished(asked: Update, parts: Parts) -> bool:
    """Whether the family wishes a child coordinator: the need says so, or a consent to one is in force."""
    system = f"{parts.base}/CodeSystem/need-kind"
    needs = (v.body.get("code", {}) for v in asked.versions if v.type == "ServiceRequest")
    if any(kind == NEED_OF_CHILD for need in needs for kind in codes([need], system)):
        return True
    consents = consents_of(asked.versions, parts)
    return any(c.kind == "CHILD_COORDINATOR" and c.in_force(asked.at) for c in consents)


def _leading(asked: Update, after: Sequence[Participant], parts: Parts) -> Iterator[Finding]:
    """At most one has the main responsibility (IP-f § 3), and a family has at most one child coordinator."""
    named = named_by_plan(asked.versions, parts)
    leading = [*at_once(after, MAIN_RESPONSIBLE, asked.at), *besides_named(after, named, asked.at)]
    for place in dict.fromkeys(row.place for row in leading):
        yield Finding("two-main-responsibles", f"{place}.role")
    for row in [*at_once(after, CHILD_COORDINATOR, asked.at), *_besides_the_family(asked, after)]:
        yield Finding("two-child-coordinators", f"{row.place}.role")


def _besides_the_family(asked: Update, after: Sequence[Participant]) -> Iterator[Participant]:
    """A child coordinator who is not the one that the family has in the case of another child, or of the mother."""
    here = child_coordinator(after, asked.at)
    if here and any(other.who != here.who for other in asked.family()):
        yield here


def _unled(asked: Update, parts: Parts) -> Iterator[Finding]:
    """A plan in force keeps who has the main responsibility (IP-f § 3), and who takes part (§ 9 b): its unit says at
    once who leaves and who follows. Another that leaves has left, which is an alarm."""
    if asked.caller.organisation != asked.case.owner or not plan_in_force(asked.versions):
        return
    later = _after(asked)
    if led_by(asked.versions, asked.at, parts) and not led_by(later, asked.at, parts):
        yield Finding("plan-left-without-main-responsible", "CareTeam.participant")
    if _has_members(asked.versions, asked.at, parts) and not _has_members(later, asked.at, parts):
        yield Finding("plan-incomplete", "CareTeam.participant (b)")


def _has_members(versions: Sequence[Version], at: datetime, parts: Parts) -> bool:
    team = team_of(versions)
    return team is not None and any(row.takes_part(at) for row in members(team.body, versions, parts))


def _alarm(asked: Update, parts: Parts) -> Waiting | None:
    """A plan in force that this update leaves without a main responsible is a person's matter: whoever has left has
    left, so the update stands."""
    if not plan_in_force(asked.versions) or not led_by(asked.versions, asked.at, parts):
        return None
    if led_by(_after(asked), asked.at, parts):
        return None
    return Waiting(asked.case.id, "conversation", NOBODY_LEADS, asked.at)


def _after(asked: Update) -> list[Version]:
    now = asked.current
    return with_version(asked.versions, replace(now, body=asked.resource)) if now else list(asked.versions)


def _tells(asked: Update, parts: Parts) -> Offers:
    """The team to those in it, and to the owner what another has said of its own participation."""
    offers = offered(asked, parts)

    def tells(tx: Transaction, version: Version, origin: Version) -> Sequence[Outgoing]:
        case, owner = asked.case, asked.case.owner or ""
        if led_by(with_version(asked.versions, version), asked.at, parts):
            tx.resolve(case.id, asked.at, asked.caller.organisation, (NOBODY_LEADS,))
        said = [version, origin]
        own = asked.caller.organisation != owner
        news = [outgoing(case, owner, "case-updated", "case-status", version, said, asked.at)] if own else []
        return [*news, *_welcome(asked, version, origin, parts), *offers(tx, version, origin)]

    return tells


def _welcome(asked: Update, version: Version, origin: Version, parts: Parts) -> list[Outgoing]:
    """The plan and the team to who has accepted by its own word: to the others the update is news of another."""
    here, after = asked.caller.organisation, with_version(asked.versions, version)
    there, now = (team_organisations(v, asked.at, parts) for v in (asked.versions, after))
    if here == asked.case.owner or here in there or here not in now:
        return []
    carries = [*plan_and_team(after, version, parts), origin]
    return [outgoing(asked.case, here, "plan-updated", "plan", version, carries, asked.at)]
