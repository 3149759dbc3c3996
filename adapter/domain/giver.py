"""One who gave a consent: what is told of who that is, and whether two who are named are shown to be two persons.

Consent is valid where it can be documented who gave it (pbrl §§ 4-1, 4-4), so two are two only where that is shown:
a name, or another reference, shows nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import combinations


@dataclass(frozen=True, slots=True)
class Giver:
    """`place` is where the consent names it, `reference` by what. `relations` to the person, "" for nobody.

    `numbers`: its identifiers, by system and value; `name` without regard to case and blanks, `born` its birth date.
    `known` is False where nobody can tell who is meant. The relation counts while it is `active`, from `start` to
    before `end`; None: without bound.
    """

    place: str
    reference: str
    relations: frozenset[str] = frozenset()
    known: bool = True
    numbers: frozenset[tuple[str, str]] = frozenset()
    name: str = ""
    born: date | None = None
    active: bool = True
    start: datetime | None = None
    end: datetime | None = None

    def stands(self, at: datetime) -> bool:
        """Whether it has its relation to the person at a moment."""
        begun = self.start is None or self.start <= at
        return self.active and begun and (self.end is None or at < self.end)


def told_apart(givers: Sequence[Giver], number: int) -> bool:
    """Whether so many of these are shown to be as many persons."""
    return any(
        all(_two(one, other) for one, other in combinations(some, 2)) for some in combinations(givers, number)
    )


def _two(one: Giver, other: Giver) -> bool:
    """Each has an identifier, and none is the same; but who has the same name and birth date as well may have two
    numbers, as who got a D-number first."""
    identified = one.numbers and other.numbers and one.numbers.isdisjoint(other.numbers)
    alike = one.name and one.born and (one.name, one.born) == (other.name, other.born)
    return bool(identified) and not alike
