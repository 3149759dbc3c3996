"""Two of the same message at once, at the moments where one may see the other half-way."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from cases import FIXTURES

from adapter.app import build
from adapter.domain.message import Caller, Received
from adapter.flows.accept import accept
from adapter.outside.store import Database
from adapter.ports import Transaction
from adapter.settings import Settings

CALLER = Caller("999900011", frozenset({"ip-adapter/messages"}))
NEED = (FIXTURES / "notify" / "fhir-need-is-routed" / "in.json").read_bytes()


class _Overtaken:
    """A transaction whose first question about the message is asked just before the other request commits."""

    def __init__(self, tx: Transaction, meanwhile: Any) -> None:
        self._tx, self._meanwhile = tx, meanwhile

    def answered(self, door: str, sender: str, message_id: str) -> Received | None:
        found = self._tx.answered(door, sender, message_id)
        self._meanwhile()
        return found

    def __getattr__(self, name: str) -> Any:
        return getattr(self._tx, name)


class _Store:
    """A store that lets another request of the same message through in the middle of the first one."""

    def __init__(self, inner: Database, other: Any) -> None:
        self._inner, self._other = inner, other

    @contextmanager
    def transaction(self) -> Iterator[Any]:
        with self._inner.transaction() as tx:
            yield _Overtaken(tx, self._once)

    def _once(self) -> None:
        other, self._other = self._other, lambda: None
        other()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


def test_a_message_that_is_kept_between_two_questions_is_a_repeat(store: Database, tmp_path: Path) -> None:
    """The Bundle's id is its own then, and not that of another message: the sender gets the one stored answer."""
    parts = build(Settings(), store)
    answers = []
    overtaken = _Store(store, lambda: answers.append(accept("fhir", NEED, CALLER, parts)))
    answers.append(accept("fhir", NEED, CALLER, replace(parts, store=overtaken)))  # type: ignore[arg-type]
    assert [answer.status for answer in answers] == [200, 200]
    assert answers[0].body == answers[1].body
    assert len(store.case_ids()) == 1
