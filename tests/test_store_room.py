"""A PostgreSQL whose disk is full says so to who writes; the store remembers, and finds out when there is room."""

from types import SimpleNamespace
from typing import Any

import pytest

from adapter.outside.store import StoreFailed, open_store
from adapter.outside.store.sql import Sql

pytestmark = pytest.mark.server


def test_a_write_that_failed_for_want_of_room_is_remembered_until_a_large_row_goes_in(
    postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tried once every few seconds, not at every question; and what is tried is not kept."""
    store = open_store(postgresql_url)
    failure: Any = SimpleNamespace(original_exception=SimpleNamespace(sqlstate="53100"))
    assert store.ready()
    store._room._failed(failure)
    with monkeypatch.context() as full:
        full.setattr(store._room, "_fits", lambda: False)
        assert not store.ready()
    assert not store.ready()  # it was tried just now
    store._room._again = 0.0
    assert store.ready()
    assert store.has_room()
    assert store.received("room") is None
    store.close()


def test_what_is_refused_for_another_reason_is_not_for_want_of_room(
    postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_store(postgresql_url)

    def refuse(*_: object, **__: object) -> int:
        raise StoreFailed

    failure: Any = SimpleNamespace(original_exception=SimpleNamespace(sqlstate="53100"))
    store._room._failed(failure)
    monkeypatch.setattr(Sql, "run", refuse)
    assert store.has_room()
    store.close()
