"""The HTTP service, from its parts to its end."""

import asyncio
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, nullcontext
from types import FrameType

import uvicorn
from fastapi import FastAPI

from adapter.api.logging import configure
from adapter.api.service import Lifespan, make_app
from adapter.api.watch import Watch
from adapter.app import limits, system_clock, watch
from adapter.cli.failed import Failed
from adapter.cli.opening import (
    Opened,
    database_told,
    keep_what_is_made,
    opened,
    require_known_kind,
    share_one_heap,
    warn_of_samples,
)
from adapter.cli.telling import tell, tell_json
from adapter.cli.working import working
from adapter.outside.identity import Identity
from adapter.outside.store import migrate
from adapter.settings import Settings
from adapter.wire.warm import warm

_LAST_REQUESTS_SECONDS = 20


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


def serve(
    settings: Settings, listener: socket.socket, issuer: Callable[[], str], *, work: bool, json: bool
) -> None:
    """Answer on a bound socket until a signal comes, and carry mail if told to. `issuer` waits until it answers.

    Raises Failed for all that can be foreseen, and at the end if it was no signal that ended it.
    """
    share_one_heap()
    configure(sys.stderr)
    require_known_kind(settings)
    if settings.database.startswith("sqlite"):
        with database_told():
            migrate(settings.database)
    warm()
    with opened(settings.model_copy(update={"issuer": issuer()})) as now:
        warn_of_samples(now.settings)
        _serve(now, listener, work=work, json=json)


def _serve(now: Opened, listener: socket.socket, *, work: bool, json: bool) -> None:
    serving: list[_Announcing] = []
    seen = watch(now.settings, now.store, parts=now.parts)

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
    keep_what_is_made()
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
