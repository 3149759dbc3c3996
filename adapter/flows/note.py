"""A note within a known case: a question, an answer or an addition, from the hospital or from the municipality.

It is kept and told to the other side, in order, once. Its words move nothing by themselves (no machine decides), except
that a consent ends at once that the hospital says is refused. What is not clear is for a person.
A question from the municipality asks, as its Task would; the hospital's answer to it opens the Task again.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime

from adapter.domain.case import Case, Step, Version, Waiting
from adapter.domain.consent import Deny
from adapter.domain.detection import speaks_of_consent, takes_back
from adapter.domain.problems import Finding
from adapter.domain.steps import rule_of
from adapter.flows.correction import withdraw
from adapter.flows.doors import Opened, Read
from adapter.flows.outbox import note_to
from adapter.flows.participants import may_have
from adapter.flows.parts import Parts
from adapter.flows.placing import Taken, traced
from adapter.flows.resources import business_status, id_of, keep_changed
from adapter.flows.talking import Said, keep_files, keep_note, said
from adapter.ports import Transaction

_SHOWN = {"ask": "ask", "correct": "open"}
"""The step that a Task shows after an event of the case: one whose question is answered is open again."""


def take(tx: Transaction, opened: Opened, read: Read, at: datetime, parts: Parts) -> Taken:
    """Keep the note and do the little that it does. Raises Refused as `talking.said`."""
    told = said(tx, opened, read, at, parts)
    note, files = keep_note(tx, told, _kind(told), parts), keep_files(tx, told, parts)
    refused = told.facts.get("consent.status") == "refused"
    if refused and told.sender == told.case.requester:
        traced(tx, told.case, [note, *files], "note", told.notice, parts)
        return withdraw(tx, told.case, told.notice, parts)
    doubts = list(_doubts(told, read, parts))
    after, task = _step(tx, told, note, parts)
    doubts += tell(tx, replace(told, case=after), note, [*files, *task], parts)
    put_on_lists(tx, after.id, doubts, at)
    if any(finding.problem == "attachment-not-taken" for finding in read.findings):
        tx.wait_for_person(Waiting(after.id, "conversation", "attachment-not-taken", at))
    return Taken(after.id, tuple(doubts))


def put_on_lists(tx: Transaction, case_id: str, doubts: Iterable[Finding], at: datetime) -> None:
    """A person looks at each: those on the consent on the list for that."""
    for doubt in doubts:
        on_consent = doubt.where in ("consent.status", "answer.kind")
        tx.wait_for_person(Waiting(case_id, "consent" if on_consent else "conversation", doubt.problem, at))


def tell(tx: Transaction, told: Said, note: Version, changed: list[Version], parts: Parts) -> list[Finding]:
    """The other side gets the note with what has changed by it, if it may when it is sent; if it may not now, a
    person is to know."""
    case, at = told.case, told.notice.at
    traces = traced(tx, case, [note, *changed], "note", told.notice, parts)
    if not told.other:
        return []
    tx.send([note_to(case, told.other, note, at, [*changed, *traces])])
    may = may_have(tx.of_case(case.id), told.other, "note", at, parts)
    return [Finding("note-not-passed-on", "consent")] if isinstance(may, Deny) else []


def ask(tx: Transaction, told: Said, parts: Parts) -> tuple[Case, list[Version]]:
    """The owner asks for more, as it would in the Task: an act of a person there, which decides nothing."""
    return _moved(tx, told, "ask", parts)


def _kind(told: Said) -> str:
    if told.opened.envelope.kind == "DIALOG_SVAR":
        return "answer"
    if stated := told.facts.get("note.kind"):
        return stated
    return "question" if "note.asks" in told.facts else "addition"


def _step(tx: Transaction, told: Said, note: Version, parts: Parts) -> tuple[Case, list[Version]]:
    case, kind = told.case, note.body["category"][0]["coding"][0]["code"]
    if told.sender == case.owner and kind == "question":
        return ask(tx, told, parts)
    answers = kind == "answer" or (kind == "addition" and "inResponseTo" in note.body)
    waits = case.state == "needs-information" and told.sender == case.requester
    if waits and answers and told.facts.get("answer.kind") != "needs-consent":
        return _moved(tx, told, "correct", parts)
    return case, []


def _moved(tx: Transaction, told: Said, event: str, parts: Parts) -> tuple[Case, list[Version]]:
    """The case and its Task after an event; both as they are where the event is late or not allowed here."""
    case, notice = told.case, told.notice
    state = parts.tables.lifecycles["case"].after(case.state, event)
    task = tx.current("Task", id_of(case.id, "task"))
    if state in (None, case.state) or task is None:
        return case, []
    after = replace(case, state=state)
    tx.move(after, [Step(case.id, "case", event, case.state, state, notice.at, notice.actor, notice.source)])
    rule = rule_of(parts.tables.steps, "case", _SHOWN[event])
    bare = {name: value for name, value in task.body.items() if name != "statusReason"}
    shown = bare | {"status": rule.status, "businessStatus": business_status(rule, parts)}
    kept = keep_changed(tx, [shown], case=after, author=told.sender, source=notice.source, at=notice.at)
    return after, kept


def _doubts(told: Said, read: Read, parts: Parts) -> Iterator[Finding]:
    """What a person must look at, as it may concern the consent or the need itself."""
    consent = told.facts.get("consent.status")
    if told.facts.get("answer.kind") == "needs-consent":
        yield Finding("answer-needs-consent", "answer.kind")
    elif consent in ("refused", "not-asked") or (consent == "not-stated" and _on_consent(read, parts)):
        yield Finding("note-unclear-on-consent", "consent.status")
    elif consent and told.case.state == "held-for-consent":
        yield Finding("note-states-consent", "consent.status")
    if told.facts.get("message.status") == "changed" or "note.text" not in told.facts:
        yield Finding("need-no-longer-clear", read.origin.get("message.status", "MsgHead"))
    elif place := takes_back(parts.tables.phrases, read.reading.texts):
        yield Finding("note-takes-back", place)


def _on_consent(read: Read, parts: Parts) -> bool:
    """Whether it is the consent that is not clear: as a code, or in a sentence with the word."""
    said_at = read.origin.get("consent.status")
    in_words = said_at is None or said_at in {place for place, _ in read.reading.texts}
    return not in_words or speaks_of_consent(parts.tables.phrases, read.reading.texts)
