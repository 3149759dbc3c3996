"""One clock for all processes: a moment in a file that each of them maps into its memory."""

import mmap
import struct
from datetime import UTC, datetime, timedelta
from pathlib import Path

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class SharedClock:
    """Says the moment that stands in the file, in UTC. Eight aligned bytes are written and read as one."""

    def __init__(self, file: Path) -> None:
        """Raises OSError where there is no such file."""
        with file.open("r+b") as opened:
            self._held = memoryview(mmap.mmap(opened.fileno(), 8)).cast("q")

    @classmethod
    def begin(cls, file: Path, at: datetime) -> "SharedClock":
        """A new clock that stands at `at`."""
        file.write_bytes(struct.pack("q", 0))
        clock = cls(file)
        clock.set(at)
        return clock

    def __call__(self) -> datetime:
        return _EPOCH + self._held[0] * _MICROSECOND

    def set(self, to: datetime) -> None:
        """Forwards only: an earlier moment leaves it as it is."""
        self._held[0] = max(self._held[0], (to - _EPOCH) // _MICROSECOND)
