"""Which consents lapse or run out soon, and which have, with nobody asked since: for the person who asks anew.

Told in ids, codes and moments; whom a consent is about stays in the case (R-046, R-155, R-157).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from adapter.domain.case import Version
from adapter.domain.consent import Consent
from adapter.domain.record import Found, Question
from adapter.flows.consents import consent_of
from adapter.flows.givers import lapse_of, permits_anything
from adapter.flows.parts import Parts
from adapter.ports import Keeping

_PAGE = 100
SAME_GIVER = "giver"
"""Who is asked where a consent only runs out: whoever gave it."""


@dataclass(frozen=True, slots=True)
class Lapsing:
    """A consent that permits something, and from when it does no more. `ask`: who may consent then (a name of
    mappings/authority.yaml); `owner`: the organisation number of the unit that has the case, None where none has."""

    case: str
    consent: str
    kind: str
    at: datetime
    because: str
    ask: str
    owner: str | None


def lapsing(within: timedelta, over: frozenset[str], keeping: Keeping, parts: Parts) -> list[Lapsing]:
    """Everything that ends from now on within a time, or has ended and stands in place of no other of its kind, the
    earliest first. `over`: states of cases in which nobody needs to be asked."""
    now = parts.clock()
    found = [
        one
        for case, versions in _cases(over, keeping, parts)
        for one in _of_case(case, versions, now, parts)
        if one.at <= now + within
    ]
    return sorted(found, key=lambda one: (one.at, one.case, one.consent))


def _cases(over: frozenset[str], keeping: Keeping, parts: Parts) -> Iterator[tuple[Found, Sequence[Version]]]:
    states = tuple(s for s in parts.tables.lifecycles["case"].cells if s not in over)
    after = ""
    while page := keeping.find(Question(states, after=after, limit=_PAGE)):
        with parts.store.transaction() as tx:
            versions = tx.of_cases({case.id for case in page})
        yield from ((case, versions[case.id]) for case in page)
        after = page[-1].id


def _of_case(case: Found, versions: Sequence[Version], now: datetime, parts: Parts) -> Iterator[Lapsing]:
    held = [v for v in versions if v.type == "Consent" and permits_anything(v.body)]
    read = [(v, consent_of(v.body, versions, parts)) for v in held]
    in_force = {consent.kind for _, consent in read if consent.in_force(now)}
    for version, consent in read:
        one = _ending(case, version, consent, versions, parts) if consent.status == "active" else None
        if one and (one.at > now or consent.kind not in in_force):
            yield one


def _ending(
    case: Found, version: Version, consent: Consent, versions: Sequence[Version], parts: Parts
) -> Lapsing | None:
    lapse = lapse_of(version.body, versions, parts, version.at)
    ends = consent.end
    if lapse and (ends is None or lapse.at <= ends):
        at, because, ask = lapse.at, lapse.because, lapse.ask
    elif ends:
        at, because, ask = ends, "period-ends", SAME_GIVER
    else:
        return None
    return Lapsing(case.id, version.id, consent.kind, at, because, ask, case.owner)
