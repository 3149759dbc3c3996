"""G10: how soon a service answers, what it holds in memory at rest and after work, and what a case takes on disk."""

import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace

from tests.bench.bulk import copies_of, fill, size_of
from tests.bench.figures import Figure, Sample, Target, recorded
from tests.bench.goals.acceptance import posts
from tests.bench.goals.delivery import PATIENCE_SECONDS, cpu_seconds
from tests.bench.inside import on_database
from tests.bench.load import drive
from tests.bench.places import Child, House, database, drop
from tests.bench.profiling import imports
from tests.bench.registry import measures
from tests.bench.run import ROOT, Run

_MODELS = "import fastapi, fhir.resources.R4B.{m}; print(open('/proc/self/status').read())"
_NAMES = ("careplan", "careteam", "consent", "task")
_SECONDS, _MEGABYTES = 1.5, 150.0
_MB = 1_000_000
_MODELS_ONLY = "python + fastapi + 4 R4B models"
_LIMIT = "the limit that is set, not a measurement"


def resident(pid: int) -> float:
    """Resident memory of a process in MB."""
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return _resident(file.read())


def _resident(status: str) -> float:
    line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) * 1024 / _MB


@measures("G10")
def resting(run: Run) -> Iterator[Figure]:
    """One service on each database; beside it the start of Python with FastAPI and four FHIR models."""
    starts, sizes = zip(*(_floor() for _ in range(max(2, run.size.runs))), strict=True)
    least_time, least_memory = Sample(starts, "s"), Sample(sizes, "MB")
    for kind in ("sqlite", "postgresql"):
        run.tell(f"G10 {kind}")
        url, judged = database(run, kind), kind == "postgresql"
        with ExitStack() as stack:
            house = House(stack, run, url)
            begun = [_started(house) for _ in range(max(2, run.size.runs))]
            note = f"{cpu_seconds(begun[-1][1].pid):.2f} s of CPU"
            for _, service in begun[:-1]:
                service.stop()
            took = Sample(tuple(seconds for seconds, _ in begun), "s")
            yield Figure("G10", f"start to first answer: {kind}", took, least_time, _MODELS_ONLY, None, note)
            if judged:
                most = recorded(_SECONDS, "s")
                figure = Figure(
                    "G10", f"start to first answer: {kind}", took, most, _LIMIT, Target("at most", 1), note
                )
                yield figure if figure.met else replace(figure, limits=imports("adapter.cli.serving"))
            yield from _working(run, kind, house, begun[-1][1], least_memory)
        drop(run, url)


def _floor() -> tuple[float, float]:
    imports = ", fhir.resources.R4B.".join(_NAMES)
    begun = time.perf_counter()
    said = subprocess.run(
        [sys.executable, "-c", _MODELS.format(m=imports)],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    return time.perf_counter() - begun, _resident(said.stdout)


def _started(house: House) -> tuple[float, Child]:
    begun = time.perf_counter()
    service = house.service("--no-work")
    with urllib.request.urlopen(f"{service.url}/health/live", timeout=PATIENCE_SECONDS):
        return time.perf_counter() - begun, service


def _working(run: Run, kind: str, house: House, service: Child, least: Sample) -> Iterator[Figure]:
    """Memory at rest, after 1,000 messages, after a day; a worker's memory with mail waiting; bytes on disk a case."""
    full = run.size.full
    thousand, day, start = (1_000 if full else run.size.messages), run.size.day, 1
    limit, empty = recorded(_MEGABYTES, "MB"), size_of(house.url)
    judged = Target("at most", 1) if kind == "postgresql" else None

    def memory(when: str, process: Child) -> list[Figure]:
        now = Sample((resident(process.pid),), "MB")
        beside = Figure("G10", f"{when}: {kind}", now, least, _MODELS_ONLY)
        return [beside, Figure("G10", f"{when}: {kind}", now, limit, _LIMIT, judged)] if judged else [beside]

    yield from memory("memory of the service at rest", service)
    drive([service.url], posts(start, thousand, house.headers())).require(200)
    yield from memory(f"memory of the service after {thousand:,} messages", service)
    each = (size_of(house.url) - empty) / thousand
    yield Figure("G10", f"on disk, a case not yet delivered: {kind}", Sample((each / 1000,), "kB"))
    for part in range(start + thousand, day, max(1, day // 10)):  # a token is good for ten minutes
        drive([service.url], posts(part, min(day // 10, day - part), house.headers())).require(200)
    yield from memory(f"memory of the service after a day of {day:,} messages", service)
    if kind == "postgresql":
        yield from _waiting(run, house, thousand)


def _waiting(run: Run, house: House, thousand: int) -> Iterator[Figure]:
    """A worker whose recipient does not answer: what waits must stay in the database."""
    worker = house.worker()
    time.sleep(2)
    before = resident(worker.pid)
    with on_database(house.url) as (_, store):
        first, second = store.case_ids()[:2]
    many = run.size.backlog
    copies = copies_of(house.url, first, second, only=("case_", "delivery"))
    fill(house.url, copies, 0, many, in_service=True)
    time.sleep(3)
    grown = (resident(worker.pid) - before) / many * thousand
    note = f"from {before:.0f} MB, {many:,} more waiting, recipient out of reach"
    yield Figure(
        "G10",
        f"memory of a worker, for each {thousand:,} waiting deliveries",
        Sample((grown,), "MB"),
        note=note,
    )
