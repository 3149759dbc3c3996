"""Who looks at the address register: one process at a time, again and again, whatever goes wrong."""

import asyncio
import logging
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from register_watched import Watched

from adapter.ports import ServiceAway
from adapter.registrar import Registrar


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    there = Watched(tmp_path)
    yield there
    there.store.close()


class OneOf:
    """The right to be the one, or not."""

    def __init__(self, *, free: bool) -> None:
        self.free, self.held = free, 0

    def take(self, recipient: str) -> bool:
        self.held += self.free
        return self.free

    def give_back(self, recipient: str) -> None:
        self.held -= 1


def turn(watched: Watched, round_: Any) -> timedelta:
    """What a process does at one look, and how long it rests."""
    return asyncio.run(Registrar(watched.looking, round_, timedelta(minutes=10))._turn())


def test_one_process_at_a_time_asks(watched: Watched) -> None:
    round_ = OneOf(free=False)
    turn(watched, round_)
    assert not watched.service.asked
    round_.free = True
    turn(watched, round_)
    assert len(watched.service.asked) == len(watched.ours)
    assert round_.held == 0


def test_who_fails_rests_longer_and_as_long_as_it_is_asked_to(watched: Watched) -> None:
    watched.service.wrong["latest"] = ServiceAway("busy", 429, 1800)
    assert turn(watched, OneOf(free=True)) == timedelta(minutes=30)
    watched.service.wrong["latest"] = ServiceAway("fails", 503)
    assert turn(watched, OneOf(free=True)) == timedelta(minutes=20)
    watched.service.wrong.clear()
    assert turn(watched, OneOf(free=True)) == timedelta(minutes=10)


def test_a_fault_of_ours_ends_nothing_and_tells_no_value(
    watched: Watched, caplog: pytest.LogCaptureFixture
) -> None:
    watched.service.wrong["latest"] = RuntimeError("8900022 Kari Nordmann")  # type: ignore[assignment]
    with caplog.at_level(logging.DEBUG):
        assert turn(watched, OneOf(free=True)) == timedelta(minutes=20)
    assert "Nordmann" not in caplog.text
