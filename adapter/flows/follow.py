"""The coordinating unit says how far it has come: received, opened, accepted, asked, decided, appointed (PUT Task).

What stands beside the handling of the need, in Tasks of their own kind, has a story of its own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from adapter.domain.case import Case, Step, Version
from adapter.domain.days import norwegian_day
from adapter.domain.delivery import Outgoing
from adapter.domain.message import Answer, Caller
from adapter.domain.problems import Finding, Refused
from adapter.domain.steps import StepRule, names_professional, step_of
from adapter.flows import complaint, hand_over, purge_there
from adapter.flows.complaint_lists import listed
from adapter.flows.decision import decision_findings, need_reported_on, tells_only_of_knowledge
from adapter.flows.interim import INTERIM, interim_findings
from adapter.flows.outbox import outgoing
from adapter.flows.parts import Parts
from adapter.flows.purge_there import Return
from adapter.flows.standing_plan import stands_here
from adapter.flows.taken_up import TAKEN_UP, is_taken_up
from adapter.flows.task_kind import COMPLAINT, HAND_OVER, PURGE_CONTENT, is_of_two_kinds, task_kind
from adapter.flows.update import Decider, Decision, Update, read_update, require_unchanged, update
from adapter.flows.wrong_addressee import named_in, sent_back
from adapter.mapping.engine import Reading, flat, rows_of
from adapter.ports import Transaction

_SAID = {"decide": "outcome", "refuse": "outcome", "conclude": "outcome", "appoint": "coordinator"}
"""What a step must say besides who took it: the outcome, and who the coordinator is (pasientjournalforskriften § 5)."""
_ENDS = ("refuse", "conclude")
"""Steps after which nobody may change a plan: its unit ends the plan first, with the reason (CL-12)."""
_TOLD_BY = {"offer": "decide", "decline-offer": "decide", "appoint": "decide"}
"""Who offers or appoints a coordinator may say once more what was granted."""
_BESIDE: Mapping[str, Decider] = {
    COMPLAINT: complaint.decide,
    HAND_OVER: hand_over.decide,
    PURGE_CONTENT: purge_there.decide,
}
_REJECT = "reject-addressee"
_PEOPLE = {"decided-by": "person", "coordinator": "coordinator"}


def put_task(caller: Caller, id_: str, if_match: str | None, raw: bytes, parts: Parts) -> Answer:
    """One step of a case. A late or repeated step answers with what stands and changes nothing."""
    return update(caller, "Task", id_, if_match, raw, _decide, parts)


def _decide(asked: Update, parts: Parts) -> Decision:
    """By what the Task is about: one thing. One that stands never comes to be about something else."""
    if asked.current is None and is_of_two_kinds(asked.resource, parts.base):
        raise Refused(Finding("two-kinds-of-task", "Task.code"))
    kind = task_kind(asked.current.body if asked.current else asked.resource, parts.base)
    return _BESIDE.get(kind, _handled)(asked, parts)


def _handled(asked: Update, parts: Parts) -> Decision:
    """A step that led to where the case stands may be told again with other words; an earlier one is late."""
    reading = read_update("task-update", asked.resource, parts)
    facts = flat(reading.facts) | _came_of_it(reading)
    rule = step_of(parts.tables.steps, "case", facts["status"], facts.get("business_status", ""))
    if rule is None:
        raise Refused(Finding("step-unknown", "Task.businessStatus"))
    if rule.actor != "owner" or asked.caller.organisation != asked.case.owner:
        raise Refused(Finding("actor-not-allowed", "Task.status"))
    require_unchanged(
        asked, "identifier", "intent", "code", "focus", "for", "authoredOn", "requester", "owner"
    )
    _require_said(rule, facts, parts)
    state = parts.tables.lifecycles["case"].after(asked.case.state, rule.event)
    if state is None:
        raise Refused(Finding("step-forbidden", "Task.status"))
    if state == asked.case.state and state not in parts.tables.lifecycles["case"].leads_to(rule.event):
        return Decision(asked.case, late=True)
    if rule.event in _ENDS and state != asked.case.state and stands_here(asked.versions):
        raise Refused(Finding("plan-stands", "Task.status"))
    if rule.event == _REJECT and state != asked.case.state:
        _require_may_reject(asked, reading, parts)
    need_on = need_reported_on(asked.case, asked.versions)
    if rule.event == INTERIM and (amiss := interim_findings(reading.facts, norwegian_day(asked.at))):
        raise Refused(*amiss)
    if amiss := decision_findings(reading.facts, rule.event, need_on, asked.at, parts):
        raise Refused(*amiss)
    return _decision(asked, rule, state, reading, parts)


def _require_said(rule: StepRule, facts: Mapping[str, str], parts: Parts) -> None:
    """A decision names who took it and what it is; each outcome is told by its step, a refusal never inside another."""
    if rule.person and "person" not in facts:
        raise Refused(Finding("person-not-named", "Task.output"))
    if _SAID.get(rule.event, "status") not in facts:
        raise Refused(Finding("missing-element", "Task.output"))
    told_by = parts.tables.decisions.outcomes.get(facts.get("outcome", ""))
    if rule.event in (*_SAID, *_TOLD_BY) and told_by not in (None, _TOLD_BY.get(rule.event, rule.event)):
        raise Refused(Finding("step-forbidden", "Task.output"))


def _require_may_reject(asked: Update, reading: Reading, parts: Parts) -> None:
    """Only a case that the unit has not made its own, and a purge that is said to be done by who and when. Raises
    Refused."""
    if is_taken_up(asked.case, parts):
        raise Refused(TAKEN_UP)
    if amiss := purge_there.said_with_return(reading.facts, asked.case, asked.at):
        raise Refused(*amiss)


def _came_of_it(reading: Reading) -> dict[str, str]:
    """What the outputs say: the outcome, who decided and who coordinates; a decider is a professional, by name."""
    said: dict[str, str] = {}
    for row in rows_of(reading.facts, "outputs"):
        output = flat(row)
        kind = output.get("kind", "")
        if kind == "decision" and "outcome" in output:
            said["outcome"] = output["outcome"]
        if kind in _PEOPLE and names_professional(output):
            said[_PEOPLE[kind]] = kind
    return said


def _decision(asked: Update, rule: StepRule, state: str, reading: Reading, parts: Parts) -> Decision:
    """The case after a step, and the news of it."""
    after = replace(asked.case, state=state)
    step = Step(
        after.id,
        "case",
        rule.event,
        asked.case.state,
        state,
        asked.at,
        asked.caller.organisation,
        asked.source,
    )

    def tells(tx: Transaction, version: Version, origin: Version) -> Sequence[Outgoing]:
        if rule.event == _REJECT and state != asked.case.state:
            back = Return(after, asked.caller.organisation, asked.source, asked.at, version.body)
            sent_back(tx, back, named_in(reading.facts), asked.versions, [version, origin], parts)
            return ()
        before = asked.current.body if asked.current else {}
        if rule.tells != "requester" or tells_only_of_knowledge(before, asked.resource, parts.base):
            return ()
        return [_news(after, version, origin, asked)]

    return Decision(after, [step], outgoing=tells, lists=listed(asked, parts))


def _news(case: Case, task: Version, origin: Version, asked: Update) -> Outgoing:
    return outgoing(case, case.requester, "case-updated", "case-status", task, [task, origin], asked.at)
