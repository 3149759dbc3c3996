"""G4: from the hospital's request to the confirmed letter: one API process, one worker, a receiver on loopback."""

import json
import os
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack

from tests.bench.figures import Figure, Sample, Target, rate, recorded
from tests.bench.goals.acceptance import posts
from tests.bench.inside import delivered, on_database, taken
from tests.bench.load import Driving, drive
from tests.bench.messages import Need
from tests.bench.peers import MIRTH_DELIVERS, NAIVE_ADAPTER
from tests.bench.places import Child, House, database, drop, floor
from tests.bench.profiling import top
from tests.bench.registry import measures
from tests.bench.run import Run

PATIENCE_SECONDS = 900
_TICKS = os.sysconf("SC_CLK_TCK")


def received(receiver: str) -> dict[str, int]:
    """`letters` and different `known` ids in the receiver's journal."""
    with urllib.request.urlopen(f"{receiver}/count", timeout=30) as answer:
        return dict(json.load(answer))


def until(receiver: str, letters: int, begun: float) -> float:
    """Seconds from `begun` until so many different letters have come. Raises RuntimeError when they do not."""
    while received(receiver)["known"] < letters:
        if time.perf_counter() - begun > PATIENCE_SECONDS:
            raise RuntimeError("not delivered in time")
        time.sleep(0.02)
    return time.perf_counter() - begun


def cpu_seconds(pid: int) -> float:
    """CPU time of a process so far, from /proc."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


@measures("G4")
def delivery(run: Run) -> Iterator[Figure]:
    """On PostgreSQL the goal; on SQLite API and worker are one process, told beside it."""
    for kind in ("sqlite", "postgresql"):
        run.tell(f"G4 {kind}")
        least, ours, cpu = _floor(run, kind), *_ours(run, kind)
        judged = kind == "postgresql"
        what = f"accepted, delivered, confirmed, recorded: {kind}"
        against = "durable floor + relay floor, one process each"
        note = f"{run.size.messages} messages a run, counted at the receiver"
        figure = Figure("G4", what, ours, least, against, Target("at least", 0.4) if judged else None, note)
        yield figure if figure.met is not False else explained(run, figure)
        yield Figure("G4", f"CPU a message, all processes of ours: {kind}", cpu)
        if judged:
            run.kept["G4"] = ours
            for peer, times in ((MIRTH_DELIVERS, 4), (NAIVE_ADAPTER, None)):
                target = Target("at least", times) if times else None
                yield Figure("G4", what, ours, recorded(peer.value, "/s"), peer.name, target)


def explained(run: Run, figure: Figure) -> Figure:
    """The profile of carrying mail to a partner that answers at once, on SQLite in this process."""
    url = database(run, "sqlite")
    with on_database(url) as (parts, _):
        for number in range(1, 65):
            taken(parts, Need(number).xml())
        limits = top(lambda: delivered(parts, rounds=1), 4)
    drop(run, url)
    return Figure(
        figure.goal,
        figure.what,
        figure.ours,
        figure.floor,
        figure.against,
        figure.target,
        figure.note,
        limits,
    )


def _floor(run: Run, kind: str) -> Sample:
    url = database(run, kind)
    with ExitStack() as stack:
        receiver = floor(stack, run, "receiver").url
        service = floor(stack, run, "floors.durable", "--database", url, "--outbox", "1").url
        floor(stack, run, "floors.relay", "--database", url, "--to", f"{receiver}/fhir")
        rates, _ = _rates(run, service, receiver, {"Content-Type": "application/xml"}, 202, lambda: 0.0)
    drop(run, url)
    return rates


def _ours(run: Run, kind: str) -> tuple[Sample, Sample]:
    url = database(run, kind)
    with ExitStack() as stack:
        receiver = floor(stack, run, "receiver").url
        house = House(stack, run, url, receiver)
        service = house.service()
        processes: list[Child] = [service] if kind == "sqlite" else [service, house.worker()]
        used = lambda: sum(cpu_seconds(p.pid) for p in processes)  # noqa: E731 - one line says it
        rates, cpu = _rates(run, service.url, receiver, house.headers(), 200, used)
    drop(run, url)
    return rates, cpu


def _rates(
    run: Run, service: str, receiver: str, headers: dict[str, str], status: int, used: Callable[[], float]
) -> tuple[Sample, Sample]:
    """Messages a second, from the first request to the last letter at the receiver; CPU a message."""
    count = run.size.messages
    warm = max(20, count // 10)
    drive([service], posts(1, warm, headers)).require(status)
    until(receiver, warm, time.perf_counter())
    rates, cpu, sent = [], [], warm
    for number in range(run.size.runs):
        driving = Driving([service], posts(1_000_000 + number * count, count, headers), 32, 3600)
        begun, before = _first(receiver, sent), used()
        sent += driving.result().require(status).answered(status)
        rates.append(rate(count, until(receiver, sent, begun)))
        cpu.append((used() - before) / count * 1e6)
    return Sample(tuple(rates), "/s"), Sample(tuple(cpu), "µs CPU")


def _first(receiver: str, letters: int) -> float:
    """When the first letter of the next load came: the load generator's own start does not count."""
    begun = time.perf_counter()
    while received(receiver)["letters"] <= letters and time.perf_counter() - begun < PATIENCE_SECONDS:
        time.sleep(0.005)
    return time.perf_counter()
