"""The care team comes back, version by version (PUT CareTeam), and goes on to those who take part (IP-f § 9).

The owner keeps the team; another participant says of its own participation that it accepts, declines, rests or ends.
Nobody joins through anything else, and nobody leaves but with a period.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

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
    changes,
    leaving,
    of_child_coordinator,
    of_itself,
)
from adapter.domain.problems import Finding, Refused
from adapter.domain.steps import StepRule, step_of
from adapter.flows.consents import consents_of
from adapter.flows.contacts import codes
from adapter.flows.members import born, led_by, members, named_by_plan, plan_in_force
from adapter.flows.outbox import outgoing
from adapter.flows.participants import may_join
from adapter.flows.parts import Parts
from adapter.flows.plan import offered, with_version
from adapter.flows.plan_view import category_findings
from adapter.flows.resources import same
from adapter.flows.update import Decision, Offers, Update, read_update, require_unchanged, update
from adapter.ports import Transaction

NOBODY_LEADS = "no-main-responsible"
_STILL_THERE = frozenset({"invited", "accepted", "active", "paused"})
"""States of one who may still say something of its participation."""
_OWN_SAY = ("participation-status", "participation-reason")


def put_care_team(caller: Caller, id_: str, if_match: str | None, raw: bytes, parts: Parts) -> Answer:
    """A new version of who takes part. Those who have left no longer get anything."""
    return update(caller, "CareTeam", id_, if_match, raw, _decide, parts)


def _decide(asked: Update, parts: Parts) -> Decision:
    before = members(asked.current.body, asked.versions, parts, in_full=True) if asked.current else []
    if asked.caller.organisation != asked.case.owner:
        _require_own(asked, before, parts)
    read_update("care-team-update", asked.resource, parts)
    require_unchanged(asked, "identifier", "subject")
    after = members(asked.resource, asked.versions, parts, in_full=True)
    made = changes(before, after)
    labelled = category_findings(asked.resource, parts)
    if amiss := [*_amiss(asked, made, parts), *_leading(asked, after, parts), *labelled]:
        raise Refused(*amiss)
    return Decision(
        asked.case,
        list(_steps(asked, made, parts)),
        waiting=_alarm(asked, parts),
        outgoing=_tells(asked, parts),
    )


def _require_own(asked: Update, before: Sequence[Participant], parts: Parts) -> None:
    """Another than the owner changes how far its own participation has come, and nothing else. Raises Refused."""
    own = [row for row in before if row.organisation == asked.caller.organisation]
    if own and not any(row.state(asked.at) in _STILL_THERE for row in own):
        raise Refused(Finding("participation-ended", own[-1].place))
    current = asked.current.body if asked.current else {}
    places = {row.place for row in own}
    if not same(_of_others(current, places, parts), _of_others(asked.resource, places, parts)):
        raise Refused(Finding("actor-not-allowed", "CareTeam"))


def _of_others(team: Resource, own: Collection[str], parts: Parts) -> Resource:
    """A team without what the rows at these places say of how far they have come, and until when."""
    rows = team.get("participant", ())
    placed = ((f"CareTeam.participant[{number}]", row) for number, row in enumerate(rows))
    return team | {"participant": [_unsaid(row, parts) if at in own else row for at, row in placed]}


def _unsaid(row: Resource, parts: Parts) -> Resource:
    said = {f"{parts.base}/StructureDefinition/{name}" for name in _OWN_SAY}
    kept = {
        "extension": [e for e in row.get("extension", ()) if e.get("url") not in said],
        "period": {name: value for name, value in row.get("period", {}).items() if name != "end"},
    }
    return {name: value for name, value in (row | kept).items() if value}


def _amiss(asked: Update, made: Sequence[Change], parts: Parts) -> Iterator[Finding]:
    """What is wrong with each participation that is new or has changed."""
    at, birth = asked.at, born(asked.versions)
    for change in made:
        yield from leaving(change, at)
        row = change.after
        if row is None or (change.before and replace(change.before, place=row.place) == row):
            continue
        if _rule(asked, change, parts) is None:
            yield Finding("step-forbidden", row.place)
        yield from of_itself(row)
        yield from of_child_coordinator(row, birth, at, wished=_wished(asked, parts))
        if _joins(asked, change) and not may_join(
            asked.versions, row.organisation, max(at, row.start or at), parts
        ):
            yield Finding("participant-without-consent", row.place)


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
    for row in at_once(after, CHILD_COORDINATOR, asked.at):
        yield Finding("two-child-coordinators", f"{row.place}.role")


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
        return [*news, *offers(tx, version, origin)]

    return tells
