"""A question that is asked once a minute at most, however often somebody looks."""

import time
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")
EVERY_SECONDS = 60.0


class SlowLook(Generic[T]):
    """Calling it gives what was found last. For one thread; what the question raises is raised, and asked again."""

    def __init__(self, ask: Callable[[], T], seconds: Callable[[], float] = time.monotonic) -> None:
        self._ask, self._seconds = ask, seconds
        self._found: tuple[float, T] | None = None

    def __call__(self) -> T:
        now = self._seconds()
        if self._found is None or now - self._found[0] >= EVERY_SECONDS:
            self._found = now, self._ask()
        return self._found[1]
