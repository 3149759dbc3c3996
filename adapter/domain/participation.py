"""Who takes part in the work on a plan: in which roles, how far that has come, and until when. Pure.

A participation begins when it is accepted and ends with a period, so that it can always be said who had access when
(pasientjournalforskriften § 13); what is over stays over, and who comes back is a new participant, with a consent of
its own. Roles are codes of our own list (CL-16), which the codes of Volven 9034 and 8473 are led back to.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import combinations
from typing import Final

from adapter.domain.days import norwegian_day
from adapter.domain.lapse import birthday
from adapter.domain.need import OF_AGE
from adapter.domain.problems import Finding

CHILD_COORDINATOR: Final = "child-coordinator"
HOSPITAL_COORDINATOR: Final = "hospital-coordinator"
MAIN_RESPONSIBLE: Final = "main-responsible"
RELATIVE: Final = "relative"
PARENT: Final = "parent"
GUARDIAN: Final = "guardian"
_NO_CONTENT = frozenset({"interpreter"})
"""Roles that bring no access to what the plan says."""
TAKING_PART: Final = frozenset({"accepted", "active"})
ENDED: Final = "ended"
OVER: Final = frozenset({ENDED, "declined"})
"""States of one who knows of the case, and no longer takes part."""
_LEAVES_WITH_PERIOD = frozenset({"accepted", "active", "paused", "suspended"})
"""States of one who has had access, or may have it again."""
_LATE_WORD: Final = timedelta(days=1)
"""So long after it has left may a service say so."""


@dataclass(frozen=True, slots=True)
class Participant:
    """One row of a care team. `who` tells its member from others; `organisation` is the number in Enhetsregisteret of
    what the member is or works for, "" where that is not known.

    `stated` is its state in lifecycles/participation.csv as the row says it, "" where it says none. `start` and `end`
    bound its period: from, and the first moment after; `until` is when the law ends it, whatever the row says.
    `hpr`: its number in the register of health personnel is known. `children` are the days on which the children of a
    child coordinator's family were born, or are due. `accepted` are the days on which the person accepted that a
    relative takes part, and the relative itself did. `family`: what a RelatedPerson is to the person (relative, parent,
    guardian), whatever its roles; "" for others.
    """

    place: str
    who: str
    organisation: str = ""
    roles: frozenset[str] = frozenset()
    stated: str = ""
    start: datetime | None = None
    end: datetime | None = None
    until: datetime | None = None
    hpr: bool = False
    reason: bool = False
    children: tuple[date, ...] = ()
    accepted: tuple[date | None, date | None] = (None, None)
    family: str = ""

    def state(self, at: datetime) -> str:
        """How far it has come at a moment: as stated, but over where its period is."""
        stated = self.stated or "active"
        over = self.end is not None and self.end <= at
        return ENDED if over and stated in _LEAVES_WITH_PERIOD else stated

    def is_over(self, at: datetime) -> bool:
        """Whether it has ended or was declined, or its invitation has run out."""
        run_out = self.stated == "invited" and self.end is not None and self.end <= at
        return run_out or self.state(at) in OVER

    def takes_part(self, at: datetime) -> bool:
        """Whether it takes part at a moment."""
        begun = self.start is None or self.start <= at
        return self.state(at) in TAKING_PART and begun and (self.until is None or at < self.until)

    def has_access(self, at: datetime) -> bool:
        """Whether it takes part in a role that the content of the plan is for."""
        return self.takes_part(at) and not (self.roles and self.roles <= _NO_CONTENT)


@dataclass(frozen=True, slots=True)
class Change:
    """One participation before and after an update; None where it was not there, or no longer is."""

    before: Participant | None
    after: Participant | None


def changes(before: Iterable[Participant], after: Iterable[Participant]) -> list[Change]:
    """What became of each: of one member's rows first those in the same roles, then in their order."""
    left, joined = list(before), list(after)
    pairs: list[Change] = []
    for alike in (_same_row, _same_member):
        for old in list(left):
            new = next((n for n in joined if alike(old, n)), None)
            if new is not None:
                left.remove(old)
                joined.remove(new)
                pairs.append(Change(old, new))
    return [*pairs, *(Change(old, None) for old in left), *(Change(None, new) for new in joined)]


def _same_row(one: Participant, other: Participant) -> bool:
    return (one.who, one.roles, one.start) == (other.who, other.roles, other.start)


def _same_member(one: Participant, other: Participant) -> bool:
    return one.who == other.who


def leaving(change: Change, at: datetime) -> Iterator[Finding]:
    """Who has taken part leaves with a period: the row stays, and says until when."""
    before, after = change.before, change.after
    if before is None or before.state(at) not in _LEAVES_WITH_PERIOD:
        return
    if after is None:
        yield Finding("left-without-period", before.place)
    elif after.state(at) not in _LEAVES_WITH_PERIOD | {"entered-in-error"} and after.end is None:
        yield Finding("left-without-period", f"{after.place}.period.end")


