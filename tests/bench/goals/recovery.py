"""G11: a receiver that was down, and how fast the backlog drains once it is back, while accepting goes on."""

import time
from collections.abc import Iterator
from contextlib import ExitStack

from adapter.demo.processes import held_port
from tests.bench.bulk import copies_of, fill
from tests.bench.figures import Figure, Sample, Target, rate
from tests.bench.goals.acceptance import posts
from tests.bench.goals.delivery import delivery, explained, received
from tests.bench.inside import on_database, taken
from tests.bench.load import Driving
from tests.bench.messages import Need
from tests.bench.places import House, database, drop, floor
from tests.bench.registry import measures
from tests.bench.run import Run

_WAITED_SECONDS = 3.0
_PATIENCE_SECONDS = 3_600
_MORE = 100_000_000


@measures("G11")
def recovery(run: Run) -> Iterator[Figure]:
    """One API and one worker on PostgreSQL. The worker has met the dead receiver before it comes back."""
    if "G4" not in run.kept:
        for _ in delivery(run):  # the floor of this goal is G4 of the same run
            pass
    url, backlog = database(run, "postgresql"), run.size.backlog
    with ExitStack() as stack:
        port = stack.enter_context(held_port())
        house = House(stack, run, url, f"http://127.0.0.1:{port}")
        with on_database(url) as (parts, store):
            taken(parts, Need(1).xml())
            taken(parts, Need(2).xml())
            first, second = store.case_ids()[:2]
        run.tell(f"G11: {backlog:,} letters wait")
        fill(url, copies_of(url, first, second, apart=0.01), 0, backlog - 2)
        service = house.service()
        house.worker()
        time.sleep(_WAITED_SECONDS)
        run.tell("G11: the receiver is back")
        yield from _drained(run, stack, house, service.url, port, backlog)
    drop(run, url)


def _drained(
    run: Run, stack: ExitStack, house: House, service: str, port: int, backlog: int
) -> Iterator[Figure]:
    """Letters a second from the first that arrives to the last of the backlog; acceptance meanwhile."""
    load = Driving([service], posts(_MORE, max(run.size.messages, backlog // 2), house.headers()), 32, 600)
    receiver = floor(stack, run, "receiver", "--port", str(port)).url
    back = time.perf_counter()
    begun, before = _reached(receiver, 1, back)
    done, letters = _reached(receiver, backlog, begun)
    drain = Sample((rate(letters - before, done - begun),), "/s")
    accepted = load.result().require(200)
    note = f"first letter {begun - back:.1f} s after the receiver came back; {letters:,} letters; new ones among them"
    what = f"drain of {backlog:,} while accepting: postgresql"
    figure = Figure("G11", what, drain, run.kept["G4"], "G4 of this run", Target("at least", 0.7), note)
    yield figure if figure.met is not False else explained(run, figure)
    busy = f"{accepted.count:,} accepted{accepted.busy}"
    yield Figure(
        "G11",
        "accepted meanwhile",
        Sample((accepted.rate,), "/s"),
        run.kept["G4"],
        "G4 of this run",
        note=busy,
    )


def _reached(receiver: str, letters: int, begun: float) -> tuple[float, int]:
    """When so many different letters had come, and how many those were. Raises RuntimeError."""
    while (known := received(receiver)["known"]) < letters:
        if time.perf_counter() - begun > _PATIENCE_SECONDS:
            raise RuntimeError("the backlog did not drain")
        time.sleep(0.1)
    return time.perf_counter(), known
