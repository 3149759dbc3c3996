"""Which coordinating unit (koordinerende enhet) a case belongs to, on one day.

The municipality where a person stays is responsible (helse- og omsorgstjenesteloven § 3-1); in Oslo the city
district acts as the municipality. Where the tables do not give one certain answer, a person chooses.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from adapter.domain.person import age
from adapter.domain.problems import Finding

Protection = Literal["open", "client-address", "confidential", "strictly-confidential", "unknown"]
PROTECTED = frozenset({"confidential", "strictly-confidential"})
UNPROTECTED = frozenset({"open", "client-address"})
Way = Literal["partner", "telephone"]
"""How a unit is reached: by the channel of its organisation in the partner table, or by a person who rings."""


@dataclass(frozen=True, slots=True)
class Municipality:
    """One municipality number (four digits) in one period; both dates are inclusive, None is open.

    `successors` are the numbers that took over the day after `valid_to`; several mean that it was split.
    """

    number: str
    name: str
    valid_from: date
    valid_to: date | None = None
    successors: tuple[str, ...] = ()

    def in_force(self, on: date) -> bool:
        return self.valid_from <= on and (self.valid_to is None or on <= self.valid_to)


@dataclass(frozen=True, slots=True)
class Unit:
    """A coordinating unit and whom it serves.

    `district` is a city district (six digits, Volven 3403), None for the whole municipality. The age range is
    whole years, both ends inclusive, None is open; so are the dates. `organisation` is the number in
    Enhetsregisteret and `her_id` the address in Adresseregisteret.

    `fallback` is what a person is offered when the way to it is closed: the HER-id of another unit, `telephone`, or
    "". No machine takes it. `opening` is when the telephone is answered (`domain.opening`), "" where nobody has said.
    """

    municipality: str
    district: str | None
    age_from: int | None
    age_to: int | None
    valid_from: date
    valid_to: date | None
    organisation: str
    her_id: str
    name: str
    channel: Way = "partner"
    fallback: str = ""
    telephone: str = ""
    opening: str = ""

    def in_force(self, on: date) -> bool:
        return self.valid_from <= on and (self.valid_to is None or on <= self.valid_to)

    @property
    def depends_on_age(self) -> bool:
        return self.age_from is not None or self.age_to is not None

    def takes(self, age: int | None) -> bool:
        """Whether the unit serves that age; an unknown age only where the unit serves all ages."""
        if age is None:
            return not self.depends_on_age
        return (self.age_from or 0) <= age and (self.age_to is None or age <= self.age_to)


@dataclass(frozen=True, slots=True)
class Directory:
    """All municipality numbers with their history, and all coordinating units."""

    municipalities: tuple[Municipality, ...]
    units: tuple[Unit, ...]


@dataclass(frozen=True, slots=True)
class Stay:
    """Where a person is, as far as the message says: municipality of stay, its city district, and the
    municipality of the population register. Numbers that are not stated are None.
    """

    municipality: str | None
    district: str | None
    registered: str | None
    protection: Protection
    birth_date: date | None


@dataclass(frozen=True, slots=True)
class Routed:
    """The unit, and what the sender or an operator should know about the way to it."""

    unit: Unit
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Unrouted:
    """A person must choose. `reason` says why; `findings` is what else was seen on the way."""

    reason: Finding
    findings: tuple[Finding, ...] = ()


def route(directory: Directory, stay: Stay, addressed: Collection[str], on: date) -> Routed | Unrouted:
    """The unit for a person on a day.

    `addressed` are the HER-ids of the receiver. A unit that the sender addressed itself is taken, protected
    address or not; otherwise the unit is found by municipality, district and age, and the sender is told if the
    one it addressed has ended. No finding carries a place of stay, and nothing is said about where a person with
    a protected address stays.
    """
    named = [u for u in directory.units if u.her_id in addressed]
    units = [u for u in named if u.in_force(on)]
    if len({u.her_id for u in units}) > 1:
        return Unrouted(Finding("several-units", "receiver"))
    if units:
        return _addressed(directory, stay, units, on)
    found = _unaddressed(directory, stay, on)
    if any(u.valid_to is not None and u.valid_to < on for u in named):
        return replace(found, findings=(Finding("unit-ended", "receiver"), *found.findings))
    return found


def by_her_id(directory: Directory, her_id: str, on: date) -> Unit | None:
    """The unit that has this HER-id on that day."""
    return next((u for u in directory.units if u.her_id == her_id and u.in_force(on)), None)


def numbers_in_force(directory: Directory, number: str, on: date) -> frozenset[str]:
    """What a municipality number became on that day: itself, its successor, or several after a split.

    Empty where the number is unknown, or was not yet in use.
    """
    rows = [m for m in directory.municipalities if m.number == number]
    if any(m.in_force(on) for m in rows):
        return frozenset({number})
    ended = [m for m in rows if m.valid_to is not None and m.valid_to < on]
    if not ended:
        return frozenset()
    successors = max(ended, key=lambda m: m.valid_from).successors
    return frozenset().union(*(numbers_in_force(directory, s, on) for s in successors))


def _addressed(directory: Directory, stay: Stay, units: list[Unit], on: date) -> Routed:
    """Rows of one HER-id: several only where one unit serves several municipalities or districts."""
    if not stay.municipality or stay.protection in PROTECTED:
        return Routed(units[0])
    stays = numbers_in_force(directory, stay.municipality, on)
    if not stays:
        return Routed(units[0], (Finding("municipality-unknown", "stay.municipality"),))
    for unit in units:
        if stays & numbers_in_force(directory, unit.municipality, on):
            return Routed(unit)
    return Routed(units[0], (Finding("stay-differs", "stay.municipality"),))


def _unaddressed(directory: Directory, stay: Stay, on: date) -> Routed | Unrouted:
    if stay.protection in PROTECTED:
        return Unrouted(Finding("protected-address", "stay.protection"))
    if stay.protection not in UNPROTECTED:
        return Unrouted(Finding("protection-unknown", "stay.protection"))
    return _by_key(directory, stay, on)


def _by_key(directory: Directory, stay: Stay, on: date) -> Routed | Unrouted:
    number, where = stay.municipality, "stay.municipality"
    if not number:
        number, where = stay.registered, "stay.registered"
    if not number:
        return Unrouted(Finding("municipality-not-stated", "stay.municipality"))
    numbers = numbers_in_force(directory, number, on)
    if len(numbers) != 1:
        return Unrouted(Finding("municipality-split" if numbers else "municipality-unknown", where))
    (current,) = numbers
    findings = () if current == number else (Finding("municipality-renumbered", where),)
    found = _unit_of(directory, current, stay, on)
    return Unrouted(found, findings) if isinstance(found, Finding) else Routed(found, findings)


def _unit_of(directory: Directory, municipality: str, stay: Stay, on: date) -> Unit | Finding:
    """The one unit of a municipality in force, or why there is none or no certain one."""
    rows = [u for u in directory.units if u.municipality == municipality]
    units = [u for u in rows if u.in_force(on)]
    if units and all(u.district for u in units) and stay.district not in {u.district for u in rows}:
        return Finding("district-unknown", "stay.district")
    # A unit of the district goes before one of the whole municipality.
    own = [u for u in units if u.district is not None and u.district == stay.district]
    units = own or [u for u in units if u.district is None]
    years = _age(stay.birth_date, on)
    if years is None and any(u.depends_on_age for u in units):
        return Finding("age-unknown", "stay.birth_date")
    units = [u for u in units if u.takes(years)]
    if len(units) == 1:
        return units[0]
    return Finding("several-units" if units else "no-unit", "stay.municipality")


def _age(born: date | None, on: date) -> int | None:
    """Whole years on that day; None where the date of birth is missing or lies in the future."""
    if born is None or born > on:
        return None
    return age(born, on)