def beyond_its_say(change: Change, at: datetime, rests_by_itself: Callable[[], bool]) -> Iterator[Finding]:
    """What a service may not say of its own participation, for access is the owner's to give and to prolong.

    It leaves now or earlier than was said, not in the past, where it has had access; and it comes back from a rest of
    its own, not from one that the owner has laid on it. `rests_by_itself`: whether it has itself said that it rests.
    """
    before, after = change.before, change.after
    if before is None or after is None:
        return
    earlier = before.end is None or (after.end is not None and after.end <= before.end)
    if after.end != before.end and not (earlier and after.end and at - _LATE_WORD <= after.end):
        yield Finding("actor-not-allowed", f"{after.place}.period.end")
    comes_back = after.state(at) in TAKING_PART
    stopped = before.stated == "suspended" or (before.stated == "paused" and not rests_by_itself())
    if comes_back and stopped:
        yield Finding("actor-not-allowed", after.place)


def of_itself(row: Participant) -> Iterator[Finding]:
    """What cannot be so of one row alone."""
    if not row.who:
        yield Finding("missing-element", f"{row.place}.member")
    if row.start and row.end and row.end <= row.start:
        yield Finding("participation-period-contradictory", f"{row.place}.period")
    if row.stated == "declined" and not row.reason:
        yield Finding("declined-without-reason", row.place)
    if HOSPITAL_COORDINATOR in row.roles and not row.hpr:
        yield Finding("not-health-personnel", f"{row.place}.member")


def of_relative(row: Participant, born: date | None, at: datetime) -> Iterator[Finding]:
    """Relatives take part as far as the person and they themselves want (IP-f § 4), each of which is stated by its day.

    `born` is the birth date of the person of the case: once of age, its parents are relatives (pbrl § 1-3 b). Who is a
    RelatedPerson is a relative also where no role says so, but for a guardian, and a parent of a minor.
    """
    of_age = born is not None and birthday(born, OF_AGE) <= at
    by_role = row.roles & {RELATIVE, PARENT, GUARDIAN}
    is_one = by_role or ({row.family} if row.family else set())
    if row.state(at) not in TAKING_PART or not is_one & ({RELATIVE, PARENT} if of_age else {RELATIVE}):
        return
    for name, day in zip(("accepted-by-person", "accepted-by-relative"), row.accepted, strict=True):
        if day is None or day > norwegian_day(at):
            yield Finding("acceptance-missing", f"{row.place}.extension[{name}]")


def of_child_coordinator(
    row: Participant, born: date | None, at: datetime, *, wished: bool
) -> Iterator[Finding]:
    """Whether the family of a child coordinator has or expects a child, and wishes one (hol § 7-2 a).

    `born` is the birth date of the person of the case: who is of age may be the parent, whose children the row names.
    """
    if CHILD_COORDINATOR not in row.roles or row.state(at) not in _LEAVES_WITH_PERIOD:
        return
    of_age = comes_of_age(row.children, born)
    if of_age is None or of_age <= at:
        yield Finding("child-coordinator-without-child", f"{row.place}.role")
    elif not wished:
        yield Finding("child-coordinator-not-wished", f"{row.place}.role")


def comes_of_age(children: Iterable[date], born: date | None) -> datetime | None:
    """When the duty to have a child coordinator ends: the 18th birthday of the family's youngest child, of the person
    of the case (`born`) and the children named; None where none is known. Of a child that is due it counts from then.
    """
    days = [*children, *([born] if born else [])]
    return max((birthday(day, OF_AGE) for day in days), default=None)


def at_once(rows: Sequence[Participant], role: str, at: datetime) -> list[Participant]:
    """Of those in a role, each that takes part from now on at the same time as one before it."""
    held = [row for row in rows if role in row.roles and row.state(at) in TAKING_PART]
    return list({b.place: b for a, b in combinations(held, 2) if _overlap(a, b)}.values())


def _overlap(a: Participant, b: Participant) -> bool:
    begins = max((p.start for p in (a, b) if p.start), default=None)
    ends = min((p.end for p in (a, b) if p.end), default=None)
    return begins is None or ends is None or begins < ends


def main_responsible(rows: Iterable[Participant], named: Iterable[str], at: datetime) -> list[Participant]:
    """Who of a team has the main responsibility now: by its role, or because the plan names it (`named`: whatever the
    plan says of it, an organisation number, a reference or an identifier). IP-f § 3 wants one at any time."""
    by_plan = set(named)
    return [
        row
        for row in rows
        if row.takes_part(at)
        and (MAIN_RESPONSIBLE in row.roles or row.who in by_plan or row.organisation in by_plan - {""})
    ]


def besides_named(rows: Iterable[Participant], named: Iterable[str], at: datetime) -> list[Participant]:
    """Who has the main responsibility by its role, and is of another service than the one that the plan names; where
    the service of one is not known, nothing is held against it."""
    led = main_responsible(rows, named, at)
    by_plan = {row.organisation for row in led if MAIN_RESPONSIBLE not in row.roles} - {""}
    by_role = [row for row in led if MAIN_RESPONSIBLE in row.roles and row.organisation]
    return [row for row in by_role if by_plan and row.organisation not in by_plan]


def child_coordinator(rows: Iterable[Participant], at: datetime) -> Participant | None:
    """Who is a family's child coordinator now, and so goes before every other coordinator (hol § 3-4)."""
    return next((row for row in rows if CHILD_COORDINATOR in row.roles and row.takes_part(at)), None)
