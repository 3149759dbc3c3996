"""A store that dies: just before and just after the commits of transactions, or at any call; and what they change."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

Changes = frozenset[str]
"""What a transaction writes, in words of kinds: never ids, values or how often."""

WRITES: dict[str, Callable[..., list[object]]] = {
    "keep": lambda m: [(m.door, m.kind, m.answer.status, bool(m.case_id))],
    "open_case": lambda case: [case.state],
    "move": lambda _, steps: [(s.lifecycle, s.event, s.after) for s in steps],
    "wait_for_person": lambda waiting: [waiting.list],
    "resolve": lambda *_: [""],
    "purge": lambda *_: [""],
    "keep_deadlines": lambda _case, deadlines, look_at: (
        [(d.rule, d.state) for d in deadlines] or [bool(look_at)]
    ),
    "keep_version": lambda v: [(v.type, v.number == 1)],
    "send": lambda outgoing: [(o.event, o.category) for o in outgoing],
    "begin": lambda *_: [""],
    "stop": lambda _case, _to, category, *_: [category],
    "settle": lambda settled, pause: [(s.state, s.place, bool(pause and pause.until)) for s in settled],
    "unpause": lambda _: [""],
    "hasten": lambda *_: [""],
    "keep_former_key": lambda *_: [""],
    "forget_former_keys": lambda *_: [""],
    "record": lambda audit: [audit.action],
}
"""Each call of `adapter.ports.Transaction` that writes, and what about it makes another kind of change."""


class Died(BaseException):
    """The process is gone: nothing catches this."""


class Life:
    """How many moments are left before the one death of a run, and what was changed by the transactions so far.

    A moment is just before or just after the commit of a transaction that changes anything: between two of them nothing
    lasts but what was sent, so a death at a read or at the start of a transaction leaves the same world. With
    `everywhere` each call is a moment, too.
    """

    def __init__(self, moments: int = 0, *, everywhere: bool = False) -> None:
        self.left, self.died, self.everywhere = moments, False, everywhere
        self.changed: list[Changes] = []

    def commits(self, changes: set[str]) -> None:
        """Just before a commit."""
        if changes or self.everywhere:
            self.spend()

    def committed(self, changes: set[str]) -> None:
        """Just after it, before anybody is told."""
        if changes:
            self.changed.append(frozenset(changes))
        if changes or self.everywhere:
            self.spend()

    def spend(self) -> None:
        if not self.died:
            self.left -= 1
            if self.left == 0:
                self.died = True
                raise Died


class Mortal:
    """Stands before a store or a transaction."""

    def __init__(self, inner: Any, life: Life, changes: set[str]) -> None:
        self._inner, self._life, self._changes = inner, life, changes

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            if self._life.everywhere:
                self._life.spend()
            if name in WRITES:
                self._changes.update(f"{name} {what}" for what in WRITES[name](*args, **kwargs))
            return getattr(self._inner, name)(*args, **kwargs)

        return call

    @contextmanager
    def transaction(self) -> Iterator[Any]:
        changes: set[str] = set()
        with self._inner.transaction() as tx:
            yield Mortal(tx, self._life, changes)
            self._life.commits(changes)
        self._life.committed(changes)
