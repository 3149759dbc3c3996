"""One process of the adapter on a given clock: what `serve` and `work` put together, and a word when nothing is due.

    python -m tests.day.node '{"database": …, "clock": …, "issuer": …, "partners": …, "serve": true, "work": true}'

Prints {"ready": true, "port": n}; then answers each line on standard input when all that is due has been carried.
"""

import asyncio
import json
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI

from adapter.api.logging import configure
from adapter.api.service import make_app
from adapter.app import build, transport
from adapter.outside.identity import Identity
from adapter.outside.store import Database, open_store
from adapter.settings import Settings
from adapter.worker import Worker

from .clock import SharedClock

SEND_TIMEOUT = 1.0
"""Seconds of real time: partners stand on the same machine, and a slow one is slow on purpose."""
_LOOKS = 100
"""Looks after which something that stays due is told as it is: it is left alone until the clock moves."""


class Carrying:
    """The worker on its own loop; whoever asks is told when nothing is due any more."""

    def __init__(self, settings: Settings, store: Database, clock: SharedClock) -> None:
        self._store, self._clock = store, clock
        parts = build(settings, store, clock)
        self._round, self._way_out = store.round(), transport(settings, parts, clock)
        self.worker = Worker(parts, self._way_out, self._round, look_every=0.02, pause=self._pause)
        self._asked = 0
        self._looks = 0

    async def run(self) -> None:
        """Until standard input ends."""
        listening = asyncio.create_task(self._listen())
        await self.worker.run()
        await listening
        await self._way_out.aclose()
        self._round.close()

    async def _listen(self) -> None:
        while await asyncio.to_thread(sys.stdin.readline):
            self._asked += 1
        self.worker.stop()

    async def _pause(self, seconds: float) -> None:
        """Between two looks. Answers only after a look that began when it was asked and found nothing."""
        await asyncio.gather(*self.worker.on_the_way(), return_exceptions=True)
        asked = self._asked
        if not asked:
            await asyncio.sleep(seconds)
            return
        due = await asyncio.to_thread(self._store.due_recipients, self._clock())
        self._looks += 1
        if due and self._looks < _LOOKS:
            await asyncio.sleep(0.005)
            return
        self._looks, self._asked = 0, 0
        say({"due": list(due)})


def say(what: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


def main() -> None:
    given = json.loads(sys.argv[1])
    configure(sys.stderr)
    settings = Settings(
        database=given["database"],
        issuer=given["issuer"],
        partners=Path(given["partners"]),
        send_timeout=SEND_TIMEOUT,
        public_address="https://adapter.example/fhir",
    )
    store = open_store(settings.database)
    clock = SharedClock(Path(given["clock"]))
    carrying = Carrying(settings, store, clock) if given["work"] else None
    if given["serve"]:
        _serve(settings, store, clock, carrying)
    elif carrying:
        say({"ready": True, "port": 0})
        asyncio.run(carrying.run())
    store.close()


def _serve(settings: Settings, store: Database, clock: SharedClock, carrying: Carrying | None) -> None:
    identity = Identity(settings.issuer, settings.audience, clock)
    app = make_app(build(settings, store, clock), identity, store.ready, _beside(carrying))
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        server = uvicorn.Server(
            uvicorn.Config(app, log_config=None, access_log=False, lifespan="on", timeout_keep_alive=60)
        )
        listener.listen(256)
        say({"ready": True, "port": listener.getsockname()[1]})
        _SERVERS.append(server)
        server.run([listener])


_SERVERS: list[uvicorn.Server] = []


def _beside(carrying: Carrying | None) -> Any:
    """Whatever ends first ends the process: standard input does, when the day is over."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        task = asyncio.create_task(carrying.run() if carrying else asyncio.to_thread(sys.stdin.read))
        task.add_done_callback(lambda _: setattr(_SERVERS[0], "should_exit", True))
        yield
        await task

    return lifespan


if __name__ == "__main__":
    main()
