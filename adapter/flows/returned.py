"""A report that a message was at fault (DIALOG_AVVIK, Volven 8117): it came to the wrong place, or lacked something.

The report itself is a person's act and mandatory to send; it is for what is found after a positive AppRec. It need not
say who found it. A wrong addressee takes effect all the same: nothing more may go there, and that decides nothing about
the person whom the case is about. Who is named stands in the Task; that nobody is, is noted.

By HIS 1151 it documents that a message is not dealt with where it came, and nothing of a deletion: that is asked for,
and the same report on what asks for it is the answer.
"""

from dataclasses import replace
from datetime import datetime

from adapter.domain.case import Audit, Case, Resource, Step, Version, Waiting
from adapter.domain.problems import Finding
from adapter.domain.steps import rule_of
from adapter.domain.wrong_addressee import Named
from adapter.flows import note
from adapter.flows.doors import Opened, Read
from adapter.flows.parts import Parts
from adapter.flows.placing import Taken, traced
from adapter.flows.purge_asked import asked_to_purge
from adapter.flows.purge_there import Return, confirm_by_report
from adapter.flows.resources import business_status, id_of, keep_changed
from adapter.flows.stopping import hold_queued, stop_queued
from adapter.flows.taken_up import is_taken_up
from adapter.flows.talking import Said, keep_note, said
from adapter.flows.wrong_addressee import named_in, sent_back
from adapter.ports import Transaction


def take(tx: Transaction, opened: Opened, read: Read, at: datetime, parts: Parts) -> Taken:
    """What the fault leads to, by its code and by who reports it. Raises Refused as `talking.said`."""
    told = said(tx, opened, read, at, parts)
    fault = told.facts["fault.kind"]
    back = Return(told.case, told.sender, told.notice.source, at)
    if fault == "wrong-addressee" and asked_to_purge(tx.of_case(told.case.id), parts).get(told.sender):
        confirm_by_report(tx, back, told.opened.envelope.parent, parts)
        if told.sender != told.case.owner:
            return Taken(told.case.id)
    if fault == "incomplete":
        return _asked(tx, told, parts)
    by_owner = told.sender == told.case.owner
    if fault == "wrong-addressee" and by_owner and told.case.state == "wrong-addressee":
        return Taken(told.case.id)
    kept = keep_note(tx, told, "information", parts)
    if fault == "wrong-addressee" and by_owner and _carried_the_need(tx, told):
        state = parts.tables.lifecycles["case"].after(told.case.state, "reject-addressee")
        if state and not is_taken_up(told.case, parts):
            return _returned(tx, told, read, state, kept, parts)
    traced(tx, told.case, [kept], "note", told.notice, parts)
    if fault == "wrong-addressee" and not by_owner:
        stop_queued(tx, told.case, told.sender, at, fault)
    else:
        hold_queued(tx, told.case, at, "fault-reported")
    tx.wait_for_person(Waiting(told.case.id, "conversation", "fault-reported", at))
    return Taken(told.case.id, (Finding("fault-reported", "fault.kind"),))


def _carried_the_need(tx: Transaction, told: Said) -> bool:
    """Whether what came to the wrong place is the need: a note that went astray sends no case back."""
    envelope = told.opened.envelope
    if envelope.door == "fhir" and not envelope.parent:
        return True  # it is about the case as such
    named = envelope.parent or envelope.conversation
    letters = (d.outgoing for d in tx.deliveries(told.case.id) if d.outgoing.category == "need")
    return any(letter.message_id == named.lower() for letter in letters)


def _asked(tx: Transaction, told: Said, parts: Parts) -> Taken:
    """What is lacking is asked for: as a question of the owner's, or to the owner."""
    kept = keep_note(tx, told, "question", parts)
    after, task = (told.case, []) if told.sender != told.case.owner else note.ask(tx, told, parts)
    held_back = note.tell(tx, replace(told, case=after), kept, task, parts)
    note.put_on_lists(tx, after.id, held_back, told.notice.at)
    return Taken(after.id, tuple(held_back))


def _returned(tx: Transaction, told: Said, read: Read, state: str, kept: Version, parts: Parts) -> Taken:
    """The unit is not the right one: what it got there is to be purged. Whom it names as the right one counts where a
    person is named who says so; in XML no code names one, and words are for people."""
    case, notice = told.case, told.notice
    after, before = replace(case, state=state), tx.of_case(case.id)
    step = Step(
        case.id, "case", "reject-addressee", case.state, state, notice.at, notice.actor, notice.source
    )
    tx.move(after, [step])
    task = keep_changed(
        tx,
        [_rejected(tx, told, kept, parts)],
        case=after,
        author=told.sender,
        source=notice.source,
        at=notice.at,
    )
    traces = traced(tx, after, [kept, *task], "reject-addressee", notice, parts)
    back = Return(after, told.sender, notice.source, notice.at)
    named = "contained" in kept.body
    right = named_in(read.reading.facts) if named else Named()
    sent_back(tx, back, right, before, [*task, kept, *traces], parts)
    tx.record(_report_of(after, told, named))
    return Taken(case.id, () if named else (Finding("returner-not-named", "fault.kind"),))


def _rejected(tx: Transaction, told: Said, kept: Version, parts: Parts) -> Resource:
    task = tx.current("Task", id_of(told.case.id, "task"))
    assert task is not None  # noqa: S101 - every open case has one
    rule = rule_of(parts.tables.steps, "case", "reject-addressee")
    shown = task.body | {"status": rule.status, "businessStatus": business_status(rule, parts)}
    if "contained" not in kept.body:
        return shown
    who = kept.body["contained"][0].get("practitioner", {})
    coding = {"system": f"{parts.base}/CodeSystem/task-output", "code": "decided-by"}
    output = {"type": {"coding": [coding]}, "valueReference": {"type": "Practitioner", **who}}
    return shown | {"output": [*task.body.get("output", ()), output]}


def _report_of(case: Case, told: Said, named: bool) -> Audit:
    details = {
        "recipient": told.sender,
        "message": told.notice.source,
        "person": "named" if named else "not-named",
    }
    return Audit(told.notice.at, told.sender, "content-returned", case.id, details)
