"""A mailbox at the message service with everything that can go wrong switched on at once, by seed.

Messages from a hospital come in and cause letters to a municipality; workers are killed meanwhile. The oracle is what
the service wrote down.
"""

import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from edi20_ledger import Books, books
from message_service import TOWN, Service, message_service, reached_through_it, to_the_door
from own_postgresql import OwnPostgreSQL
from premises import House, eventually
from stories import one_story

from adapter.outside.store import open_store

pytestmark = [pytest.mark.faults, pytest.mark.processes]

REQUESTS = {
    "locked": 0.02,
    "busy": 0.01,
    "fails": 0.03,
    "cut": 0.02,
    "expired": 0.02,
    "nonce": 0.02,
    "lost_answer": 0.04,
    "time_out": 0.002,
    "slow": 0.02,
    "duplicates": 0.3,
    "disorder": 0.5,
    "seconds": 5.0,
}
RECEIVERS = {"late": 0.1, "unknown": 0.05, "lost_receipts": 0.05, "abandoned": 0.02, "rejected": 0.02}
STRANGER = "8900031"
"""HER-id of a service of another hospital than the one that the messages name."""


def test_a_mailbox_where_everything_goes_wrong(
    tmp_path: Path, seed: int, tell: Callable[[Mapping[str, Any]], None]
) -> None:
    """One worker on SQLite, killed once."""
    figures = _run(tmp_path, f"sqlite:///{tmp_path / 'adapter.db'}", 40, 1, [8], seed)
    tell(figures)
    assert figures["kills"] == 1


@pytest.mark.in_full
@pytest.mark.server
def test_a_thousand_messages_where_everything_goes_wrong(
    server: OwnPostgreSQL, tmp_path: Path, seed: int, tell: Callable[[Mapping[str, Any]], None]
) -> None:
    """Two workers on PostgreSQL, killed in turn."""
    figures = _run(tmp_path, server.new_database(), 1000, 2, range(100, 900, 100), seed)
    tell(figures)
    assert figures["kills"] == 8
    assert set(figures["went wrong"]) == {name.replace("_", "-") for name in REQUESTS} - {"seconds"}


def _run(folder: Path, database: str, number: int, workers: int, kills: Any, seed: int) -> dict[str, Any]:
    with ExitStack() as stack:
        service = stack.enter_context(message_service(folder, seed, lifetime=60))
        house = House(stack, folder, database, service.url, partners=(), **service.settings())
        reached_through_it(house)
        service.go_wrong(**REQUESTS)
        service.conduct(**RECEIVERS)
        stories = [one_story(one, municipality=TOWN) for one in range(1, number + 1)]
        documents = [to_the_door(story.messages[0].body) for story in stories]
        began = time.monotonic()
        service.deliver(documents[: number // 2])
        faulty = _deliver_faulty(service)
        repeated = service.deliver(documents[: number // 20])
        service.deliver(documents[number // 2 :])
        for one in range(1, workers + 1):
            house.worker(one)
        _kill(house, service, workers, kills)
        eventually(lambda: _all_done(house), patience=120 + number, every=0.5)
        seconds = time.monotonic() - began
        told = books(database, service.journal())
        told.hold({story.messages[0].id for story in stories}, faulty)
        return _figures(told, len(repeated), len(kills), seconds)


def _deliver_faulty(service: Service) -> dict[str, str]:
    """What nobody can read, and what says that it is from somebody else; each with why it waits for a person."""
    good = to_the_door(one_story(900_001, municipality=TOWN).messages[0].body)
    no_xml, cut = service.deliver([b"no XML at all", good[:500]])
    (false,) = service.deliver([good], sender=STRANGER)
    return {no_xml: "not-xml", cut: "not-xml", false: "sender-is-not-caller"}


def _kill(house: House, service: Service, workers: int, kills: Any) -> None:
    """Each time so many messages are downloaded, one worker is killed and begins again."""
    for turn, number in enumerate(kills):
        eventually(lambda number=number: service.downloaded() >= number, patience=600, every=0.2)
        name = f"worker-{1 + turn % workers}"
        house.kill(name)
        house.begin_again(name)


def _all_done(house: House) -> bool:
    store = open_store(house.database)
    try:
        backlog, counts = store.backlog(), store.mailbox().counts()
    finally:
        store.close()
    cases_sent = counts["parked"] == 3
    return cases_sent and not (
        backlog["head"] or backlog["behind"] or counts["announced"] or counts["answered"]
    )


def _figures(told: Books, repeated: int, kills: int, seconds: float) -> dict[str, Any]:
    journal = told.journal
    return {
        "messages in": len(journal.inbound),
        "of which repeats": repeated,
        "waiting for a person": len(told.parked),
        "cases": len(told.received),
        "AppRecs": sum(len(m["posts"]) for m in journal.inbound),
        "letters": Counter(f"{d.state}: {d.because}" for d in told.deliveries),
        "handed in once more": told.repeats,
        "taken by receivers": len(journal.taken),
        "taken twice, known by MsgId": sum(n - 1 for n in journal.taken.values()),
        "went wrong": {kind: n for kind, n in journal.happened.items() if n},
        "kills": kills,
        "seconds": round(seconds, 1),
    }


def test_version_2_of_the_interface_goes_both_ways(tmp_path: Path) -> None:
    """Unread messages are listed; AppRecs to what was sent come as documents."""
    with ExitStack() as stack:
        service = stack.enter_context(message_service(tmp_path))
        database = f"sqlite:///{tmp_path / 'adapter.db'}"
        house = House(stack, tmp_path, database, service.url, partners=(), **service.settings("2"))
        reached_through_it(house)
        service.conduct(documents=True)
        stories = [one_story(one, municipality=TOWN) for one in range(1, 6)]
        service.deliver([to_the_door(story.messages[0].body) for story in stories])
        house.worker(1)
        eventually(lambda: service.downloaded() == 10, patience=120)
        told = books(database, service.journal())
        told.every_message_made_one_case({story.messages[0].id for story in stories})
        told.every_message_got_one_apprec_and_the_same_for_a_repeat({})
        assert [(d.state, d.because) for d in told.deliveries] == [("accepted", "confirmed")] * 5
