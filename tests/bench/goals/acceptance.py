"""G1: durable acceptance over HTTP, beside a hand-written server of the same shape and the bare commit rate."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack

from tests.bench.bulk import count_of
from tests.bench.figures import Figure, Sample, Target, recorded
from tests.bench.floors.commits import commit_rate
from tests.bench.inside import forgetful, taken
from tests.bench.load import Load, drive, request
from tests.bench.messages import Need, needs
from tests.bench.peers import MIRTH_ACCEPTS_AFTER_MAPPING
from tests.bench.places import House, database, drop, floor
from tests.bench.profiling import top
from tests.bench.registry import measures
from tests.bench.run import Run

KINDS = ("sqlite", "postgresql")
_FLOOR = "parse, hand map, one grouped commit"


def posts(start: int, count: int, headers: dict[str, str], path: str = "/edi/messages") -> Iterator[bytes]:
    """Requests with a message each, under fresh ids."""
    return (request("POST", path, need.xml(), headers) for need in needs(start, count))


def warmed(
    urls: Sequence[str], headers: dict[str, str], runs: int, count: int, start: int, *status: int
) -> list[Load]:
    """Some to warm up, then `runs` loads of `count` messages, every one answered as it should be: `runs` + 1 loads,
    of which the first warmed up."""
    begin = start + count
    loads = [(start, max(20, count // 10)), *((begin + n * count, count) for n in range(runs))]
    return [drive(urls, posts(first, many, headers)).require(*status) for first, many in loads]


@measures("G1")
def acceptance(run: Run) -> Iterator[Figure]:
    """One and two API processes on each database. The goal is set for two on PostgreSQL."""
    for kind in KINDS:
        yield from _commits(run, kind)
        for processes in (1, 2):
            run.tell(f"G1 {kind}, {processes} processes")
            yield from _accepting(run, kind, processes)


def _commits(run: Run, kind: str) -> Iterator[Figure]:
    url, raw = database(run, kind), Need(1).xml()
    shapes = [(1, 1), (8, 1), (32, 1), (1, 32)] if kind == "postgresql" else [(1, 1), (1, 32)]
    for connections, group in shapes:
        values = [
            commit_rate(url, raw, connections=connections, group=group, messages=run.size.messages)
            for _ in range(run.size.runs)
        ]
        what = f"floor: {kind} commits 7 kB + 3 rows, {connections} connections, {group} a commit"
        yield Figure("G1", what, Sample(tuple(values), "/s"))
    drop(run, url)


def _accepting(run: Run, kind: str, processes: int) -> Iterator[Figure]:
    size, judged = run.size, kind == "postgresql" and processes == 2
    least = _floor(run, kind, processes)
    ours = _ours(run, kind, processes)
    here = f"{kind}, {processes} API process{'es' if processes > 1 else ''}, 32 connections"
    alone = processes > _floor_processes(kind, processes)
    against = f"{_FLOOR}, one process" if alone else _FLOOR
    rates = Sample(tuple(one.rate for one in ours), "/s")
    floor_rates = Sample(tuple(one.rate for one in least), "/s")
    note = f"load generator {ours[-1].cpu_us:.0f} µs CPU a request; {size.messages} messages a run{ours[-1].busy}"
    fast = Figure(
        "G1",
        f"accepted: {here}",
        rates,
        floor_rates,
        against,
        Target("at least", 0.5) if judged else None,
        note,
    )
    yield fast if fast.met is not False else _explained(fast)
    for name in ("p50", "p99"):
        latency = Sample(tuple(getattr(one, name) for one in ours), "ms")
        lowest = Sample(tuple(getattr(one, name) for one in least), "ms")
        target = Target("at most", 4) if judged and name == "p99" else None
        yield Figure(
            "G1",
            f"{name}: {here}",
            latency,
            lowest,
            f"{name} of {against}" if alone else f"{name} of the floor",
            target,
        )
    if judged:
        mirth = MIRTH_ACCEPTS_AFTER_MAPPING
        yield Figure(
            "G1", f"accepted: {here}", rates, recorded(mirth.value, "/s"), mirth.name, Target("at least", 5)
        )


def _explained(figure: Figure) -> Figure:
    parts, _ = forgetful()
    raw = Need(1).xml()
    limits = top(lambda: taken(parts, raw), 20)
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


def _floor_processes(kind: str, processes: int) -> int:
    """On SQLite two writers in two processes only wait for each other: its floor is one."""
    return 1 if kind == "sqlite" else processes


def _floor(run: Run, kind: str, processes: int) -> list[Load]:
    url = database(run, kind)
    with ExitStack() as stack:
        many = _floor_processes(kind, processes)
        urls = [floor(stack, run, "floors.durable", "--database", url).url for _ in range(many)]
        _, *loads = warmed(
            urls, {"Content-Type": "application/xml"}, run.size.runs, run.size.messages, 1, 202
        )
    drop(run, url)
    return loads


def _ours(run: Run, kind: str, processes: int) -> list[Load]:
    url = database(run, kind)
    with ExitStack() as stack:
        house = House(stack, run, url)
        urls = [house.service("--no-work").url for _ in range(processes)]
        loads = warmed(urls, house.headers(), run.size.runs, run.size.messages, 1, 200)
    kept = count_of(url, "case_")
    acknowledged = sum(load.answered(200) for load in loads)
    drop(run, url)
    if kept != acknowledged:
        raise AssertionError(f"{acknowledged} messages were acknowledged, {kept} cases are kept")
    return loads[1:]
