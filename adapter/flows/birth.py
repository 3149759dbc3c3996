"""When the person of a case was born: stated to the day, or borne out by its identity number. Read nowhere else."""

from collections.abc import Iterable
from datetime import date

from adapter.domain.case import Resource, Version
from adapter.domain.person import identity

_WHOLE_DAY = len("YYYY-MM-DD")


def birth_date(versions: Iterable[Version]) -> date | None:
    """Of the person of a case, by its current versions; None where nothing tells the whole day."""
    return next((born_of(v.body) for v in versions if v.type == "Patient"), None)


def born_of(person: Resource) -> date | None:
    """Of a Patient, or of another person with birthDate and identifiers."""
    stated = str(person.get("birthDate", ""))
    if len(stated) == _WHOLE_DAY:
        return date.fromisoformat(stated)
    numbers = (identity(i.get("system", ""), i.get("value", "")) for i in person.get("identifier", ()))
    return next((known.born for known in numbers if known and known.born), None)
