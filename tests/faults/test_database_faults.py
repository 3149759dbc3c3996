"""PostgreSQL restarted, paused, or lost to a worker: nobody has to be started again, and nothing comes twice."""

from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import httpx
import pytest
from own_postgresql import OwnPostgreSQL
from premises import House, eventually
from stories import MUNICIPALITIES, one_story

pytestmark = [pytest.mark.faults, pytest.mark.processes, pytest.mark.server]

MUNICIPALITY = next(iter(MUNICIPALITIES))
HOLDS = "SELECT {} FROM pg_locks WHERE locktype = 'advisory' AND granted"


@pytest.fixture(scope="module")
def house(server: OwnPostgreSQL, issuer: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """One service and one worker, and they are never started again."""
    folder: Path = tmp_path_factory.mktemp("database")
    with ExitStack() as stack:
        house = House(stack, folder, server.new_database(), issuer, partners=(MUNICIPALITY,))
        house.service()
        house.worker(1)
        house.wait_until_ready()
        house.tell(one_story(1))
        house.wait_for(one_story(1))
        yield house
        assert [process.poll() for process in house.processes.values()] == [None] * len(house.processes)


@pytest.mark.parametrize(("number", "how"), [(2, "fast stop"), (3, "kill -9")])
def test_idle_processes_outlive_a_restart(house: House, server: OwnPostgreSQL, number: int, how: str) -> None:
    """The first message after a restart is taken and carried within seconds; nobody was told to reconnect."""
    server.stop_fast() if how == "fast stop" else server.kill()
    server.start()
    house.wait_until_ready(patience=20)
    story = one_story(number)
    house.tell(story)
    assert house.wait_for(story) < 20
    assert len(house.ids_of(story)) == 1


def test_a_database_that_stands_still_acknowledges_nothing(house: House, server: OwnPostgreSQL) -> None:
    """While it is paused there is no answer, or 503 with Retry-After; afterwards the same message is taken, once."""
    story = one_story(4)
    server.pause()
    try:
        with suppress(httpx.ReadTimeout):
            answer = house.send(story.messages[0], patience=3)
            assert answer.status_code == 503
            assert int(answer.headers["Retry-After"]) > 0
    finally:
        server.resume()
    house.wait_until_ready()
    house.tell(story)
    house.wait_for(story)
    assert len(house.ids_of(story)) == 1


def test_a_worker_that_loses_its_locks_sends_nothing_out_of_order(
    house: House, server: OwnPostgreSQL
) -> None:
    """Its connections are cut while an answer is slow: what was on its way may come again, under its id; each lane
    keeps its order, and the same worker goes on."""
    told = [one_story(n, "need-corrected", "need-cancelled") for n in range(10, 14)]
    house.misbehave(MUNICIPALITY, "slow", seconds=4)
    house.tell(told[0])
    eventually(lambda: bool(server.run(HOLDS.format("pg_terminate_backend(pid)"))), every=0.02)
    house.tell(*told[1:])
    house.wait_for(*told)
    for story in told:
        events = {e["id"]: e["event"] for e in house.arrived(MUNICIPALITY)}
        first_arrivals = [events[id_] for id_ in dict.fromkeys(house.ids_of(story))]
        assert first_arrivals == [m.event for m in story.messages]


@pytest.mark.in_full
def test_a_worker_that_stands_still_loses_its_recipients_to_another(
    house: House, server: OwnPostgreSQL
) -> None:
    """Half a minute after a process was stopped another carries its mail; when it is woken it sends nothing more of
    what it held, and what was on its way comes again under its id at worst."""
    told = [one_story(n) for n in range(30, 34)]
    house.misbehave(MUNICIPALITY, "half-open", seconds=30)
    house.tell(told[0])
    eventually(lambda: bool(server.run(HOLDS.format("pid"))), every=0.02)
    house.pause("worker-1")
    house.tell(*told[1:])
    house.worker(2)
    eventually(lambda: "Carrying" in house.log("worker-2"))
    assert house.wait_for(*told) < 50
    house.resume("worker-1")
    after = one_story(34)
    house.tell(after)
    house.wait_for(after)
    eventually(lambda: not server.run(HOLDS.format("pid")))
    assert [len(set(house.ids_of(story))) for story in told] == [1] * len(told)
