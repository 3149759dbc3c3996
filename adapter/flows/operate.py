"""What a person decides about work that stands still: send it again, leave it out, or choose the unit.

Each is a command with a reason and an audit row, never an edit of the database. A command given twice, as after a lost
connection, is one command.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from adapter.domain.case import DEATHS, Audit, Case
from adapter.domain.days import norwegian_day
from adapter.domain.delivery import Delivery, Place, Settled
from adapter.domain.identifiers import derived
from adapter.domain.need import Verdict, judge, judge_reviewed, shielded
from adapter.domain.problems import Finding, Refused
from adapter.domain.routing import by_her_id
from adapter.domain.wrong_addressee import has_refused
from adapter.flows import cancellation
from adapter.flows.consents import consents_of
from adapter.flows.doors import read_message
from adapter.flows.last_message import last_message
from adapter.flows.notice import Notice
from adapter.flows.parts import Parts
from adapter.flows.placing import place, reachable
from adapter.flows.receipt import looked_at
from adapter.flows.taken_up import is_taken_up
from adapter.flows.wrong_addressee import tell_where, who_refused
from adapter.ports import Transaction

_BECAUSE = {"requeue": "requeued", "skip": "skipped"}


def requeue(delivery_id: int, by: str, why: str, parts: Parts) -> None:
    """A parked or rejected delivery is due now, and its time until parking begins anew. Raises Refused."""
    _move(delivery_id, "requeue", by, why, parts)


def skip(delivery_id: int, by: str, why: str, parts: Parts) -> None:
    """A delivery is left out, and the next one in its lane goes on. Raises Refused."""
    _move(delivery_id, "skip", by, why, parts)


def _move(delivery_id: int, event: str, by: str, why: str, parts: Parts) -> None:
    now = parts.clock()
    with parts.store.transaction() as tx:
        delivery = tx.delivery(delivery_id)
        if delivery is None:
            raise Refused(Finding("not-found", "delivery"))
        if delivery.because == _BECAUSE[event]:
            return
        state = parts.tables.lifecycles["exchange"].after(delivery.state, event)
        if state is None or delivery.place == "done":
            raise Refused(Finding("step-forbidden", "delivery"))
        if not tx.settle([_settled(delivery, event, state, now)], None):
            raise Refused(Finding("too-late", "delivery"))
        if event == "requeue":
            tx.unpause(delivery.outgoing.recipient)
        details = {"delivery": str(delivery_id), "why": why}
        tx.record(Audit(now, by, f"delivery-{event}", delivery.outgoing.case_id, details))
        looked_at(tx, delivery.outgoing.case_id, by, parts)


def _settled(delivery: Delivery, event: str, state: str, now: datetime) -> Settled:
    """The delivery in its new place; its time until parking begins anew. The reason stays in the audit."""
    at_line: Place = "behind" if delivery.place == "behind" else "head"
    to: Place = "done" if event == "skip" else at_line
    renewed = replace(delivery, clock=now)
    return Settled(renewed, event, state, to, now, _BECAUSE[event], now, None, tried=False)


def dismiss(case_id: str, by: str, why: str, parts: Parts) -> None:
    """A waiting case is left out: a person finds that it is no matter for a coordinating unit. Raises Refused."""
    now = parts.clock()
    with parts.store.transaction() as tx:
        case = tx.case(case_id)
        if case is None:
            raise Refused(Finding("not-found", "case"))
        if case.state == "dismissed":
            return
        cancellation.dismiss(tx, case, _notice(case, by, "case-updated", "", "", parts), parts)
        tx.record(Audit(now, by, "case-dismissed", case.id, {"why": why}))


def seen(case_id: str, by: str, why: str, parts: Parts, reason: str = "") -> None:
    """A person has looked at what was said about a case that goes on, and has seen to it. Raises Refused.

    Given the `reason` (a problem's name), the others stay on the list. Not for a case that waits to be sent, which is
    released or dismissed, but for a clock of it by its reason; nor for a need that was stopped.
    """
    if reason and reason not in parts.tables.problems.problems:
        raise Refused(Finding("not-found", "reason"))
    now = parts.clock()
    on = {waiting.reason for waiting in parts.store.waiting() if waiting.case_id == case_id}
    with parts.store.transaction() as tx:
        case = tx.case(case_id)
        if case is None:
            raise Refused(Finding("not-found", "case"))
        stopped = "need-stopped" in on and reason in ("", "need-stopped")
        of_a_clock = any(rule.operator == reason for rule in parts.tables.deadlines.rules if reason)
        if stopped or (parts.tables.lifecycles["case"].after(case.state, "route") and not of_a_clock):
            raise Refused(Finding("step-forbidden", "case"))
        if reason:
            count = tx.resolve(case.id, now, by, (reason,))
        else:
            count = tx.resolve(case.id, now, by) + tx.resolve(case.id, now, by, DEATHS)
        if count:
            of = {"reason": reason} if reason else {}
            tx.record(Audit(now, by, "case-seen", case.id, {"why": why, **of}))


def release(case_id: str, her_id: str | None, by: str, why: str, parts: Parts) -> Case:
    """A case that waits for a person goes on: to the unit named, or to the one its message leads to now.

    The message is read again, so what a person decides is where it goes, not what it says; where it leaves the
    consent open, the case is held for that, and for a person who has come of age meanwhile. What this brings up,
    another command answers, with a reason of its own. Raises Refused.
    """
    now = parts.clock()
    told = {"why": why, "unit": her_id or "as addressed"}
    with parts.store.transaction() as tx:
        case = tx.case(case_id)
        if case is None:
            raise Refused(Finding("not-found", "case"))
        if case.state == "routed" and her_id in (None, case.unit):
            return case
        if case.state == "held-for-review" and _is_repeated(case, by, told, parts):
            return case
        recorded = _require_waiting(tx, case, parts)
        opened = last_message(case, parts)
        read = read_message(opened, parts)
        if isinstance(read, Finding):
            raise Refused(read)
        facts = {**read.facts} | ({"consent.status": "obtained", "consent.limits": "no"} if recorded else {})
        if _reviewed(case, parts):
            verdict = judge_reviewed(facts, opened.addressed, parts.directory, now)
        else:
            verdict = judge(facts, "states", opened.addressed, parts.directory, now)
        if verdict.event not in ("hold-for-consent", "hold-for-review"):
            verdict = _where_to(tx, case, her_id, verdict, parts)
        _require_same_owner(case, verdict, parts)
        mapping = f"{read.way.table}-{parts.tables.messages[read.way.table].version}"
        notice = _notice(case, by, "need-notified", opened.envelope.message_id, mapping, parts)
        notice = replace(notice, attachments=read.attachments)
        place(tx, case, notice, shielded(facts), verdict, parts)
        tx.resolve(case.id, now, by, DEATHS)
        tx.record(Audit(now, by, "case-released", case.id, told))
        released = tx.case(case_id)
        if case.state == "wrong-addressee" and released and released.state == "routed":
            tell_where(tx, released, notice.source, parts)
    return released or case


def _notice(case: Case, by: str, event: str, message_id: str, mapping: str, parts: Parts) -> Notice:
    """A person acts on a case: the message is still the hospital's, the step is the person's."""
    now = parts.clock()
    sender = parts.partners.by_organisation.get(case.requester)
    if sender is None:
        raise Refused(Finding("unknown-sender", "case"))
    return Notice(
        sender=sender,
        actor=f"operator:{by}",
        source=derived("released", case.id, case.state, now.isoformat()),
        message_id=message_id,
        mapping=mapping,
        event=event,
        at=now,
    )


def _require_waiting(tx: Transaction, case: Case, parts: Parts) -> bool:
    """Whether consent to the notification has been recorded since. An operator gives none: a case held for it goes on
    when somebody has recorded it, and one whose consent was taken back does not go on."""
    stated = [c.status for c in consents_of(tx.of_case(case.id), parts) if c.kind == "NOTIFICATION"]
    recorded = "active" in stated
    if not recorded and any(s not in ("active", "proposed") for s in stated):
        raise Refused(Finding("consent-refused", "consent"))
    if parts.tables.lifecycles["case"].after(case.state, "route") is None:
        raise Refused(Finding("step-forbidden", "case"))
    if case.state == "held-for-consent" and not recorded:
        raise Refused(Finding("consent-not-stated", "consent"))
    return recorded


def _is_repeated(case: Case, by: str, told: Mapping[str, str], parts: Parts) -> bool:
    """Whether this command brought the case where it is: sent again after a lost connection, it is no look at it."""
    last = parts.store.audit_of(case.id)[-1]
    return (last.action, last.actor, last.details) == ("case-released", by, told)


def _reviewed(case: Case, parts: Parts) -> bool:
    """Whether a person has had to look at what the message says, or it has been with a unit already."""
    if parts.tables.lifecycles["case"].after(case.state, "hold-for-review") is None:
        return True
    return any(step.event == "hold-for-review" for step in parts.store.history_of(case.id))


def _where_to(tx: Transaction, case: Case, her_id: str | None, verdict: Verdict, parts: Parts) -> Verdict:
    """The unit a person names, or the one the message leads to; never, unasked, back to one that has refused it."""
    if her_id is None:
        refused, today = who_refused(case, parts), norwegian_day(parts.clock())
        if verdict.unit and has_refused(parts.directory, verdict.unit, refused, today):
            raise Refused(Finding("wrong-addressee", "unit"))
    else:
        unit = by_her_id(parts.directory, her_id, norwegian_day(parts.clock()))
        if unit is None:
            raise Refused(Finding("no-unit", "unit"))
        verdict = Verdict("route", (), unit)
    chosen = reachable(tx, verdict, parts.clock(), parts)
    if verdict.unit and chosen.unit is None:
        raise Refused(*chosen.findings)
    return chosen


def _require_same_owner(case: Case, verdict: Verdict, parts: Parts) -> None:
    """A case in which a unit has written goes back to that one, or by its hand-over to another. Raises Refused."""
    goes_to = verdict.unit.organisation if verdict.unit else None
    if case.owner and goes_to != case.owner and is_taken_up(case, parts):
        raise Refused(Finding("case-taken-up", "unit"))
