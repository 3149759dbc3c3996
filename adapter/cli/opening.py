"""What commands need before they begin: the database at the tables of this release, and the parts."""

import ctypes
import gc
import getpass
import platform
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from adapter.app import build, require_message_service, samples_left
from adapter.cli.failed import REFUSED, Failed
from adapter.domain.problems import Catalogue, Refused
from adapter.flows.parts import Parts
from adapter.outside.store import Database, StoreFailed, open_store, standing
from adapter.ports import Collision, StoreBusy
from adapter.settings import Settings

_MISFITS = {
    "older": "the tables are not of this release; run ip-adapter migrate",
    "newer": "the tables are of a newer release that this one cannot work with; start that one",
}
_M_ARENA_MAX = -8
"""How mallopt(3) calls the number of heaps that threads get."""
_KNOWN = re.compile(r"sqlite:///|postgres(ql(\+psycopg)?)?://")


@dataclass(frozen=True, slots=True)
class Opened:
    """An adapter ready to work."""

    settings: Settings
    store: Database
    parts: Parts


@contextmanager
def opened(settings: Settings) -> Iterator[Opened]:
    """Everything put together on a database that is at head. Raises Failed for all that can be foreseen."""
    with database_told():
        require_head(settings)
        store = open_store(settings.database, pool_size=settings.pool)
        try:
            with tables_told():
                parts = build(settings, store)
                require_message_service(settings, parts.partners)
            with refusals_told(parts.tables.problems):
                yield Opened(settings, store, parts)
        finally:
            store.close()


def require_head(settings: Settings) -> None:
    """Raises Failed unless this release may work on the tables."""
    require_known_kind(settings)
    with database_told():
        if (stands := standing(settings.database)) != "fits":
            raise Failed(f"IP_ADAPTER_DATABASE: {_MISFITS[stands]}")


def require_known_kind(settings: Settings) -> None:
    """Raises Failed for a URL that is neither SQLite's nor PostgreSQL's."""
    try:
        with database_told():
            store = open_store(settings.database) if _KNOWN.match(settings.database) else None
    except ValueError:
        store = None
    if store is None:
        raise Failed("IP_ADAPTER_DATABASE must be sqlite:///file or postgresql://…")
    store.close()


@contextmanager
def database_told() -> Iterator[None]:
    """Turns what the database says into one line. Raises Failed."""
    try:
        yield
    except ModuleNotFoundError as missing:
        raise Failed(
            f"IP_ADAPTER_DATABASE: {missing.name} is not here; pip install 'ip-adapter[postgres]'"
        ) from None
    except (StoreBusy, Collision):
        raise Failed("IP_ADAPTER_DATABASE: not there, locked or out of reach") from None
    except StoreFailed as failed:
        raise Failed(f"IP_ADAPTER_DATABASE: {failed}") from None


@contextmanager
def tables_told() -> Iterator[None]:
    """Turns what is wrong with tables or settings into one line. Raises Failed."""
    try:
        yield
    except OSError as error:
        raise Failed(f"{error.filename or 'a table'}: {error.strerror or type(error).__name__}") from None
    except ValueError as wrong:
        raise Failed(" ".join(str(wrong).split())) from None


@contextmanager
def refusals_told(catalogue: Catalogue) -> Iterator[None]:
    """Turns a refusal into the catalogue's own words, in Norwegian. Raises Failed."""
    try:
        yield
    except Refused as refused:
        said = [f"{f.problem}: {catalogue[f.problem].text['nb']} ({f.where})" for f in refused.findings]
        raise Failed("; ".join(said), REFUSED) from None


def share_one_heap() -> None:
    """For processes that run on, before their threads begin. glibc gives each of 32 threads a heap of its own, which
    none of them gives back: after 1,500 messages a service held 179 MB, and holds 150 so. Elsewhere it does nothing.
    """
    if platform.libc_ver()[0] == "glibc":
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 1)


def keep_what_is_made() -> None:
    """For processes that run on: the collector of cycles need not look again at what was made at the start."""
    gc.collect()
    gc.freeze()


def warn_of_samples(settings: Settings) -> None:
    """One log line for each variable that production should have set and has not."""
    import structlog  # noqa: PLC0415 - for what runs on; other commands write no log

    for name in samples_left(settings):
        structlog.get_logger("start").warning("still-the-sample", variable=name)


def operator(by: str | None) -> str:
    """Who gives a command: as said, or the user of the operating system."""
    try:
        return by or getpass.getuser()
    except (KeyError, OSError):
        raise Failed("--by: the operating system does not say who you are; say it here") from None
