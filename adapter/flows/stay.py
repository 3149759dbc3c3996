"""A hospital tells where a person is in a stay (PLO: LOG_INNLAGT, LOG_UTSKRIVNINGSKLAR, LOG_AVMELDING, LOG_UTSKREVET,
LOG_DOD; before 1.6 PASIENTLOGISTIKK).

Taken for cases that are known, found by the person, where the sender takes part. The municipality's own record system
is who acts on these messages; a copy comes here. The answer is positive whether there is a case or not: they hold no
health information to be looked after, an AppRec must be given, and a different answer would tell the sender who has a
case (hpl § 21). Of a message that concerns none nothing is kept but its metadata and the answer.

A death is a matter of its own: flows/death.py.
"""

from collections.abc import Mapping
from datetime import datetime

from adapter.domain.case import CLOSED, Step
from adapter.domain.need import NUMBERS, identity_number
from adapter.domain.problems import Finding, Refused
from adapter.flows.death import Report, reported
from adapter.flows.doors import Opened, Read
from adapter.flows.notice import notice_of, person_of
from adapter.flows.outbox import note_to
from adapter.flows.participants import takes_part
from adapter.flows.parts import Parts
from adapter.flows.placing import Taken, traced
from adapter.flows.talking import Said, keep_note, said_of
from adapter.mapping.stays import DIED
from adapter.ports import Transaction

_OVER = ("cancelled", "dismissed", "refused", "concluded", CLOSED)


def take(tx: Transaction, opened: Opened, read: Read, at: datetime, parts: Parts) -> Taken:
    """Note the event in each case of the person that concerns the sender. Raises Refused(event-disagrees)."""
    facts = read.facts
    shapes = {name.removeprefix("shape.") for name in facts if name.startswith("shape.")}
    if shapes != {facts["stay.event"]} or facts["stay.message"] not in ("any", facts["stay.event"]):
        raise Refused(Finding("event-disagrees", "stay.event"))
    if not any(name in facts for name in NUMBERS):
        raise Refused(Finding("missing-person-id", "patient"))
    person = person_of(tx, identity_number(facts), parts)
    died = facts["stay.event"] == DIED
    annuls = died and _is_taken_back(facts)
    over = _OVER if not died else () if annuls else (CLOSED,)
    met = [
        c
        for c in tx.cases_of_person(person)
        if c.state not in over and takes_part(c, tx.of_case(c.id), opened.sender, at, parts)
    ]
    if met and died:
        source = notice_of(opened, read, "case-updated", at, parts).source
        reported(tx, Report(person, not annuls, opened.sender, at, source), parts)
        return Taken(met[0].id)
    for case_id in sorted(c.id for c in met):
        case = tx.case(case_id)
        if case is not None:
            _noted(tx, said_of(case, opened, read, at, parts), parts)
    return Taken(met[0].id if met else None)


def _is_taken_back(facts: Mapping[str, str]) -> bool:
    return facts.get("message.status") == "cancelled"


def _noted(tx: Transaction, told: Said, parts: Parts) -> None:
    case, notice, event = told.case, told.notice, told.facts["stay.event"]
    taken_back = _is_taken_back(told.facts)
    what = f"not-{event}" if taken_back else event
    tx.move(case, [Step(case.id, "stay", what, "", event, notice.at, notice.actor, notice.source)])
    stands, annulled = parts.tables.stays.lines(
        event, datetime.fromisoformat(told.facts["stay.at"]), estimated="stay.estimated" in told.facts
    )
    text, other = (annulled, stands) if taken_back else (stands, annulled)
    if _is_last_said(tx, told, text, other):
        return
    note = keep_note(tx, told, "information", parts, {"note.text": text})
    traces = traced(tx, case, [note], f"stay {case.id}", notice, parts)
    if told.other and told.sender != case.owner:
        tx.send([note_to(case, told.other, note, notice.at, traces)])


def _is_last_said(tx: Transaction, told: Said, text: str, other: str) -> bool:
    """Whether the sender has said this of the event, and nothing else since: a copy in a new message is not told again.

    `other` is what it says when it takes this back, or reports it again.
    """
    said_at = {
        v.body["payload"][0]["contentString"]: v.at
        for v in sorted(tx.of_case(told.case.id), key=lambda v: v.at)
        if v.type == "Communication" and v.author == told.sender and "payload" in v.body
    }
    return text in said_at and said_at[text] >= said_at.get(other, said_at[text])
