"""A hospital reports a need, corrects it, or takes it back (hpl § 38 a, sphl § 2-5, IP-f § 8)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from adapter.domain.case import Case, Resource, Step, Version, Waiting
from adapter.domain.identifiers import case_id, derived, subject_key
from adapter.domain.need import Verdict, identity_number, judge, shielded
from adapter.domain.partners import Partner
from adapter.domain.problems import Finding, Refused
from adapter.domain.steps import rule_of
from adapter.flows.doors import Opened, Read
from adapter.flows.outbox import outgoing
from adapter.flows.parts import Parts
from adapter.flows.resources import (
    Place,
    business_status,
    id_of,
    keep_changed,
    provenance,
    update_source,
    written,
)
from adapter.ports import Transaction

_OF_THE_NEED = ("patient", "hospital", "practitioner", "requester", "need")
_WHOLE = (*_OF_THE_NEED, "municipality", "unit", "task", "plan", "team", "consent")


@dataclass(frozen=True, slots=True)
class Taken:
    """The case a message led to, and what there is to say about it that stops nothing."""

    case_id: str
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Notice:
    """What every step of this story needs to know of the message."""

    sender: Partner
    actor: str
    source: str
    message_id: str
    mapping: str
    event: str
    at: datetime


def take(tx: Transaction, opened: Opened, read: Read, at: datetime, parts: Parts) -> Taken:
    """Do what an acceptable message says, in the given transaction. Raises Refused where the case forbids it."""
    id_ = case_id(opened.sender, read.facts["need.id"])
    notice = Notice(
        sender=parts.partners.by_organisation[opened.sender],
        actor=opened.sender,
        source=derived("received", opened.envelope.door, opened.sender, opened.envelope.message_id),
        message_id=opened.envelope.message_id,
        mapping=f"{read.way.table}-{parts.tables.messages[read.way.table].version}",
        event=read.way.event,
        at=at,
    )
    case = tx.case(id_)
    if read.way.event == "need-cancelled":
        return _cancel(tx, case, notice, parts)
    facts = shielded(read.facts)
    person = subject_key(parts.secret, identity_number(facts))
    if case is not None and case.subject_key != person:
        raise Refused(Finding("other-person", "patient"))
    if read.way.event == "need-corrected":
        return _correct(tx, case, notice, facts, _verdict(opened, read, at, parts), parts)
    if case is not None:
        return _known(case, parts)
    case = Case(id_, read.facts["need.id"], person, opened.sender, None, None, "new", at)
    tx.open_case(case)
    return place(tx, case, notice, facts, _verdict(opened, read, at, parts), parts)


def _verdict(opened: Opened, read: Read, at: datetime, parts: Parts) -> Verdict:
    """Routing decides on all facts; what leaves is shielded."""
    return judge(read.facts, read.outcome, opened.addressed, parts.directory, at)


def _known(case: Case, parts: Parts) -> Taken:
    """The need was reported before. One that is over is not opened again by a copy: that would be silence."""
    if parts.tables.lifecycles["case"].after(case.state, "correct") is None:
        raise Refused(Finding("case-over", "need"))
    return Taken(case.id, (Finding("need-known", "need"),))


def place(
    tx: Transaction, case: Case, notice: Notice, facts: Mapping[str, str], verdict: Verdict, parts: Parts
) -> Taken:
    """Write the whole case as the verdict says: to a unit, or to the list of a person."""
    verdict = reachable(verdict, parts)
    rule = rule_of(parts.tables.steps, "case", verdict.event)
    owner = parts.partners.by_organisation[verdict.unit.organisation] if verdict.unit else None
    where = Place(rule, verdict.unit, owner.name if owner else "")
    made = written(case.id, facts, notice.sender, where, _to_write(tx, case), parts)
    kept = keep_changed(
        tx, made.values(), case=case, author=notice.sender.organisation, source=notice.source, at=notice.at
    )
    after = _moved(tx, case, verdict, notice, parts)
    told = [*kept, *_traced(tx, case, kept, verdict.event, notice, parts)]
    _tell(tx, after, verdict, told, notice.at)
    tx.resolve(case.id, notice.at, notice.actor)
    if verdict.list:
        tx.wait_for_person(Waiting(case.id, verdict.list, verdict.reason, notice.at))
    return Taken(case.id, verdict.findings)


def _to_write(tx: Transaction, case: Case) -> Sequence[str]:
    """All of the case; but a consent that somebody has recorded since is not written over by the message's."""
    consent = tx.current("Consent", id_of(case.id, "consent"))
    by_hand = consent is not None and consent.source == update_source(
        consent.type, consent.id, consent.number
    )
    return [name for name in _WHOLE if not (by_hand and name == "consent")]


def _traced(
    tx: Transaction, case: Case, kept: Sequence[Version], step: str, notice: Notice, parts: Parts
) -> Sequence[Version]:
    """The Provenance of the versions that this message made, if it made any."""
    made = [version for version in kept if version.source == notice.source]
    if not made:
        return []
    origin = provenance(
        made,
        key=notice.source + step,
        event=notice.event,
        author=notice.sender.organisation,
        source=notice.message_id,
        mapping=notice.mapping,
        at=notice.at,
        parts=parts,
    )
    return keep_changed(tx, [origin], case=case, author="adapter", source=notice.source, at=notice.at)


