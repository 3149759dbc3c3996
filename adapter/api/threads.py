"""The few threads in which flows run. More of them would only wait for each other: Python runs one at a time."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar, TypeVarTuple

_A = TypeVarTuple("_A")
_T = TypeVar("_T")


class Threads:
    """A pool of its own; what waits for a thread is bounded by the places of the process."""

    def __init__(self, count: int) -> None:
        self._pool = ThreadPoolExecutor(count, "flow")

    async def run(self, call: Callable[[*_A], _T], *args: *_A) -> _T:
        """What `call` gives, or raises."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, call, *args)
