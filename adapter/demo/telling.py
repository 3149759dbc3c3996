"""Tells the story as it happens: for people (colours on a terminal only), or one JSON document a line."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from rich.console import Console
from rich.text import Text


class Telling:
    """Prints hops, and what became of the story. Ids, versions and states only, never a person's data."""

    def __init__(self, *, json_lines: bool) -> None:
        self._json = json_lines
        self._console = Console(soft_wrap=True, highlight=False)

    def hop(self, number: int, of: int, claim: str, seen: str, seconds: float) -> None:
        """A claim that holds; `seen` shows it."""
        if self._json:
            self._line({"hop": number, "claim": claim, "holds": True, "seen": seen, "seconds": seconds})
            return
        mark = "✓ " if self._console.is_terminal else "ok "
        took = f"  ({seconds:.1f} s)"
        self._console.print(
            Text.assemble((f"{number:>2}/{of} ", "dim"), (mark, "green"), claim, (took, "dim"))
        )
        self._console.print(Text(f"{'':9}{seen}", "cyan"))

    def broken(self, number: int, claim: str, why: str, log: Sequence[str] = ()) -> None:
        """A claim that does not hold, and the last the adapter logged before."""
        if self._json:
            self._line({"hop": number, "claim": claim, "holds": False, "why": why, "log": list(log)})
            return
        self._console.print(Text(f"DOES NOT HOLD, step {number}: {claim}", "bold red"))
        for line in (why, *log):
            self._console.print(Text(f"  {line}"))

    def over(self, hops: int, seconds: float) -> None:
        """The whole story holds."""
        if self._json:
            self._line({"story": "holds", "hops": hops, "seconds": seconds})
            return
        self._console.print(Text(f"The story holds: {hops} steps in {seconds:.1f} s.", "bold"))

    def addresses(self, named: Iterable[tuple[str, str]]) -> None:
        """What can be looked at while everything is up."""
        if self._json:
            self._line(dict(named))
            return
        for name, address in named:
            self._console.print(Text.assemble((f"  {name:<13}", "dim"), address))
        self._console.print(Text("Everything is up until Ctrl-C."))

    def _line(self, document: dict[str, Any]) -> None:
        self._console.file.write(json.dumps(document, ensure_ascii=False) + "\n")
        self._console.file.flush()
