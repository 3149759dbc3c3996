"""The adapter inside this process, for what needs no HTTP: its parts on a store, and who calls."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from adapter.app import build
from adapter.domain.message import Caller
from adapter.flows.accept import accept
from adapter.flows.deliver import deliver_round
from adapter.flows.parts import Parts
from adapter.outside.store import Database, migrate, open_store
from adapter.settings import Settings
from tests.bench.messages import HOSPITAL, MUNICIPALITY
from tests.bench.quiet_store import EverAccepting, ForgetfulStore

CALLER = Caller(HOSPITAL, frozenset({"ip-adapter/messages"}))


def parts_on(store: Any, **settings: Any) -> Parts:
    """The adapter as it stands in a checkout, on its sample tables."""
    return build(Settings(**settings), store)


def forgetful() -> tuple[Parts, ForgetfulStore]:
    """Parts on a store that keeps nothing."""
    store = ForgetfulStore()
    return parts_on(store), store


@contextmanager
def on_database(url: str) -> Iterator[tuple[Parts, Database]]:
    """Parts on a database brought up to date first; its connections end with the block."""
    migrate(url)
    store = open_store(url)
    try:
        yield parts_on(store, database=url), store
    finally:
        store.close()


def taken(parts: Parts, raw: bytes, door: str = "edi") -> None:
    """One message, which must be accepted. Raises ValueError otherwise."""
    answer = accept(door, raw, CALLER, parts)  # type: ignore[arg-type]
    if answer.status != 200:
        raise ValueError(f"the reference message was answered {answer.status}")


def delivered(parts: Parts, rounds: int = 1_000_000, recipient: str = MUNICIPALITY) -> int:
    """Batches to one recipient that always says yes, until nothing is due. How many deliveries were taken."""
    partner = EverAccepting()

    async def carry() -> int:
        total = 0
        for _ in range(rounds):
            count = await deliver_round(recipient, partner, parts)
            total += count
            if not count:
                break
        return total

    return asyncio.run(carry())


def numbered(make: Callable[[int], bytes], start: int) -> Callable[[], bytes]:
    """A maker of ever fresh messages."""
    numbers = iter(range(start, start + 10_000_000))
    return lambda: make(next(numbers))
