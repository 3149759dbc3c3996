"""The worker with all it needs, for as long as a block runs: alone, or beside the doors in one process."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from adapter.app import transport
from adapter.cli.opening import Opened
from adapter.worker import Worker


@asynccontextmanager
async def working(now: Opened, ended: Callable[[], None]) -> AsyncIterator[None]:
    """Carries mail until the block ends, then finishes what is on its way. Under maintenance nothing is carried: a
    withdrawal of consent that cannot come in now must not be overtaken by what it withdraws (pbrl § 4-1).

    `ended` is called if the worker ends by itself, which only a fault can make it do; the fault is raised here.
    """
    if now.settings.maintenance:
        yield
        return
    round_, way_out = now.store.round(), transport(now.settings, now.parts)
    worker = Worker(now.parts, way_out, round_, now.settings.look_every)
    task = asyncio.create_task(worker.run())
    task.add_done_callback(lambda _: ended())
    try:
        yield
    finally:
        worker.stop()
        try:
            await task
        finally:
            await way_out.aclose()
            round_.close()
