"""Writers of one process take turns.

SQLite's own waiting is a sleep and a new attempt: who writes all the time (sending) starves who writes
now and then (accepting). A line in the order of arrival does not.
"""

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from adapter.ports import StoreBusy


class Turns:
    """One writer at a time, first come, first served."""

    def __init__(self, patience: float) -> None:
        """`patience`: seconds that a writer stands in line."""
        self._patience = patience
        self._guard = threading.Lock()
        self._taken = False
        self._line: deque[threading.Event] = deque()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for the turn and hold it. Raises StoreBusy when it does not come in time."""
        if not self._arrive():
            raise StoreBusy("the database is locked by other writers of this process")
        try:
            yield
        finally:
            self._leave()

    def _arrive(self) -> bool:
        with self._guard:
            if not self._taken:
                self._taken = True
                return True
            called = threading.Event()
            self._line.append(called)
        if called.wait(self._patience):
            return True
        with self._guard:
            if called.is_set():  # called between the time-out and here: the turn is ours
                return True
            self._line.remove(called)
            return False

    def _leave(self) -> None:
        with self._guard:
            if self._line:
                self._line.popleft().set()
            else:
                self._taken = False
