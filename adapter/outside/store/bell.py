"""How a postman hears at once that there is mail: by an event within a process, by NOTIFY across PostgreSQL."""

import select
import socket
import threading
import time
from contextlib import suppress
from typing import Any

from sqlalchemy import URL, Connection, text

from adapter.outside.store.engine import open_single
from adapter.outside.store.errors import StoreFailed, asked
from adapter.ports import StoreBusy

CHANNEL = "ip_adapter_mail"
_LISTEN = text(f"LISTEN {CHANNEL}")


class Doorbell:
    """SQLite: rung by the store of the same process; who works on the file from another waits out its time."""

    def __init__(self) -> None:
        self._ears: list[threading.Event] = []

    def ear(self) -> threading.Event:
        """An event that is set at every ring from now on."""
        heard = threading.Event()
        self._ears = [*self._ears, heard]
        return heard

    def forget(self, ear: threading.Event) -> None:
        """Ring it no more."""
        self._ears = [other for other in self._ears if other is not ear]

    def ring(self) -> None:
        """There is mail."""
        for ear in self._ears:
            ear.set()


class Listener:
    """PostgreSQL: one connection that only listens, made anew when it breaks. For one waiting thread at a time."""

    def __init__(self, url: URL) -> None:
        self._engine = open_single(url, "-c statement_timeout=5000 -c idle_session_timeout=0")
        self._connection: Connection | None = None
        self._woken, self._waker = socket.socketpair()
        self._waker.setblocking(False)

    def wait(self, seconds: float) -> None:
        """Until there was mail, or `wake`, or so long. Ends at once after a new connection: what came is unknown.

        A connection that breaks is made anew by the next wait, never in this one: no storm of connections.
        """
        until = time.monotonic() + seconds
        if self._connection is None and self._connect():
            return
        while not self._heard(max(until - time.monotonic(), 0.0)) and time.monotonic() < until:
            pass

    def wake(self) -> None:
        """End the wait, or the next one. From any thread."""
        with suppress(OSError):  # full: it is awake already; closed: nobody waits
            self._waker.send(b"!")

    def close(self) -> None:
        """After the last wait."""
        self._hang_up()
        self._engine.dispose()
        self._woken.close()
        self._waker.close()

    def _connect(self) -> bool:
        try:
            connection = self._connection = asked(self._engine.connect)
            asked(lambda: connection.execute(_LISTEN))
        except (StoreBusy, StoreFailed):
            self._hang_up()
        return self._connection is not None

    def _heard(self, seconds: float) -> bool:
        """Whether there was mail or a call to wake up within so long."""
        driver = self._connection.connection.driver_connection if self._connection is not None else None
        ready, _, _ = select.select([self._woken, *([driver] if driver else [])], [], [], seconds)
        if self._woken in ready:
            self._woken.recv(1024)
            return True
        return driver in ready and self._mail(driver)

    def _mail(self, driver: Any) -> bool:
        mail = False
        with suppress(self._engine.dialect.loaded_dbapi.Error):
            mail = bool(list(driver.notifies(timeout=0)))
        if driver.broken or driver.closed:
            self._hang_up()
        return mail

    def _hang_up(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.invalidate()
            connection.close()
