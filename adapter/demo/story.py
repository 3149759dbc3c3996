"""Plays the story once, and stays up for a look around if wanted."""

import signal
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import FrameType

import httpx

from adapter.demo.partner import DoesNotHold
from adapter.demo.processes import NotStarted
from adapter.demo.scenes import STORY, Memory
from adapter.demo.stage import Stage, staged
from adapter.demo.telling import Telling


def run(
    once: bool,
    *,
    json_lines: bool = False,
    patience: float = 20.0,
    moved: Mapping[str, str] | None = None,
) -> int:
    """Play the story with real processes on an empty database.

    0 if every step holds, 1 if one does not (it is named), 2 if something could not be started.

    `once`: stop afterwards; otherwise everything stays up until Ctrl-C. `patience`: seconds in which a process must be
    ready and a message must arrive. `moved`: wrong addresses for organisation numbers, to see the story fail.
    Whatever happens, every process has ended and the database is removed when this returns.
    """
    telling = Telling(json_lines=json_lines)
    try:
        with _ended_by_sigterm(), staged(patience, moved or {}) as stage:
            memory = Memory()
            if not _played(stage, memory, telling):
                return 1
            if not once:
                telling.addresses(_addresses(stage, memory))
                threading.Event().wait()
    except NotStarted as why:
        telling.broken(0, "everything starts", str(why))
        return 2
    except KeyboardInterrupt:
        return 0 if not once else 130
    return 0


def _played(stage: Stage, memory: Memory, telling: Telling) -> bool:
    began = time.monotonic()
    for number, (claim, scene) in enumerate(STORY, 1):
        at = time.monotonic()
        try:
            seen = scene(stage, memory)
        except DoesNotHold as why:
            telling.broken(number, claim, str(why), stage.last_logged())
            return False
        except httpx.HTTPError as error:
            why_not = f"a partner does not answer ({type(error).__name__})"
            telling.broken(number, claim, why_not, stage.last_logged())
            return False
        telling.hop(number, len(STORY), claim, seen, round(time.monotonic() - at, 2))
    telling.over(len(STORY), round(time.monotonic() - began, 2))
    return True


def _addresses(stage: Stage, memory: Memory) -> list[tuple[str, str]]:
    settings = " ".join(
        f"{name}={stage.environment[name]}" for name in ("IP_ADAPTER_DATABASE", "IP_ADAPTER_PARTNERS")
    )
    return [
        ("adapter", f"{stage.adapter}/fhir/metadata"),
        ("health", f"{stage.adapter}/health/ready"),
        ("metrics", f"{stage.adapter}/metrics"),
        ("issuer", stage.issuer),
        ("hospital", f"{stage.hospital.url}/journal"),
        ("municipality", f"{stage.municipality.url}/journal"),
        ("explain", f"{settings} {sys.executable} -m adapter explain {memory.case}"),
        ("logs", str(stage.folder)),
    ]


@contextmanager
def _ended_by_sigterm() -> Iterator[None]:
    """SIGTERM ends us as Ctrl-C does, so that the children end with us."""

    def interrupt(_: int, __: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
