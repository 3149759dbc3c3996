"""The threads in which flows run, and those that check tokens.

Python runs one at a time; the others wait for the database and share its commits, or for the issuer.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar, TypeVarTuple

LARGE_BYTES = 500_000
"""From here on bodies are worked on one at a time: as a tree, four of 4 MB took 550 MB at once, one takes 200."""

_A = TypeVarTuple("_A")
_T = TypeVar("_T")


class Threads:
    """A pool of its own; what waits for a thread is bounded by the places of the process."""

    def __init__(self, count: int, name: str = "flow") -> None:
        self._pool = ThreadPoolExecutor(count, name)
        self._large = asyncio.Lock()

    async def run(self, call: Callable[[*_A], _T], *args: *_A) -> _T:
        """What `call` gives, or raises."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, call, *args)

    async def run_on(self, body: bytes, call: Callable[[*_A], _T], *args: *_A) -> _T:
        """The same for a call that works on a body: a large one waits for its turn, and small ones pass it."""
        if len(body) < LARGE_BYTES:
            return await self.run(call, *args)
        async with self._large:
            return await self.run(call, *args)
