"""What is amiss or changes in a table of coordinating units, as lines for a person."""

from collections.abc import Mapping

from adapter.domain.directory_change import Change
from adapter.domain.directory_check import Amiss

_SAID = {
    "row": "{said}",
    "overlap": "serves the same place, age and day as line {other}",
    "no-unit": "nobody serves it",
    "hole": "nobody serves it between two units",
    "number-ended": "the number of the municipality is not in use",
    "not-a-partner": "its organisation is not in the partner table",
    "not-a-municipality": "its organisation is no municipality in the partner table",
    "not-reachable": "its organisation has no endpoint in the partner table",
    "of-another-organisation": "its HER-id is that of another organisation",
    "fallback-is-none": "its fallback is no unit in force",
    "address-gone": "the address register says that its HER-id has ended",
    "address-unknown": "the address register does not know its HER-id",
    "address-of-another": "the address register says that its HER-id is another organisation's",
    "address-is-no-service": "the address register says that its HER-id is no service",
}


def amiss_line(one: Amiss, names: Mapping[str, str]) -> str:
    """`names`: of municipalities, by number."""
    line = f"line {one.line}" if one.line else ""
    place = " ".join(w for w in (one.municipality, names.get(one.municipality, ""), line) if w)
    said = _SAID[one.what].format(said=one.said, other=f"{one.other}")
    return f"{place}: {one.what}: {said}{_of_whom(one)}{_when(one)}"


def change_line(one: Change, names: Mapping[str, str]) -> str:
    """`names`: of municipalities, by number."""
    ages = _ages(one.age_from, one.age_to)
    place = ", ".join(w for w in (one.municipality + " " + names[one.municipality], one.district, ages) if w)
    columns = f" ({', '.join(one.columns)})" if one.columns else ""
    return f"{one.what:<7}  {place}: {one.her_id}{columns}"


def _of_whom(one: Amiss) -> str:
    if one.what not in ("no-unit", "hole"):
        return ""
    parts = (f"city district {one.district}" if one.district else "", _ages(one.age_from, one.age_to))
    said = ", ".join(part for part in parts if part)
    return f" ({said})" if said else ""


def _ages(first: int | None, last: int | None) -> str:
    if last is not None:
        return f"ages {first or 0}-{last}"
    return f"ages {first} and over" if first else ""


def _when(one: Amiss) -> str:
    since = f" from {one.since}" if one.since else ""
    return f"{since} to {one.until}" if one.until else since
