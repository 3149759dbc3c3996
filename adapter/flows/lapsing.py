"""Which consents lapse or run out soon, and which have, with nobody asked since: for the person who asks anew.

Told in ids and codes; whom a consent is about stays in the case, and so does a day that would tell a date of birth
(R-046, R-155, R-157).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from adapter.domain.authority import PATIENT
from adapter.domain.case import Version
from adapter.domain.consent import Consent
from adapter.domain.days import norwegian_day
from adapter.domain.lapse import Lapse, birthday
from adapter.domain.need import OF_AGE
from adapter.domain.record import Found, Question
from adapter.flows.birth import birth_date
from adapter.flows.consents import consent_of
from adapter.flows.givers import lapse_of, permits_anything
from adapter.flows.members import members, team_of
from adapter.flows.parts import Parts
from adapter.ports import Keeping

_PAGE = 100
_PARENT = "parent"
_BIRTHDAY = "turns-"
SAME_GIVER = "giver"
"""Who is asked where a consent only runs out: whoever gave it."""


@dataclass(frozen=True, slots=True)
class Lapsing:
    """A consent that permits something and soon does no more, or no longer does (`lapsed`); or a parent in the team of
    one who comes of age.

    `what`: the resource, or the place in the team. `day`: in Norway, None where it is a birthday. `ask`: who may
    consent then (a name of mappings/authority.yaml). `owner`: the organisation number of the unit that has the case.
    """

    case: str
    what: str
    kind: str
    lapsed: bool
    day: date | None
    because: str
    ask: str
    owner: str | None


def lapsing(within: timedelta, over: frozenset[str], keeping: Keeping, parts: Parts) -> list[Lapsing]:
    """Everything that ends from now on within a time, or has ended and stands in place of no other of its kind, the
    earliest first. `over`: states of cases in which nobody needs to be asked."""
    now = parts.clock()
    found = [
        (lapse.at, _told(case, what, kind, lapse, now))
        for case, versions in _cases(over, keeping, parts)
        for what, kind, lapse in (
            *((v.reference, kind, lapse) for v, kind, lapse in endings(versions, now, parts)),
            *_of_parents(versions, now, parts),
        )
        if lapse.at <= now + within
    ]
    return [one for _, one in sorted(found, key=lambda pair: (pair[0], pair[1].case, pair[1].what))]


def _told(case: Found, what: str, kind: str, lapse: Lapse, now: datetime) -> Lapsing:
    day = None if lapse.because.startswith(_BIRTHDAY) else norwegian_day(lapse.at)
    return Lapsing(case.id, what, kind, lapse.at <= now, day, lapse.because, lapse.ask, case.owner)


def _cases(over: frozenset[str], keeping: Keeping, parts: Parts) -> Iterator[tuple[Found, Sequence[Version]]]:
    states = tuple(s for s in parts.tables.lifecycles["case"].cells if s not in over)
    after = ""
    while page := keeping.find(Question(states, after=after, limit=_PAGE)):
        with parts.store.transaction() as tx:
            versions = tx.of_cases({case.id for case in page})
        yield from ((case, versions[case.id]) for case in page)
        after = page[-1].id


def endings(versions: Sequence[Version], now: datetime, parts: Parts) -> Iterator[tuple[Version, str, Lapse]]:
    """Of a case, by its current versions: each consent that permits something and will be over by itself, its kind, and
    when; or that is over, where no other of its kind is in force."""
    held = [v for v in versions if v.type == "Consent" and permits_anything(v.body)]
    read = [(v, consent_of(v.body, versions, parts)) for v in held]
    in_force = {consent.kind for _, consent in read if consent.in_force(now)}
    for version, consent in read:
        ending = ending_of(version, consent, versions, parts) if consent.status == "active" else None
        if ending and (ending.at > now or consent.kind not in in_force):
            yield version, consent.kind, ending


def ending_of(version: Version, consent: Consent, versions: Sequence[Version], parts: Parts) -> Lapse | None:
    """When a consent is over by itself: it lapses by law, or its period ends; None where neither is to come."""
    lapse = lapse_of(version.body, versions, parts, version.at)
    if lapse and (consent.end is None or lapse.at <= consent.end):
        return lapse
    return Lapse(consent.end, "period-ends", SAME_GIVER) if consent.end else None


def _of_parents(versions: Sequence[Version], now: datetime, parts: Parts) -> Iterator[tuple[str, str, Lapse]]:
    """The authority of parents ends when their child is of age: whether they go on taking part, it then says itself
    (R-155). Nobody is taken out of a team for it."""
    born, team = birth_date(versions), team_of(versions)
    if born is None or team is None or birthday(born, OF_AGE) <= now:
        return
    lapse = Lapse(birthday(born, OF_AGE), f"{_BIRTHDAY}{OF_AGE}", PATIENT)
    for row in members(team.body, versions, parts):
        if _PARENT in row.roles and row.takes_part(now):
            yield row.place, "PARTICIPATION", lapse
