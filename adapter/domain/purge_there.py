"""What came to a coordinating unit that is not the right one is purged there, and somebody there says so. Pure.

What somebody was never to have is not kept in its record: it is deleted, and the sender is told (R-108) by a report on
a received message (forskrift om standarder og nasjonale e-helseløsninger § 6 nr. 1, HIS 1151). By the standard that
documents that the message cannot or shall not be dealt with where it came; it says nothing of a deletion. So it is
reason to ask for a purge, and confirms none by itself.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

from adapter.domain.problems import Finding

PURGE_THERE: Final = "purge-there"
"""The life cycle, and the category of what asks for it."""
ASK: Final = ("ask", "none", "asked")
CONFIRM: Final = ("confirm", "asked", "confirmed")
WITHDRAW: Final = ("withdraw", "asked", "withdrawn")
"""What happens to it: event, state before and after."""


@dataclass(frozen=True, slots=True)
class Purged:
    """What a unit says of a purge: whether it names who answers for it, and the day (in Norway), None if not said."""

    named: bool
    on: date | None


def amiss(said: Purged, came_on: date, today: date) -> Iterator[Finding]:
    """Why a confirmation proves nothing: nobody answers for it, or nothing can have been purged on that day."""
    if not said.named:
        yield Finding("person-not-named", "Task.output")
    if said.on is None:
        yield Finding("missing-element", "Task.output")
    elif not came_on <= said.on <= today:
        yield Finding("purged-on-an-impossible-day", "Task.output")
