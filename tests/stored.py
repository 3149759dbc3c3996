"""What the store's tests keep in it: synthetic cases, messages and mail, and threads that do so at once."""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from adapter.domain.case import Case
from adapter.domain.delivery import Delivery, Outgoing, Pause, Pinned, Receipt, Settled
from adapter.domain.message import Answer, Received
from adapter.domain.problems import Finding
from adapter.outside.store import Database, StoreFailed
from adapter.ports import Collision, StoreBusy

NOW = datetime(2026, 11, 22, 9, 30, 0, 123456, UTC)
HOSPITAL, VESTBY, AAS = "983975240", "943485437", "964948798"
PLAN = Pinned("CarePlan", "plan-1", 2)
CASE = Case("case-1", "need-1", "0f" * 32, HOSPITAL, VESTBY, None, "routed", NOW)
ANSWER = Answer(200, "application/fhir+json", b'{"a": "\xc3\xa5"}', etag='W/"1"', retry_after=5)


def message(message_id: str = "m-1", **changed: Any) -> Received:
    first = Received(
        f"received-{message_id}",
        "fhir",
        HOSPITAL,
        message_id,
        f"envelope-{message_id}",
        "need-notified",
        "d1",
        b"\x00\xff raw",
        NOW,
        ANSWER,
        findings=(Finding("unread", "Bundle.entry[2]"),),
    )
    return replace(first, **changed)


def mail(message_id: str, to: str = VESTBY, case: str = "case-1", category: str = "plan") -> Outgoing:
    return Outgoing(message_id, to, case, "plan-updated", category, PLAN, (PLAN, Pinned("Task", "t", 1)), NOW)


def outcome(of: Delivery, event: str, state: str, place: Any, **more: Any) -> Settled:
    answered = Receipt("answered", 200, "ok")
    usual = Settled(of, event, state, place, of.due, "", NOW, answered, tried=True)
    return replace(usual, **more)


def accepted(of: Delivery) -> Settled:
    return outcome(of, "accepted", "accepted", "done")


def parked(of: Delivery) -> Settled:
    return outcome(of, "park", "parked", "held", because="no-answer")


def settle(store: Database, *settled: Settled, pause: Pause | None = None) -> list[int]:
    with store.transaction() as tx:
        return list(tx.settle(settled, pause))


def send(store: Database, *outgoing: Outgoing) -> None:
    with store.transaction() as tx:
        tx.case("case-1")
        tx.send(outgoing)


def lane(store: Database, case: str = "case-1") -> list[tuple[str, str]]:
    return [(d.outgoing.message_id, d.place) for d in store.deliveries_of(case)]


def heads(store: Database, to: str = VESTBY) -> list[Delivery]:
    return list(store.due(to, NOW, 16))


def together(*work: Callable[[], object]) -> list[BaseException]:
    """Run at the same moment; what was raised."""
    start = threading.Barrier(len(work))
    raised: list[BaseException] = []

    def run(one: Callable[[], object]) -> None:
        start.wait()
        try:
            one()
        except (Collision, StoreBusy, StoreFailed) as error:
            raised.append(error)

    threads = [threading.Thread(target=run, args=(one,)) for one in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return raised


def until(thread: threading.Thread, condition: Callable[[], bool]) -> None:
    """Wait until the thread has come as far as it can."""
    for _ in range(1000):
        if condition():
            return
        thread.join(0.01)
    raise AssertionError("the thread never came to wait")
