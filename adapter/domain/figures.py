"""The loop in numbers: how far notifications of a need have come, how long that took, and where they stopped.

No statute gives the hospital an answer in time, and nobody counts (F1): these are the counts. They are of organisations
and never of a person: groups of few cases are put together until nobody can be found among them, and what would tell
of few within a group is left out (adapter.domain.few).
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from adapter.domain.few import Cells, levels, shown

Stage = Literal["delivered", "opened", "decided", "coordinator", "plan"]
STAGES: Final[tuple[Stage, ...]] = ("delivered", "opened", "decided", "coordinator", "plan")
"""The unit has the need; somebody there has opened it; people decided; a coordinator is appointed; a plan stands."""
OTHERS: Final = ("others",)
"""The group of all groups that are too small to be shown apart."""
Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Course:
    """One case: by whom the need was notified, to which municipality it went, when, and when it came to each stage.

    `ended`: it is over, by a decision, by who reported it, or by a person here. `plan_wanted`: a plan belongs to it.
    `coordinator_wanted`: nothing was decided by which no coordinator is appointed.
    """

    hospital: str
    municipality: str
    notified: datetime
    at: Mapping[Stage, datetime]
    ended: bool
    plan_wanted: bool
    coordinator_wanted: bool = True

    def took(self, stage: Stage) -> timedelta | None:
        """From the notification to the stage."""
        return self.at[stage] - self.notified if stage in self.at else None


@dataclass(frozen=True, slots=True)
class Reached:
    """One stage of a group. `of` came to all stages before it, and are to come to it; of these `reached` came to this
    one, `ended` are over without it, and `lost` wait for it or were lost. Each is None where it would tell of few.
    `median` and `p90` are of all that came to it, in any order; None where too few took longer.
    """

    stage: Stage
    of: int | None
    reached: int | None
    ended: int | None
    lost: int | None
    median: timedelta | None
    p90: timedelta | None

    @property
    def share_lost(self) -> float | None:
        """Of those that could have come here; None where there were none, or it would tell of few."""
        return self.lost / self.of if self.of and self.lost is not None else None


@dataclass(frozen=True, slots=True)
class Group:
    """Cases that are counted together; `key` () is all of them."""

    key: Key
    notified: int
    stages: tuple[Reached, ...]


def figures(
    courses: Sequence[Course], by: Callable[[Course], Key], least: int
) -> tuple[Group | None, Sequence[Group]]:
    """All cases together (None where they are fewer than `least`), and each group, by key, the others last."""
    if len(courses) < least:
        return None, []
    found: dict[Key, list[Course]] = {}
    for course in courses:
        found.setdefault(by(course), []).append(course)
    together = _put_together(found, least)
    keys = sorted(key for key in together if key != OTHERS) + [OTHERS] * (OTHERS in together)
    table = [_cells(courses), *(_cells(together[key]) for key in keys)]
    hidden = levels(table, least)
    total = _group((), courses, table[0], hidden[0], least)
    return total, [
        _group(key, together[key], cells, how, least)
        for key, cells, how in zip(keys, table[1:], hidden[1:], strict=True)
    ]


def _put_together(found: Mapping[Key, Sequence[Course]], least: int) -> dict[Key, Sequence[Course]]:
    """Small groups as one; with the smallest of the others, where these few could be told by what is missing."""
    by_size = sorted(found, key=lambda key: (len(found[key]), key))
    shown = {key: found[key] for key in by_size if len(found[key]) >= least}
    others = [course for key in by_size if key not in shown for course in found[key]]
    while others and len(others) < least and shown:
        others += shown.pop(next(iter(shown)))
    return {**shown, OTHERS: others} if others else shown


def _cells(courses: Sequence[Course]) -> list[Cells]:
    cells, left = [], list(courses)
    for stage in STAGES:
        wanted = [course for course in left if _wanted(course, stage)]
        reached = [course for course in wanted if stage in course.at]
        ended = sum(course.ended for course in wanted if stage not in course.at)
        lost = len(wanted) - len(reached) - ended
        cells.append(Cells(len(wanted), len(reached), ended, lost, len(left) - len(wanted)))
        left = reached
    return cells


def _group(
    key: Key, courses: Sequence[Course], cells: Sequence[Cells], hidden: Sequence[int], least: int
) -> Group:
    stages = []
    for stage, counts, level in zip(STAGES, cells, hidden, strict=True):
        took = sorted(t for t in (course.took(stage) for course in courses) if t is not None)
        median, p90 = percentile(took, 50, least), percentile(took, 90, least)
        stages.append(Reached(stage, **shown(counts, level), median=median, p90=p90))
    return Group(key, len(courses), tuple(stages))


def _wanted(course: Course, stage: Stage) -> bool:
    return {"coordinator": course.coordinator_wanted, "plan": course.plan_wanted}.get(stage, True)


def percentile(sorted_: Sequence[timedelta], of: int, least: int) -> timedelta | None:
    """The nearest rank: the least value that at least so many per cent of all do not exceed. None where fewer than
    `least` stand behind it, as it is then close to the longest, which is one person's."""
    rank = max(math.ceil(len(sorted_) * of / 100), 1)
    return sorted_[rank - 1] if len(sorted_) - rank >= least else None
