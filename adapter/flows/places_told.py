"""Where a person stays, and where it is registered, as a letter of a need names both (hol §§ 3-1, 3-9; R-153)."""

from collections.abc import Mapping, Sequence

from adapter.domain.case import Version
from adapter.domain.routing import Directory

NOWHERE = {"stay_name": "", "registered_name": ""}


def places_told(
    facts: Mapping[str, str], carried: Sequence[Version], directory: Directory
) -> Mapping[str, str]:
    """The names of both municipalities, where the delivery carries a person who stays somewhere. Of one whose address
    is protected it carries no place.
    """
    if not facts["stay_municipality"] or not any(v.type == "Patient" for v in carried):
        return NOWHERE
    return {
        "stay_name": _named(facts["stay_municipality"], directory),
        "registered_name": _named(facts["registered_municipality"], directory),
    }


def _named(number: str, directory: Directory) -> str:
    """A municipality by name and number; by its number alone where nobody knows it, "" for none."""
    name = next((m.name for m in reversed(directory.municipalities) if m.number == number), "")
    return f"{name} ({number})" if name else number
