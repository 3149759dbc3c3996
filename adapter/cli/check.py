"""`ip-adapter check`"""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated

import httpx
import typer

from adapter.app import (
    known_partners,
    refuse_unsafe,
    require_message_service,
    samples_left,
    system_clock,
)
from adapter.cli.failed import REFUSED, Failed
from adapter.cli.opening import database_told, require_head, tables_told
from adapter.cli.options import Database, Json
from adapter.cli.reaching import address_register_answers, message_service_answers
from adapter.cli.setting import settings_with
from adapter.cli.telling import tell, tell_json
from adapter.domain.days import norwegian_day
from adapter.domain.routing import Directory
from adapter.mapping import retention, routes, tables
from adapter.outside.signing import read_signing_key, read_trust
from adapter.outside.store import open_store
from adapter.settings import Settings
from adapter.wire import schema
from adapter.wire.certificates import Held, expiring, held_by
from adapter.wire.official import Official


@dataclass(frozen=True, slots=True)
class Checked:
    """One line. `holds` is None for what is worth knowing and no fault."""

    what: str
    holds: bool | None
    said: str


def command(
    reach: Annotated[
        bool, typer.Option("--reach", help="Also ask whether each partner can be reached.")
    ] = False,
    schemas: Annotated[
        Path | None,
        typer.Option(help="Folder of official XML Schemas.  [default: IP_ADAPTER_SCHEMAS]", metavar="DIR"),
    ] = None,
    database: Database = None,
    json: Json = False,
) -> None:
    """Check settings, tables, routes and database.

    One line each: ok, FAILS, or info. With PostgreSQL it also finds out whether the connection is direct: workers
    hold session locks, which a pooling proxy gives to somebody else. Nothing is changed and nothing is sent; with
    --reach each partner's host is asked for an answer of any kind. With --schemas each schema in that folder is named,
    and each that is missing there of those we have one of our own for. Certificates that signatures are judged and
    made with are named when they end within 45 days.

    \b
    Example:
      ip-adapter check --reach
      ip-adapter check --schemas xsd/
    \b
    Exit codes: 0 all holds, 1 something fails, 2 the settings cannot be read.
    """
    settings = settings_with(database=database, schemas=schemas)
    checked = [*_checks(settings, reach=reach)]
    if json:
        tell_json(checked)
    else:
        for one in checked:
            word = {True: "ok", False: "FAILS", None: "info"}[one.holds]
            tell(f"{word:<6} {one.what}: {one.said}", {"FAILS": "bold red", "ok": "green"}.get(word, ""))
    if any(one.holds is False for one in checked):
        raise typer.Exit(REFUSED)


def _checks(settings: Settings, *, reach: bool) -> Iterator[Checked]:
    folder = settings.mappings
    yield _tried("settings", lambda: _settings(settings))
    for name in samples_left(settings):
        yield Checked("settings", None, f"{name} is still the sample")
    yield _tried("tables", lambda: _tables(settings))
    if settings.schemas:
        yield from _schemas(settings.schemas, settings)
    yield _tried("routes", lambda: _units(routes.load(folder / "routes")))
    yield _tried("partners", lambda: f"{len(known_partners(settings).by_organisation)} organisations")
    yield from _message_service(settings)
    if settings.trust or settings.signing_certificate:
        yield from _certificates(settings)
    if reach:
        yield from _reached(settings)
    if reach and settings.edi20_url:
        yield _tried("message service", lambda: message_service_answers(settings))
    if reach and settings.register_url:
        yield _tried("address register", lambda: address_register_answers(settings))
    yield _tried("database", lambda: _database(settings))
    if not settings.database.startswith("sqlite"):
        yield _tried("locks", lambda: _direct(settings))


def _tried(what: str, check: Callable[[], str]) -> Checked:
    try:
        with tables_told(), database_told():
            return Checked(what, holds=True, said=check())
    except Failed as failed:
        return Checked(what, holds=False, said=str(failed))


def _settings(settings: Settings) -> str:
    refuse_unsafe(settings)
    return f"environment {settings.environment}, issuer {settings.issuer}"


