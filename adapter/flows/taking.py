"""What each kind of message leads to: the story that takes it."""

from collections.abc import Callable, Mapping
from datetime import datetime

from adapter.domain.doors import Event
from adapter.flows import need, note, returned, stay
from adapter.flows.doors import Opened, Read
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
    return _STORIES[read.way.event](tx, opened, read, at, parts)
