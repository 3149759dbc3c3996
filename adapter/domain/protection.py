"""Who has a protected address, and what nobody may be placed by (R-150)."""

import re
from dataclasses import dataclass

_BETWEEN = re.compile(r"[ .()\u00a0-]")
_HOME = re.compile(r"^(\+|00)47")


@dataclass(frozen=True, slots=True)
class Places:
    """mappings/protection.yaml: what is a place, or names one. `open` are the levels at which it may leave."""

    open: frozenset[str]
    elements: frozenset[str]
    extensions: frozenset[str]
    systems: frozenset[str]
    phones: re.Pattern[str]
    contacts: frozenset[str]
    places: frozenset[str]
    named: frozenset[str]
    by: frozenset[str]

    def says_nothing_of_a_place(self, number: str) -> bool:
        """Whether a telephone number may leave: that of a mobile, or of the whole country."""
        return self.phones.fullmatch(_HOME.sub("", _BETWEEN.sub("", number))) is not None
