"""The mailbox that a message service keeps for us: read, taken, answered, and only then called downloaded.

What is announced is written down in the same commit that moves the position, so nothing is passed over that is not
known here. Each message then goes its own way, in the service's order: fetched, accepted like at any other door, its
stored AppRec posted, marked as downloaded. One that fails waits alone, and a person sees it when it has waited for
long; nothing stops the mailbox. After a crash a message is fetched once more: its answer is the stored one, and the
service is asked for its AppRec before that is posted again.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import ParamSpec, TypeVar

from adapter.domain.mailbox import Fetched, Page, Slip, State
from adapter.flows import arrival
from adapter.flows.arrival import Arrived
from adapter.flows.parts import Parts
from adapter.flows.tracing import trace
from adapter.ports import Collision, Mailbox, MessageService, ServiceAway, ServiceRefuses, StoreBusy

BATCH = 32
"""Messages taken at once: they are in memory together, and a crash fetches as many again."""
DUE = 128
"""Rows looked at together: most are about the state of our own messages, and the slowest call of a batch keeps all."""
SIDE_BY_SIDE = 16
"""Calls to the service at once."""
PATIENCE = 5
"""Tries before a person looks at what fails by itself; what fails because the service is away has as long as a
delivery has."""

A = TypeVar("A")
B = TypeVar("B")
P = ParamSpec("P")


@dataclass(frozen=True, slots=True)
class Post:
    """What a round works with. `name`: under which the position is kept; `threads` ask the database."""

    name: str
    service: MessageService
    mailbox: Mailbox
    parts: Parts
    threads: Executor | None = None

    async def ask(self, call: Callable[P, A], *args: P.args, **kwargs: P.kwargs) -> A:
        """In a thread, as it waits for the database."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self.threads, lambda: call(*args, **kwargs))


async def read_on(post: Post) -> Page:
    """Write down what the service announces behind the position. Raises ServiceAway, ServiceRefuses, StoreBusy."""
    after = await post.ask(post.mailbox.position, post.name)
    page = await post.service.notices(after)
    await post.ask(post.mailbox.note, post.name, page.notices, page.last, post.parts.clock())
    return page


async def read_again(post: Post, look_back: timedelta) -> None:
    """Write down what was announced late, behind our back: with a lower offset than what had been read already.

    Raises as `read_on`.
    """
    now = post.parts.clock()
    after = await post.ask(post.mailbox.position_before, now - look_back)
    notices = await post.service.standing(after)
    if notices:
        await post.ask(post.mailbox.note, post.name, notices, 0, now)


async def see_to(post: Post) -> Sequence[Fetched]:
    """What is due, up to a batch, one step further or to its end, as it was written back. Raises StoreBusy."""
    found = await post.ask(post.mailbox.due, post.parts.clock(), DUE)
    if not found:
        return ()
    messages = [one for one in found if one.kind == "message"][:BATCH]
    due = [*messages, *(one for one in found if one.kind != "message")]
    await post.ask(post.mailbox.begin, due)
    due = [replace(one, tries=one.tries + 1) for one in due]
    brought = await _side_by_side(due, lambda one: arrival.brought(one, post.service))
    taken = [await _taken(one, what, post) for one, what in zip(due, brought, strict=True)]
    ended = await _side_by_side([*zip(due, taken, strict=True)], lambda pair: _ended(*pair, post))
    now = post.parts.clock()
    written = [
        what if isinstance(what, Fetched) else _failed(one, what, now, post.parts)
        for one, what in zip(due, ended, strict=True)
    ]
    await post.ask(post.mailbox.write, written)
    return written


async def _taken(
    one: Fetched, brought: tuple[Slip, bytes] | BaseException | None, post: Post
) -> Arrived | BaseException | None:
    """One after the other, so that a correction does not overtake the need that was announced before it."""
    if isinstance(brought, ServiceAway) and brought.because == "too-long":
        return arrival.too_large(one.her_id, post.parts)
    if brought is None or isinstance(brought, BaseException):
        return brought
    (taken,) = await asyncio.gather(
        post.ask(arrival.taken, *brought, one.her_id, post.parts), return_exceptions=True
    )
    return taken


async def _ended(one: Fetched, taken: Arrived | BaseException | None, post: Post) -> Fetched:
    """Raises what went wrong on the way."""
    if isinstance(taken, BaseException):
        raise taken
    if one.kind != "message":
        return await trace(one, post.service, post.mailbox, post.parts, post.ask)
    if taken is not None:
        await arrival.answered(one, taken, post.service)
        if taken.parked:
            return _now(one, "parked", taken.parked, post.parts.clock())
        one = replace(one, state="answered", because=taken.because)
    try:
        await post.service.downloaded(one.message, one.her_id)
    except (ServiceAway, ServiceRefuses) as error:
        return _failed(one, error, post.parts.clock(), post.parts)
    return _now(one, "done", one.because, post.parts.clock())


def _now(one: Fetched, state: State, because: str, now: datetime) -> Fetched:
    return replace(one, state=state, because=because, at=now)


def _failed(one: Fetched, error: BaseException, now: datetime, parts: Parts) -> Fetched:
    """It waits for its next try, or, after enough of them, for a person. Raises what asks this process to end."""
    if not isinstance(error, Exception):
        raise error
    because, patient, wait = _why(error)
    given_up = parts.schedule.gives_up(one.tries, one.first, now) if patient else one.tries >= PATIENCE
    due = parts.schedule.next_try(one.tries, now, wait)
    return replace(one, state="parked" if given_up else one.state, because=because, at=now, due=due)


def _why(error: Exception) -> tuple[str, bool, int | None]:
    """Why it failed; whether that lies outside of it and may end by itself; how long to wait."""
    match error:
        case ServiceAway():
            return (
                f"service-{error.because}",
                error.because not in ("nonsense", "too-long"),
                error.retry_after,
            )
        case ServiceRefuses():
            return f"service-refuses-{error.http}", False, None
        case StoreBusy() | Collision():
            return "store-busy", True, None
    return f"fault-{type(error).__name__}", False, None


async def _side_by_side(each: Sequence[A], call: Callable[[A], Awaitable[B]]) -> list[B | BaseException]:
    """What each came to, or what it raised, in order."""
    turn = asyncio.Semaphore(SIDE_BY_SIDE)

    async def one(given: A) -> B:
        async with turn:
            return await call(given)

    return await asyncio.gather(*(one(given) for given in each), return_exceptions=True)
