"""G12: what grows with the number of cases, and what must not; how fast cases are made in bulk, and their size."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from functools import partial

from adapter.domain.message import Caller
from adapter.flows.parts import Parts
from adapter.flows.read import read_resource
from adapter.outside.store import Database
from adapter.outside.store.keeping import Housekeeping, open_keeping
from tests.bench.bulk import copies_of, fill, size_of
from tests.bench.copies import Copies
from tests.bench.figures import Figure, Sample, Target, each_ms
from tests.bench.inside import delivered, on_database, taken
from tests.bench.messages import MUNICIPALITY, Need
from tests.bench.places import database, drop
from tests.bench.registry import measures
from tests.bench.run import Run
from tests.bench.searches import searches_of

_PAGE = ("messages_of", "versions_of", "history_of", "deliveries_of", "audit_of")
_STEP = 7_919
_OWNER = Caller(MUNICIPALITY, frozenset({"ip-adapter/cases.read"}))
_AT_10_000 = 1


@measures("G12")
def growth(run: Run) -> Iterator[Figure]:
    """Each operation at each size, in this process; the goal compares the largest with the middle one on PostgreSQL."""
    for kind, sizes in run.size.cases.items():
        url = database(run, kind)
        with on_database(url) as (parts, store), closing(open_keeping(url)) as keeping:
            yield from _grown(run, kind, url, sizes, parts, store, keeping)
        drop(run, url)


def _grown(
    run: Run,
    kind: str,
    url: str,
    sizes: Sequence[int],
    parts: Parts,
    store: Database,
    keeping: Housekeeping,
) -> Iterator[Figure]:
    taken(parts, Need(1).xml())
    taken(parts, Need(2).xml())
    delivered(parts)
    original, second = store.case_ids()[:2]
    measured: list[dict[str, Sample]] = []
    copies, made, fresh = copies_of(url, original, second), 0, 1_000_000
    empty = size_of(url)
    for size in sizes:
        begun = time.perf_counter()
        run.tell(f"G12 {kind}, {size:,} cases: making them")
        fill(
            url,
            copies,
            made,
            size - made,
            partial(_made, run, kind, made, size),
        )
        seconds = time.perf_counter() - begun
        if size == sizes[-1]:
            yield _built(kind, size - made, seconds, (size_of(url) - empty) / size)
        made = size
        run.tell(f"G12 {kind}, {size:,} cases: measuring")
        measured.append(_operations(run, parts, store, keeping, copies, original, size, fresh))
        copies = copies_of(url, original, second)  # numbers of rows go on after those accepted meanwhile
        fresh += 10_000
    yield from _compared(kind, sizes, measured)


def _made(run: Run, kind: str, before: int, size: int, more: int) -> None:
    run.tell(f"G12 {kind}: {before + more:,} of {size:,} cases made")


def _built(kind: str, count: int, seconds: float, bytes_each: float) -> Figure:
    note = f"{count:,} cases in {seconds:.0f} s; {bytes_each / 1000:.1f} kB a case on disk, indexes included"
    return Figure("G12", f"{kind}: cases made in bulk", Sample((count / seconds,), "/s"), note=note)


def _compared(kind: str, sizes: Sequence[int], measured: list[dict[str, Sample]]) -> Iterator[Figure]:
    middle = min(_AT_10_000, len(sizes) - 1)
    if middle + 1 == len(sizes):
        middle = 0
    for name in measured[-1]:
        for size, operations in zip(sizes, measured, strict=True):
            last = size == sizes[-1]
            judged = last and kind == "postgresql" and not name.startswith("told")
            target = Target("at most", 2) if judged else None
            against = f"the same at {sizes[middle]:,}"
            yield Figure(
                "G12",
                f"{name}: {kind}, {size:,} cases",
                operations[name],
                measured[middle][name],
                against,
                target,
            )


def _operations(
    run: Run,
    parts: Parts,
    store: Database,
    keeping: Housekeeping,
    copies: Copies,
    original: str,
    size: int,
    fresh: int,
) -> dict[str, Sample]:
    """Milliseconds of each operation. Cases are taken from all over, not one after the other."""
    calls = range(1, max(5, run.size.calls // 2))
    somewhere = [copies.id_of(original, number * _STEP % size) for number in calls]
    task = next(v.id for v in store.versions_of(original) if v.type == "Task")
    tasks = [copies.id_of(task, number * _STEP % size) for number in calls]
    found = {"accept": each_ms(lambda n: taken(parts, Need(fresh + n).xml()), calls)}
    for name in ("due_recipients", "due"):
        claim = getattr(store, name, None)
        given = () if name == "due_recipients" else (MUNICIPALITY,)
        limit = (16,) if name == "due" else ()
        if claim:
            found[name] = each_ms(lambda _, c=claim, g=given, x=limit: c(*g, parts.clock(), *x), calls)  # type: ignore[misc]
    found["deliver a batch of 16"] = each_ms(
        lambda _: delivered(parts, rounds=1), range(max(1, len(calls) // 16))
    )
    delivered(parts)
    found["case page"] = each_ms(lambda n: _page(store, somewhere[n - 1]), calls)
    found["read a Task by id"] = each_ms(lambda n: _read(parts, tasks[n - 1]), calls)
    for name, search in searches_of(store, keeping, parts).items():
        found[name] = each_ms(search, calls[:10])
    return {name: sample.thirds() for name, sample in found.items()}


def _page(store: Database, case_id: str) -> None:
    for name in _PAGE:
        ask: Callable[[str], Sequence[object]] = getattr(store, name)
        if not ask(case_id):
            raise ValueError(f"{name} finds nothing of a copy")


def _read(parts: Parts, task: str) -> None:
    answer = read_resource(_OWNER, "Task", task, None, parts)
    if answer.status != 200:
        raise ValueError(f"a copy's Task is answered {answer.status}")
