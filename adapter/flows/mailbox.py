"""The mailbox that a message service keeps for us: read, taken, answered, and only then called downloaded.

What is announced is written down in the same commit that moves the position, so nothing is passed over that is not
known here. Each message then goes its own way, in the service's order: fetched, accepted like at any other door, its
stored AppRec posted, marked as downloaded. One that fails waits, and with it what its sender sent after it (`turns`); a
person sees it when it has waited for long; nothing stops the mailbox. After a crash a message is fetched once more: its
answer is the stored one, and the service is asked for its AppRec before that is posted again.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import ParamSpec, TypeVar

from adapter.domain.mailbox import Fetched, Page, State
from adapter.flows import arrival, turns
from adapter.flows.arrival import Arrived, Brought
from adapter.flows.parts import Parts
from adapter.flows.setbacks import failed
from adapter.flows.tracing import trace
from adapter.ports import ServiceAway, ServiceRefuses
from adapter.service_ports import Mailbox, MessageService

BATCH = 32
"""Messages taken at once: they are in memory together, and a crash fetches as many again."""
DUE = 128
"""Rows looked at together: most are about the state of our own messages, and the slowest call of a batch keeps all."""
SIDE_BY_SIDE = 16
"""Calls to the service at once."""
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
    stuck = await post.ask(post.mailbox.stuck, messages[-1], turns.UNKNOWN_KEEPS) if messages else ()
    due = [*turns.in_turn(messages), *(one for one in found if one.kind != "message")]
    begun = await post.ask(post.mailbox.begin, due)
    if len(begun) < len(due):
        return ()  # another process is at them; what it has may come before what it has not
    brought = await _side_by_side(begun, lambda one: _brought(one, stuck, post))
    taken = await _taken_in_turn(begun, brought, list(stuck), post)
    ended = await _side_by_side(taken, lambda turn: _ended(turn, post))
    now = post.parts.clock()
    written = [
        what if isinstance(what, Fetched) else failed(turn.one, what, now, post.parts)
        for turn, what in zip(taken, ended, strict=True)
    ]
    await post.ask(post.mailbox.write, begun, written)
    return written


@dataclass(frozen=True, slots=True)
class _Turn:
    """A message, with its sender where that is known, and what became of it here; `over`: nothing more is done now."""

    one: Fetched
    arrived: Arrived | None = None
    over: Fetched | None = None


@dataclass(frozen=True, slots=True)
class _Waits:
    """What is not fetched, as its turn comes with another's next try."""

    sender: str
    until: datetime


async def _brought(one: Fetched, stuck: Sequence[Fetched], post: Post) -> Brought | _Waits | None:
    """None where there is nothing more to fetch. What has not its turn is not fetched, and asked about only until its
    sender is known: otherwise whatever one sender has waiting would be fetched anew until its first has come."""
    if not turns.is_to_be_taken(one):
        return None
    if until := turns.waits_until(one, stuck):
        return _Waits(one.sender, until)
    slip = await post.service.slip(one.message, one.her_id)
    if until := turns.waits_until(replace(one, sender=slip.sender), stuck):
        return _Waits(slip.sender, until)
    return await arrival.brought(slip, post.service)


async def _taken_in_turn(
    begun: Sequence[Fetched],
    brought: Sequence[Brought | _Waits | BaseException | None],
    stuck: list[Fetched],
    post: Post,
) -> Sequence[_Turn]:
    """One after the other; what fails keeps back what its sender announced after it."""
    each = []
    for one, what in zip(begun, brought, strict=True):
        turn = await _taken(one, what, stuck, post)
        each.append(turn)
        if turn.over and turns.is_to_be_taken(turn.over):
            stuck.append(turn.over)
    return each


async def _taken(
    one: Fetched, brought: Brought | _Waits | BaseException | None, stuck: Sequence[Fetched], post: Post
) -> _Turn:
    now = post.parts.clock()
    if brought is None:
        return _Turn(one)
    if isinstance(brought, BaseException):
        return _Turn(one, over=failed(one, brought, now, post.parts))
    if isinstance(brought, _Waits):
        return _Turn(one, over=turns.kept_back(replace(one, sender=brought.sender), brought.until, now))
    one = replace(one, sender=brought.slip.sender)
    if until := turns.waits_until(one, stuck):
        return _Turn(one, over=turns.kept_back(one, until, now))
    taken = await _accepted(one, brought, post)
    if isinstance(taken, BaseException):
        return _Turn(one, over=failed(one, taken, now, post.parts))
    return _Turn(one, taken)


async def _accepted(one: Fetched, brought: Brought, post: Post) -> Arrived | BaseException:
    if isinstance(brought.raw, ServiceAway) and brought.raw.because == "too-long":
        return arrival.too_large(one.her_id, post.parts)
    if isinstance(brought.raw, BaseException):
        return brought.raw
    asked = post.ask(arrival.taken, brought.slip, brought.raw, one.her_id, post.parts)
    (taken,) = await asyncio.gather(asked, return_exceptions=True)
    return taken


async def _ended(turn: _Turn, post: Post) -> Fetched:
    """Raises what went wrong on the way."""
    one = turn.one
    if turn.over:
        return turn.over
    if one.kind != "message":
        return await trace(one, post.service, post.mailbox, post.parts, post.ask)
    if turn.arrived is not None:
        if not await post.ask(post.mailbox.is_begun, one):
            return one  # another process has the mailbox now, and answers
        await arrival.answered(one, turn.arrived, post.service)
        if turn.arrived.parked:
            return _now(one, "parked", turn.arrived.parked, post.parts.clock())
        one = replace(one, state="answered", because=turn.arrived.because)
    try:
        await post.service.downloaded(one.message, one.her_id)
    except (ServiceAway, ServiceRefuses) as error:
        return failed(one, error, post.parts.clock(), post.parts)
    return _now(one, "done", one.because, post.parts.clock())


def _now(one: Fetched, state: State, because: str, now: datetime) -> Fetched:
    return replace(one, state=state, because=because, at=now)


async def _side_by_side(each: Sequence[A], call: Callable[[A], Awaitable[B]]) -> list[B | BaseException]:
    """What each came to, or what it raised, in order."""
    turn = asyncio.Semaphore(SIDE_BY_SIDE)

    async def one(given: A) -> B:
        async with turn:
            return await call(given)

    return await asyncio.gather(*(one(given) for given in each), return_exceptions=True)
