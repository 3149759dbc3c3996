"""A consent is recorded, changed or withdrawn (PUT Consent). Withdrawal takes effect at once and reaches queued work.

Any organisation that takes part may record what the person told it; withdrawal needs no form (pbrl § 4-1). Only the
owner and the requester let themselves in; what one organisation has recorded no other participant changes.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial

from adapter.domain.case import Case, Step, Version, Waiting
from adapter.domain.consent import OBJECTIONS, Deny, Permit
from adapter.domain.delivery import Delivery, Outgoing
from adapter.domain.message import Answer, Caller
from adapter.domain.problems import Finding, Refused
from adapter.domain.steps import step_of
from adapter.flows.announcing import new_to_them, sees_more
from adapter.flows.consent_findings import consent_findings
from adapter.flows.consent_notices import Standing, concerned
from adapter.flows.consents import MAKING, consent_of, permit, reaches_nobody
from adapter.flows.givers import shows_care, tells_of_care, unentitled
from adapter.flows.lapse_news import ASK_ANEW, asked_anew
from adapter.flows.members import plan_of, team_of
from adapter.flows.outbox import handed_over, outgoing
from adapter.flows.participants import has_ended, may_have, recipients_of_plan
from adapter.flows.parts import Parts
from adapter.flows.plan import plan_and_team, with_version
from adapter.flows.stopping import stop_denied
from adapter.flows.task_kind import is_complaint
from adapter.flows.update import Decision, Offers, Update, require_unchanged, update
from adapter.ports import Transaction

_GOES_WITH = frozenset({"CareTeam", "Organization", "Practitioner", "PractitionerRole"})
"""What of a plan goes along with it, and is not the person, nor who made it."""


def put_consent(caller: Caller, id_: str, if_match: str | None, raw: bytes, parts: Parts) -> Answer:
    """One consent as it stands now; a new id makes a new consent of the case of its Patient."""
    return update(caller, "Consent", id_, if_match, raw, _decide, parts)


def _decide(asked: Update, parts: Parts) -> Decision:
    _require_own(asked, parts)
    if findings := consent_findings(asked.resource, asked.versions, asked.at, parts):
        raise Refused(*findings)
    if asked.current:
        require_unchanged(asked, "patient", "category", "scope")
    cycle = parts.tables.lifecycles["consent"]
    before = asked.current.body["status"] if asked.current else cycle.initial
    rule = step_of(parts.tables.steps, "consent", asked.resource["status"], "")
    after = cycle.after(before, rule.event) if rule else None
    if rule is None or after is None:
        raise Refused(Finding("step-forbidden", "Consent.status"))
    if after == "active":
        _require_entitled(asked, parts)
    step = Step(
        asked.case.id, "consent", rule.event, before, after, asked.at, asked.caller.organisation, asked.source
    )
    return Decision(
        asked.case,
        [step] if before != after else [],
        waiting=_care_doubt(asked, parts) or (_for_nobody(asked, parts) if after == "active" else None),
        outgoing=_follows(asked, parts),
        stop=_stops(asked, parts),
    )


def _for_nobody(asked: Update, parts: Parts) -> Waiting | None:
    """Where a service or a person is permitted to whom nothing is sent as such, a person is told: it is in force, and
    lets nothing pass."""
    recorded = consent_of(asked.resource, asked.versions, parts)
    sends = {kind for category in parts.tables.categories.values() for kind in category.kinds}
    if recorded.kind not in sends or not reaches_nobody(recorded, parts):
        return None
    return _waits(asked, "service-not-addressed")


def _care_doubt(asked: Update, parts: Parts) -> Waiting | None:
    """What is told in child welfare's name and not shown to be its word ends no consent of parents: a person looks."""
    body, here = asked.resource, asked.caller.organisation
    if body["status"] == "proposed" or not tells_of_care(body, parts):
        return None
    said = Version("Consent", body["id"], 0, asked.case.id, asked.at, here, asked.source, body)
    return None if shows_care(said, asked.versions, parts) else _waits(asked, "care-not-shown")


def _waits(asked: Update, problem: str) -> Waiting:
    return Waiting(asked.case.id, "consent", problem, asked.at)


def _require_entitled(asked: Update, parts: Parts) -> None:
    """Whoever permits may do so for the person, by age, capacity and mandate (pbrl ch. 4)."""
    if findings := unentitled(asked.resource, asked.current, asked.versions, asked.at, parts):
        raise Refused(*findings)


def _require_own(asked: Update, parts: Parts) -> None:
    """The owner and the requester keep the person's consents; others change what they recorded themselves, and do not
    open the case to themselves."""
    here, case = asked.caller.organisation, asked.case
    if here in (case.owner, case.requester):
        return
    recorded = consent_of(asked.resource, asked.versions, parts)
    opens = recorded.provision is not None and recorded.provision.may_open_to(here)
    own = {v.id for v in asked.versions if v.type == "Consent" and v.author == here}
    if here != asked.recorded_by or (opens and recorded.status == "active") or not recorded.replaces <= own:
        raise Refused(Finding("actor-not-allowed", "Consent"))


