"""How much is in hand at once: requests and bytes, in all and of one caller. Beyond that, callers come back later."""

from dataclasses import dataclass
from types import TracebackType
from typing import Self

from adapter.domain.problems import Finding, Refused


@dataclass(frozen=True, slots=True)
class Limits:
    """What one process takes on.

    `requests` and `bytes_`: most in hand at once; `share`: the largest part of each that one organisation may take
    (0 to 1); `body_seconds`: how long a body may take to arrive; `threads`: how many flows run at once.
    """

    requests: int = 256
    bytes_: int = 64_000_000
    share: float = 0.5
    body_seconds: float = 30.0
    threads: int = 32


class Places:
    """The places of one process. Used from its event loop only, so it needs no lock."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self.requests = 0
        self.bytes_ = 0
        self._of_caller: dict[str, tuple[int, int]] = {}

    def take(self, size: int) -> "Place":
        """A place for a request whose body has `size` bytes. Raises Refused(overloaded).

        A body that alone is larger than all bytes is taken when nothing else is in hand.
        """
        full = self.requests >= self._limits.requests
        if full or (self.bytes_ + size > self._limits.bytes_ and self.bytes_):
            raise Refused(Finding("overloaded"))
        self.requests += 1
        self.bytes_ += size
        return Place(self, size)

    def give(self, organisation: str, size: int) -> None:
        """Count a place as the caller's. Raises Refused(too-many-requests) beyond its share."""
        requests, bytes_ = self._of_caller.get(organisation, (0, 0))
        share = self._limits.share
        full = requests >= max(1, self._limits.requests * share)
        if full or (bytes_ + size > self._limits.bytes_ * share and bytes_):
            raise Refused(Finding("too-many-requests"))
        self._of_caller[organisation] = requests + 1, bytes_ + size

    def leave(self, organisation: str | None, size: int) -> None:
        """Give a place back."""
        self.requests -= 1
        self.bytes_ -= size
        if organisation is None:
            return
        requests, bytes_ = self._of_caller[organisation]
        if requests == 1:
            del self._of_caller[organisation]
        else:
            self._of_caller[organisation] = requests - 1, bytes_ - size


class Place:
    """One request's place, for as long as the block runs."""

    __slots__ = ("_organisation", "_places", "_size")

    def __init__(self, places: Places, size: int) -> None:
        self._places, self._size = places, size
        self._organisation: str | None = None

    def of(self, organisation: str) -> None:
        """Whose it is, once that is known. Raises Refused(too-many-requests)."""
        self._places.give(organisation, self._size)
        self._organisation = organisation

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._places.leave(self._organisation, self._size)
