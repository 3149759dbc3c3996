"""What each kind of message leads to: the story that takes it."""

from collections.abc import Callable, Mapping
from datetime import datetime

from adapter.domain.case import DEATHS
from adapter.domain.doors import Event
from adapter.flows import death, need, note, returned, stay, telephone
from adapter.flows.doors import Opened, Read
from adapter.flows.notice import notice_of
from adapter.flows.parts import Parts
from adapter.flows.placing import Taken
from adapter.ports import Transaction

_STORIES: Mapping[Event, Callable[[Transaction, Opened, Read, datetime, Parts], Taken]] = {
    "need-notified": need.take,
    "need-corrected": need.take,
    "need-cancelled": need.take,
    "note": note.take,
    "returned": returned.take,
    "stay": stay.take,
}


def take(tx: Transaction, opened: Opened, read: Read, at: datetime, parts: Parts) -> Taken:
    """Do what the message says, in the given transaction. Raises Refused where its case forbids it."""
    taken = _STORIES[read.way.event](tx, opened, read, at, parts)
    if taken.case_id and opened.envelope.door == "hand":
        telephone.note_call(tx, taken.case_id, opened, read, at, parts)
    if taken.case_id and read.way.event != "stay":
        _hear_of_death(tx, taken.case_id, opened, read, at, parts)
    return taken


def _hear_of_death(
    tx: Transaction, case_id: str, opened: Opened, read: Read, at: datetime, parts: Parts
) -> None:
    """What a message says of the person's death beside its own matter, and that it came while one is looked into. That
    one lives many messages say by habit: only a report that waits is taken back by it."""
    case, dead = tx.case(case_id), death.said_dead(read.facts)
    if case is None:
        return
    if dead or (dead is False and tx.person_waits(case.subject_key, DEATHS)):
        source = notice_of(opened, read, read.way.event, at, parts).source
        death.reported(tx, death.Report(case.subject_key, dead, opened.sender, at, source), parts)
    elif read.way.event != "need-notified":
        death.list_again(tx, case, at)
