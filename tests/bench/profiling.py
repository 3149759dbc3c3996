"""Where the time goes, for goals that are not met: cProfile of the in-process path, by parts and by functions.

What a flow hands to a thread is run in place, so that it is seen; waiting counts as nothing. The first call is not
counted: what a process makes once would hide what each message costs.

For a process that serves, run `py-spy top --pid …` beside it; what stands here is the same code in this process.
"""

import asyncio
import cProfile
import pstats
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch

from tests.bench.run import ROOT

_SHOWN = 8
_Where = tuple[str, int, str]
_Stats = dict[_Where, tuple[int, int, float, float, dict[_Where, tuple[int, int, float, float]]]]


def top(work: Callable[[], object], times: int) -> tuple[str, ...]:
    """What took most time by itself, of `times` calls: the parts, then functions as `12.3 % place:function (calls)`."""
    profile = cProfile.Profile(time.process_time)
    with (
        patch.object(asyncio, "to_thread", _in_place),
        patch.object(asyncio.BaseEventLoop, "run_in_executor", _done_here),
    ):
        work()
        for _ in range(times):
            profile.runcall(work)
    stats: _Stats = pstats.Stats(profile).stats  # type: ignore[attr-defined]
    rows = sorted(stats.items(), key=lambda item: item[1][2], reverse=True)
    whole = sum(row[1][2] for row in rows) or 1.0
    parts = ", ".join(f"{name} {took / whole:.0%}" for name, took in _parts(stats).most_common(_SHOWN))
    functions = (
        f"{numbers[2] / whole:5.1%} {_place(where)} ({numbers[1] / times:g} calls)"
        for where, numbers in rows[:_SHOWN]
    )
    return (f"by parts: {parts}", *functions)


def _parts(stats: _Stats) -> Counter[str]:
    """Seconds by layer of ours or library; what Python itself does counts for who asked for it."""
    seconds: Counter[str] = Counter()
    for where, (_, _, own, _, callers) in stats.items():
        if where[0] != "~":
            seconds[_part(where)] += own
        for caller, numbers in callers.items() if where[0] == "~" else ():
            seconds[_part(caller)] += numbers[2]
    return seconds


def _part(where: _Where) -> str:
    names = Path(where[0]).parts
    if "site-packages" in names:
        return names[names.index("site-packages") + 1].removesuffix(".py")
    if where[0].startswith(str(ROOT / "adapter")):
        return "/".join(Path(where[0]).relative_to(ROOT).parts[:2]).removesuffix(".py")
    return "python"


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


def _done_here(
    loop: asyncio.BaseEventLoop, _: object, work: Callable[..., object], *given: Any
) -> asyncio.Future[object]:
    done = loop.create_future()
    done.set_result(work(*given))
    return done


async def _in_place(work: Callable[..., object], *given: Any, **named: Any) -> object:
    return work(*given, **named)


def _place(where: tuple[str, int, str]) -> str:
    file, _, function = where
    if file == "~":
        return function
    path = Path(file)
    return f"{path.parent.name}/{path.stem}:{function}"
