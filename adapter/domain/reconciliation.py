"""Whether everything that was received is accounted for: each message by what it left in other tables than its own.

A row of what was received says only that a message was answered. What it led to is counted from the tables that hold
what came of it: history, versions of resources, the lists of people, the audit, tombstones.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Literal

from adapter.domain.days import norwegian_day

Fate = Literal["cases", "answers", "events", "waiting", "refused", "repeats", "purged"]
FATES: Final[tuple[Fate, ...]] = (
    "cases",
    "answers",
    "events",
    "waiting",
    "refused",
    "repeats",
    "purged",
)
"""cases: it opened one. answers: it was kept as words within a case. events: it changed a case, or tells of a stay.
waiting: it changed nothing, and put the case on a list of people. refused: nothing was kept. repeats: what it says was
known. purged: its case has been removed since."""


LEFT: Final = "left-to-a-person"
"""What the audit says of a message that changes nothing by itself, and that a person is to look at."""


@dataclass(frozen=True, slots=True)
class Trace:
    """One message (its id, the organisation number of its sender, its kind) and what is there because of it.

    `audited`: what the audit says became of it (`message-accepted`, `message-refused`, or nothing). `opened`: a case
    began by it. `moved`: steps in histories; `written`: types of resources of which it made a version. `listed`: it was
    left to a person, and its case was on a list for that. `known`: it was answered as telling nothing new, and what it
    tells was done by another before. `returned`: its sender had sent the case back before. `purged`: its case is gone.
    """

    message: str
    sender: str
    kind: str
    at: datetime
    case_id: str | None
    audited: str
    opened: bool
    moved: bool
    written: frozenset[str]
    listed: bool
    known: bool
    returned: bool
    purged: bool


@dataclass(frozen=True, slots=True)
class Balance:
    """One day in Norway and one sender: how many messages, what became of them, the ids of those without a trace."""

    day: date
    sender: str
    received: int
    fates: Mapping[Fate, int]
    unexplained: tuple[str, ...]

    @property
    def amiss(self) -> int:
        """How many messages are not accounted for: those without a trace, and those that were not looked at."""
        return abs(self.received - sum(self.fates.values()))

    @property
    def holds(self) -> bool:
        """What was received, counted by itself, is what became of the messages that were looked at."""
        return self.amiss == 0


def fate(trace: Trace, stays: Collection[str], returns: Collection[str]) -> Fate | None:
    """What became of a message; None where nothing shows it, or two things that exclude each other.

    `stays`: kinds of messages that tell of a stay: where no case is met they leave only that they came. `returns`:
    kinds that send a case back: who has done so says nothing new by a second one.
    """
    left = trace.opened or trace.moved or bool(trace.written)
    if trace.audited == "message-refused":
        return None if left or trace.case_id else "refused"
    if trace.audited != "message-accepted":
        return None
    if trace.case_id is None:
        return "events" if trace.kind in stays else None
    return _of_a_case(trace, returns)


def _of_a_case(trace: Trace, returns: Collection[str]) -> Fate | None:
    if trace.opened:
        return "cases"
    if "Communication" in trace.written:
        return "answers"
    if trace.moved or trace.written:
        return "events"
    if trace.purged:
        return "purged"
    if trace.known or (trace.returned and trace.kind in returns):
        return "repeats"
    return "waiting" if trace.listed else None


def balances(
    received: Mapping[tuple[date, str], int],
    traces: Iterable[Trace],
    stays: Collection[str],
    returns: Collection[str],
) -> Sequence[Balance]:
    """By day in Norway and sender, in that order. `received`: how many, counted without looking at any. Kinds as in
    `fate`."""
    of: dict[tuple[date, str], list[tuple[str, Fate | None]]] = {key: [] for key in received}
    for trace in traces:
        key = norwegian_day(trace.at), trace.sender
        of.setdefault(key, []).append((trace.message, fate(trace, stays, returns)))
    return [_balance(*key, received.get(key, 0), of[key]) for key in sorted(of)]


def _balance(day: date, sender: str, received: int, found: Sequence[tuple[str, Fate | None]]) -> Balance:
    counted = Counter(fate_ for _, fate_ in found if fate_)
    unexplained = tuple(message for message, fate_ in found if fate_ is None)
    return Balance(day, sender, received, {name: counted[name] for name in FATES}, unexplained)