def _tables(settings: Settings) -> str:
    read = tables.load(settings.mappings, settings.canonical_base)
    retention.load(settings.mappings, read.lifecycles)
    kinds = (("message", read.messages), ("resource", read.resources), ("code", read.codes))
    counted = ", ".join(f"{len(found)} {name} tables" for name, found in kinds)
    return f"{counted}, {len(read.schemas.own)} schemas"


def _schemas(folder: Path, settings: Settings) -> Iterator[Checked]:
    """Of the official schemas each that is there, and each that is not and that we have one of our own for."""
    read = _tried("official schemas", lambda: f"{len(Official(folder).namespaces)} in {folder}")
    yield read
    if read.holds:
        named = Official(folder).namespaces
        for namespace, name in named.items():
            yield Checked("official schema", holds=True, said=f"{namespace} in {name}")
        for namespace in schema.load(settings.mappings / "schemas").own:
            if namespace not in named:
                yield Checked("official schema", None, f"{namespace} is not there; ours is used alone")


def _units(directory: Directory) -> str:
    today = norwegian_day(system_clock())
    numbers = {m.number for m in directory.municipalities if m.in_force(today)}
    served = {u.municipality for u in directory.units if u.in_force(today)}
    return f"{len(numbers)} municipalities today, {len(numbers - served)} of them without a unit (see directory check)"


def _message_service(settings: Settings) -> Iterator[Checked]:
    """Whether it is there for who is reached through it, where anybody is or it is configured."""
    try:
        with tables_told():
            known = known_partners(settings)
    except Failed:
        return  # told already
    if settings.edi20_url or any(p.channel == "edi20" for p in known.by_organisation.values()):
        yield _tried("message service", lambda: require_message_service(settings, known))


def _certificates(settings: Settings) -> Iterator[Checked]:
    """Whether those that signatures are judged and made with can be read, and which of them end soon or are over."""
    held: list[Held] = []

    def read() -> str:
        held.extend(_held(settings))
        return f"{len(held)} files"

    yield _tried("certificates", read)
    for file, days in expiring(held, system_clock()):
        yield Checked("certificate", None if days >= 0 else False, f"{file} {_left(days)}")


def _held(settings: Settings) -> Iterator[Held]:
    if settings.trust:
        yield from read_trust(settings.trust).held
    if settings.signing_key and settings.signing_certificate:
        home = next(
            p.organisation for p in known_partners(settings).by_organisation.values() if p.kind == "adapter"
        )
        key = read_signing_key(settings.signing_key, settings.signing_certificate, home)
        yield held_by(key.file, key.chain)


def _left(days: int) -> str:
    return f"ends in {days} days" if days >= 0 else f"ended {-days} days ago"


def _reached(settings: Settings) -> Iterator[Checked]:
    try:
        with tables_told():
            known = known_partners(settings)
    except Failed:
        return  # told already
    with httpx.Client(timeout=5.0, trust_env=False) as client:
        for partner in known.by_organisation.values():
            if partner.endpoint:
                yield _tried(f"partner {partner.organisation}", partial(_answers, client, partner.endpoint))


def _answers(client: httpx.Client, address: str) -> str:
    try:
        status = client.get(address).status_code
    except (httpx.HTTPError, httpx.InvalidURL):
        raise Failed(f"nobody answers at {address}") from None
    return f"answers at {address} (HTTP {status} to a GET)"


def _database(settings: Settings) -> str:
    require_head(settings)
    store = open_store(settings.database)
    try:
        if not store.ready():
            raise Failed("IP_ADAPTER_DATABASE: a write would not go through now")
    finally:
        store.close()
    return "reachable, with the tables of this release"


def _direct(settings: Settings) -> str:
    """Two sessions must never both hold a lock, and what one gives back the other must be able to take."""
    store = open_store(settings.database)
    one, other = store.round(), store.round()
    try:
        name = f"check {os.getpid()}"
        apart = one.take(name) and not other.take(name) and one.still_held()
        one.give_back(name)
        if not (apart and other.take(name)):
            raise Failed(
                "IP_ADAPTER_DATABASE: session locks do not hold; connect directly, not through a pool"
            )
    finally:
        one.close()
        other.close()
        store.close()
    return "session locks hold: the connection is direct"
