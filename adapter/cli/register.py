"""`ip-adapter register`"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, TypeVar

import typer

from adapter.app import address_register
from adapter.cli.failed import NOT_TRIED, REFUSED, Failed
from adapter.cli.opening import Opened, opened, operator
from adapter.cli.options import By, Database, Json
from adapter.cli.setting import settings_with
from adapter.cli.telling import tell, tell_json
from adapter.domain.register import Certificate, Entry, Party, certificates_ending
from adapter.flows.register import Looking, addresses, look_at_all, seen
from adapter.ports import ServiceAway, ServiceRefuses
from adapter.service_ports import RegisterService

T = TypeVar("T")
_CHECK = "check"
_LONGEST = 10
"""Digits of a HER-id."""
_SAID = {
    "active": "active",
    "gone": "ended there",
    "unknown-there": "not in the register",
    "other-organisation": "another organisation's",
    "other-kind": "not of the kind that it is here",
}


def command(
    what: Annotated[
        str | None,
        typer.Argument(
            help="A HER-id to ask the register for, or `check` to ask it for all of ours.",
            metavar="[HER-ID|check]",
        ),
    ] = None,
    why: Annotated[
        str, typer.Option(help="Take the address off the list, as seen to, for this reason. Name no person.")
    ] = "",
    by: By = None,
    database: Database = None,
    json: Json = False,
) -> None:
    """Ask the address register for an address, or for all of ours; or list what it last said.

    Workers ask NHN's Adresseregisteret every night, and in between when it tells of a change. An address that has ended
    there, or is another organisation's, gets no need: the case waits on the routing list. Without an argument what
    is kept is listed, with a mark at what nobody has looked at since it changed; --why takes one off that list.

    \b
    Examples:
      ip-adapter register
      ip-adapter register 8900022
      ip-adapter register check --json
      ip-adapter register 8900022 --why "The municipality has said which address it has now"
    \b
    Exit codes: 0 done, 1 an address is not as it should be, or there is no such one, 2 the register or the database
    could not be asked.
    """
    with opened(settings_with(database=database)) as now:
        if what is None:
            _list(now, json=json)
        elif what == _CHECK:
            _check(now, json=json)
        elif not what.isascii() or not what.isdigit() or len(what) > _LONGEST:
            raise Failed("a HER-id is a number", REFUSED)
        elif why.strip():
            seen(what, operator(by), why, now.store.register(), now.parts)
            tell_json({"her-id": what, "seen": True}) if json else tell(f"{what} is seen to.")
        else:
            _ask(what, now, json=json)


def _list(now: Opened, *, json: bool) -> None:
    found = now.store.register().entries()
    if json:
        tell_json([_object(entry, now) for entry in found])
        return
    for entry in found:
        for line in _lines(entry, now):
            tell(line)
    if not found:
        tell("The register was never asked.")


def _check(now: Opened, *, json: bool) -> None:
    """Ends with 1 where an address is not as it should be."""
    looked = _asked(now, lambda service: look_at_all(Looking(service, now.store.register(), now.parts)))
    amiss = [entry for entry in looked.entries if entry.state != "active"]
    if json:
        tell_json(
            {"asked": len(looked.entries), "unread": looked.unread, "amiss": [_object(e, now) for e in amiss]}
        )
    else:
        for line in (line for entry in looked.entries for line in _lines(entry, now, quiet=True)):
            tell(line)
        tell(f"{len(looked.entries)} addresses asked for, {len(amiss)} not as they should be.")
    if amiss or looked.unread:
        raise typer.Exit(REFUSED)


def _ask(her_id: str, now: Opened, *, json: bool) -> None:
    """What the register says of one address, ours or not; nothing is kept of it."""

    async def both(service: RegisterService) -> tuple[Party | None, Sequence[Certificate]]:
        party = await service.party(her_id)
        return party, await service.certificates(her_id) if party else ()

    party, certificates = _asked(now, both)
    if json:
        tell_json({"party": party and asdict(party), "certificates": [asdict(one) for one in certificates]})
    elif party is None:
        tell(f"{her_id}: not in the register")
    else:
        ended = f", until {_day(party.until)}" if party.until else ""
        tell(f"{her_id}: {party.kind} of organisation {party.organisation or 'not said'}{ended}")
        for one in certificates:
            state = "in use" if one.current else "before"
            tell(f"  {one.use:<10}  {_day(one.valid_from)} to {_day(one.valid_to)}  {state}")
    if party is None or (party.until and party.until <= now.parts.clock()):
        raise typer.Exit(REFUSED)


def _asked(now: Opened, question: Callable[[RegisterService], Awaitable[T]]) -> T:
    """The answer of the register that is configured. Raises Failed."""
    try:
        return asyncio.run(_put(now, question))
    except ServiceAway as away:
        where = (
            now.settings.helseid_token_endpoint if away.because == "no-token" else now.settings.register_url
        )
        raise Failed(f"{where}: {away.because}", NOT_TRIED) from None
    except ServiceRefuses as refuses:
        raise Failed(f"{now.settings.register_url} refuses (HTTP {refuses.http})", NOT_TRIED) from None


async def _put(now: Opened, question: Callable[[RegisterService], Awaitable[T]]) -> T:
    connection = address_register(now.settings)
    if connection is None:
        raise Failed("IP_ADAPTER_REGISTER_URL is not set", NOT_TRIED)
    try:
        return await question(connection.service)
    finally:
        await connection.aclose()


def _lines(entry: Entry, now: Opened, *, quiet: bool = False) -> Iterator[str]:
    """An address as lines for a person; `quiet`: nothing of one that is as it should be."""
    belief, at = now.parts.tables.register, now.parts.clock()
    state = entry.state_at(at)
    mark = "look " if entry.look_since else "     "
    old = "" if entry.believed(at, belief) else "; too old to count"
    if state != "active" or not quiet:
        said = f"{_SAID[state]} since {_day(entry.since)}, asked {_day(entry.checked_at)}{old}"
        yield f"{mark}{entry.her_id:<10}  {_of(entry, now)}  {said}"
    for use, until in certificates_ending(entry, at, belief):
        yield f"{mark}{entry.her_id:<10}  {_of(entry, now)}  certificate for {use} ends {_day(until)}"


def _object(entry: Entry, now: Opened) -> dict[str, Any]:
    belief, at = now.parts.tables.register, now.parts.clock()
    of = {"here": _of(entry, now), "state": entry.state_at(at), "counts": entry.believed(at, belief)}
    ending = [{"use": use, "until": until} for use, until in certificates_ending(entry, at, belief)]
    return asdict(entry) | of | {"certificates_ending": ending}


def _of(entry: Entry, now: Opened) -> str:
    """Whose address it is by our tables (organisation number)."""
    known = addresses(now.parts, now.parts.clock()).get(entry.her_id)
    return known.organisation if known else "nobody's"


def _day(moment: datetime | None) -> str:
    return moment.date().isoformat() if moment else "no end"
