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
    municipality of the population register with its own. Numbers that are not stated are None.

    `reason` is why the person stays elsewhere than registered (codes/stay-reason.map.json); `begins` and `ends` are the
    first and the last day of the stay where they are stated, `several` that more than one is.
    """

    municipality: str | None
    district: str | None
    registered: str | None
    protection: Protection
    birth_date: date | None
    registered_district: str | None = None
    reason: str | None = None
    begins: date | None = None
    ends: date | None = None
    several: bool = False

    @property
    def is_named(self) -> bool:
        """Whether anything is said of a stay, be it only that there is one."""
        return bool(self.municipality or self.district or self.reason or self.several)

    def covers(self, on: date) -> bool:
        """Whether a day lies within the stay, as far as its first and last day are stated."""
        return (self.begins or on) <= on <= (self.ends or on)


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
    if not stay.municipality or not stay.covers(on) or stay.protection in PROTECTED:
        return Routed(units[0])
    stays = numbers_in_force(directory, stay.municipality, on)
    if not stays:
        return Routed(units[0], (Finding("municipality-unknown", "stay.municipality"),))
    for unit in units:
        if stays & numbers_in_force(directory, unit.municipality, on):
            return Routed(unit, _without_reason(directory, stay, on))
    return Routed(units[0], (Finding("stay-differs", "stay.municipality"),))


def _unaddressed(directory: Directory, stay: Stay, on: date) -> Routed | Unrouted:
    if stay.protection in PROTECTED:
        return Unrouted(Finding("protected-address", "stay.protection"))
    if stay.protection not in UNPROTECTED:
        return Unrouted(Finding("protection-unknown", "stay.protection"))
    if doubt := _doubt(stay, on):
        return Unrouted(doubt)
    if stay.is_named:
        found = _by_key(directory, stay, stay.municipality, stay.district, "stay.municipality", on)
        return replace(found, findings=(*found.findings, *_without_reason(directory, stay, on)))
    return _by_key(directory, stay, stay.registered, stay.registered_district, "stay.registered", on)


def _doubt(stay: Stay, on: date) -> Finding | None:
    """Why what is said of a stay does not say where the person is that day. The register does not say it then either:
    who is said to stay elsewhere is not at home (helse- og omsorgstjenesteloven § 3-1).
    """
    if not stay.is_named:
        return None if stay.registered else Finding("municipality-not-stated", "stay.municipality")
    if stay.several:
        return Finding("several-stays", "stay.municipality")
    if not stay.municipality:
        return Finding("stay-without-municipality", "stay.municipality")
    return None if stay.covers(on) else Finding("stay-not-now", "stay.municipality")


def _without_reason(directory: Directory, stay: Stay, on: date) -> tuple[Finding, ...]:
    """That nothing says why a person stays elsewhere than registered. It decides nothing: the stay counts (R-100)."""
    if stay.reason or not stay.municipality or not stay.registered or stay.protection not in UNPROTECTED:
        return ()
    both = (numbers_in_force(directory, number, on) for number in (stay.municipality, stay.registered))
    return () if frozenset.intersection(*both) else (Finding("stay-without-reason", "stay.municipality"),)


def _by_key(
    directory: Directory, stay: Stay, number: str | None, district: str | None, where: str, on: date
) -> Routed | Unrouted:
    """The unit of a municipality number and a district, that stand at `where`: of the stay, or registered."""
    numbers = numbers_in_force(directory, number or "", on)
    if len(numbers) != 1:
        return Unrouted(Finding("municipality-split" if numbers else "municipality-unknown", where))
    (current,) = numbers
    findings = () if current == number else (Finding("municipality-renumbered", where),)
    if district and current not in numbers_in_force(directory, district[:4], on):
        return Unrouted(Finding("district-elsewhere", "stay.district"), findings)
    units = [u for u in directory.units if u.municipality == current]
    ranked = _of_district(units, district if _is_one_of(district, current) else None, on)
    if not ranked:
        return Unrouted(Finding("district-unknown", "stay.district"), findings)
    unit = _of_age(ranked, _age(stay.birth_date, on))
    return Unrouted(unit, findings) if isinstance(unit, Finding) else Routed(unit, findings)


def _is_one_of(district: str | None, municipality: str) -> bool:
    """Whether a number says a district of the municipality as it is numbered now. Those of an older numbering are not
    translated, and 99 is "not stated" (Volven 3403: 030199 Uoppgitt Oslo).
    """
    return district is not None and district.startswith(municipality) and not district.endswith("99")


def _of_district(units: list[Unit], district: str | None, on: date) -> tuple[list[Unit], ...]:
    """The units in force for a district, those of its own before those of the whole municipality. Empty where it is not
    known which district it is, and some have a unit of their own.
    """
    served = [u for u in units if u.in_force(on)]
    own = [u for u in served if u.district is not None and u.district == district]
    whole = [u for u in served if u.district is None]
    known = district is not None if whole else district in {u.district for u in units}
    return (own, whole) if known or len(whole) == len(served) else ()


def _of_age(ranked: tuple[list[Unit], ...], years: int | None) -> Unit | Finding:
    """The one unit for an age among units in order of preference, or why there is none or no certain one."""
    for units in ranked:
        if years is None and any(u.depends_on_age for u in units):
            return Finding("age-unknown", "stay.birth_date")
        if taking := [u for u in units if u.takes(years)]:
            return taking[0] if len(taking) == 1 else Finding("several-units", "stay.municipality")
    return Finding("no-unit", "stay.municipality")


def _age(born: date | None, on: date) -> int | None:
    """Whole years on that day; None where the date of birth is missing or lies in the future."""
    if born is None or born > on:
        return None
    return age(born, on)
