"""G4: from the hospital's request to the confirmed letter: one API process, one worker, a receiver on loopback."""

import json
import os
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from sqlalchemy import Connection, create_engine
from sqlalchemy.engine import make_url

from tests.bench.figures import Figure, Sample, Target, rate, recorded
from tests.bench.goals.acceptance import posts
from tests.bench.inside import delivered, on_database, taken
from tests.bench.load import drive
from tests.bench.messages import Need
from tests.bench.peers import MIRTH_DELIVERS, NAIVE_ADAPTER
from tests.bench.places import Child, House, database, drop, floor
from tests.bench.profiling import top
from tests.bench.registry import measures
from tests.bench.run import Run

PATIENCE_SECONDS = 900
_OURS_OPEN = "SELECT count(*) FROM delivery WHERE place <> 'done'"
_FLOOR_OPEN = "SELECT count(*) FROM floor_outbox WHERE state <> 2"
_TICKS = os.sysconf("SC_CLK_TCK")


def received(receiver: str) -> dict[str, int]:
    """`letters` and different `known` ids in the receiver's journal."""
    with urllib.request.urlopen(f"{receiver}/count", timeout=30) as answer:
        return dict(json.load(answer))


@dataclass(frozen=True, slots=True)
class _Settling:
    """Where letters come, and the question how many the sender has not yet recorded as done."""

    receiver: str
    connection: Connection
    still_open: str

    def wait(self, letters: int, begun: float) -> float:
        """Seconds from `begun` until so many different letters have come and none is open. Raises RuntimeError."""
        while received(self.receiver)["known"] < letters or self._open():
            if time.perf_counter() - begun > PATIENCE_SECONDS:
                raise RuntimeError("not delivered in time")
            time.sleep(0.02)
        return time.perf_counter() - begun

    def _open(self) -> int:
        return int(self.connection.exec_driver_sql(self.still_open).scalar() or 0)


@contextmanager
def settling(url: str, receiver: str, still_open: str) -> Iterator[_Settling]:
    """Looks into the database of the sender; each look sees what is committed by then."""
    read = make_url(url)
    engine = create_engine(
        read if read.drivername == "sqlite" else read.set(drivername="postgresql+psycopg"),
        isolation_level="AUTOCOMMIT",
    )
    with engine.connect() as connection:
        yield _Settling(receiver, connection, still_open)
    engine.dispose()


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
        note = f"{run.size.messages} messages a run, from the first request until all are settled"
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
        end = stack.enter_context(settling(url, receiver, _FLOOR_OPEN))
        rates, _ = _rates(run, service, end, {"Content-Type": "application/xml"}, 202, lambda: 0.0)
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
        end = stack.enter_context(settling(url, receiver, _OURS_OPEN))
        rates, cpu = _rates(run, service.url, end, house.headers(), 200, used)
    drop(run, url)
    return rates, cpu


def _rates(
    run: Run, service: str, end: _Settling, headers: dict[str, str], status: int, used: Callable[[], float]
) -> tuple[Sample, Sample]:
    """Messages a second, from the first request until the last letter has come and is recorded; CPU a message."""
    count = run.size.messages
    warm = max(20, count // 10)
    drive([service], posts(1, warm, headers)).require(status)
    end.wait(warm, time.perf_counter())
    rates, cpu, sent = [], [], warm
    for number in range(run.size.runs):
        before = used()
        load = drive([service], posts(1_000_000 + number * count, count, headers)).require(status)
        taken_in = load.answered(status)
        sent += taken_in
        rates.append(rate(taken_in, end.wait(sent, load.begun)))
        cpu.append((used() - before) / taken_in * 1e6)
    return Sample(tuple(rates), "/s"), Sample(tuple(cpu), "µs CPU")
