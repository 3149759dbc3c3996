"""States and events as a table: rows are states, columns are events, a cell is the state after.

A blank cell is forbidden. `=` means the event is known and changes nothing: a late or repeated event
never moves a state backwards.
"""

from collections.abc import Mapping
from dataclasses import dataclass

UNCHANGED = "="


@dataclass(frozen=True, slots=True)
class LifeCycle:
    """One file of `mappings/lifecycles/`: cells[state][event]; `initial` is the first row."""

    name: str
    initial: str
    events: tuple[str, ...]
    cells: Mapping[str, Mapping[str, str]]

    def after(self, state: str, event: str) -> str | None:
        """The state after `event`, the same state where nothing changes, None where it is forbidden."""
        cell = self.cells[state][event]
        return state if cell == UNCHANGED else cell or None

    def leads_to(self, event: str) -> frozenset[str]:
        """The states that `event` moves to, from wherever."""
        return frozenset(row[event] for row in self.cells.values() if row[event] not in ("", UNCHANGED))

    def reachable(self) -> frozenset[str]:
        """Every state that some row of events leads to from the first one."""
        seen, todo = {self.initial}, [self.initial]
        while todo:
            state = todo.pop()
            for event in self.events:
                after = self.after(state, event)
                if after and after not in seen:
                    seen.add(after)
                    todo.append(after)
        return frozenset(seen)
