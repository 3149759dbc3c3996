"""What follows in the one commit in which a unit accepts a case that is handed over to it (R-152).

The old plan ends because the person moved; the case, its Task and its team are the new unit's, and who takes part
stays, but for the old municipality. The new unit gets what the person has consented to, the others who that unit is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from adapter.domain.case import Case, Resource, Version, Waiting
from adapter.domain.consent import Permit
from adapter.domain.days import norwegian_day
from adapter.domain.delivery import Outgoing
from adapter.domain.hand_over import leaves
from adapter.domain.identifiers import derived
from adapter.domain.participation import ENDED, TAKING_PART, Participant
from adapter.domain.routing import Unit
from adapter.domain.steps import rule_of
from adapter.flows.closing_reason import closing_reason
from adapter.flows.hand_over_asked import TAKEN_OVER
from adapter.flows.members import members
from adapter.flows.outbox import notes_owed, outgoing
from adapter.flows.participants import may_have, recipients_of_plan
from adapter.flows.parts import Parts
from adapter.flows.plan import plan_and_team
from adapter.flows.purge_withdrawn import withdraw_asked
from adapter.flows.resources import (
    ENH,
    Place,
    business_status,
    id_of,
    instant,
    keep_changed,
    provenance,
    written,
)
from adapter.flows.taken_up import returns_of
from adapter.flows.update import Update
from adapter.ports import Transaction

STOPPED = "stopped-by-hand-over"
_OF_THE_TASK = (
    "resourceType",
    "id",
    "meta",
    "identifier",
    "intent",
    "code",
    "focus",
    "for",
    "authoredOn",
    "requester",
    "owner",
)
_NEED = ("patient", "hospital", "practitioner", "requester", "need", "task")
_TOOK_PART = TAKING_PART | {"paused", "suspended"}
_MUNICIPALITY = "urn:oid:2.16.578.1.12.4.1.1.8473"


@dataclass(frozen=True, slots=True)
class TakeOver:
    """`asked` is the acceptance, `case` how the case stands after it; `plan` is the one that ends, as `ended`."""

    asked: Update
    case: Case
    unit: Unit
    plan: Version
    ended: str


def stop_mail_to_old(tx: Transaction, taking: TakeOver) -> Mapping[str, str]:
    """What is queued for the old unit does not go any more. What the hospital wrote is then with nobody, unless the new
    unit may have it: a person sees to that."""
    case, at = taking.asked.case, taking.asked.at
    old = case.owner or ""
    open_ = [d for d in tx.deliveries(case.id) if d.place != "done" and d.outgoing.recipient == old]
    stopped: list[int] = []
    for category in sorted({d.outgoing.category for d in open_}):
        stopped += tx.stop(case.id, old, category, at, TAKEN_OVER)
    if any(d.id in stopped and d.outgoing.category in ("need", "note") for d in open_):
        tx.wait_for_person(Waiting(case.id, "conversation", STOPPED, at))
    return {"stopped": ",".join(str(id_) for id_ in sorted(stopped))} if stopped else {}


def take_over(tx: Transaction, taking: TakeOver, parts: Parts) -> list[Outgoing]:
    """Writes what has changed, and says what goes to whom."""
    asked, case = taking.asked, taking.case
    made = _parties(taking, parts)
    changed = [
        *(made[name] for name in ("municipality", "unit")),
        _task(taking, parts),
        _ended_plan(taking, parts),
        _draft(taking, made["plan"]),
        *_team(taking, parts),
    ]
    kept = keep_changed(tx, changed, case=case, author="adapter", source=asked.source, at=asked.at)
    origin = provenance(
        kept, key=f"{asked.source}{TAKEN_OVER}", event="case-updated", author=case.owner or "", source=asked.source,
        mapping="verbatim", at=asked.at, parts=parts,
    )  # fmt: skip
    kept += keep_changed(tx, [origin], case=case, author="adapter", source=asked.source, at=asked.at)
    _settle_elsewhere(tx, taking)
    withdraw_asked(tx, case, asked.source, asked.at, parts)
    return _tells(tx, taking, kept, parts)


def _parties(taking: TakeOver, parts: Parts) -> dict[str, Resource]:
    """The new municipality and its unit in the place of the old ones, and an empty draft of a plan of its own."""
    case, at = taking.case, instant(taking.asked.at)
    owner = parts.partners.by_organisation[taking.unit.organisation]
    hospital = parts.partners.by_organisation[case.requester]
    where = Place(rule_of(parts.tables.steps, "case", "hand-over"), taking.unit, owner.name)
    facts = {"need.authored": at}
    return written(case.id, facts, hospital, where, ("municipality", "unit", "plan"), parts)


def _task(taking: TakeOver, parts: Parts) -> Resource:
    """The handling as the new unit takes it on: what the old one decided is no decision of this one."""
    id_ = id_of(taking.case.id, "task")
    before = next(v.body for v in taking.asked.versions if v.id == id_)
    rule = rule_of(parts.tables.steps, "case", "hand-over")
    kept = {name: before[name] for name in _OF_THE_TASK if name in before}
    return kept | {"status": rule.status, "businessStatus": business_status(rule, parts)}


def _ended_plan(taking: TakeOver, parts: Parts) -> Resource:
    """The old plan, over as of today because the person moved (CL-12), and as it was in all else."""
    body = taking.plan.body
    period = body.get("period", {})
    if taking.ended == "completed":
        period = period | {"end": norwegian_day(taking.asked.at).isoformat()}
    ended = body | {
        "status": taking.ended,
        "extension": [*body.get("extension", ()), closing_reason("moved", parts.base)],
        "period": period,
    }
    return {name: value for name, value in ended.items() if value}


def plan_after(hand_over: str) -> str:
    """The id of the plan that begins with a hand-over (id of its Task)."""
    return derived(hand_over, "plan")


def _draft(taking: TakeOver, plan: Resource) -> Resource:
    """A plan of the new unit's own, under an id of its own: the old one stays as it ended."""
    id_ = plan_after(taking.asked.resource["id"])
    numbered = [plan["identifier"][0] | {"value": f"urn:uuid:{id_}"}]
    bare = {name: value for name, value in plan.items() if name != "supportingInfo"}
    return bare | {"id": id_, "identifier": numbered}


