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
waiting: it changed nothing, and the case is on a list of people. refused: nothing was kept. repeats: what it says was
known. purged: its case has been removed since."""


@dataclass(frozen=True, slots=True)
class Trace:
    """One message (its id, the organisation number of its sender, its kind) and what is there because of it.

    `audited`: what the audit says became of it (`message-accepted`, `message-refused`, or nothing). `opened`: a case
    began by it. `moved`: steps in histories; `written`: types of resources of which it made a version. `listed`: its
    case was on a list of people when it came. `known`: it was answered as telling nothing new. `returned`: its sender
    had sent the case back before. `purged`: its case is gone.
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
    def holds(self) -> bool:
        return not self.unexplained and self.received == sum(self.fates.values())


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


def balances(traces: Iterable[Trace], stays: Collection[str], returns: Collection[str]) -> Sequence[Balance]:
    """By day in Norway and sender, in that order. Kinds as in `fate`."""
    of: dict[tuple[date, str], list[tuple[str, Fate | None]]] = {}
    for trace in traces:
        key = norwegian_day(trace.at), trace.sender
        of.setdefault(key, []).append((trace.message, fate(trace, stays, returns)))
    return [_balance(day, sender, of[day, sender]) for day, sender in sorted(of)]


def _balance(day: date, sender: str, found: Sequence[tuple[str, Fate | None]]) -> Balance:
    counted = Counter(fate_ for _, fate_ in found if fate_)
    unexplained = tuple(message for message, fate_ in found if fate_ is None)
    return Balance(day, sender, len(found), {name: counted[name] for name in FATES}, unexplained)