def _stops(asked: Update, parts: Parts) -> Callable[[Transaction, Version], Mapping[str, str]]:
    """Stop what waits and may no longer be sent; the audit names these deliveries."""

    def stops(tx: Transaction, version: Version) -> Mapping[str, str]:
        versions, because = with_version(asked.versions, version), f"{version.reference}/{version.number}"
        allows = partial(may_have, versions, at=asked.at, parts=parts)
        return stop_denied(tx, asked.case, allows, asked.at, because, parts)

    return stops


def _follows(asked: Update, parts: Parts) -> Offers:
    """Those concerned learn that the consent changed; those who may now have the plan, or more of it, get it as it
    stands."""

    def follows(tx: Transaction, version: Version, _origin: Version) -> Sequence[Outgoing]:
        versions = with_version(asked.versions, version)
        deliveries, said = tx.deliveries(asked.case.id), tx.receipts(asked.case.id)
        before, after = Standing(asked.versions, asked.at), Standing(versions, asked.at)
        notices = [
            outgoing(asked.case, party, "consent-changed", "consent-notice", version, [version], asked.at)
            for party in concerned(
                asked.case, before, after, deliveries, said, tx.readers(asked.case.id), parts
            )
            if party != asked.caller.organisation
        ]
        known = [
            d for d in deliveries if d.state != "stopped-by-consent" or handed_over(said.get(d.id, ()), parts)
        ]
        opened = _plan_now_permitted(asked.case, versions, version, asked.at, parts)
        maybe = [*known, *(d for d in deliveries if d.begun)]  # a person asks before a need goes twice
        need = _need_now_permitted(asked, versions, version, maybe, parts)
        if need:
            tx.resolve(asked.case.id, asked.at, asked.caller.organisation)
        elif asked_anew(versions, asked.at, parts):
            tx.resolve(asked.case.id, asked.at, asked.caller.organisation, (ASK_ANEW,))
        grown = [o for o in opened if sees_more(o.recipient, asked.versions, versions, asked.at, parts)]
        lacking = [o for o in opened if o not in grown and not _has(known, o)]
        fresh = [*grown, *new_to_them(tx, lacking, asked.versions, versions, asked.at, parts)]
        return [*need, *notices, *(o for o in opened if o in fresh)]

    return follows


def _plan_now_permitted(
    case: Case, versions: Sequence[Version], consent: Version, at: datetime, parts: Parts
) -> list[Outgoing]:
    """The plan, or its team, as it stands, for each participant this consent opens it to. `ground` is the consent, so
    that a plan that was stopped for want of consent is a new message now."""
    recorded = consent_of(consent.body, versions, parts)
    if recorded.kind not in {*parts.tables.categories["plan"].kinds, *MAKING.kinds, *OBJECTIONS}:
        return []
    ground = f"{consent.reference}/{consent.number}"
    offers = []
    for recipient in recipients_of_plan(case, versions, case.owner or "", at, parts):
        for one in _written(versions):
            said = may_have(versions, recipient, "plan", at, parts, about=one.type, carried=[one])
            if isinstance(said, Permit):
                carries = [*plan_and_team(versions, one, parts), *_origins(versions, one)]
                offers.append(
                    outgoing(case, recipient, "plan-updated", "plan", one, carries, at, ground=ground)
                )
                break
    return offers


def _written(versions: Sequence[Version]) -> list[Version]:
    """What there is to send of a plan, the first that may go: the plan, draft or in force, or the team alone (hol
    § 7-2). What the adapter has made for its unit, and nobody has written in, is no news."""
    plan = plan_of(versions)
    if plan is not None and has_ended(plan):
        return []
    found = (plan, team_of(versions))
    return [v for v in found if v and (v.number > 1 or v.body["status"] == "active")]


def _need_now_permitted(
    asked: Update, versions: Sequence[Version], consent: Version, known: Sequence[Delivery], parts: Parts
) -> list[Outgoing]:
    """The whole need to the unit it was on its way to, where the consent that was missing is there now."""
    case, owner = asked.case, asked.case.owner or ""
    sent = any(d.outgoing.event == "need-notified" and d.outgoing.recipient == owner for d in known)
    if case.state != "routed" or sent or isinstance(permit(versions, owner, "need", asked.at, parts), Deny):
        return []
    need = next(v for v in versions if v.type == "ServiceRequest")
    carries = [v for v in versions if v.type != "Provenance" and not is_complaint(v, parts.base)]
    ground = f"{consent.reference}/{consent.number}"
    return [outgoing(case, owner, "need-notified", "need", need, carries, asked.at, ground=ground)]


def _origins(versions: Sequence[Version], version: Version) -> list[Version]:
    """The Provenance of one version: who made it, and when."""
    target = {"reference": f"{version.reference}/_history/{version.number}"}
    return [v for v in versions if v.type == "Provenance" and target in v.body["target"]]


def _has(deliveries: Sequence[Delivery], wanted: Outgoing) -> bool:
    """Whether a recipient has this already, or will get it, with the team and whoever is in it as they are now."""
    same = [d.outgoing for d in deliveries if d.outgoing.recipient == wanted.recipient]
    carried = {pin for o in same if o.category == wanted.category for pin in o.carries}
    lacks = {pin for pin in wanted.carries if pin.type in _GOES_WITH} - carried
    return not lacks and any((o.event, o.focus) == (wanted.event, wanted.focus) for o in same)
