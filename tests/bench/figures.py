"""What is measured, and what it is held against."""

import gc
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

Sense = Literal["at least", "at most"]


@dataclass(frozen=True, slots=True)
class Sample:
    """Several runs of one measurement. `unit` is that of each value, e.g. "µs CPU" or "/s"."""

    values: tuple[float, ...]
    unit: str
    recorded: bool = False

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    @property
    def spread(self) -> float:
        """Half the distance from the lowest to the highest run, as a share of the median."""
        if len(self.values) < 2 or not self.median:
            return 0.0
        return (max(self.values) - min(self.values)) / 2 / abs(self.median)

    def thirds(self) -> "Sample":
        """Medians of three parts of many calls: one slow call says nothing of all."""
        parts = [self.values[place::3] for place in range(3) if self.values[place::3]]
        return Sample(tuple(statistics.median(part) for part in parts), self.unit)

    def per_second(self, many: int = 1) -> "Sample":
        """`many` things in each of so many milliseconds, as a rate."""
        return Sample(tuple(many / value * 1000 for value in self.thirds().values), "/s")


def recorded(value: float, unit: str) -> Sample:
    """A figure of another run, from tests/bench/peers.py."""
    return Sample((value,), unit, recorded=True)


@dataclass(frozen=True, slots=True)
class Target:
    """`at least 0.5` or `at most 8`: what the ratio of ours to the floor must be. `factor` None: no goal, told only."""

    sense: Sense
    factor: float

    def met(self, ratio: float) -> bool:
        return ratio >= self.factor if self.sense == "at least" else ratio <= self.factor

    def __str__(self) -> str:
        return f"{'≥' if self.sense == 'at least' else '≤'} {self.factor:g}x"


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the report: ours, and the floor of the same run (or a recorded peer).

    `limits` is the top of a profile, filled where the target is not met. Without `target` the line is told beside
    the goals and judges nothing.
    """

    goal: str
    what: str
    ours: Sample
    floor: Sample | None = None
    against: str = ""
    target: Target | None = None
    note: str = ""
    limits: tuple[str, ...] = field(default=())

    @property
    def ratio(self) -> float | None:
        return self.ours.median / self.floor.median if self.floor and self.floor.median else None

    @property
    def met(self) -> bool | None:
        return self.target.met(self.ratio) if self.target and self.ratio is not None else None


def cpu_us(work: Callable[[], object], *, times: int, runs: int, best_of: bool = False) -> Sample:
    """Process CPU microseconds of one call, from `runs` rounds of `times` calls after one round to warm up."""
    for _ in range(max(1, times // 5)):
        work()
    values = []
    for _ in range(runs):
        gc.collect()
        begun = time.process_time_ns()
        for _ in range(times):
            work()
        values.append((time.process_time_ns() - begun) / times / 1000)
    return Sample((min(values),) if best_of else tuple(values), "µs CPU")


def each_ms(
    work: Callable[[int], object], numbers: Sequence[int], clock: Callable[[], int] | None = None
) -> Sample:
    """Milliseconds of each call by itself (wall clock unless another is given); its median is that of the calls."""
    read, values = clock or time.perf_counter_ns, []
    for number in numbers:
        begun = read()
        work(number)
        values.append((read() - begun) / 1e6)
    return Sample(tuple(values), "ms")


def rate(count: int, seconds: float) -> float:
    return count / seconds if seconds > 0 else 0.0
