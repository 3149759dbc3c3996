"""Who got a case that is not its own is asked to purge what came there, and says that it has (PUT Task of code
`purge-content`).

The Task holds nothing but what it is about. It is the only thing of the case that this unit reads from then on, and
nobody else learns of it (hpl § 21). A purge that was said in the same breath as the return is not asked for.
"""

from dataclasses import dataclass
from datetime import datetime

from adapter.domain.case import Audit, Case, Resource, Step, Version
from adapter.domain.days import norwegian_day
from adapter.domain.identifiers import derived
from adapter.domain.problems import Finding, Refused
from adapter.domain.purge_there import ASK, CONFIRM, PURGE_THERE, Purged, amiss
from adapter.domain.steps import names_professional, rule_of, step_of
from adapter.flows.outbox import knows_of, outgoing
from adapter.flows.parts import Parts
from adapter.flows.purge_asked import asked_to_purge, open_tasks, purge_id, purger
from adapter.flows.resources import ENH, id_of, instant, keep_changed, require_valid
from adapter.flows.task_kind import PURGE_CONTENT
from adapter.flows.update import Decision, Update, read_update, require_unchanged
from adapter.mapping.engine import Facts, flat, rows_of
from adapter.ports import Transaction

_FIXED = ("identifier", "intent", "code", "focus", "for", "authoredOn", "requester", "owner", "restriction")
_SAYS = ("content-purged", "decided-by")
"""Outputs that say that it was done, and who answers for it."""


@dataclass(frozen=True, slots=True)
class Return:
    """A unit (organisation number) has sent a case back. `word` is its Task where that says so, "" in a message;
    `source` names what it said so in."""

    case: Case
    by: str
    source: str
    at: datetime
    word: Resource | None = None


def ask(tx: Transaction, back: Return, parts: Parts) -> None:
    """Where anything of the case came there, or may have: to purge it, unless it has been said to be purged.

    Who reported the need keeps what it said itself: what its own unit got of it, the organisation sees to.
    """
    case = back.case
    said = [one for one in (back.word or {}).get("output", ()) if _kind(one, parts.base) in _SAYS]
    done = any(_kind(one, parts.base) == "content-purged" for one in said)
    itself = back.by == case.requester and not done
    if itself or not knows_of(tx.deliveries(case.id), back.by):
        return
    task = _task(case, back, parts)
    if done:
        task |= {"status": rule_of(parts.tables.steps, PURGE_THERE, "confirm").status, "output": said}
    require_valid("purge there", task)
    author = back.by if done else "adapter"
    (kept,) = keep_changed(tx, [task], case=case, author=author, source=back.source, at=back.at)
    steps = [Step(case.id, PURGE_THERE, *ASK, back.at, "adapter", kept.reference)]
    if done:
        steps.append(Step(case.id, PURGE_THERE, *CONFIRM, back.at, back.by, kept.reference))
        tx.record(_confirmed(case.id, kept, back))
    tx.move(case, steps)
    if not done:
        tx.send([outgoing(case, back.by, "case-updated", PURGE_THERE, kept, [kept], back.at)])


def confirm_by_report(tx: Transaction, back: Return, letter: str, parts: Parts) -> None:
    """A report on the very message (id `letter`) that asked for the purge is the answer to it."""
    sent = (d.outgoing for d in tx.deliveries(back.case.id))
    asked = {f"{out.focus.type}/{out.focus.id}" for out in sent if out.message_id == letter}
    for task in open_tasks(asked_to_purge(tx.of_case(back.case.id), parts).get(back.by, ()), parts):
        if task.reference in asked:
            _over(tx, back, task, back.by, parts)
            tx.record(_confirmed(back.case.id, task, back))


def told_purged(case_id: str, organisation: str, by: str, why: str, parts: Parts) -> None:
    """A unit has told somebody here by other means that it has purged what came to it; told again it changes nothing.

    `organisation` is its number, "" where only one is asked. Raises Refused: not-found, several-units.
    """
    now = parts.clock()
    with parts.store.transaction() as tx:
        case = tx.case(case_id)
        asked = asked_to_purge(tx.of_case(case.id), parts) if case else {}
        if case is None or not asked or (organisation and organisation not in asked):
            raise Refused(Finding("not-found", "purge"))
        if not organisation and len(asked) > 1:
            raise Refused(Finding("several-units", "purge"))
        for task in open_tasks(asked[organisation or next(iter(asked))], parts):
            told = Return(case, purger(task.body), derived("purged", task.id), now)
            _over(tx, told, task, f"operator:{by}", parts)
            details = {"resource": task.reference, "recipient": told.by, "why": why}
            tx.record(Audit(now, by, "content-purged-there", case.id, details))


