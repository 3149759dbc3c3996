"""G2 and G3: what one message costs between its bytes and its rows, on a store that forgets."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from unittest.mock import patch

from adapter.flows import resources
from adapter.wire.fhir import check
from tests.bench.figures import Figure, Sample, Target, cpu_us
from tests.bench.floors import mapping as floor
from tests.bench.inside import forgetful, taken
from tests.bench.messages import Need
from tests.bench.profiling import top
from tests.bench.registry import measures
from tests.bench.run import Run

_SCHEMA = "lxml parse + official XSD"
_BARE = "lxml parse alone (the official XSD is not beside the project)"


@measures("G2", "G3", heavy=False)
def mapping(run: Run) -> Iterator[Figure]:
    """Opened, read, decided, written, as AppRec or response message too; with and without the check of our output."""
    raw, times, runs = Need(1).xml(), run.size.calls, max(3, run.size.runs)
    p = cpu_us(lambda: floor.parse_and_check(raw), times=times * 5, runs=runs)
    by_hand = cpu_us(lambda: floor.bundle(raw), times=times * 5, runs=runs)
    against = _SCHEMA if floor.schemas() else _BARE
    name = floor.written()[1]
    yield Figure(
        "G2",
        f"floor: parse, hand map, {name}",
        by_hand,
        p,
        against,
        note=f"{len(floor.mapped(raw))} resources",
    )
    for format_, door, one in (("XML dialog", "edi", Need(1).xml()), ("FHIR bundle", "fhir", Need(1).fhir())):
        bare, full, how = _with_and_without_check(door, one, times, runs)
        yield _judged(
            "G2",
            f"{format_}: open, read, decide, write",
            bare,
            p,
            against,
            Target("at most", 8),
            (door, one),
            how,
            times,
        )
        yield _judged(
            "G3",
            f"{format_}: the same and the check of our output",
            full,
            p,
            against,
            Target("at most", 15),
            (door, one),
            how,
            times,
        )


def _judged(
    goal: str,
    what: str,
    ours: Sample,
    p: Sample,
    against: str,
    target: Target,
    message: tuple[str, bytes],
    how: str,
    times: int,
) -> Figure:
    """The goals are set for the XML message; the FHIR one is told beside it."""
    door, raw = message
    figure = Figure(goal, what, ours, p, against, target if door == "edi" else None, how)
    if figure.met is not False:
        return figure
    parts, _ = forgetful()
    with _unchecked() if goal == "G2" else nullcontext():
        limits = top(lambda: taken(parts, raw, door), min(20, times))
    return Figure(goal, what, ours, p, against, target, how, limits)


def _with_and_without_check(door: str, raw: bytes, times: int, runs: int) -> tuple[Sample, Sample, str]:
    """G2, G3, and how the check was told apart from the rest."""
    parts, store = forgetful()
    accepting: Callable[[], None] = lambda: taken(parts, raw, door)  # noqa: E731 - one line says it
    accepting()
    made = [version.body for version in store.last.versions]
    as_it_is = cpu_us(accepting, times=times, runs=runs)
    if not _checks_itself(accepting):
        checking = cpu_us(lambda: [check(body) for body in made], times=times, runs=runs)
        both = tuple(a + b for a, b in zip(as_it_is.values, checking.values, strict=True))
        return as_it_is, Sample(both, as_it_is.unit), "the check is not in the request; its cost is added"
    with _unchecked():
        without = cpu_us(accepting, times=times, runs=runs)
    return without, as_it_is, "the check is in the request; taken out for G2"


def _checks_itself(accepting: Callable[[], None]) -> bool:
    asked: list[object] = []

    def noticed(body: object) -> tuple[()]:
        asked.append(body)
        return ()

    if not hasattr(resources, "check"):
        return False
    with patch.object(resources, "check", noticed):
        accepting()
    return bool(asked)


def _unchecked() -> AbstractContextManager[object]:
    if not hasattr(resources, "check"):
        return nullcontext()
    return patch.object(resources, "check", lambda _: ())
