"""`ip-adapter …` under a clock that is so many seconds off: the number in a file, read at each look at the clock.

    python moved_clock.py FILE serve --port 8080

Access tokens are still checked by the real clock: what is moved is the time at which things happen and are due.
"""

import sys
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from adapter.__main__ import main
from adapter.app import system_clock
from adapter.cli import opening, serving


def moved(file: Path) -> datetime:
    return system_clock() + timedelta(seconds=float(file.read_text(encoding="ascii") or 0))


if __name__ == "__main__":
    offset = Path(sys.argv.pop(1))
    clock = partial(moved, offset)
    opening.build = partial(opening.build, clock=clock)
    serving.watch = partial(serving.watch, clock=clock)
    main()
