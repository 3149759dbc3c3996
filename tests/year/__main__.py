"""python -m tests.year --cases 5000 [--seed 1] [--json FILE]"""

import argparse
import json
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from .run import year


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.year", description="A year of cases.")
    parser.add_argument("--cases", type=int, default=5000, help="how many needs are reported in the year")
    parser.add_argument("--seed", type=int, default=1, help="another seed is another year")
    parser.add_argument("--json", type=Path, help="a file for all figures")
    given = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="year") as folder,
        year(given.cases, Path(folder), given.seed, _say) as played,
    ):
        report = played.report
    lines = [f"{name}: {json.dumps(value, ensure_ascii=False)}" for name, value in report.figures.items()]
    lines += [f"ALARM {alarm}" for alarm in report.alarms] or [
        "every message, case and clock is accounted for"
    ]
    _say("\n".join(lines))
    if given.json:
        given.json.write_text(json.dumps(asdict(report), default=str, indent=1), "utf-8")
    return 1 if report.alarms else 0


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
