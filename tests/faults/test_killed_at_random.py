"""Everything is killed again and again while hospitals send, and three books must agree in the end.

The oracle is what the hospitals know (which message was acknowledged) and what the municipalities wrote down as it
arrived; the adapter's database is held against both.
"""

import asyncio
import json
import sys
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from database_rows import rows_of
from havoc import Havoc, Pace
from hospitals import Hospitals
from ledger import Ledger
from own_postgresql import OwnPostgreSQL
from premises import House, eventually
from stories import stories

from adapter.outside.store import Database, open_store

pytestmark = [pytest.mark.faults, pytest.mark.processes]

Breaking = Callable[[Havoc], list[Coroutine[Any, Any, None]]]


@pytest.mark.server
def test_nothing_is_lost_or_doubled_whoever_dies(
    make_house: Callable[..., House],
    server: OwnPostgreSQL,
    in_full: bool,
    seed: int,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Two services and two workers over PostgreSQL, each killed again and again, and the database restarted twice."""
    house, sendings = make_house(server.new_database()), 20_000 if in_full else 400
    for number in (1, 2):
        house.service()
        house.worker(number)
    pace = Pace((3.0, 6.0), 100) if in_full else Pace((0.5, 1.0), sendings // 6)

    def breaking(havoc: Havoc) -> list[Coroutine[Any, Any, None]]:
        return [havoc.kill_processes(), havoc.supervise(), havoc.restart_database(server)]

    figures = _run(house, sendings, seed, pace, breaking)
    with capsys.disabled():
        sys.stdout.write(f"\n{json.dumps(figures)}\n")
    assert figures["restarts"] == {"fast": 1, "killed": 1}
    assert sum(figures["kills"].values()) >= 4


def test_nothing_is_lost_or_doubled_by_one_process_on_sqlite(
    make_house: Callable[..., House],
    tmp_path: Path,
    in_full: bool,
    seed: int,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The one process that serves and carries, killed again and again over its file."""
    house = make_house(f"sqlite:///{tmp_path / 'adapter.db'}")
    sendings = 5_000 if in_full else 150
    house.service()
    pace = Pace((6.0, 10.0), 100) if in_full else Pace((0.5, 1.0), sendings // 3)
    figures = _run(house, sendings, seed, pace, lambda havoc: [havoc.kill_processes()])
    with capsys.disabled():
        sys.stdout.write(f"\n{json.dumps(figures)}\n")
    assert sum(figures["kills"].values()) >= 2


def _run(house: House, sendings: int, seed: int, pace: Pace, breaking: Breaking) -> dict[str, Any]:
    told = stories(sendings, seed)
    whole = sum(story.sendings for story in told)
    house.wait_until_ready()
    hospitals = Hospitals(house)
    havoc = Havoc(house, seed, pace, lambda: hospitals.answers, whole)
    began = time.monotonic()
    asyncio.run(_while_breaking(hospitals.send_all(told), breaking(havoc)))
    sent = time.monotonic()
    _delivered(house)
    done = time.monotonic()
    ledger = Ledger(
        told, hospitals, {name: house.arrived(name) for name in house.partners}, rows_of(house.database)
    )
    ledger.hold()
    return {
        "sent": hospitals.sent,
        "acknowledged": len(hospitals.acknowledged),
        "tried again": hospitals.tries_again,
        "told to wait": hospitals.busy,
        "given up": len(hospitals.without_answer),
        "kills": dict(havoc.kills),
        "restarts": dict(havoc.restarts),
        "begun again by a supervisor": havoc.begun_again,
        "deliveries": ledger.deliveries,
        "repeats": ledger.repeats,
        "seconds": round(sent - began, 1),
        "seconds to the last delivery": round(done - sent, 1),
        "sendings a second": round(hospitals.sent / (done - began)),
    }


async def _while_breaking(work: Coroutine[Any, Any, None], breaking: list[Coroutine[Any, Any, None]]) -> None:
    """Break until the work is done; what breaks must not break itself."""
    tasks = [asyncio.create_task(one) for one in breaking]
    await work
    for task in tasks:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def _delivered(house: House) -> None:
    """Until nothing waits any more."""
    store = open_store(house.database)
    try:
        eventually(lambda: _is_done(house, store), patience=600)
    finally:
        store.close()


def _is_done(house: House, store: Database) -> bool:
    house.supervise()
    return sum(n for place, n in store.backlog().items() if place != "done") == 0
