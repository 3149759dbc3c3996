"""What a table of counts must leave out so that nobody is told few people: cells of few, and what gives them away.

A count of one to `least` - 1 is never shown, nor what it could be reckoned from: by what is left in its row, by the
next stage, or by taking the groups that are shown from all.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Cells:
    """One stage of a group: `of` = `reached` + `ended` + `lost`; `dropped` came to the stage before it and are not to
    come to this one."""

    of: int
    reached: int
    ended: int
    lost: int
    dropped: int


_HIDES: Final = {
    1: ("ended", "lost"),
    2: ("reached", "ended", "lost"),
    3: ("of", "reached", "ended", "lost", "dropped"),
}
"""By level what is left out; level 0 shows everything."""


def levels(table: Sequence[Sequence[Cells]], least: int) -> list[list[int]]:
    """For each row (the first is all, the others its groups) and stage how much is left out, as in `_HIDES`."""
    found: list[list[int]] = [[] for _ in table]
    for stage in range(len(table[0])):
        cells = [row[stage] for row in table]
        now = [_own(one, before[-1:], least) for one, before in zip(cells, found, strict=True)]
        for level in (3, 2, 1):
            _complement(now, cells, level, least)
        for before, one in zip(found, now, strict=True):
            before.append(one)
    return found


def _own(cells: Cells, before: Sequence[int], least: int) -> int:
    """By its own row, and by the stage before it: who reached that one is who can come to this one."""
    if any(level > 1 for level in before) or _few(cells.of, least) or _few(cells.dropped, least):
        return 3
    if _few(cells.reached, least) or _few(cells.ended + cells.lost, least):
        return 2
    return int(_few(cells.ended, least) or _few(cells.lost, least))


def _complement(now: list[int], cells: Sequence[Cells], level: int, least: int) -> None:
    """What is left when the groups that are shown are taken from all is of two groups at least, and of nobody few; the
    smallest of the others are left out with them, and in the end all."""
    while now[0] < level:
        hidden = [place for place in range(1, len(now)) if now[place] >= level]
        sums = [sum(getattr(cells[place], name) for place in hidden) for name in _HIDES[level]]
        if not hidden or (len(hidden) > 1 and not any(_few(one, least) for one in sums)):
            return
        others = [place for place in range(1, len(now)) if now[place] < level]
        now[min(others, key=lambda place: cells[place].of, default=0)] = level


def shown(cells: Cells, level: int) -> dict[str, int | None]:
    """The cells that are shown by name, None for what is left out."""
    names = ("of", "reached", "ended", "lost")
    return {name: None if level and name in _HIDES[level] else getattr(cells, name) for name in names}


def _few(number: int, least: int) -> bool:
    return 0 < number < least
