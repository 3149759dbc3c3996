"""Where the time goes, for goals that are not met: cProfile of the in-process path, own CPU time first.

What a flow hands to a thread is run in place, so that it is seen; waiting counts as nothing.

For a process that serves, run `py-spy top --pid …` beside it; what stands here is the same code in this process.
"""

import asyncio
import cProfile
import pstats
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch

from tests.bench.run import ROOT

_SHOWN = 8


def top(work: Callable[[], object], times: int) -> tuple[str, ...]:
    """The functions that took most time by themselves, of `times` calls, as `12.3 % place:function (calls a time)`."""
    profile = cProfile.Profile(time.process_time)
    with patch.object(asyncio, "to_thread", _in_place):
        for _ in range(times):
            profile.runcall(work)
    stats = pstats.Stats(profile)
    rows = sorted(stats.stats.items(), key=lambda item: item[1][2], reverse=True)  # type: ignore[attr-defined]
    whole = sum(row[1][2] for row in rows) or 1.0
    return tuple(
        f"{numbers[2] / whole:5.1%} {_place(where)} ({numbers[1] / times:g} calls)"
        for where, numbers in rows[:_SHOWN]
    )


def imports(module: str) -> tuple[str, ...]:
    """The modules that take longest by themselves while that one is imported in a new process."""
    command = [sys.executable, "-X", "importtime", "-c", f"import {module}"]
    said = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stderr
    rows = [line.removeprefix("import time:").split("|") for line in said.splitlines() if "|" in line]
    known = [(int(row[0]), int(row[1]), row[2].strip()) for row in rows if row[0].strip().isdigit()]
    known.sort(reverse=True)
    return tuple(
        f"{own / 1000:.0f} ms {name} (import; with its own {all_ / 1000:.0f} ms)"
        for own, all_, name in known[:_SHOWN]
    )


async def _in_place(work: Callable[..., object], *given: Any, **named: Any) -> object:
    return work(*given, **named)


def _place(where: tuple[str, int, str]) -> str:
    file, _, function = where
    if file == "~":
        return function
    path = Path(file)
    return f"{path.parent.name}/{path.stem}:{function}"