def decide(asked: Update, parts: Parts) -> Decision:
    """The unit that was asked says that it is done; said again it changes nothing. Raises Refused."""
    facts = read_update("purge-there-update", asked.resource, parts).facts
    require_unchanged(asked, *_FIXED)
    before = asked.current.body if asked.current else {}
    rule = step_of(parts.tables.steps, PURGE_THERE, flat(facts)["status"], "")
    if rule is None:
        raise Refused(Finding("step-unknown", "Task.status"))
    if rule.actor != "receiver" or asked.caller.organisation != purger(before):
        raise Refused(Finding("actor-not-allowed", "Task.status"))
    stands = step_of(parts.tables.steps, PURGE_THERE, before["status"], "")
    cycle = parts.tables.lifecycles[PURGE_THERE]
    (state,) = cycle.leads_to(stands.event if stands else "ask")
    after = cycle.after(state, rule.event)
    if after is None:
        raise Refused(Finding("step-forbidden", "Task.status"))
    if after == state:
        return Decision(asked.case, late=True)
    came, today = norwegian_day(asked.case.opened_at), norwegian_day(asked.at)
    if found := [*amiss(purged(facts), came, today)]:
        raise Refused(*found)
    reference = f"Task/{asked.resource['id']}"
    by = asked.caller.organisation
    return Decision(
        asked.case, [Step(asked.case.id, PURGE_THERE, rule.event, state, after, asked.at, by, reference)]
    )


def _task(case: Case, back: Return, parts: Parts) -> Resource:
    rule = rule_of(parts.tables.steps, PURGE_THERE, "ask")
    system = f"{parts.base}/CodeSystem/task-code"
    return {
        "resourceType": "Task",
        "id": purge_id(case.id, back.by, back.source),
        "status": rule.status,
        "intent": "order",
        "code": {"coding": [{"system": system, "code": PURGE_CONTENT}]},
        "focus": {"reference": f"ServiceRequest/{id_of(case.id, 'need')}"},
        "authoredOn": instant(back.at),
        "requester": _organisation(parts.home),
        "owner": _organisation(back.by),
    }


def _organisation(number: str) -> Resource:
    return {"type": "Organization", "identifier": {"system": ENH, "value": number}}


def _kind(output: Resource, base: str) -> str:
    system = f"{base}/CodeSystem/task-output"
    codings = output.get("type", {}).get("coding", ())
    return next((c.get("code", "") for c in codings if c.get("system") == system), "")


def said_with_return(facts: Facts, case: Case, at: datetime) -> list[Finding]:
    """What is wrong with a purge that is said in the same breath as the return; nothing where none is said."""
    said = purged(facts)
    return [] if said.on is None else [*amiss(said, norwegian_day(case.opened_at), norwegian_day(at))]


def purged(facts: Facts) -> Purged:
    """What the outputs of a Task say of a purge."""
    outputs = [flat(row) for row in rows_of(facts, "outputs")]
    named = any(names_professional(one) for one in outputs if one.get("kind") == "decided-by")
    times = [one["when"] for one in outputs if one.get("kind") == "content-purged" and "when" in one]
    return Purged(named, norwegian_day(datetime.fromisoformat(times[-1])) if times else None)


def _over(tx: Transaction, back: Return, task: Version, actor: str, parts: Parts) -> None:
    over = task.body | {"status": rule_of(parts.tables.steps, PURGE_THERE, "confirm").status}
    author = back.by if actor == back.by else "adapter"
    keep_changed(tx, [over], case=back.case, author=author, source=back.source, at=back.at)
    tx.move(back.case, [Step(back.case.id, PURGE_THERE, *CONFIRM, back.at, actor, task.reference)])


def _confirmed(case_id: str, task: Version, back: Return) -> Audit:
    details = {"resource": task.reference, "message": back.source}
    return Audit(back.at, back.by, "content-purged-there", case_id, details)