def reachable(verdict: Verdict, parts: Parts) -> Verdict:
    """A unit whose organisation has no channel is no address: a person must see to it."""
    if verdict.unit is None:
        return verdict
    owner = parts.partners.by_organisation.get(verdict.unit.organisation)
    if owner and owner.endpoint:
        return verdict
    missing = Finding("address-not-in-partner-table", "coordinating-units.csv")
    return Verdict("hold-for-routing", (*verdict.findings, missing), None, "routing", missing.problem)


def _moved(tx: Transaction, case: Case, verdict: Verdict, notice: Notice, parts: Parts) -> Case:
    state = parts.tables.lifecycles["case"].after(case.state, verdict.event)
    if state is None:
        raise Refused(Finding("case-over", "need"))
    unit = verdict.unit
    after = replace(
        case,
        state=state,
        owner=unit.organisation if unit else case.owner,
        unit=unit.her_id if unit else case.unit,
    )
    step = Step(
        case.id,
        "case",
        verdict.event,
        case.state,
        state,
        notice.at,
        notice.actor,
        notice.source,
    )
    tx.move(after, [step])
    return after


def _tell(tx: Transaction, case: Case, verdict: Verdict, kept: Sequence[Version], at: datetime) -> None:
    """The unit gets the whole case; a sender that has not stated the consent gets the question."""
    task = next(v for v in kept if v.reference == f"Task/{id_of(case.id, 'task')}")
    need = next(v for v in kept if v.reference == f"ServiceRequest/{id_of(case.id, 'need')}")
    if case.owner and verdict.event == "route":
        ground = f"{task.reference}/{task.number}"
        tx.send([outgoing(case, case.owner, "need-notified", "need", need, kept, at, ground=ground)])
    if verdict.reason == "consent-not-stated":
        tx.send([outgoing(case, case.requester, "case-updated", "question-to-sender", task, [task], at)])


def _correct(
    tx: Transaction,
    case: Case | None,
    notice: Notice,
    facts: Mapping[str, str],
    verdict: Verdict,
    parts: Parts,
) -> Taken:
    """A correction of a case still with us is judged anew; one that has left goes after it, in order."""
    if case is None:
        raise Refused(Finding("need-unknown", "need"))
    state = parts.tables.lifecycles["case"].after(case.state, "correct")
    if state is None:
        raise Refused(Finding("case-over", "need"))
    if case.owner is None:
        return place(tx, case, notice, facts, verdict, parts)
    after = replace(case, state=state)
    step = Step(case.id, "case", "correct", case.state, state, notice.at, case.requester, notice.source)
    tx.move(after, [step])
    plan = () if tx.current("CarePlan", id_of(case.id, "plan")) else ("plan",)
    made = written(case.id, facts, notice.sender, _still(case, parts), (*_OF_THE_NEED, *plan), parts)
    changed = [*made.values(), *_answered(tx, case, after, parts)]
    kept = keep_changed(tx, changed, case=after, author=case.requester, source=notice.source, at=notice.at)
    told = [*kept, *_traced(tx, after, kept, "correct", notice, parts)]
    need = next(v for v in kept if v.type == "ServiceRequest")
    ground = notice.message_id
    tx.send([outgoing(after, case.owner, "need-corrected", "need", need, told, notice.at, ground=ground)])
    return Taken(case.id, tuple(f for f in verdict.findings if f.problem == "stay-differs"))


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


def _cancel(tx: Transaction, case: Case | None, notice: Notice, parts: Parts) -> Taken:
    """The sender takes the need back. Everything queued still goes out in order, the cancellation last."""
    if case is None:
        raise Refused(Finding("need-unknown", "need"))
    state = parts.tables.lifecycles["case"].after(case.state, "cancel")
    if state is None:
        raise Refused(Finding("case-over", "need"))
    if state == case.state:
        return Taken(case.id, (Finding("already-cancelled", "need"),))
    after = replace(case, state=state)
    tx.move(
        after, [Step(case.id, "case", "cancel", case.state, state, notice.at, case.requester, notice.source)]
    )
    kept = keep_changed(
        tx, _cancelled(tx, case, parts), case=after, author=case.requester, source=notice.source, at=notice.at
    )
    told = [*kept, *_traced(tx, after, kept, "cancel", notice, parts)]
    if case.owner:
        need = next(v for v in kept if v.type == "ServiceRequest")
        tx.send([outgoing(after, case.owner, "need-cancelled", "cancellation", need, told, notice.at)])
    tx.resolve(case.id, notice.at, case.requester)
    return Taken(case.id)


def _cancelled(tx: Transaction, case: Case, parts: Parts) -> Sequence[Resource]:
    """The need revoked and its Task cancelled. The reason stays behind, as no consent lets it go out again."""
    need = tx.current("ServiceRequest", id_of(case.id, "need"))
    task = tx.current("Task", id_of(case.id, "task"))
    assert need is not None and task is not None  # noqa: S101, PT018 - every open case has both
    rule = rule_of(parts.tables.steps, "case", "cancel")
    return [
        {**{k: v for k, v in need.body.items() if k != "reasonCode"}, "status": "revoked"},
        task.body | {"status": rule.status, "businessStatus": business_status(rule, parts)},
    ]
