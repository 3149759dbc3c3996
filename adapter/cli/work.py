"""`ip-adapter work`"""

import asyncio
import signal
import sys

from adapter.api.logging import configure
from adapter.cli.opening import Opened, opened, warn_of_samples
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
        configure(sys.stderr)
        warn_of_samples(now.settings)
        asyncio.run(_work(now, json=json))


async def _work(now: Opened, *, json: bool) -> None:
    stop = asyncio.Event()
    for ending in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(ending, stop.set)
    async with working(now, stop.set):
        if json:
            tell_json({"ready": True})
        else:
            tell("Carrying what is due. Ctrl-C stops.")
        sys.stdout.flush()
        await stop.wait()
