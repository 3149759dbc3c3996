"""`ip-adapter work`"""

import asyncio
import signal
import sys
from collections.abc import Callable

from adapter.api.logging import configure
from adapter.cli.opening import Opened, keep_what_is_made, opened, share_one_heap, warn_of_samples
from adapter.cli.options import Database, Json
from adapter.cli.setting import settings_with
from adapter.cli.telling import tell, tell_json
from adapter.cli.working import working


def command(database: Database = None, json: Json = False) -> None:
    """Carry what is due to partners, and nothing else.

    Any number of these may run on one PostgreSQL database: each recipient has one postman among them all, and if
    a process dies another goes on at once. SIGTERM or Ctrl-C lets it finish what is on its way. Prints one line
    when it works; logs go to standard error as JSON.

    \b
    Example:
      ip-adapter work --database postgresql://ip@db/ip
    \b
    Exit codes: 0 stopped as asked, 2 it could not begin or the database failed it.
    """
    with opened(settings_with(database=database)) as now:
        share_one_heap()
        configure(sys.stderr)
        warn_of_samples(now.settings)
        with asyncio.Runner(loop_factory=_fastest_loop()) as runner:
            runner.run(_work(now, json=json))


def _fastest_loop() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """uvloop's where it is installed, as uvicorn chooses for the doors: 40 µs of CPU less a letter."""
    try:
        from uvloop import new_event_loop  # noqa: PLC0415 - it is not made for every system
    except ImportError:
        return None
    return new_event_loop


async def _work(now: Opened, *, json: bool) -> None:
    stop = asyncio.Event()
    for ending in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(ending, stop.set)
    async with working(now, stop.set):
        keep_what_is_made()
        if json:
            tell_json({"ready": True})
        else:
            tell("Carrying what is due. Ctrl-C stops.")
        sys.stdout.flush()
        await stop.wait()
