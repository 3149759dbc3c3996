"""The address register is asked for every address of ours, and for each of which it tells that something has changed.

What it says is kept, and a person looks at what is not as it was. Nothing is changed by it in our tables. Whatever the
register does not answer leaves what is known of that address as it is.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import ParamSpec, TypeVar

from adapter.domain.case import Audit
from adapter.domain.days import norwegian_day
from adapter.domain.problems import Finding, Refused
from adapter.domain.register import Address, Entry, Feed, Party, State, learned, state_of
from adapter.flows.parts import Parts
from adapter.ports import ServiceAway, ServiceRefuses
from adapter.service_ports import Register, RegisterService

SERVICE = "cp-api"
"""Under which the position in the register's events is kept."""
NIGHT = timedelta(hours=2)
"""After midnight in Norway all addresses are asked for: not at midnight, when everybody does."""
_OF_ONE = frozenset({"nonsense", "too-long"})
_GONE, _REFUSED = 410, 400
A = TypeVar("A")
P = ParamSpec("P")


@dataclass(frozen=True, slots=True)
class Looking:
    """What a look at the register works with. `threads` ask the database (None: those of the loop)."""

    service: RegisterService
    register: Register
    parts: Parts
    threads: Executor | None = None

    async def ask(self, call: Callable[P, A], *args: P.args, **kwargs: P.kwargs) -> A:
        """In a thread, as it waits for the database."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self.threads, lambda: call(*args, **kwargs))


@dataclass(frozen=True, slots=True)
class Looked:
    """What was learned: every address that answered, those that a person should look at now, and how many gave an
    answer that could not be read."""

    entries: tuple[Entry, ...] = ()
    new: tuple[Entry, ...] = ()
    unread: int = 0


def addresses(parts: Parts, at: datetime) -> Mapping[str, Address]:
    """The HER-ids that something is sent to, or from: of partners and their services, and of units in force.

    A unit that is reached by telephone only has nothing sent to it.
    """
    found: dict[str, Address] = {}
    for partner in parts.partners.by_organisation.values():
        of = partner.organisation
        found |= {her_id: Address(her_id, of) for her_id in partner.service_her_ids}
        if partner.her_id:
            found[partner.her_id] = Address(partner.her_id, of, "Organization")
    today = norwegian_day(at)
    units = [u for u in parts.directory.units if u.in_force(today) and u.channel != "telephone"]
    return found | {unit.her_id: Address(unit.her_id, unit.organisation) for unit in units}


def whole_is_due(feed: Feed, now: datetime) -> bool:
    """Whether this night every address is still to be asked for."""
    return feed.whole_at is None or norwegian_day(feed.whole_at - NIGHT) != norwegian_day(now - NIGHT)


async def look_at_all(looking: Looking) -> Looked:
    """Ask for every address. What answers is kept, also if the register goes away in the middle.

    A register that knows none of them is not the register: nothing is believed of it. Raises ServiceAway,
    ServiceRefuses, StoreBusy, Collision.
    """
    now = looking.parts.clock()
    position = await _latest(looking.service)
    ours = addresses(looking.parts, now)
    known = {entry.her_id: entry for entry in await looking.ask(looking.register.entries)}
    oldest_first = sorted(ours, key=lambda h: (known[h].checked_at.isoformat() if h in known else "", h))
    looked = await _look_at([ours[her_id] for her_id in oldest_first], known, looking, whole=True)
    if left := sorted(known.keys() - ours.keys()):
        await looking.ask(looking.register.forget, left)
    await looking.ask(looking.register.read_to, SERVICE, Feed(position, now))
    return looked


async def look_at_news(looking: Looking) -> Looked:
    """Ask for the addresses of ours of which the register tells that they have changed, page by page.

    Where it does not tell on from where we were, every address is asked for. Raises as `look_at_all`.
    """
    feed = await looking.ask(looking.register.feed, SERVICE)
    if feed.position is None:
        return Looked()
    ours = addresses(looking.parts, looking.parts.clock())
    found, full = Looked(), True
    while full:
        try:
            page = await looking.service.events(feed.position or 0)
        except ServiceRefuses as refuses:
            if refuses.http not in (404, _GONE):
                raise
            return await look_at_all(looking)
        told = [ours[her_id] for her_id in page.her_ids if her_id in ours]
        known = {entry.her_id: entry for entry in await looking.ask(looking.register.entries)} if told else {}
        more = await _look_at(told, known, looking)
        found = Looked(found.entries + more.entries, found.new + more.new, found.unread + more.unread)
        feed = replace(feed, position=page.last)
        await looking.ask(looking.register.read_to, SERVICE, feed)
        full = page.full and bool(page.her_ids)
    return found


def seen(her_id: str, by: str, why: str, register: Register, parts: Parts) -> None:
    """A person has looked at what the register says of an address, and has seen to it. Raises Refused (not-found)."""
    if register.entry(her_id) is None:
        raise Refused(Finding("not-found", "her-id"))
    if register.seen(her_id):
        with parts.store.transaction() as tx:
            tx.record(Audit(parts.clock(), by, "address-seen", None, {"her-id": her_id, "why": why}))


async def _latest(service: RegisterService) -> int | None:
    """Where its events have come to, before anything is asked for: what changes meanwhile is told of afterwards."""
    try:
        return await service.latest()
    except ServiceRefuses:
        return None


async def _look_at(
    asked: Sequence[Address], known: Mapping[str, Entry], looking: Looking, *, whole: bool = False
) -> Looked:
    """One after the other: it is a few hundred at most, and the register is everybody's.

    `whole`: all of ours are asked for. The few that it tells of may well have gone, every one.
    """
    entries: list[Entry] = []
    fault: ServiceAway | ServiceRefuses | None = None
    unread = 0
    for address in asked:
        try:
            entries.append(await _learned(address, known.get(address.her_id), looking))
        except (ServiceAway, ServiceRefuses) as why:
            fault = why
            if not _is_of_one(why):
                break
            unread += 1
    if whole and entries and len(asked) > 1 and all(entry.state == "unknown-there" for entry in entries):
        raise ServiceAway("nonsense", 404)  # who knows nobody is not the register: nothing is believed of it
    if entries:
        await looking.ask(looking.register.keep, entries)
    if fault and (not entries or not _is_of_one(fault)):
        raise fault
    was = {entry.look_since for entry in known.values()}
    new = [e for e in entries if e.look_since and e.look_since not in was]
    return Looked(tuple(entries), tuple(new), unread)


async def _learned(address: Address, before: Entry | None, looking: Looking) -> Entry:
    now, belief = looking.parts.clock(), looking.parts.tables.register
    party: Party | None = None
    state: State = "gone"
    try:
        party = await looking.service.party(address.her_id)
        state = state_of(party, address, now)
    except ServiceRefuses as refuses:
        if refuses.http != _GONE:
            raise
    return learned(before, party, state, address.her_id, now, belief)


def _is_of_one(why: ServiceAway | ServiceRefuses) -> bool:
    """Whether a fault is about one address, so that the next may be asked for."""
    if isinstance(why, ServiceRefuses):
        return why.http == _REFUSED
    return why.because in _OF_ONE
