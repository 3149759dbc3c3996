"""Hospitals that send while everybody is killed again and again, until all of it is delivered."""

import asyncio
from collections.abc import Collection, Coroutine
from contextlib import closing, suppress
from typing import Any

from havoc import Havoc, Pace
from hospitals import Hospitals
from premises import House, eventually

from adapter.outside.store import open_store


class Upheaval:
    """In a house whose processes are begun. `sendings`: how many answers there will be."""

    def __init__(self, house: House, seed: int, pace: Pace, sendings: int) -> None:
        house.wait_until_ready()
        self._house, self.hospitals = house, Hospitals(house)
        self.havoc = Havoc(house, seed, pace, lambda: self.hospitals.answers, sendings)

    def run(self, work: Coroutine[Any, Any, Any], *breaking: Coroutine[Any, Any, None]) -> None:
        """Break until the work is done; what breaks must not break itself."""
        asyncio.run(_while_breaking(work, breaking))

    def deliver(self, places: Collection[str] = ("head", "behind", "held")) -> None:
        """Until nothing stands there any more; who ended by itself is begun again, as a supervisor does."""
        with closing(open_store(self._house.database)) as store:

            def is_done() -> bool:
                self._house.supervise()
                backlog = store.backlog()
                return not any(backlog[place] for place in places)

            eventually(is_done, patience=600)


async def _while_breaking(
    work: Coroutine[Any, Any, Any], breaking: Collection[Coroutine[Any, Any, None]]
) -> None:
    tasks = [asyncio.create_task(one) for one in breaking]
    await work
    for task in tasks:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
