"""The figures of the year against what the world itself saw happen."""

from collections.abc import Iterator

from adapter.domain.figures import STAGES
from adapter.flows.figures import figures_of

from .clock import BEGIN, END
from .world import World

_STAGES = dict(zip(STAGES, ("delivered", "opened", "decided", "appointed", "in-force"), strict=True))
"""Milestones of the world, by the stage they are."""


def miscounted(world: World) -> Iterator[str]:
    """Stages to which another number of cases came than the world saw, of those that came to all before."""
    whole, _ = figures_of(BEGIN.date(), END.date(), lambda _: ("all",), 1, world.parts)
    left = list(world.milestones.values())
    if whole is None or whole.notified != len(left):
        yield f"{whole.notified if whole else 0} cases are counted, {len(left)} were reported"
        return
    for reached in whole.stages:
        left = [seen for seen in left if _STAGES[reached.stage] in seen]
        if reached.reached is not None and reached.reached != len(left):
            yield f"{reached.reached} cases count as {reached.stage}, {len(left)} were seen to be"
