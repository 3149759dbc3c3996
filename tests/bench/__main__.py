"""`python -m tests.bench`: measures the goals and prints how far they are met."""

import argparse
import json
import signal
import sqlite3
import sys
import traceback
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from subprocess import SubprocessError

import psycopg
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from sqlalchemy.exc import SQLAlchemyError

from adapter.outside.store import StoreFailed
from adapter.ports import Collision, StoreBusy
from tests.bench import report
from tests.bench.figures import Figure
from tests.bench.registry import Part, parts
from tests.bench.run import FULL, QUICK, SMOKE, Run

_FAULTS = (
    *(OSError, RuntimeError, ValueError, LookupError, AttributeError, TypeError, AssertionError),
    *(StoreBusy, Collision, StoreFailed, SubprocessError, sqlite3.Error, SQLAlchemyError, psycopg.Error),
)


def main() -> int:
    """0 when everything was measured, met or not; 1 when something could not be."""
    given = _arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # unwinds, so that what was started is ended
    if given.list:
        sys.stdout.write(" ".join(goal for part in parts() for goal in part.goals) + "\n")
        return 0
    console = Console(stderr=False, width=None if sys.stdout.isatty() else 180)
    size = SMOKE if given.smoke else QUICK if given.quick else FULL
    chosen = [part for part in parts() if _wanted(part, given)]
    figures: list[Figure] = []
    failures: list[str] = []
    with ExitStack() as stack, _progress() as progress:
        task = progress.add_task("", total=len(chosen))
        run = Run(size, stack, _telling(progress, task), given.database)
        for part in chosen:
            run.tell(" ".join(part.goals))
            _measure(part, run, figures, failures)
            progress.advance(task)
    only = set(given.only.split(",")) if given.only else None
    shown = sorted((f for f in figures if not only or f.goal in only), key=lambda f: int(f.goal[1:]))
    report.show(console, shown, failures)
    if given.json:
        text = json.dumps(report.document(shown, failures, size), ensure_ascii=False, indent=2)
        Path(given.json).write_text(text + "\n", encoding="utf-8")
    return 1 if failures else 0


def _measure(part: Part, run: Run, figures: list[Figure], failures: list[str]) -> None:
    """One part that cannot be measured does not take the others with it."""
    try:
        figures.extend(part.measure(run))
    except _FAULTS as fault:
        last = traceback.extract_tb(fault.__traceback__)[-1]
        failures.append(
            f"{' '.join(part.goals)}: {type(fault).__name__} {fault} ({Path(last.filename).name}:{last.lineno})"
        )


def _wanted(part: Part, given: argparse.Namespace) -> bool:
    if given.cpu_only and part.heavy:
        return False
    return not given.only or bool(set(given.only.split(",")) & set(part.goals))


def _telling(progress: Progress, task: TaskID) -> Callable[[str], None]:
    """What is being done now: beside the bar on a terminal, else a line on standard error."""
    if sys.stderr.isatty():
        return lambda text: progress.update(task, description=text)
    return lambda text: print(f"{datetime.now(UTC):%H:%M:%S} {text}", file=sys.stderr, flush=True)  # noqa: T201 - a log


def _progress() -> Progress:
    """On a terminal only: a report in a file holds no bars."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty())


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=main.__doc__)
    parser.add_argument("--only", help="goals, apart by commas: G1,G4")
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--quick", action="store_true", help="everything small, within three minutes")
    size.add_argument("--smoke", action="store_true", help="hardly anything: does the bench itself work?")
    parser.add_argument("--list", action="store_true", help="only say which goals are measured")
    parser.add_argument("--cpu-only", action="store_true", help="only what needs no other process")
    parser.add_argument("--json", metavar="FILE", help="write the report as JSON, too")
    parser.add_argument(
        "--database",
        metavar="URL",
        help="a PostgreSQL server to use instead of that of the wheel; must be allowed to CREATE DATABASE",
    )
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
