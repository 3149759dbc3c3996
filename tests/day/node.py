"""`ip-adapter …` on a simulated clock: everything that asks for the time asks the day's clock.

python -m tests.day.node CLOCK serve --port 0 --json
"""

import sys
from functools import partial
from pathlib import Path

from adapter.__main__ import main
from adapter.cli import opening, serving, working

from .clock import SharedClock

if __name__ == "__main__":
    clock = SharedClock(Path(sys.argv.pop(1)))
    opening.build = partial(opening.build, clock=clock)
    serving.watch = partial(serving.watch, clock=clock)
    serving.system_clock = clock
    working.transport = partial(working.transport, clock=clock)
    main()
