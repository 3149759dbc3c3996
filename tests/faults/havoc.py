"""Kills at random: any process of the adapter, and the database, while hospitals send."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from own_postgresql import OwnPostgreSQL
from premises import House


@dataclass(frozen=True)
class Pace:
    """How often somebody is killed: after so many seconds (from, to) and so many answers, whichever comes later."""

    seconds: tuple[float, float]
    answers: int


class Havoc:
    """Kills and begins again, seeded. `done` says how much of the work is answered, 0 to 1."""

    def __init__(self, house: House, seed: int, pace: Pace, answers: Callable[[], int], whole: int) -> None:
        self._house, self._pace, self._answers, self._whole = house, pace, answers, whole
        self._chance = random.Random(seed)  # noqa: S311 - to be repeatable
        self.kills: Counter[str] = Counter()
        self.restarts: Counter[str] = Counter()
        self.begun_again = 0

    async def kill_processes(self) -> None:
        """Until cancelled. Every process once in a random order, then again: nobody is spared."""
        while True:
            names = sorted(self._house.processes)
            self._chance.shuffle(names)
            for name in names:
                await self._pause()
                self._house.kill(name)
                self._house.begin_again(name)
                self.kills[name.partition("-")[0]] += 1

    async def supervise(self) -> None:
        """Until cancelled. Who begins while the database is away ends, and is begun again."""
        while True:
            self.begun_again += len(self._house.supervise())
            await asyncio.sleep(0.5)

    async def restart_database(self, server: OwnPostgreSQL) -> None:
        """Once as an operator does, after a third of the answers, and once by kill -9 after two thirds."""
        for share, stop, how in ((1 / 3, server.stop_fast, "fast"), (2 / 3, server.kill, "killed")):
            await self._answered(int(self._whole * share))
            await asyncio.to_thread(stop)
            await asyncio.to_thread(server.start)
            self.restarts[how] += 1

    async def _pause(self) -> None:
        until = time.monotonic() + self._chance.uniform(*self._pace.seconds)
        await self._answered(self._answers() + self._pace.answers)
        await asyncio.sleep(max(0.0, until - time.monotonic()))

    async def _answered(self, how_many: int) -> None:
        while self._answers() < how_many:
            await asyncio.sleep(0.02)
