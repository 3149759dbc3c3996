"""One who gave a consent: what is told of who that is, and whether two who are named are shown to be two persons.

Consent is valid where it can be documented who gave it (pbrl §§ 4-1, 4-4), so two are two only where that is shown:
a name, or another reference, shows nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import combinations
from typing import Final

IDENTITY_NUMBER: Final = "identity-number"
"""In place of the system of a valid identity number: that is one person's, under whatever system it is written."""


@dataclass(frozen=True, slots=True)
class Giver:
    """`place` is where the consent names it, `reference` by what. `relations` to the person, "" for nobody.

    `numbers`: its identifiers, by system (IDENTITY_NUMBER) and value; `name` without regard to case and blanks, `born`
    its birth date. `known` is False where nobody can tell who is meant. The relation counts while it is `active`, from
    `start` to before `end`; None: without bound.
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
    """Each has an identifier of one kind, and none is the same; and they are born on different days, or bear different
    names: one person may have two identity numbers, as who got a D-number first, and what is not said shows nothing."""
    comparable = {system for system, _ in one.numbers} & {system for system, _ in other.numbers}
    if not comparable or not one.numbers.isdisjoint(other.numbers) or not (one.born and other.born):
        return False
    return one.born != other.born or bool(one.name and other.name and one.name != other.name)
