"""A load generator in a process of its own: requests written out beforehand, kept coming on every connection.

About 15 µs of CPU a request (told with each result), so that on few cores it takes little from what it measures.
"""

import argparse
import asyncio
import json
import struct
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

from tests.bench.run import ROOT

CONNECTIONS = 32
_LENGTH = struct.Struct(">I")


@dataclass(frozen=True, slots=True)
class Load:
    """What came of a load. `p50`, `p99`: milliseconds. `cpu_us`: of the generator, a request.

    `begun`: when the first request went out, by the clock that all processes of a machine share (perf_counter).
    """

    rate: float
    p50: float
    p99: float
    count: int
    statuses: Mapping[str, int]
    cpu_us: float
    seconds: float
    begun: float

    def answered(self, *statuses: int) -> int:
        """How many requests were answered with one of these."""
        return sum(n for status, n in self.statuses.items() if int(status) in statuses)

    def require(self, *statuses: int) -> "Load":
        """The same with the rate of these answers only; a busy store (503) is told, not counted.

        Raises RuntimeError for any other answer, and where nothing was answered so.
        """
        good = self.answered(*statuses)
        if self.answered(*statuses, 503) != sum(self.statuses.values()) or not good:
            raise RuntimeError(f"answered {dict(self.statuses)}")
        return replace(self, rate=good / self.seconds)

    @property
    def busy(self) -> str:
        turned_away = self.answered(503)
        return f"; {turned_away} of {self.count} were turned away as busy (503)" if turned_away else ""


def request(method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None) -> bytes:
    """One request as it goes over the line."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    if body or method != "GET":
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class Driving:
    """A load under way; `result` waits for its end."""

    def __init__(
        self, urls: Sequence[str], requests: Iterable[bytes], connections: int, seconds: float
    ) -> None:
        self._file = tempfile.NamedTemporaryFile(prefix="load", delete=False)  # noqa: SIM115 - the child reads it
        with self._file as file:
            for one in requests:
                file.write(_LENGTH.pack(len(one)) + one)
        targets = ",".join(urlsplit(url).netloc for url in urls)
        options = ["--requests", self._file.name, "--targets", targets]
        options += ["--connections", str(connections), "--seconds", str(seconds)]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.bench.load", *options], stdout=subprocess.PIPE, cwd=ROOT
        )

    def result(self) -> Load:
        try:
            said, _ = self._process.communicate()
        finally:
            self._process.kill()
            Path(self._file.name).unlink(missing_ok=True)
        if self._process.returncode:
            raise RuntimeError("the load generator failed")
        return Load(**json.loads(said))


def drive(
    urls: Sequence[str], requests: Iterable[bytes], connections: int = CONNECTIONS, seconds: float = 3600
) -> Load:
    """Send all requests, or as many as go in `seconds`, spread over the addresses."""
    return Driving(urls, requests, connections, seconds).result()


class _Sender:
    """What the connections share."""

    def __init__(self, requests: Iterator[bytes], until: float) -> None:
        self.requests, self.until = requests, until
        self.statuses: Counter[bytes] = Counter()
        self.latencies: list[float] = []
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.open = 0


class _Connection(asyncio.Protocol):
    def __init__(self, sender: _Sender) -> None:
        self._sender, self._buffer, self._needed = sender, b"", 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: asyncio.Transport = transport  # type: ignore[assignment]
        self._sender.open += 1

    def begin(self) -> None:
        if time.perf_counter() < self._sender.until and (one := next(self._sender.requests, None)):
            self._begun = time.perf_counter()
            self._transport.write(one)
        else:
            self._transport.close()

    def data_received(self, data: bytes) -> None:
        self._buffer = self._buffer + data if self._buffer else data
        if not self._needed:
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            at = self._buffer.lower().find(b"content-length:", 0, end)
            length = int(self._buffer[at + 15 : self._buffer.find(b"\r\n", at)]) if at >= 0 else 0
            self._needed = end + 4 + length
        if len(self._buffer) >= self._needed:
            self._sender.latencies.append(time.perf_counter() - self._begun)
            self._sender.statuses[self._buffer[9:12]] += 1
            self._buffer, self._needed = b"", 0
            self.begin()

    def connection_lost(self, exc: Exception | None) -> None:
        if exc is not None or self._needed:
            self._sender.statuses[b"000"] += 1
        self._sender.open -= 1
        if not self._sender.open and not self._sender.done.done():
            self._sender.done.set_result(None)


def _read(path: Path) -> list[bytes]:
    whole, at, found = path.read_bytes(), 0, []
    while at < len(whole):
        (length,) = _LENGTH.unpack_from(whole, at)
        found.append(whole[at + 4 : at + 4 + length])
        at += 4 + length
    return found


async def _drive(given: argparse.Namespace) -> Load:
    loop, requests = asyncio.get_running_loop(), _read(given.requests)
    sender = _Sender(iter(requests), float("inf"))
    targets, made = given.targets.split(","), []
    for number in range(given.connections):
        host, _, port = targets[number % len(targets)].rpartition(":")
        made.append((await loop.create_connection(lambda: _Connection(sender), host, int(port)))[1])
    begun, cpu = time.perf_counter(), time.process_time()
    sender.until = begun + given.seconds
    for connection in made:
        connection.begin()
    await sender.done
    seconds, used = time.perf_counter() - begun, time.process_time() - cpu
    at = sorted(sender.latencies) or [0.0]
    count = len(sender.latencies)
    return Load(
        rate=count / seconds,
        p50=at[len(at) // 2] * 1000,
        p99=at[min(len(at) - 1, int(len(at) * 0.99))] * 1000,
        count=count,
        statuses={status.decode(): n for status, n in sender.statuses.items()},
        cpu_us=used / max(1, count) * 1e6,
        seconds=seconds,
        begun=begun,
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--requests", type=Path, required=True)
    parser.add_argument("--targets", required=True)
    parser.add_argument("--connections", type=int, default=CONNECTIONS)
    parser.add_argument("--seconds", type=float, default=3600)
    import uvloop  # noqa: PLC0415 - not where only `drive` is used

    load = uvloop.run(_drive(parser.parse_args()))
    sys.stdout.write(json.dumps({name: getattr(load, name) for name in Load.__slots__}))


if __name__ == "__main__":
    main()
