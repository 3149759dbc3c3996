"""A hospital corrects a need it has reported, or tells that the person has taken the consent back."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Literal

from adapter.domain.case import Audit, Case, Resource, Step, Version, Waiting
from adapter.domain.delivery import Delivery
from adapter.domain.need import CHILD_COORDINATOR, Verdict, not_of_a_child
from adapter.domain.problems import Finding, Refused
from adapter.domain.steps import rule_of
from adapter.flows.attachments import documents
from adapter.flows.lateness import is_notification, overtaken, put_before_a_person
from adapter.flows.notice import Notice
from adapter.flows.outbox import may_have_got, outgoing
from adapter.flows.participants import may_have
from adapter.flows.parts import Parts
from adapter.flows.placing import (
    OF_THE_NEED,
    Taken,
    consent_of_message,
    place,
    send_need,
    traced,
    write_whole,
)
from adapter.flows.resources import Place, business_status, id_of, keep_changed, written
from adapter.flows.standing_plan import ask_to_revise, standing_plans, without_draft
from adapter.flows.stays_elsewhere import stays_elsewhere
from adapter.flows.stopping import stop_denied
from adapter.ports import Transaction

_LISTS: Mapping[str, Literal["consent", "conversation"]] = {
    "note-unclear-on-consent": "consent",
    "child-coordinator-for-adult": "conversation",
    "stay-has-changed": "conversation",
}
"""Where a person looks at a change that follows the need all the same."""


def correct(
    tx: Transaction,
    case: Case,
    notice: Notice,
    facts: Mapping[str, str],
    verdict: Verdict,
    parts: Parts,
) -> Taken:
    """A correction of a case still with us is judged anew; one that has left goes after it, in order. One that is older
    than what is known changes nothing.
    """
    state = parts.tables.lifecycles["case"].after(case.state, "correct")
    if state is None:
        raise Refused(Finding("case-over", "need"))
    if facts["consent.status"] == "refused":
        return withdraw(tx, case, notice, parts)
    if late := overtaken(tx, case, facts):
        return put_before_a_person(tx, case, late, notice.at)
    if case.owner is None:
        return place(tx, case, notice, facts, verdict, parts)
    after = replace(case, state=state)
    step = Step(case.id, "case", "correct", case.state, state, notice.at, notice.actor, notice.source)
    tx.move(after, [step])
    findings = tuple(f for f in verdict.findings if f.problem == "stay-differs")
    findings += (*_unclear_on_consent(facts), *_child_no_more(tx, case, facts, notice))
    findings += (*stays_elsewhere(tx, case, notice, facts, verdict, _still(case, parts), parts),)
    if case.state == "routed" and not _gets_it(tx.deliveries(case.id), case.owner):
        return _sent_anew(tx, after, notice, facts, parts, findings)
    told = _corrected(tx, case, after, notice, facts, parts)
    need = next(v for v in told if v.type == "ServiceRequest")
    if case.state != "wrong-addressee":
        ground = notice.message_id
        out = outgoing(after, case.owner, "need-corrected", "need", need, told, notice.at, ground=ground)
        tx.send([out])
    _put_on_list(tx, case, findings, notice)
    return Taken(case.id, findings)


def _unclear_on_consent(facts: Mapping[str, str]) -> Iterator[Finding]:
    """Words that may take the consent back, or may be about something else, end nothing by themselves."""
    if facts.get("consent.words") == "unclear":
        yield Finding("note-unclear-on-consent", "consent.status")


def _child_no_more(
    tx: Transaction, case: Case, facts: Mapping[str, str], notice: Notice
) -> Iterator[Finding]:
    """A need the unit has already is changed to a child coordinator for a person of age: nothing stops what follows in
    order, but a person looks (hol § 7-2 a).
    """
    finding = not_of_a_child(facts, notice.at)
    if finding is None:
        return
    need = tx.current("ServiceRequest", id_of(case.id, "need"))
    stated = need.body.get("code", {}).get("coding", ()) if need else ()
    if all(coding.get("code") != CHILD_COORDINATOR for coding in stated):
        yield finding


def _put_on_list(tx: Transaction, case: Case, findings: Iterable[Finding], notice: Notice) -> None:
    for problem in (f.problem for f in findings if f.problem in _LISTS):
        tx.wait_for_person(Waiting(case.id, _LISTS[problem], problem, notice.at))


def _corrected(
    tx: Transaction, case: Case, after: Case, notice: Notice, facts: Mapping[str, str], parts: Parts
) -> list[Version]:
    """The need as corrected; the plan only where none stands, and a consent only where one is given anew."""
    plan = () if tx.current("CarePlan", id_of(case.id, "plan")) else ("plan",)
    facts = {**facts, **without_draft(standing_plans(tx, case), case.owner)}
    consent_id, _ = consent_of_message(tx, case, notice, facts)
    consent = () if tx.current("Consent", consent_id) else ("consent",)
    names = (*OF_THE_NEED, *plan, *consent)
    made = written(case.id, facts, notice.sender, _still(case, parts), names, parts, consent_id=consent_id)
    files = documents(case, notice.attachments, case.requester, facts["need.authored"], parts)
    changed = [*made.values(), *files, *_answered(tx, case, after, parts)]
    kept = keep_changed(tx, changed, case=after, author=case.requester, source=notice.source, at=notice.at)
    return [*kept, *traced(tx, after, kept, "correct", notice, parts)]


def _gets_it(deliveries: Sequence[Delivery], owner: str) -> bool:
    """Whether the unit has the need, or will get it before what is queued now."""
    sent = (d for d in deliveries if d.outgoing.recipient == owner and d.outgoing.event == "need-notified")
    return any(d.state == "accepted" or d.place != "done" for d in sent)


def _sent_anew(
    tx: Transaction,
    case: Case,
    notice: Notice,
    facts: Mapping[str, str],
    parts: Parts,
    findings: tuple[Finding, ...],
) -> Taken:
    """A unit that never gets the need it is owed gets all of it, not a correction of what it does not know."""
    plans = standing_plans(tx, case)
    facts = {**facts, **without_draft(plans, case.owner)}
    kept = write_whole(tx, case, notice, facts, _still(case, parts), parts)
    send_need(tx, case, [*kept, *traced(tx, case, kept, "correct", notice, parts)], notice)
    tx.resolve(case.id, notice.at, notice.actor)
    ask_to_revise(tx, case, plans, notice.at, parts)
    _put_on_list(tx, case, findings, notice)
    return Taken(case.id, findings)


def withdraw(tx: Transaction, case: Case, notice: Notice, parts: Parts) -> Taken:
    """The person has taken the consent back: it is recorded at once, whatever else the message says (pbrl § 4-1)."""
    current = [
        v for v in tx.of_case(case.id) if v.type == "Consent" and v.body["status"] in ("active", "proposed")
    ]
    ended: list[Resource] = [{**v.body, "status": "inactive"} for v in current if is_notification(v.body)]
    kept = keep_changed(tx, ended, case=case, author=case.requester, source=notice.source, at=notice.at)
    traced(tx, case, kept, "withdraw", notice, parts)
    steps = [
        Step(
            case.id,
            "consent",
            "withdraw",
            v.body["status"],
            "inactive",
            notice.at,
            notice.actor,
            notice.source,
        )
        for v in current
        if is_notification(v.body)
    ]
    tx.move(case, steps)
    _stop_what_may_not_go(tx, case, notice, parts)
    owner = case.owner or ""
    if may_have_got(tx.deliveries(case.id), tx.receipts(case.id), owner, parts):
        told = (outgoing(case, owner, "consent-changed", "consent-notice", v, [v], notice.at) for v in kept)
        tx.send([*told])
    return Taken(case.id, (Finding("consent-withdrawn", "consent"),))


def _stop_what_may_not_go(tx: Transaction, case: Case, notice: Notice, parts: Parts) -> None:
    allows = partial(may_have, tx.of_case(case.id), at=notice.at, parts=parts)
    if stopped := stop_denied(tx, case, allows, notice.at, notice.source, parts):
        tx.record(Audit(notice.at, notice.actor, "deliveries-stopped", case.id, stopped))


def _answered(tx: Transaction, case: Case, after: Case, parts: Parts) -> Sequence[Resource]:
    """A correction answers the question that the unit has asked: its Task is open for work again."""
    task = tx.current("Task", id_of(case.id, "task"))
    if task is None or case.state == after.state:
        return []
    rule = rule_of(parts.tables.steps, "case", "open")
    asked = {name: value for name, value in task.body.items() if name != "statusReason"}
    return [asked | {"status": rule.status, "businessStatus": business_status(rule, parts)}]


def _still(case: Case, parts: Parts) -> Place:
    """The place of a case that does not move: its unit as the directory has it."""
    unit = next((u for u in parts.directory.units if u.her_id == case.unit), None)
    owner = parts.partners.by_organisation[case.owner or ""]
    return Place(rule_of(parts.tables.steps, "case", "route"), unit, owner.name)
