"""What state the adapter is in, and what it refuses in it: from measurements, and nothing else.

Access to a person's data is recorded (pasientjournalforskriften § 13): where nothing can be written, nothing of a
person is shown either. Corrections, consents and withdrawals still get in when there is too much to carry already or
little room left: they are small, and must not wait (pbrl § 4-1). In maintenance they do wait, and so does all mail.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

from adapter.domain.standing import Stuck

Mode = Literal["normal", "degraded", "read-only", "stopping"]
Asked = Literal["read", "change", "new-need"]
"""What a request would do: show a person's data, change or bring something, or bring a need that is new."""

MODES: tuple[Mode, ...] = ("normal", "degraded", "read-only", "stopping")
"""From the lightest to the gravest."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What was seen at one moment. `free_bytes` is None where the database is not a file of ours.

    `open_by_place` counts deliveries that are not done, by place (head, behind, held); `oldest_due` is how long the
    oldest that is next in its lane has waited; `clock_ahead` how far our clock is from the database's (nothing when
    they agree). `busy`: flows were served while this look itself got no turn in time. `mailbox` counts messages and
    notices of the message service that are not done, by state; nothing where there is no such service. `stuck` is what
    stands still, by kind, as it was within the last minute or so.
    """

    answers: bool = True
    writable: bool = True
    free_bytes: int | None = None
    open_by_place: Mapping[str, int] = field(default_factory=dict)
    oldest_due: timedelta | None = None
    has_room: bool = True
    clock_ahead: timedelta = timedelta()
    busy: bool = False
    mailbox: Mapping[str, int] = field(default_factory=dict)
    stuck: Sequence[Stuck] = ()

    @property
    def takes_writes(self) -> bool:
        """Whether the database answered, and what is written to it was kept."""
        return self.answers and self.writable and self.has_room


AWAY = Measured(answers=False, writable=False)
"""The database does not answer."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """The least free disk (bytes) and the most open deliveries at which everything is still taken."""

    free_bytes: int
    open_deliveries: int


@dataclass(frozen=True, slots=True)
class Condition:
    """A mode, its reasons, and for each thing that is refused the name of the problem that says why."""

    mode: Mode
    reasons: tuple[str, ...]
    refused: Mapping[Asked, str]

    @property
    def takes_messages(self) -> bool:
        """Whether a load balancer should send something here: not while stopping or when nothing may change."""
        return self.mode != "stopping" and "change" not in self.refused


_Cause = tuple[str, Mode, str, tuple[Asked, ...]]
_ALL: tuple[Asked, ...] = ("read", "change", "new-need")
_WRITES: tuple[Asked, ...] = ("change", "new-need")


def condition(
    measured: Measured, bounds: Bounds, *, maintenance: bool = False, stopping: bool = False
) -> Condition:
    """The gravest mode of all reasons; of several problems for one thing, the first."""
    causes = [*_causes(measured, bounds, maintenance=maintenance, stopping=stopping)]
    refused: dict[Asked, str] = {}
    for _, _, problem, kinds in causes:
        for kind in kinds:
            refused.setdefault(kind, problem)
    mode: Mode = max((cause[1] for cause in causes), key=MODES.index, default="normal")
    return Condition(mode, tuple(cause[0] for cause in causes), refused)


def _causes(measured: Measured, bounds: Bounds, *, maintenance: bool, stopping: bool) -> Iterator[_Cause]:
    if stopping:
        yield "stopping", "stopping", "", ()
    yield from _of_the_database(measured)
    if maintenance:
        yield "maintenance", "read-only", "maintenance", _WRITES
    if measured.free_bytes is not None and measured.free_bytes < bounds.free_bytes:
        yield "disk-low", "degraded", "disk-low", ("new-need",)
    if sum(measured.open_by_place.values()) > bounds.open_deliveries:
        yield "backlog-full", "degraded", "backlog-full", ("new-need",)
    if measured.clock_ahead:
        yield "clock-off", "normal", "", ()


def _of_the_database(measured: Measured) -> Iterator[_Cause]:
    if not measured.answers:
        yield "database-away", "degraded", "store-busy", _ALL
    elif not measured.has_room:
        yield "no-room", "read-only", "read-only", _ALL
    elif not measured.writable:
        yield "database-read-only", "read-only", "read-only", _ALL
    elif measured.busy:
        yield "database-busy", "degraded", "", ()
