"""`ip-adapter …` on a simulated clock: everything that asks for the time asks the day's clock.

python -m tests.day.node CLOCK serve --port 0 --json
"""

import sys
from datetime import timedelta
from functools import partial
from pathlib import Path

from adapter.flows import clocks

clocks.clock_ahead = lambda *_: (
    timedelta()
)  # the database has no part in the day's clock, and is not asked for its own

from adapter.__main__ import main  # noqa: E402
from adapter.cli import opening, serving, working  # noqa: E402

from .clock import SharedClock  # noqa: E402

if __name__ == "__main__":
    clock = SharedClock(Path(sys.argv.pop(1)))
    opening.build = partial(opening.build, clock=clock)
    serving.watch = partial(serving.watch, clock=clock)
    serving.system_clock = clock
    working.transport = partial(working.transport, clock=clock)
    main()
