"""Whose turn it is among what is due to one recipient, and who may end a wait."""

import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from stored import CASE, NOW, VESTBY, mail, outcome, settle
from stored import heads as due

from adapter.outside.store import Database, open_store

MINUTE = timedelta(minutes=1)


def with_mail(store: Database, *names: str) -> None:
    """One letter each, in a lane of its own, decided in this order."""
    for name in names:
        with store.transaction() as tx:
            tx.open_case(replace(CASE, id=name, need=name))
            tx.send([mail(name, VESTBY, name)])


def turns(store: Database, most: int = 16) -> list[str]:
    return [d.outgoing.message_id for d in store.due(VESTBY, NOW, most)]


def failed(store: Database, name: str, again: timedelta) -> None:
    (delivery,) = store.deliveries_of(name)
    settle(store, outcome(delivery, "later", "waiting", "head", due=NOW + again))


def test_a_second_try_is_not_kept_back_by_new_mail(store: Database) -> None:
    """However much is queued behind it: longest overdue first, then what is new, as it was decided."""
    with_mail(store, "a", "b", "c")
    failed(store, "c", -2 * MINUTE)
    failed(store, "b", -MINUTE)
    with_mail(store, "d", "e")
    assert turns(store) == ["c", "b", "a", "d", "e"]
    assert turns(store, 1) == ["c"]
    assert turns(store, 3) == ["c", "b", "a"]


def test_what_failed_just_now_does_not_keep_back_new_mail(store: Database) -> None:
    """It waits, longer each time."""
    with_mail(store, "a", "b")
    failed(store, "a", MINUTE)
    assert turns(store) == ["b"]


@pytest.mark.server
def test_ending_false_waits_waits_for_nobody(postgresql_url: str) -> None:
    """A postman holds two letters and meets more: no ring, and what it writes is left for the next look."""
    store = open_store(postgresql_url)
    with_mail(store, "a", "b")
    failed(store, "a", 100 * MINUTE)
    failed(store, "b", 100 * MINUTE)
    (held,) = store.deliveries_of("a")
    hastened: list[int] = []

    def hasten() -> None:
        with store.transaction() as tx:
            hastened.append(tx.hasten(NOW + MINUTE, NOW))

    with store.transaction() as tx:
        tx.settle([outcome(held, "later", "waiting", "head", due=NOW + 200 * MINUTE)], None)
        other = threading.Thread(target=hasten)
        other.start()
        other.join(30)
        assert hastened == [1]
    hasten()
    assert hastened == [1, 1]
    assert [d.outgoing.message_id for d in due(store)] == ["a", "b"]
    store.close()
