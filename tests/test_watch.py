"""How often the watch looks, and that nobody is before it in line."""

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from adapter.api.watch import EVERY_SECONDS, MOST_REST_SECONDS, Watch
from adapter.domain.condition import AWAY, Bounds, Measured

BOUNDS = Bounds(free_bytes=1000, open_deliveries=5)


def rests(*looks: tuple[float, Measured]) -> list[float]:
    """How long the watch rests after each of its looks, each given as how long it takes and what it finds."""
    now, rested, left = [0.0], [], iter(looks)

    def measure() -> Measured:
        took, found = next(left)
        now[0] += took
        return found

    async def sleep(seconds: float) -> None:
        rested.append(seconds)
        if len(rested) == len(looks):
            raise asyncio.CancelledError

    watch = Watch(measure, BOUNDS, seconds=lambda: now[0], sleep=sleep)
    asyncio.run(watch.keep())
    return rested


@pytest.mark.parametrize(
    "found", [AWAY, Measured(writable=False), Measured(writable=False, has_room=False)], ids=repr
)
@pytest.mark.parametrize("took", [0.0, 0.2, 10.0])
def test_a_look_that_found_no_database_to_write_to_is_followed_by_another_soon(
    found: Measured, took: float
) -> None:
    """However long it took: what it found refuses everything until the next look."""
    assert rests((took, found), (0.01, Measured())) == [EVERY_SECONDS, EVERY_SECONDS]


def test_a_slow_look_that_found_all_well_is_followed_by_a_longer_rest_within_bounds() -> None:
    assert rests((0.01, Measured()), (0.2, Measured()), (4.0, Measured())) == [
        EVERY_SECONDS,
        pytest.approx(4.0),
        MOST_REST_SECONDS,
    ]


@pytest.fixture
def go() -> Iterator[threading.Event]:
    event = threading.Event()
    yield event
    event.set()


def test_a_look_does_not_wait_for_those_who_use_the_loops_own_threads(go: threading.Event) -> None:
    """Postmen run there: here its only thread is taken until the look is over."""

    async def run() -> str:
        loop = asyncio.get_running_loop()
        loop.set_default_executor(ThreadPoolExecutor(1))
        taken = loop.run_in_executor(None, go.wait)
        watch = Watch(lambda: AWAY, BOUNDS)
        await asyncio.wait_for(watch.look(), 30)
        go.set()
        await taken
        return watch.condition.mode

    assert asyncio.run(run()) == "degraded"


def after_a_look_of(took: float, found: Measured, served_at: float | None) -> list[tuple[str, ...]]:
    """The mode and what is refused just before the end of a look, and after it; a flow is served meanwhile, or not."""
    now, seen = [0.0], []

    def told() -> None:
        seen.append((watch.condition.mode, *sorted(watch.condition.refused)))

    def measure() -> Measured:
        if served_at is not None:
            now[0] = served_at
            watch.served()
        now[0] = took
        told()
        return found

    watch = Watch(measure, BOUNDS, seconds=lambda: now[0])
    asyncio.run(watch.look())
    told()
    return seen


ALL = ("change", "new-need", "read")


@pytest.mark.parametrize("found", [AWAY, Measured(writable=False)], ids=repr)
def test_a_look_that_got_no_turn_while_flows_are_served_refuses_nothing(found: Measured) -> None:
    assert after_a_look_of(10.0, found, served_at=9.0) == [("normal",), ("degraded",)]


@pytest.mark.parametrize(("found", "mode"), [(AWAY, "degraded"), (Measured(writable=False), "read-only")])
@pytest.mark.parametrize("served_at", [None, 1.0])
def test_a_late_look_refuses_everything_when_no_flow_was_served_lately(
    found: Measured, mode: str, served_at: float | None
) -> None:
    assert after_a_look_of(10.0, found, served_at) == [("degraded", *ALL), (mode, *ALL)]


def test_a_quick_look_that_was_told_no_is_believed_though_flows_were_served_just_before() -> None:
    assert after_a_look_of(0.1, Measured(writable=False), served_at=0.05)[-1] == ("read-only", *ALL)


def test_a_disk_without_room_is_believed_though_flows_were_served() -> None:
    full = Measured(writable=False, has_room=False)
    assert after_a_look_of(10.0, full, served_at=9.0)[-1] == ("read-only", *ALL)
