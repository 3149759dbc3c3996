"""Norwegian identity numbers: which kind, synthetic or real, and which birth date.

Eleven digits, two of them check digits modulo 11 (folkeregisterforskriften § 2-2-1 ff.). The first check digit
may leave the remainders 0–3, as numbers issued from 2032 do. A D-number has 4 added to the first digit; a number
of a Norwegian health register (FHN, felles hjelpenummer) begins with 8 or 9. Synthetic numbers have 80 (Skatteetaten)
or 65 (Norsk helsenett) added to the month. python-stdnum knows neither of these, hence this page.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

Kind = Literal["fnr", "dnr", "fhn"]

SYSTEMS: Final[Mapping[str, Kind]] = {
    "urn:oid:2.16.578.1.12.4.1.4.1": "fnr",
    "urn:oid:2.16.578.1.12.4.1.4.2": "dnr",
    "urn:oid:2.16.578.1.12.4.1.4.3": "fhn",
}
"""Kinds of identity number by their systems in FHIR."""

_FIRST = (3, 7, 6, 1, 8, 9, 4, 5, 2, 1)
_SECOND = (5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1)
_SYNTHETIC_MONTHS = (80, 65)


@dataclass(frozen=True, slots=True)
class PersonNumber:
    """What a number says of itself. `born` is None for numbers without a birth date (FHN)."""

    kind: Kind
    synthetic: bool
    born: date | None


def classify(number: str) -> PersonNumber | None:
    """The kind of an identity number, or None where the digits are not one."""
    if len(number) != 11 or not (number.isascii() and number.isdigit()):
        return None
    if _remainder(number, _FIRST) > 3 or _remainder(number, _SECOND) != 0:
        return None
    if number[0] in "89":
        return PersonNumber("fhn", synthetic=False, born=None)
    day, month, synthetic = int(number[:2]), int(number[2:4]), False
    for added in _SYNTHETIC_MONTHS:
        if added < month <= added + 12:
            month, synthetic = month - added, True
    kind: Kind = "dnr" if day > 40 else "fnr"
    born = _birth_date(day % 40 if kind == "dnr" else day, month, int(number[4:6]), int(number[6:9]))
    return PersonNumber(kind, synthetic, born) if born else None


def identity(system: str, value: str) -> PersonNumber | None:
    """What an identifier of FHIR says as an identity number; None where it is none, or is mistyped."""
    return classify(value) if system in SYSTEMS else None


def age(born: date, on: date) -> int:
    """Whole years on a day; a birthday counts from its first hour."""
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


def _remainder(number: str, weights: tuple[int, ...]) -> int:
    return sum(w * int(d) for w, d in zip(weights, number, strict=False)) % 11


def _birth_date(day: int, month: int, year: int, serial: int) -> date | None:
    """The century follows from the serial number (table of Skatteetaten)."""
    if serial < 500:
        century = 1900
    elif serial < 750 and year >= 54:
        century = 1800
    elif serial >= 900 and year >= 40:
        century = 1900
    elif year < 40:
        century = 2000
    else:
        return None
    try:
        return date(century + year, month, day)
    except ValueError:
        return None
