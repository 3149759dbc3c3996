"""A hospital reports a need, corrects it, or takes it back (hpl § 38 a, sphl § 2-5, IP-f § 8)."""

from dataclasses import replace
from datetime import datetime

from adapter.domain.case import Case
from adapter.domain.identifiers import case_id, derived, subject_key
from adapter.domain.need import Verdict, identity_number, judge, shielded
from adapter.domain.problems import Finding, Refused
from adapter.flows.cancellation import cancel
from adapter.flows.correction import correct
from adapter.flows.doors import Opened, Read
from adapter.flows.parts import Parts
from adapter.flows.placing import Notice, Taken, place
from adapter.ports import Transaction


def take(tx: Transaction, opened: Opened, read: Read, at: datetime, parts: Parts) -> Taken:
    """Do what an acceptable message says, in the given transaction. Raises Refused where the case forbids it."""
    id_ = opened.known or case_id(opened.sender, read.facts["need.id"])
    notice = Notice(
        sender=parts.partners.by_organisation[opened.sender],
        actor=opened.sender,
        source=derived("received", opened.envelope.door, opened.sender, opened.envelope.message_id),
        message_id=opened.envelope.message_id,
        mapping=f"{read.way.table}-{parts.tables.messages[read.way.table].version}",
        event=read.way.event,
        at=at,
        attachments=read.attachments,
    )
    case = tx.case(id_)
    late = case is None and read.way.event == "need-corrected" and opened.envelope.door == "edi"
    if case is None and read.way.event != "need-notified" and not late:
        raise Refused(Finding("need-unknown", "need"))
    if case is not None and case.requester != opened.sender:  # only who has reported a need corrects it
        raise Refused(Finding("need-unknown", "need"))
    if case is not None and not case.subject_key:  # purged when its time was over: no copy opens it again
        raise Refused(Finding("case-over", "need"))
    if case is not None and read.way.event == "need-cancelled":
        return cancel(tx, case, notice, parts)
    facts = shielded(read.facts) | ({"need.id": case.need} if case else {})
    person = subject_key(parts.secret, identity_number(facts))
    if case is not None and case.subject_key != person:
        raise Refused(Finding("other-person", "patient"))
    refused = facts["consent.status"] == "refused"
    if case is None and refused:
        raise Refused(Finding("consent-refused", "consent.status"))
    if case is not None and (refused or read.way.event == "need-corrected"):
        return correct(tx, case, notice, facts, _verdict(opened, read, at, parts), parts)
    if case is not None:
        return _known(case, parts)
    case = Case(id_, read.facts["need.id"], person, opened.sender, None, None, "new", at)
    tx.open_case(case)
    taken = place(tx, case, notice, facts, _verdict(opened, read, at, parts), parts)
    return (
        replace(taken, findings=(*taken.findings, Finding("original-unknown", "message.status")))
        if late
        else taken
    )


def _verdict(opened: Opened, read: Read, at: datetime, parts: Parts) -> Verdict:
    """Routing decides on all facts; what leaves is shielded."""
    return judge(read.facts, read.outcome, opened.addressed, parts.directory, at)


def _known(case: Case, parts: Parts) -> Taken:
    """The need was reported before. One that is over is not opened again by a copy: that would be silence."""
    if parts.tables.lifecycles["case"].after(case.state, "correct") is None:
        raise Refused(Finding("case-over", "need"))
    return Taken(case.id, (Finding("need-known", "need"),))
