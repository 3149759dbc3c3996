"""`ip-adapter …` on a simulated clock: everything that asks for the time asks the day's clock.

python -m tests.day.node CLOCK serve --port 0 --json
"""

import sys
from functools import partial
from pathlib import Path

from adapter.__main__ import main
from adapter.cli import opening, serve, working

from .clock import SharedClock

if __name__ == "__main__":
    clock = SharedClock(Path(sys.argv.pop(1)))
    opening.build = partial(opening.build, clock=clock)
    serve.watch = partial(serve.watch, clock=clock)
    serve.system_clock = clock
    working.transport = partial(working.transport, clock=clock)
    main()
