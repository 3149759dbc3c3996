"""Which goals there are, and what measures them: every file in `goals/` is read, and says it itself."""

import importlib
import pkgutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from tests.bench import goals
from tests.bench.figures import Figure
from tests.bench.run import Run

Measure = Callable[[Run], Iterable[Figure]]


@dataclass(frozen=True, slots=True)
class Part:
    """What measures one or several goals. `heavy` ones start processes and are left out by --cpu-only."""

    goals: tuple[str, ...]
    measure: Measure
    heavy: bool


_PARTS: list[Part] = []


def measures(*names: str, heavy: bool = True) -> Callable[[Measure], Measure]:
    """Register a function that yields the figures of these goals."""

    def register(measure: Measure) -> Measure:
        _PARTS.append(Part(names, measure, heavy))
        return measure

    return register


def parts() -> list[Part]:
    """All of them, in the order of their first goal."""
    for module in pkgutil.iter_modules(goals.__path__):
        importlib.import_module(f"{goals.__name__}.{module.name}")
    return sorted(_PARTS, key=lambda part: int(part.goals[0][1:]))
