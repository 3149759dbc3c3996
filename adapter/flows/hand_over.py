"""A person moves: one municipality's unit proposes that another's takes the case over, which answers (PUT Task of code
`hand-over`).

Nothing is told to the new unit unless the person consents to just that, a consent SHARING of category `hand-over`; and
nothing moves until a person there accepts (R-152). Whose the case is changes in that one commit.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from adapter.domain.case import DEATHS, Step, Version
from adapter.domain.consent import Deny, Permit
from adapter.domain.delivery import Outgoing
from adapter.domain.hand_over import Ground, HandOver, obstacles, obstacles_to_accepting
from adapter.domain.problems import Finding, Refused
from adapter.domain.routing import Unit
from adapter.domain.steps import StepRule, names_professional, step_of
from adapter.flows.consents import permit
from adapter.flows.hand_over_asked import ANSWER, hand_over_of, receiver, waiting
from adapter.flows.outbox import outgoing
from adapter.flows.parts import Parts
from adapter.flows.plan_view import access_of, labels
from adapter.flows.proposal import require_only_the_question
from adapter.flows.take_over import TakeOver, stop_mail_to_old, take_over
from adapter.flows.task_kind import HAND_OVER
from adapter.flows.update import Decision, Update, read_update, require_unchanged
from adapter.mapping.engine import Facts, flat, rows_of
from adapter.ports import Transaction

_FIXED = ("identifier", "intent", "code", "focus", "for", "authoredOn", "requester", "owner", "restriction")


def decide(asked: Update, parts: Parts) -> Decision:
    """One step of a hand-over; one that was taken before answers with what stands. Raises Refused."""
    facts = read_update("hand-over-update", asked.resource, parts).facts
    hand_over = hand_over_of(facts)
    before = asked.current.body["status"] if asked.current else parts.tables.lifecycles["hand-over"].initial
    rule = step_of(parts.tables.steps, "hand-over", hand_over.status, "")
    if rule is None:
        raise Refused(Finding("step-unknown", "Task.status"))
    if asked.current:
        require_unchanged(asked, *_FIXED)
    unit = receiver(hand_over, asked.at, parts)
    _require_actor(rule, asked, unit)
    after = parts.tables.lifecycles["hand-over"].after(before, rule.event)
    if after is None:
        raise Refused(Finding("step-forbidden", "Task.status"))
    if after == before:
        return Decision(asked.case, late=True)
    if rule.tells == "receiver":
        require_only_the_question(asked.resource)
    if not _answered_for(rule, facts):
        raise Refused(
            Finding("person-not-named", "Task.requester" if rule.event == "propose" else "Task.output")
        )
    if rule.event in ("propose", "accept"):
        _require_ground(rule, asked, hand_over, unit, parts)
    step = _step(asked, "hand-over", rule.event, before, after)
    if rule.event == "accept" and unit:
        return _accepted(asked, hand_over, unit, step, parts)
    return Decision(
        asked.case, [step], outgoing=lambda _tx, task, origin: _news(asked, rule, unit, task, origin)
    )


def _require_actor(rule: StepRule, asked: Update, unit: Unit | None) -> None:
    """The unit whose the case is proposes and takes back; the one that is asked answers, and nobody for it."""
    acts = asked.case.owner if rule.actor == "owner" else unit and unit.organisation
    if asked.caller.organisation != acts:
        raise Refused(Finding("actor-not-allowed", "Task.status"))


def _answered_for(rule: StepRule, facts: Facts) -> bool:
    """Whether a professional is named who proposes, or who answers (pasientjournalloven § 11)."""
    outputs = [flat(row) for row in rows_of(facts, "outputs")]
    people = [row for row in outputs if row.get("kind") == "decided-by"]
    if rule.event == "propose":
        people = [flat(row) for row in rows_of(facts, "proposer")]
    return not rule.person or any(names_professional(one) for one in people)


def _require_ground(
    rule: StepRule, asked: Update, hand_over: HandOver, unit: Unit | None, parts: Parts
) -> None:
    """Asked when it is proposed, and anew when it is accepted: a consent may have been taken back. Raises Refused."""
    if rule.event == "propose" and unit and asked.gone(unit):
        unit = None
    ground = _ground(asked, hand_over, unit, parts)
    if found := list(obstacles(ground) if rule.event == "propose" else obstacles_to_accepting(ground)):
        raise Refused(*found)
    if parts.tables.lifecycles["case"].after(asked.case.state, "hand-over") is None:
        raise Refused(Finding("step-forbidden", "Task.status"))


def _ground(asked: Update, hand_over: HandOver, unit: Unit | None, parts: Parts) -> Ground:
    versions, to = asked.versions, unit.organisation if unit else ""
    plan = next((v for v in versions if v.type == "CarePlan" and v.reference == hand_over.plan), None)
    consented = bool(to) and isinstance(permit(versions, to, HAND_OVER, asked.at, parts), Permit)
    return Ground(
        owner=asked.case.owner or "",
        receiver=to,
        plan_status=plan.body["status"] if plan else "",
        others=any(v.id != asked.resource["id"] for v, _ in waiting(versions, parts)),
        consented=consented,
        withheld=_withheld(asked, to, parts) if consented else (),
    )


def _withheld(asked: Update, to: str, parts: Parts) -> list[str]:
    """The rows of the team that the person keeps from the new unit by their category. Who else takes part it gets to
    know with the case, as it keeps the team from then on."""
    access = access_of(to, asked.versions, asked.at, parts)
    team = next((v.body for v in asked.versions if v.type == "CareTeam"), {})
    own = [labels(row, parts.tables.views) for row in team.get("participant", ())]
    return [
        f"CareTeam.participant[{number}]"
        for number, marks in enumerate(own)
        if marks and isinstance(access.of(sorted(marks)), Deny)
    ]


def _news(
    asked: Update, rule: StepRule, unit: Unit | None, task: Version, origin: Version
) -> Sequence[Outgoing]:
    """The proposal, and that it is taken back, to the unit that is asked, as long as consent stands; its answer to the
    one that asked."""
    case, owner = asked.case, asked.case.owner or ""
    if rule.tells == "owner":
        return [outgoing(case, owner, "case-updated", ANSWER, task, [task, origin], asked.at)]
    if unit is None:
        return []
    person = [v for v in asked.versions if v.type == "Patient"]
    carries = [task, *person, origin]
    return [outgoing(case, unit.organisation, "case-updated", HAND_OVER, task, carries, asked.at)]


def _accepted(asked: Update, hand_over: HandOver, unit: Unit, step: Step, parts: Parts) -> Decision:
    """The case is the new unit's from this commit on: it has taken it on, and starts anew on what it decides itself.

    Not while a person here looks into whether somebody has died, and the refusal does not tell that one does (R-154).
    """
    case, cycle = asked.case, parts.tables.lifecycles["case"]
    plan = next(v for v in asked.versions if v.reference == hand_over.plan)
    state = cycle.after(case.state, "hand-over") or case.state
    moved = replace(case, owner=unit.organisation, unit=unit.her_id, state=state)
    ends = "revoke" if plan.body["status"] == "draft" else "complete"
    ended = parts.tables.lifecycles["plan"].after(plan.body["status"], ends) or plan.body["status"]
    steps = [
        step,
        _step(asked, "plan", ends, plan.body["status"], ended),
        _step(asked, "case", "hand-over", case.state, state),
    ]
    taking = TakeOver(asked, moved, unit, plan, ended)

    def tells(tx: Transaction, task: Version, origin: Version) -> Sequence[Outgoing]:
        answer = outgoing(case, case.owner or "", "case-updated", ANSWER, task, [task, origin], asked.at)
        return [answer, *take_over(tx, taking, parts)]

    def stops(tx: Transaction, _task: Version) -> Mapping[str, str]:
        if tx.person_waits(case.subject_key, DEATHS):
            raise Refused(Finding("step-forbidden", "Task.status"))
        return stop_mail_to_old(tx, taking)

    return Decision(moved, steps, outgoing=tells, stop=stops)


def _step(asked: Update, lifecycle: str, event: str, before: str, after: str) -> Step:
    return Step(
        asked.case.id, lifecycle, event, before, after, asked.at, asked.caller.organisation, asked.source
    )
