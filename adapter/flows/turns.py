"""Whose turn it is: what one sender announced is taken in the order in which it was announced.

A message that fails keeps back what its sender announced after it, until it is taken or a person has it: a cancellation
or a refusal of consent that came before its need would be turned away, and the need go its way. As long as nobody knows
who sent it, it keeps back everything announced after it, but not for more than `UNKNOWN_KEEPS` tries: one message that
the service cannot tell of must not stop the mailbox.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from adapter.domain.mailbox import BEHIND, Fetched

UNKNOWN_KEEPS = 6
"""By the waits between tries that are the default, an hour and a quarter."""


def announced(one: Fetched) -> tuple[datetime, int]:
    """Orders messages: as they were heard of, and, of one page, by their positions."""
    return one.first, one.position


def waits_until(one: Fetched, stuck: Iterable[Fetched]) -> datetime | None:
    """When the first that keeps this message back is tried again; None if it may be taken."""
    for other in sorted(stuck, key=announced):
        if announced(other) < announced(one) and _keeps(other, one):
            return other.due
    return None


def kept_back(one: Fetched, until: datetime, now: datetime) -> Fetched:
    """It has its turn right after what it waits for; that was no try."""
    return replace(one, tries=one.tries - 1, because=BEHIND, at=now, due=until)


def is_to_be_taken(one: Fetched) -> bool:
    return one.kind == "message" and one.state == "announced"


def in_turn(due: Sequence[Fetched]) -> Sequence[Fetched]:
    return sorted(due, key=announced)


def _keeps(other: Fetched, one: Fetched) -> bool:
    return other.sender == one.sender if other.sender else other.tries < UNKNOWN_KEEPS
