"""`ip-adapter serve`"""

import asyncio
import signal
import socket
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, nullcontext
from types import FrameType
from typing import Annotated

import typer
import uvicorn
from fastapi import FastAPI

from adapter.api.logging import configure
from adapter.api.service import Lifespan, make_app
from adapter.api.watch import Watch
from adapter.app import limits, system_clock, watch
from adapter.cli.failed import Failed
from adapter.cli.issuer import issuer_beside
from adapter.cli.opening import (
    Opened,
    database_told,
    opened,
    require_known_kind,
    settings_with,
    warn_of_samples,
)
from adapter.cli.options import Database, Json
from adapter.cli.telling import tell, tell_json
from adapter.cli.working import working
from adapter.outside.identity import Identity
from adapter.outside.store import migrate
from adapter.settings import Settings

_LAST_REQUESTS_SECONDS = 20


def command(
    host: Annotated[str | None, typer.Option(help="Where to listen.  [default: IP_ADAPTER_HOST]")] = None,
    port: Annotated[
        int | None, typer.Option(help="0 picks a free port.  [default: IP_ADAPTER_PORT]", min=0, max=65535)
    ] = None,
    database: Database = None,
    work: Annotated[
        bool | None, typer.Option("--work/--no-work", help="Carry what is due, too.  [default: on SQLite]")
    ] = None,
    issuer_port: Annotated[
        int | None, typer.Option(help="Port of the pretend issuer; 0 picks a free one.", min=0, max=65535)
    ] = None,
    json: Json = False,
) -> None:
    """Take messages over HTTP, and carry what is due.

    On SQLite it brings the tables up to date and carries mail in the same process. On PostgreSQL it starts only
    on the tables of this release (`ip-adapter migrate`) and leaves the mail to `ip-adapter work`. In environment
    test without IP_ADAPTER_ISSUER a pretend issuer of tokens is started beside it, which gives a token to
    anybody; the adapter checks it as it checks real ones. SIGTERM or Ctrl-C lets it finish what it has begun.
    Prints one line when it is ready; logs go to standard error as JSON.

    \b
    Examples:
      ip-adapter serve
      IP_ADAPTER_ENVIRONMENT=production IP_ADAPTER_ISSUER=https://helseid.no ip-adapter serve --host 0.0.0.0
    \b
    Exit codes: 0 stopped as asked, 2 it could not begin, or a fault ended it.
    """
    configure(sys.stderr)
    signal.signal(signal.SIGTERM, _leave)
    settings = settings_with(host=host, port=port, database=database)
    require_known_kind(settings)
    with (
        _listening(settings) as listener,
        issuer_beside(settings, issuer_port) as issuer,
    ):
        place = {"host": settings.host, "port": listener.getsockname()[1], "issuer": issuer}
        settings = settings_with(**{"database": database, **place})
        if settings.database.startswith("sqlite"):
            with database_told():
                migrate(settings.database)
        with opened(settings) as now:
            warn_of_samples(settings)
            _serve(now, listener, work=_works(settings, work), json=json)


def _works(settings: Settings, asked: bool | None) -> bool:
    return settings.database.startswith("sqlite") if asked is None else asked


def _leave(_: int, __: FrameType | None) -> None:
    """Before anything is served: unwind, so that what was started is ended."""
    sys.exit(0)


@contextmanager
def _listening(settings: Settings) -> Iterator[socket.socket]:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((settings.host, settings.port))
        except OSError as error:
            place = f"{settings.host}:{settings.port}"
            raise Failed(f"IP_ADAPTER_HOST, IP_ADAPTER_PORT: {place}: {error.strerror}") from None
        yield listener


class _Announcing(uvicorn.Server):
    """Says so when it takes requests; told to stop, it first says that to those who send, and then finishes."""

    def __init__(self, config: uvicorn.Config, now: Opened, watch: Watch, url: str, *, json: bool) -> None:
        super().__init__(config)
        self._settings, self._watch, self._url, self._json = now.settings, watch, url, json
        self.asked = False
        self._drain = 0.0

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self._json:
            tell_json({"ready": True, "url": self._url, "issuer": self._settings.issuer})
        else:
            tell(f"Ready at {self._url}, tokens from {self._settings.issuer}. Ctrl-C stops.")
        sys.stdout.flush()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """From the signal on, readiness says `stopping` and every answer ends its connection.

        SIGTERM comes from what runs the process, which needs a moment to send callers elsewhere; Ctrl-C does not.
        """
        self.asked = True
        self._drain = self._settings.drain if sig == signal.SIGTERM else 0.0
        self._watch.stop()
        super().handle_exit(sig, frame)

    def stop(self, *_: object) -> None:
        """End as soon as what is on its way is done."""
        self._watch.stop()
        self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Go on answering for a while, so that no request meets a closed door: then finish what is in hand."""
        await asyncio.sleep(self._drain)
        await super().shutdown(sockets)


def _serve(now: Opened, listener: socket.socket, *, work: bool, json: bool) -> None:
    serving: list[_Announcing] = []
    seen = watch(now.settings, now.store)

    @asynccontextmanager
    async def around(_: FastAPI) -> AsyncIterator[None]:
        await seen.look()
        looking = asyncio.create_task(seen.keep())
        try:
            async with working(now, serving[0].stop) if work else nullcontext():
                yield
        finally:
            looking.cancel()
            await looking

    config = uvicorn.Config(
        _app(now, seen, around),
        log_config=None,
        access_log=False,
        server_header=False,
        lifespan="on",
        ws="none",
        timeout_graceful_shutdown=_LAST_REQUESTS_SECONDS,
    )
    host, port = listener.getsockname()[:2]
    url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    server = _Announcing(config, now, seen, url, json=json)
    serving.append(server)
    # uvicorn raises the signal that stopped it once more at the end, which then comes here.
    for ending in (signal.SIGTERM, signal.SIGINT):
        signal.signal(ending, signal.SIG_IGN)
    server.run([listener])
    if not server.asked:
        raise Failed("it ended by a fault; the log on standard error has the rest")


def _app(now: Opened, seen: Watch, lifespan: Lifespan) -> FastAPI:
    settings = now.settings
    identity = Identity(settings.issuer, settings.audience, system_clock)
    return make_app(now.parts, identity, seen, limits(settings), lifespan)
