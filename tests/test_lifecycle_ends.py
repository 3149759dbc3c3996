"""Which states are ends, as the field knows them: nothing goes on from there unless a person takes it up anew, and
whatever has begun can come to one of them."""

import csv
from collections.abc import Iterator

import pytest

from adapter.settings import carried

FOLDER = carried("mappings") / "lifecycles"
ENDS = {
    "case": {"coordinator-appointed", "refused", "concluded", "cancelled", "dismissed", "closed"},
    "plan": {"revoked", "completed", "entered-in-error"},
    "consent": {"rejected", "inactive", "entered-in-error"},
    "participation": {"refused", "declined", "ended", "removed", "entered-in-error"},
    "hand-over": {"accepted", "rejected", "cancelled"},
    "complaint": {
        *("reversed", "upheld", "changed", "quashed", "dismissed"),
        *("withdrawn", "entered-in-error"),
    },
    "exchange": {"accepted", "stopped-by-consent", "skipped"},
    "purge-there": {"confirmed", "withdrawn"},
}
"""Read from the life cycles of the field (case: what the notification asked for is answered), not from the tables."""
ANEW = {"reopen", "hand-over"}
"""A person at a unit takes up what was over, or takes it over."""
GRAVER = {("exchange", "accepted"), ("case", "closed"), ("case", "cancelled")}
"""Ends that another end may still turn into: mail that came all the same, a person who has died, a need taken back."""
DIFFERENT_ENDS = {"enter-in-error"}
"""What was never so, whatever it had come to."""


def table(name: str) -> dict[str, dict[str, str]]:
    """State, event, state after; forbidden and unchanged left out."""
    lines = (FOLDER / f"{name}.csv").read_text("utf-8").splitlines()
    rows = csv.DictReader(line for line in lines if not line.startswith("#"))
    return {
        row["state"]: {e: after for e, after in row.items() if e != "state" and after not in ("", "=")}
        for row in rows
    }


def test_every_table_has_its_ends_here() -> None:
    assert set(ENDS) == {path.stem for path in FOLDER.glob("*.csv")}


@pytest.mark.parametrize("name", ENDS)
def test_an_end_is_an_end(name: str) -> None:
    """From an end no event leads on, but to a graver end, or by the word of a person who takes it up anew."""
    cells = table(name)
    assert ENDS[name] <= set(cells)
    for state in ENDS[name]:
        for event, after in cells[state].items():
            graver = (name, after) in GRAVER or event in DIFFERENT_ENDS
            assert event in ANEW or (graver and after in ENDS[name]), (state, event)


@pytest.mark.parametrize("name", ENDS)
def test_everything_can_come_to_an_end(name: str) -> None:
    """No state is a dead one: it is an end, or events lead from it to one."""
    cells = table(name)
    for state in cells:
        assert set(_reached(cells, state)) & ENDS[name], state


@pytest.mark.parametrize("name", ENDS)
def test_what_nobody_can_leave_is_an_end(name: str) -> None:
    assert {state for state, row in table(name).items() if not row} <= ENDS[name]


def _reached(cells: dict[str, dict[str, str]], state: str) -> Iterator[str]:
    seen, todo = {state}, [state]
    while todo:
        at = todo.pop()
        yield at
        new = set(cells[at].values()) - seen
        seen |= new
        todo += new
