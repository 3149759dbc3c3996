"""One run of the bench: how large, where, and what must be ended with it."""

import json
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from tests.bench.figures import Sample

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured. `smoke` is for a test of the bench, `quick` for a look, `full` for figures to keep."""

    name: str
    runs: int
    calls: int
    messages: int
    claims: tuple[int, int]
    backlog: int
    day: int
    cases: dict[str, tuple[int, ...]]

    @property
    def full(self) -> bool:
        return self.name == "full"


FULL = Size(
    "full",
    runs=3,
    calls=300,
    messages=2_000,
    claims=(1_000, 400_000),
    backlog=60_000,
    day=20_000,
    cases={"postgresql": (100, 10_000, 1_000_000), "sqlite": (100, 10_000)},
)
QUICK = Size(
    "quick",
    runs=2,
    calls=40,
    messages=100,
    claims=(200, 20_000),
    backlog=300,
    day=150,
    cases={"postgresql": (100, 2_000), "sqlite": (100, 1_000)},
)
SMOKE = Size(
    "smoke", runs=2, calls=3, messages=20, claims=(20, 200), backlog=20, day=20, cases={"sqlite": (10, 40)}
)


@dataclass
class Run:
    """What every part of the bench is given. `stack` ends all that was started, in reverse order."""

    size: Size
    stack: ExitStack
    tell: Callable[[str], None]
    database: str | None = None
    kept: dict[str, Sample] = field(default_factory=dict)

    @cached_property
    def folder(self) -> Path:
        """A folder of this run, removed at its end; its path is short enough for the socket of PostgreSQL."""
        return Path(self.stack.enter_context(tempfile.TemporaryDirectory(prefix="ipb")))

    def scratch(self, name: str) -> Path:
        made = self.folder / name
        made.mkdir(parents=True, exist_ok=True)
        return made


def from_json(path: Path) -> object:
    return json.loads(path.read_text(encoding="utf-8"))
