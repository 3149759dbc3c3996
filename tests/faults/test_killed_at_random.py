"""Everything is killed again and again while hospitals send, and three books must agree in the end.

The oracle is what the hospitals know (which message was acknowledged) and what the municipalities wrote down as it
arrived; the adapter's database is held against both.
"""

import time
from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path
from typing import Any

import pytest
from database_rows import rows_of
from havoc import Havoc, Pace
from ledger import Ledger
from own_postgresql import OwnPostgreSQL
from premises import House
from stories import stories
from upheaval import Upheaval

pytestmark = [pytest.mark.faults, pytest.mark.processes]

Breaking = Callable[[Havoc], list[Coroutine[Any, Any, None]]]
Tell = Callable[[Mapping[str, Any]], None]


@pytest.mark.server
def test_nothing_is_lost_or_doubled_whoever_dies(
    make_house: Callable[..., House], server: OwnPostgreSQL, in_full: bool, seed: int, tell: Tell
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
    tell(figures)
    assert figures["restarts"] == {"fast": 1, "killed": 1}
    assert sum(figures["kills"].values()) >= 4


def test_nothing_is_lost_or_doubled_by_one_process_on_sqlite(
    make_house: Callable[..., House], tmp_path: Path, in_full: bool, seed: int, tell: Tell
) -> None:
    """The one process that serves and carries, killed again and again over its file."""
    house = make_house(f"sqlite:///{tmp_path / 'adapter.db'}")
    sendings = 5_000 if in_full else 150
    house.service()
    pace = Pace((6.0, 10.0), 100) if in_full else Pace((0.5, 1.0), sendings // 3)
    figures = _run(house, sendings, seed, pace, lambda havoc: [havoc.kill_processes()])
    tell(figures)
    assert sum(figures["kills"].values()) >= 2


def _run(house: House, sendings: int, seed: int, pace: Pace, breaking: Breaking) -> dict[str, Any]:
    told = stories(sendings, seed)
    upheaval = Upheaval(house, seed, pace, sum(story.sendings for story in told))
    hospitals, havoc = upheaval.hospitals, upheaval.havoc
    began = time.monotonic()
    upheaval.run(hospitals.send_all(told), *breaking(havoc))
    sent = time.monotonic()
    upheaval.deliver()
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
