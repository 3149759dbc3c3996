"""What each kind of message leads to: the story that takes it."""

from collections.abc import Callable, Mapping
from datetime import datetime

from adapter.domain.case import DEAD, Waiting
from adapter.domain.doors import Event
from adapter.flows import need, note, returned, stay
from adapter.flows.doors import Opened, Read
from adapter.flows.parts import Parts
from adapter.flows.placing import Taken
from adapter.flows.stopping import hold_queued
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
    if taken.case_id and read.way.event not in ("need-notified", "stay"):
        _hold_after_death(tx, taken.case_id, at)
    return taken


def _hold_after_death(tx: Transaction, case_id: str, at: datetime) -> None:
    """While a report of death waits for a person, so does whatever is new in the case."""
    case = tx.case(case_id)
    if case is None or not tx.person_waits(case.subject_key, DEAD):
        return
    hold_queued(tx, case, at, DEAD)
    tx.wait_for_person(Waiting(case_id, "conversation", DEAD, at))
