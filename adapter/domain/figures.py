"""The loop in numbers: how far notifications of a need have come, how long that took, and where they stopped.

No statute gives the hospital an answer in time, and nobody counts (F1): these are the counts. They are of organisations
and never of a person: groups of few cases are put together until nobody can be found among them.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

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
    """

    hospital: str
    municipality: str
    notified: datetime
    at: Mapping[Stage, datetime]
    ended: bool
    plan_wanted: bool

    def took(self, stage: Stage) -> timedelta | None:
        """From the notification to the stage."""
        return self.at[stage] - self.notified if stage in self.at else None


@dataclass(frozen=True, slots=True)
class Reached:
    """One stage of a group. `of` came to all stages before it; of these `reached` came to this one, `ended` are over
    without it, and `lost` wait for it or were lost. `median` and `p90` are of all that came to it, in any order; None
    of fewer than are shown.
    """

    stage: Stage
    of: int
    reached: int
    ended: int
    lost: int
    median: timedelta | None
    p90: timedelta | None

    @property
    def share_lost(self) -> float | None:
        """Of those that could have come here; None where there were none."""
        return self.lost / self.of if self.of else None


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
    shown = _put_together(found, least)
    keys = sorted(key for key in shown if key != OTHERS) + [OTHERS] * (OTHERS in shown)
    return _group((), courses, least), [_group(key, shown[key], least) for key in keys]


def _put_together(found: Mapping[Key, Sequence[Course]], least: int) -> dict[Key, Sequence[Course]]:
    """Small groups as one; with the smallest of the others, where these few could be told by what is missing."""
    by_size = sorted(found, key=lambda key: (len(found[key]), key))
    shown = {key: found[key] for key in by_size if len(found[key]) >= least}
    others = [course for key in by_size if key not in shown for course in found[key]]
    while others and len(others) < least and shown:
        others += shown.pop(next(iter(shown)))
    return {**shown, OTHERS: others} if others else shown


def _group(key: Key, courses: Sequence[Course], least: int) -> Group:
    stages = []
    left = list(courses)
    for stage in STAGES:
        left = [course for course in left if stage != "plan" or course.plan_wanted]
        reached = [course for course in left if stage in course.at]
        ended = sum(course.ended for course in left if stage not in course.at)
        took = sorted(t for t in (course.took(stage) for course in courses) if t is not None)
        enough = len(took) >= least
        stages.append(
            Reached(
                stage=stage,
                of=len(left),
                reached=len(reached),
                ended=ended,
                lost=len(left) - len(reached) - ended,
                median=percentile(took, 50) if enough else None,
                p90=percentile(took, 90) if enough else None,
            )
        )
        left = reached
    return Group(key, len(courses), tuple(stages))


def percentile(sorted_: Sequence[timedelta], of: int) -> timedelta:
    """The nearest rank: the least value that at least so many per cent of all do not exceed. Needs one value."""
    return sorted_[max(math.ceil(len(sorted_) * of / 100), 1) - 1]
