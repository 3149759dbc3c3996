"""Days that a case states, and which the calendar alone reaches: when a plan is revised, when a consent ends, when the
person is 16 or 18 (IP-f § 9 h; pbrl § 4-3; hol § 7-2 a).

That a day is over without anybody having done anything is told as something that happened, too: nothing is owed then.
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Final

from adapter.domain.case import Case, Resource, Version
from adapter.domain.days import moment_after, norwegian_day
from adapter.domain.deadline import Happened
from adapter.domain.delivery import Pinned
from adapter.domain.lapse import Lapse, birthday
from adapter.domain.participation import CHILD_COORDINATOR, PARENT
from adapter.flows.birth import birth_date
from adapter.flows.consents import consent_of
from adapter.flows.givers import lapse_of, permits_anything
from adapter.flows.lapsing import ending_of
from adapter.flows.members import members, team_of
from adapter.flows.parts import Parts
from adapter.ports import Transaction

_IN_FORCE: Final = frozenset({"active", "on-hold"})
"""States of a plan that is to be revised."""
_AGES: Final = {16: frozenset[str](), 18: frozenset({CHILD_COORDINATOR, PARENT})}
"""Birthdays by which something changes, and the roles of those in the team who are no more what they were then."""
_BY_ITSELF: Final = "adapter"
_A_MOMENT: Final = timedelta(microseconds=1)


def every_version(tx: Transaction, current: Version) -> list[Version]:
    """All versions of a resource, oldest first."""
    earlier = [Pinned(current.type, current.id, number) for number in range(1, current.number)]
    found = tx.versions(earlier) if earlier else {}
    return [*sorted(found.values(), key=lambda version: version.number), current]


def revisions(tx: Transaction, versions: Sequence[Version], parts: Parts) -> Iterator[Happened]:
    """Each day on which a plan in force is to be revised, as soon as it is stated, and that none is stated any more."""
    for plan in (v for v in versions if v.type == "CarePlan"):
        standing: date | None = None
        for version in every_version(tx, plan):
            day = _revision(version.body, parts) if version.body["status"] in _IN_FORCE else None
            if day and day != standing:
                yield Happened("revision-on", version.at, version.author, plan.reference, day)
            elif standing and day is None:
                yield Happened("revision-withdrawn", version.at, version.author, plan.reference)
            standing = day


def _revision(plan: Resource, parts: Parts) -> date | None:
    url = f"{parts.base}/StructureDefinition/next-revision"
    said = (e.get("valueDate") for e in plan.get("extension", ()) if e.get("url") == url)
    over = moment_after(next(said, None))
    return norwegian_day(over - _A_MOMENT) if over else None


def consents(tx: Transaction, versions: Sequence[Version], now: datetime, parts: Parts) -> Iterator[Happened]:
    """The last day of each consent that permits something, since it is kept; that it is over, by whom or by itself."""
    held = [v for v in versions if v.type == "Consent"]
    pins = {Pinned(v.type, v.id, n) for v in held for n in {1, v.number - 1} if 0 < n < v.number}
    earlier = tx.versions(pins) if pins else {}
    for current in held:
        first = earlier.get(Pinned(current.type, current.id, 1), current)
        before = earlier.get(Pinned(current.type, current.id, current.number - 1), current)
        stood = current if current.body["status"] == "active" else before
        ending = _ending(stood, versions, parts)
        if ending is None:
            continue
        last = norwegian_day(ending.at - _A_MOMENT)
        yield Happened("consent-until", first.at, first.author, current.reference, last)
        if stood is not current:
            yield Happened("consent-over", current.at, current.author, current.reference)
        elif ending.at <= now:
            yield Happened("consent-over", ending.at, _BY_ITSELF, current.reference)


def _ending(version: Version, versions: Sequence[Version], parts: Parts) -> Lapse | None:
    if version.body["status"] != "active" or not permits_anything(version.body):
        return None
    return ending_of(version, consent_of(version.body, versions, parts), versions, parts)


def birthdays(case: Case, versions: Sequence[Version], now: datetime, parts: Parts) -> Iterator[Happened]:
    """Those birthdays after the case was opened by which a consent of others ends, or somebody in the team is no more
    what it was."""
    born = birth_date(versions)
    for years in _AGES if born else ():
        at = birthday(born, years) if born else now
        if at <= case.opened_at or not _changes_something(years, versions, now, parts):
            continue
        last = norwegian_day(at - _A_MOMENT)
        yield Happened(f"birthday-{years}", case.opened_at, case.requester, "", last)
        if at <= now:
            yield Happened(f"birthday-{years}-settled", at, _BY_ITSELF)


def _changes_something(years: int, versions: Sequence[Version], now: datetime, parts: Parts) -> bool:
    held = (v for v in versions if v.type == "Consent" and v.body["status"] == "active")
    lapses = (lapse_of(v.body, versions, parts, v.at) for v in held)
    if any(lapse and lapse.because == f"turns-{years}" for lapse in lapses):
        return True
    team = team_of(versions) if _AGES[years] else None
    rows = members(team.body, versions, parts) if team else []
    return any(row.roles & _AGES[years] and not row.is_over(now) for row in rows)
