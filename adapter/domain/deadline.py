"""Deadlines of a case: which there are by what has happened, and what a look at them at some moment finds.

Pure: they are counted anew at each look, from what is kept of the case, so a clock can neither be forgotten nor drift.
What is remembered is only what was told of them. A deadline closes nothing and decides nothing (R-093).
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import MAXYEAR, date, datetime, timedelta
from typing import Literal

from adapter.domain.counting import IsDayOff, Length, day_before, last_day
from adapter.domain.days import begins, norwegian_day

State = Literal["running", "warned", "overdue", "stopped"]
Stage = Literal["warned", "overdue", "stopped"]
Basis = Literal["law", "agreement"]
Key = tuple[str, str, str, datetime]


@dataclass(frozen=True, slots=True)
class Happened:
    """Something that happened in a case, or a day stated in it.

    `event` is a step of a life cycle, as `case:open`, or a fact, as `delivered`; `by` who did it. `about` is the one
    thing of several it is about, "" where there is but one. `until` is the last day, in Norway, that a statement names.
    """

    event: str
    at: datetime
    by: str
    about: str = ""
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """A row of mappings/deadlines.yaml.

    Any of `starts` begins it and any of `stops` ends it. It lasts `within`, counted from that moment or behind the day
    that was stated, and people are warned `warn` before its last day. `because` is the provision or agreement that it
    rests on. It counts for what begins from `since` to `until` (days in Norway, both counted; None is open): rows of
    one name take turns, and a case of before keeps the rule of its day.

    `remind`: who hears when it is warned and when it is overdue (owner, requester, author, asked); `also`: who hears
    when it is overdue; `operator`: the problem under which it then comes on a list of a person here, "" for none.
    `category` says by which consent they hear; `dayless`: not which day it is, as that may tell when somebody was born.
    """

    name: str
    starts: frozenset[str]
    stops: frozenset[str]
    within: Length
    warn: Length | None
    because: str
    basis: Basis
    since: date | None = None
    until: date | None = None
    remind: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    operator: str = ""
    category: str = "reminder"
    dayless: bool = False

    def counts(self, day: date) -> bool:
        """Whether it is the rule of a day."""
        return (self.since is None or self.since <= day) and (self.until is None or day <= self.until)


@dataclass(frozen=True, slots=True)
class Deadline:
    """One clock of a case; all moments in UTC, started_at <= warn_at <= due_at.

    `due_at` is the first moment at which it is too late: the beginning of a day in Norway. `warned_at` and `overdue_at`
    say when that was told, `by` who stopped it, "" as long as it runs.
    """

    case_id: str
    rule: str
    about: str
    started_at: datetime
    warn_at: datetime | None
    due_at: datetime
    state: State = "running"
    warned_at: datetime | None = None
    overdue_at: datetime | None = None
    stopped_at: datetime | None = None
    by: str = ""

    @property
    def key(self) -> Key:
        return self.case_id, self.rule, self.about, self.started_at

    def name_of(self, stage: Stage) -> str:
        """What its stage is known by for good, to derive ids from: told once, whoever looks and however often. Another
        last day is another thing to tell."""
        moments = (self.started_at.isoformat(), self.due_at.isoformat())
        return "/".join((self.case_id, self.rule, self.about, *moments, stage))


@dataclass(frozen=True, slots=True)
class Turn:
    """A deadline that came to a stage. `at` is the moment that belongs to: long before the look, after an outage."""

    deadline: Deadline
    stage: Stage
    at: datetime


@dataclass(frozen=True, slots=True)
class Look:
    """What a look found: every deadline as it stands now, and what turned, in the order in which it should have."""

    deadlines: tuple[Deadline, ...]
    turns: tuple[Turn, ...]


def deadlines(
    case_id: str, happened: Iterable[Happened], rules: Iterable[Rule], is_day_off: IsDayOff
) -> tuple[Deadline, ...]:
    """All deadlines of a case, running or stopped, by rule, about and start; what is told of them is not looked at.

    What happened at one moment counts in the order given. Who begins what runs already changes nothing, but for a
    statement of another day, which takes its place. What stops as it starts never was.
    """
    ordered = sorted(happened, key=lambda one: one.at)
    by_name: dict[str, list[Rule]] = {}
    for rule in rules:
        by_name.setdefault(rule.name, []).append(rule)
    found = [d for same in by_name.values() for d in _of_rule(case_id, same, ordered, is_day_off)]
    return tuple(sorted((d for d in found if d.stopped_at != d.started_at), key=lambda d: d.key))


def _of_rule(
    case_id: str, rules: Sequence[Rule], ordered: Sequence[Happened], is_day_off: IsDayOff
) -> list[Deadline]:
    """Of the rows of one name."""
    over: list[Deadline] = []
    running: dict[str, tuple[Rule, Deadline]] = {}
    starts = frozenset[str]().union(*(rule.starts for rule in rules))
    for one in ordered:
        for about, (rule, standing) in list(running.items()):
            if one.event in rule.stops and (not one.about or not about or one.about == about):
                over.append(_stopped(standing, one.at, one.by))
                del running[about]
        started = _started(case_id, one, rules, is_day_off) if one.event in starts else None
        if started is None:
            continue
        before = running.get(one.about)
        if before and (one.until is None or before[1].due_at == started[1].due_at):
            continue
        if before:
            over.append(_stopped(before[1], one.at, one.by))
        running[one.about] = started
    return over + [deadline for _, deadline in running.values()]


def _stopped(deadline: Deadline, at: datetime, by: str) -> Deadline:
    return replace(deadline, state="stopped", stopped_at=at, by=by)


def _started(
    case_id: str, one: Happened, rules: Sequence[Rule], is_day_off: IsDayOff
) -> tuple[Rule, Deadline] | None:
    """The rule of the day, and what it begins; None for what begins nothing, or would never end."""
    day = norwegian_day(one.at)
    rule = next((r for r in rules if one.event in r.starts and r.counts(day)), None)
    if rule is None or (one.until and one.until.year == MAXYEAR):
        return None
    last = _last_day(rule, day, one.until, is_day_off)
    due_at = max(begins(last + timedelta(days=1)), one.at)
    warn_at = None
    if rule.warn is not None:
        warn_at = min(max(begins(day_before(last, rule.warn, is_day_off)), one.at), due_at)
    return rule, Deadline(case_id, rule.name, one.about, one.at, warn_at, due_at)


def _last_day(rule: Rule, day: date, until: date | None, is_day_off: IsDayOff) -> date:
    """A day that was stated stands as it is, unless it is over; then the day before."""
    if until is None:
        return last_day(day, rule.within, is_day_off)
    stated = max(until, day - timedelta(days=1))
    return last_day(stated, rule.within, is_day_off) if rule.within.number else stated


def look(kept: Iterable[Deadline], counted: Iterable[Deadline], at: datetime) -> Look:
    """What is to be kept and told at a moment, of what was kept before and what is counted now.

    Nobody is reminded of what is done already. What is counted no more stops, by the adapter; what was told of a
    deadline stays told as long as its last day is the same.
    """
    before = {deadline.key: deadline for deadline in kept}
    now = {deadline.key: deadline for deadline in counted}
    gone = [
        _stopped(d, at, "adapter") for key, d in before.items() if key not in now and d.state != "stopped"
    ]
    looked = [_looked(before.get(key), deadline, at) for key, deadline in now.items()]
    turns = [turn for deadline in (*looked, *gone) for turn in _turns(before.get(deadline.key), deadline)]
    turns.sort(key=lambda turn: (turn.at, turn.deadline.key, _ORDER.index(turn.stage)))
    return Look(tuple(sorted((*looked, *gone), key=lambda d: d.key)), tuple(turns))


_ORDER: tuple[Stage, ...] = ("warned", "overdue", "stopped")


def _looked(before: Deadline | None, now: Deadline, at: datetime) -> Deadline:
    told = before if before and before.due_at == now.due_at else now
    warned, overdue = told.warned_at, told.overdue_at
    if now.stopped_at is None:
        warned = warned or (at if now.warn_at and now.warn_at <= at else None)
        overdue = overdue or (at if now.due_at <= at else None)
    open_state: State = "overdue" if overdue else "warned" if warned else "running"
    state: State = open_state if now.stopped_at is None else "stopped"
    return replace(now, state=state, warned_at=warned, overdue_at=overdue)


def _turns(before: Deadline | None, now: Deadline) -> Iterator[Turn]:
    """A stop is told of where there was anything to stop."""
    was = before if before and before.due_at == now.due_at else None
    if now.warned_at and now.warn_at and not (was and was.warned_at):
        yield Turn(now, "warned", now.warn_at)
    if now.overdue_at and not (was and was.overdue_at):
        yield Turn(now, "overdue", now.due_at)
    if now.stopped_at and before and before.state != "stopped":
        yield Turn(now, "stopped", now.stopped_at)


def next_look(standing: Iterable[Deadline]) -> datetime | None:
    """The next moment at which one of them turns; None if none will by itself."""
    return min((moment for deadline in standing for moment in _ahead(deadline)), default=None)


def _ahead(deadline: Deadline) -> Iterator[datetime]:
    if deadline.state == "stopped":
        return
    if deadline.warn_at and not deadline.warned_at:
        yield deadline.warn_at
    if not deadline.overdue_at:
        yield deadline.due_at
