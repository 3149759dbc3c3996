"""What stands still: how many of each kind, how old the oldest, and whether that is an alarm (R-161; F1).

Messages that are made and never sent, and nobody notices, are how reports get lost elsewhere; so each thing that can
wait is a kind here, and has a time after which somebody is called.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal, get_args

from adapter.domain.counting import IsDayOff, Length, last_day
from adapter.domain.days import begins, norwegian_day

Kind = Literal[
    "outbox",
    "receipt",
    "unopened",
    "overdue",
    "parked",
    "routing",
    "detection",
    "consent",
    "conversation",
    "deadline",
    "mailbox",
    "announced",
    "register",
    "clocks",
    "unexplained",
    "books",
]
"""outbox: next in its lane. receipt: carried, and not confirmed. unopened: came to the unit, which has not opened it.
overdue: deadlines. parked: held until a person decides. routing … deadline: on that list of a person. mailbox: could
not be taken from the message service; announced: is there and not taken yet. register: addresses that are amiss there.
clocks: since when nobody has looked at the clocks of a case, though it was time.
unexplained: received and left nothing, and nobody has seen to it; books: how long ago that was looked at."""
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)


@dataclass(frozen=True, slots=True)
class Standing:
    """How many of a kind there are, and since when the oldest (UTC), None where there is none."""

    number: int
    oldest: datetime | None


NONE: Final = Standing(0, None)


@dataclass(frozen=True, slots=True)
class Stuck:
    """A kind as it is judged at a moment: `age` of the oldest, nothing where there is none; `alarm_at` is from when it
    is an alarm (UTC), None for what is none however long it stands."""

    kind: Kind
    number: int
    oldest: datetime | None
    age: timedelta
    alarm_at: datetime | None
    alarm: bool


@dataclass(frozen=True, slots=True)
class Threshold:
    """From when the oldest of a kind is an alarm, by the clock or in working days, None for never, and why."""

    alarm_after: timedelta | Length | None
    because: str

    def alarm_at(self, since: datetime, is_day_off: IsDayOff) -> datetime | None:
        """The first moment at which what stands since then is an alarm. Working days are whole days in Norway."""
        if self.alarm_after is None:
            return None
        if isinstance(self.alarm_after, timedelta):
            return since + self.alarm_after
        return begins(last_day(norwegian_day(since), self.alarm_after, is_day_off) + timedelta(days=1))


@dataclass(frozen=True, slots=True)
class Lateness:
    """From when what leaves, and what came, is late; and what a try led to (`because` of answers.csv) after which its
    recipient surely has nothing of it."""

    out: timedelta
    into: timedelta
    not_there: frozenset[str]


@dataclass(frozen=True, slots=True)
class Thresholds:
    """mappings/thresholds.yaml; every kind has its own."""

    late: Lateness
    waiting: Mapping[Kind, Threshold]
