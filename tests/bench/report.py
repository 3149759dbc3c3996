"""The report: a table for people, JSON for machines."""

import os
import platform
import sqlite3
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.bench.figures import Figure, Sample
from tests.bench.peers import PEERS
from tests.bench.run import Size

_VERDICT = {True: "[green]met[/]", False: "[red]not met[/]", None: ""}


def number(value: float) -> str:
    """Three digits that mean something."""
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) < 100 else f"{value:.0f}"


def told(sample: Sample | None) -> str:
    if sample is None:
        return ""
    spread = f" ±{sample.spread:.0%}" if len(sample.values) > 1 else ""
    marked = " (recorded)" if sample.recorded else ""
    return f"{number(sample.median)} {sample.unit}{spread} n={len(sample.values)}{marked}"


def table(figures: Sequence[Figure]) -> Table:
    """One line a figure; peers of the goal under its last line."""
    made = Table(title="Goals and floors of this run", title_justify="left", show_lines=False, pad_edge=False)
    for name in ("Goal", "Measured", "Ours", "Floor, same run", "Ratio", "Target", ""):
        made.add_column(name, justify="right" if name == "Ratio" else "left", overflow="fold")
    for place, figure in enumerate(figures):
        ratio = "" if figure.ratio is None else f"{number(figure.ratio)}x"
        floor = " ".join(filter(None, (told(figure.floor), figure.against and f"[dim]{figure.against}[/]")))
        what = f"{figure.what}\n[dim]{figure.note}[/]" if figure.note else figure.what
        made.add_row(
            figure.goal, what, told(figure.ours), floor, ratio, str(figure.target or ""), _VERDICT[figure.met]
        )
        last = place + 1 == len(figures) or figures[place + 1].goal != figure.goal
        for peer in PEERS.get(figure.goal, ()) if last else ():
            made.add_row(
                "",
                f"[dim]{peer.name}[/]",
                f"[dim]{number(peer.value)} {peer.unit}[/]",
                f"[dim]{peer.mark}[/]",
            )
        if last:
            made.add_section()
    return made


def show(console: Console, figures: Sequence[Figure], failures: Iterable[str]) -> None:
    console.print(table(figures))
    for figure in figures:
        if figure.limits:
            console.print(
                f"\n[bold]What limits {figure.goal}[/] ({figure.what}), by cProfile of the path in this process"
                " (a start: by -X importtime):"
            )
            for line in figure.limits:
                console.print(f"  {line}", highlight=False, markup=False)
    for failure in failures:
        console.print(f"[red]not measured[/] {failure}", highlight=False)


def document(figures: Sequence[Figure], failures: Sequence[str], size: Size) -> dict[str, Any]:
    """Everything as JSON: `figures`, `goals` (met or not, by goal), recorded `peers`, `failures`, and the machine."""
    goals = sorted({figure.goal for figure in figures}, key=lambda goal: int(goal[1:]))
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "size": size.name,
        "machine": machine(),
        "goals": {goal: _of_goal([f for f in figures if f.goal == goal]) for goal in goals},
        "failures": list(failures),
    }


def machine() -> dict[str, Any]:
    return {
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 2),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "system": platform.platform(),
    }


def _of_goal(figures: Sequence[Figure]) -> dict[str, Any]:
    judged = [figure.met for figure in figures if figure.met is not None]
    peers = PEERS.get(figures[0].goal, ())
    return {
        "met": all(judged) if judged else None,
        "figures": [_of_figure(figure) for figure in figures],
        "peers": [{"name": p.name, "value": p.value, "unit": p.unit, "mark": p.mark} for p in peers],
    }


def _of_figure(figure: Figure) -> dict[str, Any]:
    return {
        "what": figure.what,
        "ours": _of_sample(figure.ours),
        "floor": _of_sample(figure.floor) if figure.floor else None,
        "against": figure.against,
        "ratio": figure.ratio,
        "target": str(figure.target) if figure.target else None,
        "met": figure.met,
        "note": figure.note,
        "limits": list(figure.limits),
    }


def _of_sample(sample: Sample) -> dict[str, Any]:
    return {
        "median": sample.median,
        "spread": sample.spread,
        "n": len(sample.values),
        "unit": sample.unit,
        "recorded": sample.recorded,
    }
