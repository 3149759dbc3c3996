"""The people here: once a day somebody looks at the lists, and does not always come round to all of it."""

from adapter.domain.case import Waiting
from adapter.domain.problems import Refused
from adapter.flows import operate
from adapter.flows.closing import close

from .clock import DAY
from .people import UNITS
from .world import World

_BY, _WHY = "desk", "Looked at on the round of the day"


def round_of_the_day(world: World) -> None:
    """Each thing that has waited a day is seen to, but for every tenth, which waits on."""
    store, now = world.parts.store, world.clock()
    for delivery in store.parked():
        if now - delivery.clock > DAY:
            _sent_again(world, delivery.id)
    for waiting in store.waiting():
        if now - waiting.since > DAY and world.chance.random() < 0.9:
            _seen_to(world, waiting)


def _sent_again(world: World, delivery: int) -> None:
    """What is held because somebody is said to be dead stays, for the command is refused."""
    try:
        operate.requeue(delivery, _BY, _WHY, world.parts)
    except Refused as refused:
        world.messages[f"a person was refused: {refused.findings[0].problem}"] += 1


def _seen_to(world: World, waiting: Waiting) -> None:
    """By its state: sent on, left out, or seen. What this person may not do stays on the list."""
    state = next((c for c in world.cases.values() if world.id_of(c) == waiting.case_id), None)
    here = world.state_of(state) if state else ""
    try:
        if state and state.letter.need in world.dead:
            close(waiting.case_id, "died", _BY, _WHY, world.parts)
        elif here == "held-for-review":
            operate.release(waiting.case_id, None, _BY, _WHY, world.parts)
        elif here in ("held-for-routing", "wrong-addressee"):
            operate.release(waiting.case_id, UNITS[-1].unit, _BY, _WHY, world.parts)
        elif here != "held-for-consent":
            operate.seen(waiting.case_id, _BY, _WHY, world.parts)
    except Refused as refused:
        world.messages[f"a person was refused: {refused.findings[0].problem}"] += 1
