"""Child processes that say when they are ready, and that end with us."""

import json
import queue
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO


class NotStarted(Exception):  # noqa: N818 - a state of the world
    """A process ended, or said nothing, before it was ready. Names the process and the last it said."""


@contextmanager
def held_port() -> Iterator[int]:
    """A free port of the loopback address that nobody else is given meanwhile.

    It is bound and never listened on, so a child that also sets SO_REUSEADDR, as servers do, can listen on it.
    """
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind(("127.0.0.1", 0))
        yield holder.getsockname()[1]


@contextmanager
def running(
    name: str, command: Sequence[str], environment: Mapping[str, str], log: Path, patience: float
) -> Iterator[Callable[[], str]]:
    """Start a process, and end it afterwards. What is yielded waits until it is ready and gives its address.

    That is when it prints {"ready": true, "url": …}; everything else it prints goes to `log`. `patience`: seconds until
    it must be ready. The wait raises NotStarted.
    """
    with (
        log.open("wb") as file,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=file, env=dict(environment)) as process,
    ):
        assert process.stdout is not None  # noqa: S101 - asked for above; this tells the type checker
        said: queue.Queue[str | None] = queue.Queue()
        threading.Thread(target=_listen, args=(process.stdout, file, said), daemon=True).start()
        try:
            yield lambda: _address(name, process, said, log, patience)
        finally:
            _end(process)


def _address(
    name: str,
    process: subprocess.Popen[bytes],
    said: "queue.Queue[str | None]",
    log: Path,
    patience: float,
) -> str:
    try:
        url = said.get(timeout=patience)
    except queue.Empty:
        raise NotStarted(f"{name} is not ready after {patience:g} s{_last_said(log)}") from None
    if url is None:
        process.wait()
        raise NotStarted(f"{name} ended before it was ready{_last_said(log)}")
    return url


def _last_said(log: Path) -> str:
    said = log.read_text("utf-8", "replace").splitlines()
    return f": {said[-1]}" if said else ""


def _listen(output: IO[bytes], file: IO[bytes], said: "queue.Queue[str | None]") -> None:
    """Pass on the address, and keep the pipe empty: a process whose output nobody reads stands still."""
    ready = False
    for line in output:
        url = None if ready else _ready_line(line)
        if url is not None:
            ready = True
            said.put(url)
        else:
            file.write(line)
            file.flush()
    if not ready:
        said.put(None)


def _ready_line(line: bytes) -> str | None:
    try:
        document = json.loads(line)
    except ValueError:
        return None
    ready = isinstance(document, dict) and document.get("ready") is True
    return str(document["url"]) if ready else None


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(timeout=5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