def _team(taking: TakeOver, parts: Parts) -> list[Resource]:
    """The team with the new municipality in it. The rows of the old one end, under its own number: who has taken part
    stays in the list (pasientjournalforskriften § 13)."""
    team = next((v.body for v in taking.asked.versions if v.type == "CareTeam"), None)
    if team is None:
        return []
    old, at = taking.asked.case.owner or "", taking.asked.at
    takes = members(team, taking.asked.versions, parts, in_full=True)
    rows = [
        _left(row, one, taking, parts) if leaves(one, old, at) else row
        for row, one in zip(team.get("participant", ()), takes, strict=True)
    ]
    role = {"coding": [{"system": _MUNICIPALITY, "code": "1"}]}
    new = {
        "role": [role],
        "member": {"reference": f"Organization/{id_of(taking.case.id, 'municipality')}"},
        "period": {"start": instant(at)},
    }
    return [team | {"participant": [*rows, new]}]


def _left(row: Resource, one: Participant, taking: TakeOver, parts: Parts) -> Resource:
    """A row of the old municipality, or of somebody who works there, over as of now. Only a practitioner takes part on
    behalf of an organisation (FHIR R4, ctm-1)."""
    of_old = {"type": "Organization", "identifier": {"system": ENH, "value": taking.asked.case.owner}}
    municipality = f"Organization/{id_of(taking.case.id, 'municipality')}"
    is_itself = row.get("member", {}).get("reference") == municipality
    url = f"{parts.base}/StructureDefinition/participation-status"
    over = ENDED if one.state(taking.asked.at) in _TOOK_PART else "removed"
    stated = [e | {"valueCode": over} if e.get("url") == url else e for e in row.get("extension", ())]
    left = row | {"period": row.get("period", {}) | {"end": instant(taking.asked.at)}}
    if is_itself:
        left |= {"member": of_old}
    elif "onBehalfOf" in row:
        left |= {"onBehalfOf": of_old}
    return left | ({"extension": stated} if stated else {})


def _settle_elsewhere(tx: Transaction, taking: TakeOver) -> None:
    """The new unit's own cases no longer wait for somebody to see whose the plan is to be."""
    for other in tx.cases_of_person(taking.case.subject_key):
        if other.id != taking.case.id and other.owner == taking.case.owner:
            by = taking.asked.caller.organisation
            tx.resolve(other.id, taking.asked.at, by, ("plan-in-force-elsewhere",))


def _tells(tx: Transaction, taking: TakeOver, kept: Sequence[Version], parts: Parts) -> list[Outgoing]:
    """To the new unit the case, the plan that it may see, and the need where consent lets it have that; to who takes
    part that the old plan has ended; to the hospital whose the case is now."""
    case, at, new = taking.case, taking.asked.at, taking.case.owner or ""
    versions = tx.of_case(case.id)
    named = {v.reference: v for v in versions}
    task = named[f"Task/{id_of(case.id, 'task')}"]
    plan = named[taking.plan.reference]
    parties = [
        named[f"Organization/{id_of(case.id, 'municipality')}"],
        named[f"HealthcareService/{id_of(case.id, 'unit')}"],
    ]
    drafts = [v for v in kept if v.type == "CarePlan" and v.reference != plan.reference]
    person = [v for v in versions if v.type == "Patient"]
    trace = [v for v in kept if v.type == "Provenance"]
    whole = [task, *person, *drafts, *parties, *trace]
    return [
        outgoing(case, new, TAKEN_OVER, "hand-over", task, whole, at),
        outgoing(case, new, "plan-updated", "plan", plan, plan_and_team(versions, plan, parts), at),
        *_need(case, versions, taking, parts),
        *(
            outgoing(case, other, "plan-updated", "plan", plan, plan_and_team(versions, plan, parts), at)
            for other in recipients_of_plan(case, versions, taking.asked.case.owner or "", at, parts)
        ),
        outgoing(case, case.requester, "case-updated", "case-status", task, [task, *parties, *trace], at),
    ]


def _need(case: Case, versions: Sequence[Version], taking: TakeOver, parts: Parts) -> list[Outgoing]:
    """What the hospital reported and wrote, if the person lets the new unit have that, too."""
    new, at = case.owner or "", taking.asked.at
    if not isinstance(may_have(versions, new, "need", at, parts), Permit):
        return []
    own = {id_of(case.id, name) for name in _NEED}
    told = [v for v in versions if v.id in own or v.type == "DocumentReference"]
    need = next(v for v in told if v.type == "ServiceRequest")
    notes = notes_owed(case, versions, returns_of(case, parts), at)
    return [outgoing(case, new, "need-notified", "need", need, told, at), *notes]
