"""The operator's own pause: nothing is changed, and nothing is carried meanwhile."""

import asyncio

from adapter.app import build
from adapter.cli.opening import Opened
from adapter.cli.working import working
from adapter.outside.store import Database
from adapter.settings import Settings


def test_nothing_is_carried_under_maintenance(store: Database) -> None:
    """A withdrawal of consent that is told to wait must not be overtaken by what it withdraws (pbrl § 4-1)."""

    async def tasks(*, maintenance: bool) -> int:
        settings = Settings(maintenance=maintenance)
        async with working(Opened(settings, store, build(settings, store)), lambda: None):
            return len(asyncio.all_tasks())

    assert asyncio.run(tasks(maintenance=True)) == 1
    assert asyncio.run(tasks(maintenance=False)) > 1
