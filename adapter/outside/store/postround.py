"""The right to be the one postman of a recipient (`adapter.ports.PostRound`)."""

import hashlib
import sqlite3
import threading
from contextlib import suppress
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, TextClause, text

from adapter.outside.store.bell import Doorbell, Listener
from adapter.outside.store.engine import open_single
from adapter.outside.store.errors import StoreFailed, asked
from adapter.ports import PostRound, StoreBusy

_TAKE = text("SELECT pg_try_advisory_lock(:key)")
_GIVE_BACK = text("SELECT pg_advisory_unlock(:key)")
_ALIVE = text("SELECT 1")
_SILENT_MS = 30_000
"""After so long without a word from a process the server ends its session, and another has its recipients."""


class AdvisoryRound:
    """PostgreSQL: session advisory locks, all on one connection, which must not go through a pooling proxy.

    A process that dies loses its connection, and with it every lock; so does one that stands still, by its silence:
    `still_held`, asked every few seconds, is its sign of life. If only the connection breaks, the postmen stop:
    nothing is taken on a new connection until each of them has given back what it lost.
    """

    def __init__(self, url: URL) -> None:
        self._engine: Engine = open_single(
            url, f"-c statement_timeout=5000 -c idle_session_timeout={_SILENT_MS}"
        )
        self._listener = Listener(url)
        self._connection: Connection | None = None
        self._broken = False
        self._held: set[str] = set()
        self._guard = threading.Lock()

    def take(self, recipient: str) -> bool:
        """False if somebody has it, here or elsewhere. Raises StoreBusy without a database."""
        with self._guard:
            if recipient in self._held or (self._broken and self._held):
                return False
            if not self._ask(_TAKE, recipient):
                return False
            self._held.add(recipient)
            return True

    def give_back(self, recipient: str) -> None:
        """Harmless for what is not held."""
        with self._guard:
            if recipient not in self._held:
                return
            self._held.remove(recipient)
            if not self._broken:
                with suppress(StoreBusy):  # the connection broke, and the lock with it
                    self._ask(_GIVE_BACK, recipient)

    def still_held(self) -> bool:
        """False once the connection that holds the locks broke: somebody else may be sending by now.

        Also tells the server that this process is alive, whether it holds anything or not.
        """
        with self._guard:
            if self._broken:
                return False
            if self._connection is not None:
                with suppress(StoreBusy, StoreFailed):
                    self._ask(_ALIVE)
            return not self._broken

    def close(self) -> None:
        """Give back everything by ending the connections. Nobody waits any more."""
        with self._guard:
            self._hang_up()
            self._engine.dispose()
        self._listener.close()

    def wait(self, seconds: float) -> None:
        """Until anybody on this database queued mail, or so long."""
        self._listener.wait(seconds)

    def wake(self) -> None:
        """End the wait, or the next one."""
        self._listener.wake()

    def _ask(self, question: TextClause, recipient: str = "") -> bool:
        try:
            if self._connection is None:
                self._connection = asked(self._engine.connect)
                self._broken = False
            connection = self._connection
            keys = {"key": _key(recipient)} if recipient else {}
            return bool(asked(lambda: connection.execute(question, keys).scalar()))
        except (StoreBusy, StoreFailed):
            self._hang_up()
            raise

    def _hang_up(self) -> None:
        self._broken = True
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.invalidate()
            connection.close()


class FileRound:
    """SQLite: one process works. It locks a file beside the database, and a set says who has whom.

    The lock file is an empty SQLite database under an exclusive lock: the one file lock that the standard
    library has on every system, and one that ends with its process.
    """

    def __init__(self, database: Path, doorbell: Doorbell) -> None:
        self._file = database.with_name(database.name + ".round")
        self._doorbell, self._mail = doorbell, doorbell.ear()
        self._lock: sqlite3.Connection | None = None
        self._held: set[str] = set()
        self._guard = threading.Lock()

    def take(self, recipient: str) -> bool:
        """False if a postman of this process has it, or another process has mail to carry."""
        with self._guard:
            if recipient in self._held or not (self._held or self._lock_file()):
                return False
            self._held.add(recipient)
            return True

    def give_back(self, recipient: str) -> None:
        """Harmless for what is not held. The last one lets other processes work."""
        with self._guard:
            self._held.discard(recipient)
            if not self._held:
                self._unlock_file()

    def still_held(self) -> bool:
        """Always true: a file lock ends with its process only."""
        return True

    def close(self) -> None:
        """Give back everything."""
        self._doorbell.forget(self._mail)
        with self._guard:
            self._held.clear()
            self._unlock_file()

    def wait(self, seconds: float) -> None:
        """Until this process queued mail, or so long."""
        if self._mail.wait(seconds):
            self._mail.clear()

    def wake(self) -> None:
        """End the wait, or the next one."""
        self._mail.set()

    def _lock_file(self) -> bool:
        connection = None
        try:
            connection = sqlite3.connect(self._file, timeout=0, isolation_level=None, check_same_thread=False)
            connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError:
            if connection:
                connection.close()
            return False
        self._lock = connection
        return True

    def _unlock_file(self) -> None:
        if self._lock:
            self._lock.close()
            self._lock = None


def _key(recipient: str) -> int:
    digest = hashlib.sha256(b"ip-adapter postman " + recipient.encode()).digest()
    return int.from_bytes(digest[:8], signed=True)


_CONTRACT: tuple[type[PostRound], ...] = (AdvisoryRound, FileRound)
