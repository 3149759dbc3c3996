"""What is amiss in a table of coordinating units, so that a case would wait for a person or go to nobody.

None of it stops the adapter: what the table leaves open, a person decides. Days are days in Norway, both ends count.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Literal

from adapter.domain.partners import Partners
from adapter.domain.routing import Municipality, Unit

Rows = Sequence[tuple[int, Unit]]
"""Units with the lines they stand in."""
Districts = Mapping[str, Sequence[str]]
"""By municipality number the city districts that act as the municipality towards the person (R-107): those of Oslo."""
What = Literal[
    "row", "overlap", "no-unit", "hole", "number-ended", "not-a-partner", "not-a-municipality", "not-reachable",
    "of-another-organisation", "fallback-is-none", "address-gone", "address-unknown", "address-of-another",
    "address-is-no-service",
]  # fmt: skip
GAPS: frozenset[What] = frozenset({"no-unit", "hole"})
"""Whom nobody serves: the one thing a table may be meant to say."""
Register = Mapping[str, tuple[str, str]]
_Served = tuple[str | None, int, int | None]
"""A city district, or None, and a range of ages."""
_DAY = timedelta(days=1)
_REGISTER: Mapping[str, What] = {
    "gone": "address-gone",
    "unknown-there": "address-unknown",
    "other-organisation": "address-of-another",
    "other-kind": "address-is-no-service",
}
"""What is amiss with an address by what the register says of it."""


@dataclass(frozen=True, slots=True)
class Amiss:
    """One thing amiss. `line` is that of a unit and `other` that of the one it is amiss with; None where there is none.

    What nobody serves says for which city district (None: the municipality, or what of it has no unit of a district),
    ages (whole years, None: and older) and days (`until` None: with no end in sight). `said` is what a row breaks.
    """

    what: What
    municipality: str = ""
    line: int | None = None
    other: int | None = None
    district: str | None = None
    age_from: int | None = None
    age_to: int | None = None
    since: date | None = None
    until: date | None = None
    said: str = ""


@dataclass(frozen=True, slots=True)
class Beside:
    """What a table of units is held against: municipality numbers, city districts, the partner table, and what the
    address register has said of HER-ids: their state (`domain.register.State`) and whose they are (organisation
    number, "" where it has not said)."""

    municipalities: Sequence[Municipality]
    districts: Districts
    partners: Partners
    register: Register


def amiss_in(rows: Rows, beside: Beside, on: date) -> list[Amiss]:
    """All that is amiss on a day and after it, by municipality."""
    found = [
        *overlaps(rows),
        *unserved(rows, beside.municipalities, beside.districts, on),
        *misplaced(rows, beside.municipalities, on),
        *unreachable(rows, beside.partners, beside.register, on),
    ]
    return sorted(
        found, key=lambda a: (a.municipality, a.line or 0, a.district or "", a.age_from or 0, a.what)
    )


def overlaps(rows: Rows) -> Iterator[Amiss]:
    """Pairs of rows that serve the same place, age and day: whichever were taken would be a guess."""
    by_place: dict[tuple[str, str | None], list[tuple[int, Unit]]] = {}
    for line, unit in rows:
        others = by_place.setdefault((unit.municipality, unit.district), [])
        for first, other in others:
            if _overlap(unit, other):
                yield Amiss("overlap", unit.municipality, line, first, unit.district)
        others.append((line, unit))


def unserved(
    rows: Rows, municipalities: Sequence[Municipality], districts: Districts, on: date
) -> Iterator[Amiss]:
    """Whom no unit serves: on a day and after it, and before it where there was a unit before that and after."""
    by_number: dict[str, list[Unit]] = {}
    for _, unit in rows:
        by_number.setdefault(unit.municipality, []).append(unit)
    for municipality in sorted(municipalities, key=lambda m: (m.number, m.valid_from)):
        units = by_number.get(municipality.number, [])
        for gap in _gaps(municipality, units, districts.get(municipality.number, ())):
            if _is_hole(gap, units):
                yield replace(gap, what="hole")
            elif gap.until is None or gap.until >= on:
                yield gap


def _gaps(municipality: Municipality, units: Sequence[Unit], districts: Sequence[str]) -> Iterator[Amiss]:
    """One for each place and range of ages, over all days in a row on which nobody serves them."""
    running: dict[_Served, date] = {}
    for day in _days_of_change(municipality, units):
        now = {*_unserved_on(day, units, districts)}
        for key in [k for k in running if k not in now]:
            yield _gap(municipality.number, key, running.pop(key), day - _DAY)
        for key in now:
            running.setdefault(key, day)
    for key, since in sorted(running.items(), key=str):
        yield _gap(municipality.number, key, since, municipality.valid_to)


def _gap(number: str, served: _Served, since: date, until: date | None) -> Amiss:
    district, age_from, age_to = served
    return Amiss("no-unit", number, None, None, district, age_from, age_to, since, until)


def _days_of_change(municipality: Municipality, units: Sequence[Unit]) -> list[date]:
    """The days of a municipality from which something else may hold."""
    days = {municipality.valid_from, *(u.valid_from for u in units)}
    days |= {u.valid_to + _DAY for u in units if u.valid_to}
    return sorted(day for day in days if municipality.in_force(day))


def _unserved_on(day: date, units: Sequence[Unit], districts: Sequence[str]) -> Iterator[_Served]:
    """The unit of the whole municipality serves also in a district that has its own, whom that one does not take."""
    now = [u for u in units if u.in_force(day)]
    whole = [u for u in now if u.district is None]
    if not now:
        yield None, 0, None
        return
    for district in sorted({*districts, *(u.district for u in now if u.district)}):
        serving = [u for u in now if u.district in (district, None)]
        yield from ((district, *ages) for ages in _ages(serving) if not whole or ages not in _ages(whole))
    if whole or not districts:
        yield from ((None, *ages) for ages in _ages(whole))


def _ages(units: Sequence[Unit]) -> Iterator[tuple[int, int | None]]:
    """The ranges of ages that nobody of these serves."""
    begins = 0
    for unit in sorted(units, key=lambda u: u.age_from or 0):
        if (unit.age_from or 0) > begins:
            yield begins, (unit.age_from or 0) - 1
        if unit.age_to is None:
            return
        begins = max(begins, unit.age_to + 1)
    yield begins, None


def _is_hole(gap: Amiss, units: Sequence[Unit]) -> bool:
    """Whether the municipality has a unit from a day before it, and one from a day after."""
    since, until = gap.since, gap.until
    if since is None or until is None:
        return False
    return any(u.valid_from < since for u in units) and any(u.valid_from > until for u in units)


def _overlap(one: Unit, other: Unit) -> bool:
    later, older = max(one.valid_from, other.valid_from), max(one.age_from or 0, other.age_from or 0)
    return one.in_force(later) and other.in_force(later) and one.takes(older) and other.takes(older)


def misplaced(rows: Rows, municipalities: Sequence[Municipality], on: date) -> Iterator[Amiss]:
    """Units, in force on a day or after it, that stand under a number that is not."""
    for line, unit in rows:
        since = max(on, unit.valid_from)
        if unit.valid_to and unit.valid_to < since:
            continue
        of_it = [m for m in municipalities if m.number == unit.municipality and m.in_force(since)]
        end = of_it[0].valid_to if of_it else since - _DAY
        if end and (unit.valid_to is None or unit.valid_to > end):
            yield Amiss("number-ended", unit.municipality, line, since=end + _DAY, until=unit.valid_to)


def unreachable(rows: Rows, partners: Partners, register: Register, on: date) -> Iterator[Amiss]:
    """Units, in force on a day or after it, that a case would not come to, or whose fallback is none.

    `register` is what the address register has said, by HER-id; what it knows and calls active is no matter.
    """
    coming = [(line, unit) for line, unit in rows if unit.valid_to is None or unit.valid_to >= on]
    owners: dict[str, tuple[int, str]] = {}
    for line, unit in coming:
        first, organisation = owners.setdefault(unit.her_id, (line, unit.organisation))
        whats = [*_ways(unit, partners), *_registered(unit, register)]
        if unit.fallback.isdigit() and not any(
            u.her_id == unit.fallback and u.in_force(max(on, unit.valid_from)) for _, u in coming
        ):
            whats.append("fallback-is-none")
        for what in whats:
            yield Amiss(what, unit.municipality, line, district=unit.district)
        if organisation != unit.organisation:
            yield Amiss("of-another-organisation", unit.municipality, line, first, unit.district)


def _ways(unit: Unit, partners: Partners) -> Iterator[What]:
    """Why nothing can be sent to a unit."""
    at_address, partner = partners.by_her_id.get(unit.her_id), partners.by_organisation.get(unit.organisation)
    if at_address and at_address.organisation != unit.organisation:
        yield "of-another-organisation"
    if partner and partner.kind != "municipality":
        yield "not-a-municipality"
    elif unit.channel == "telephone":
        return
    elif partner is None:
        yield "not-a-partner"
    elif not partner.reachable:
        yield "not-reachable"


def _registered(unit: Unit, register: Register) -> Iterator[What]:
    """What the register has against an address. Whose it is, is asked of this table, and not of that of the answer."""
    state, organisation = register.get(unit.her_id, ("active", ""))
    if organisation and state in ("active", "other-organisation"):
        state = "active" if organisation == unit.organisation else "other-organisation"
    if state in _REGISTER:
        yield _REGISTER[state]
