"""A decision on a need, as data: what it says, what it rests on, and until when the party may complain of it.

A person decides (pasientjournalloven § 11). Here it is only held against itself and the law, and its time limit is
counted, where what the law counts from is known; nothing is made up for what is missing.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from adapter.domain.counting import IsDayOff, Length, last_day
from adapter.domain.problems import Finding

BASIS: Final = "legal-basis"
KNOWLEDGE: Final = "known-on"
ONE_TRACK: Final = "one-legal-track"
"""What may be missing for a time limit to be counted: a provision, the day the party knew, provisions of one track."""


@dataclass(frozen=True, slots=True)
class Dated:
    """The days, both counted, on which something of the law may be said; None is open."""

    start: date | None = None
    until: date | None = None

    def holds(self, day: date) -> bool:
        """Whether it may be said on a day."""
        return (self.start is None or self.start <= day) and (self.until is None or day <= self.until)


@dataclass(frozen=True, slots=True)
class Track:
    """The rules by which one complains: how many weeks, to which body (`county-governor`, `superior-body`)."""

    name: str
    weeks: int
    body: str
    because: str


@dataclass(frozen=True, slots=True)
class LegalBasis:
    """A provision that a decision may rest on (CL-18), the track it leads to, and when it has been in force."""

    track: Track
    dated: Dated


@dataclass(frozen=True, slots=True)
class DecisionRules:
    """mappings/decisions.yaml: by outcome the event of the case that tells it; reasons and provisions by their codes.
    `proxies` are complainants who must say whether a written power of attorney is there (pbrl § 7-2)."""

    outcomes: Mapping[str, str]
    refusals: Mapping[str, Dated]
    bases: Mapping[str, LegalBasis]
    proxies: frozenset[str]


@dataclass(frozen=True, slots=True)
class Decision:
    """What a Task says of a decision; "" and None for what it does not say. `known_by`: how it is known (a code)."""

    outcome: str = ""
    refusal: str = ""
    bases: tuple[str, ...] = ()
    decided_on: date | None = None
    known_on: date | None = None
    known_by: str = ""

    @property
    def told(self) -> bool:
        """Whether anything of a decision is said."""
        return self != Decision()


@dataclass(frozen=True, slots=True)
class TimeLimit:
    """Until when one may complain, and to whom. `last_day` counts whole; None where something is `missing`: names of
    what the unit has to say. `track` is None where no provision, or provisions of several tracks, are named."""

    track: Track | None
    last_day: date | None
    missing: tuple[str, ...] = ()


_OUTPUT: Final = "Task.output"
_OLDER: Final = "existing-plan"
"""The outcome (CL-10) that refers to what was decided before the need came."""
_REASON: Final = "Task.statusReason"


def amiss(
    decision: Decision, event: str, rules: DecisionRules, today: date, need_on: date
) -> Iterator[Finding]:
    """What is wrong with a decision that an event of the case tells; `today` is the day in Norway, `need_on` that on
    which the need was reported."""
    yield from _of_refusal(decision, event, rules, today)
    said_on = decision.decided_on or today
    for code in decision.bases:
        if not rules.bases[code].dated.holds(said_on):
            yield Finding("legal-basis-not-in-force", f"{_OUTPUT}[{BASIS}]")
    yield from _of_days(decision, today)
    if decision.outcome != _OLDER:
        yield from _before(decision, need_on)


def _of_refusal(decision: Decision, event: str, rules: DecisionRules, today: date) -> Iterator[Finding]:
    """Who refuses says why (CL-10b); who does not refuse gives no such reason."""
    if event == "refuse" and not decision.refusal:
        yield Finding("refusal-reason-missing", _REASON)
    if decision.refusal and event != "refuse":
        yield Finding("decision-contradicts", _REASON)
    if decision.refusal and not rules.refusals[decision.refusal].holds(decision.decided_on or today):
        yield Finding("refusal-reason-not-in-force", _REASON)


def _of_days(decision: Decision, today: date) -> Iterator[Finding]:
    """Nobody has decided or known what is to come, nor known what was not decided; and how it is known is shown."""
    for name, day in (("decided-on", decision.decided_on), (KNOWLEDGE, decision.known_on)):
        if day and day > today:
            yield Finding("day-still-to-come", f"{_OUTPUT}[{name}]")
    if decision.decided_on and decision.known_on and decision.known_on < decision.decided_on:
        yield Finding("decision-contradicts", f"{_OUTPUT}[{KNOWLEDGE}]")
    if decision.known_on and not decision.known_by:
        yield Finding("knowledge-not-shown", f"{_OUTPUT}[known-by]")
    if decision.known_by and not decision.known_on:
        yield Finding("decision-contradicts", f"{_OUTPUT}[known-by]")


def _before(decision: Decision, need_on: date) -> Iterator[Finding]:
    """Nobody decides on a need before it is reported."""
    name, day = ("decided-on", decision.decided_on) if decision.decided_on else (KNOWLEDGE, decision.known_on)
    if day and day < need_on:
        yield Finding("decision-before-need", f"{_OUTPUT}[{name}]")


def time_limit(decision: Decision, rules: DecisionRules, is_day_off: IsDayOff) -> TimeLimit:
    """When the time to complain of a decision ends (pbrl § 7-5, fvl § 29), counted as fvl § 30 says."""
    tracks = {rules.bases[code].track for code in decision.bases}
    missing = [] if tracks else [BASIS]
    missing += [ONE_TRACK] if len(tracks) > 1 else []
    missing += [] if decision.known_on else [KNOWLEDGE]
    track = next(iter(tracks)) if len(tracks) == 1 else None
    if track is None or decision.known_on is None:
        return TimeLimit(track, None, tuple(missing))
    return TimeLimit(track, last_day(decision.known_on, Length(track.weeks, "weeks"), is_day_off))


InTime = Literal["in-time", "late", "not-known"]


def in_time(limit: TimeLimit, decision: Decision, sent: date) -> InTime:
    """Whether a complaint that was sent on a day came in time; a late one is registered all the same (R-088).

    More than a year after the decision it is late, whoever knew what when (fvl § 31 third paragraph).
    """
    if decision.decided_on and sent > _a_year_after(decision.decided_on):
        return "late"
    if limit.last_day is None:
        return "not-known"
    return "in-time" if sent <= limit.last_day else "late"


def _a_year_after(day: date) -> date:
    last_of_february = day.month == 2 and day.day == 29
    return day.replace(year=day.year + 1, day=28 if last_of_february else day.day)
