"""Clocks that jump by hours: nothing is lost or sent under two ids, and when they are right again mail goes on."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from own_postgresql import OwnPostgreSQL
from premises import House, eventually
from stories import MUNICIPALITIES, one_story

pytestmark = [pytest.mark.faults, pytest.mark.processes, pytest.mark.server]

MUNICIPALITY = next(iter(MUNICIPALITIES))
SCRIPT = str(Path(__file__).with_name("moved_clock.py"))
HOURS = 3600.0


class Clocks:
    """A house whose service and worker have a clock each."""

    def __init__(self, house: House) -> None:
        self.house = house
        for name in ("service-1", "worker-1"):
            self.off(name, 0)
        house.service(SCRIPT, str(self._file("service-1")))
        house.begin("worker-1", SCRIPT, str(self._file("worker-1")), "work")
        house.wait_until_ready()

    def off(self, name: str, seconds: float) -> None:
        """From now on a process's clock is so many seconds ahead (or behind, below zero)."""
        new = self._file(name).with_suffix(".new")
        new.write_text(str(seconds), encoding="ascii")
        new.replace(self._file(name))

    def _file(self, name: str) -> Path:
        return self.house.folder / f"{name}.clock"


@pytest.fixture(scope="module")
def clocks(server: OwnPostgreSQL, issuer: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clocks]:
    with ExitStack() as stack:
        folder: Path = tmp_path_factory.mktemp("clocks")
        yield Clocks(House(stack, folder, server.new_database(), issuer, partners=(MUNICIPALITY,)))


@pytest.mark.parametrize(("number", "hours"), [(1, 6), (2, 0), (3, -6), (4, 0)])
def test_mail_goes_whatever_time_it_is_as_long_as_all_agree(clocks: Clocks, number: int, hours: int) -> None:
    """All clocks jump forward, back, behind and back again: each need still arrives, once, with what follows it."""
    for name in ("service-1", "worker-1"):
        clocks.off(name, hours * HOURS)
    story = one_story(number, "need-corrected")
    clocks.house.tell(story)
    clocks.house.wait_for(story)
    assert len(clocks.house.ids_of(story)) == 2


def test_a_worker_ahead_delivers_and_parks_nothing(clocks: Clocks) -> None:
    """Six hours ahead, and the partner is away for two tries: it is tried again, not given up."""
    clocks.off("worker-1", 6 * HOURS)
    story = one_story(10)
    clocks.house.misbehave(MUNICIPALITY, "down", times=2)
    clocks.house.tell(story)
    clocks.house.wait_for(story)
    clocks.off("worker-1", 0)
    assert len(clocks.house.ids_of(story)) == 1


@pytest.mark.parametrize(
    ("number", "name", "hours"), [(11, "worker-1", -6), (12, "service-1", 6), (13, "service-1", -6)]
)
def test_mail_does_not_wait_for_a_clock_that_stands_wrong(
    clocks: Clocks, number: int, name: str, hours: int
) -> None:
    """A worker behind carries what it is given, a service ahead makes nothing that waits: while it lasts."""
    story = one_story(number, "need-cancelled")
    clocks.off(name, hours * HOURS)
    clocks.house.tell(story)
    assert clocks.house.wait_for(story) < 20
    clocks.off(name, 0)
    assert len(clocks.house.ids_of(story)) == 2


def test_a_clock_that_is_off_is_told(clocks: Clocks) -> None:
    """By the service in its condition and its log, within seconds."""
    clocks.off("service-1", 6 * HOURS)
    eventually(lambda: '"clock-off"' in _condition(clocks.house), patience=20)
    clocks.off("service-1", 0)
    eventually(lambda: '"clock-off"' not in _condition(clocks.house), patience=20)
    assert "clock-off" in clocks.house.log("service-1")


def _condition(house: House) -> str:
    return house.http.get(f"{house.urls[0]}/health/ready").text
