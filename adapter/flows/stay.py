"""A hospital tells where a person is in a stay (PLO: LOG_INNLAGT, LOG_UTSKRIVNINGSKLAR, LOG_AVMELDING, LOG_UTSKREVET,
LOG_DOD; before 1.6 PASIENTLOGISTIKK).

Taken for cases that are known, found by the person, where the sender takes part. The municipality's own record system
is who acts on these messages; a copy comes here. The answer is positive whether there is a case or not: they hold no
health information to be looked after, an AppRec must be given, and a different answer would tell the sender who has a
case (hpl § 21). Of a message that concerns none nothing is kept but its metadata and the answer.

Death ends things silently: a person here sees to what must be ended, nobody else is told, and no plan or news that is
queued goes out as if the person lived.
"""

from datetime import datetime

from adapter.domain.case import DEAD, Case, Step, Waiting
from adapter.domain.identifiers import subject_key
from adapter.domain.need import NUMBERS, identity_number
from adapter.domain.problems import Finding, Refused
from adapter.flows.doors import Opened, Read
from adapter.flows.outbox import note_to
from adapter.flows.participants import takes_part
from adapter.flows.parts import Parts
from adapter.flows.placing import Taken, traced
from adapter.flows.stopping import stop_categories
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
    person = subject_key(parts.secret, identity_number(facts))
    met = [c for c in tx.cases_of_person(person) if _concerns(tx, c, opened.sender, at, parts)]
    for case_id in sorted(c.id for c in met):
        case = tx.case(case_id)
        if case is not None:
            _noted(tx, said_of(case, opened, read, at, parts), parts)
    return Taken(met[0].id if met else None)


def _concerns(tx: Transaction, case: Case, sender: str, at: datetime, parts: Parts) -> bool:
    return case.state not in _OVER and takes_part(case, tx.of_case(case.id), sender, at, parts)


def _noted(tx: Transaction, told: Said, parts: Parts) -> None:
    case, notice, event = told.case, told.notice, told.facts["stay.event"]
    taken_back = told.facts.get("message.status") == "cancelled"
    what = f"not-{event}" if taken_back else event
    tx.move(case, [Step(case.id, "stay", what, "", event, notice.at, notice.actor, notice.source)])
    if event == DIED:
        if not taken_back:
            stop_categories(tx, case, ("plan", "case-status"), notice.at, DEAD)
        tx.wait_for_person(Waiting(case.id, "conversation", DEAD, notice.at))
        return
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
        if v.type == "Communication" and v.author == told.sender
    }
    return text in said_at and said_at[text] >= said_at.get(other, said_at[text])
