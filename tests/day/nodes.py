"""The adapter's processes as the day sees them: started, asked whether all is carried, weighed, and ended."""

import asyncio
import json
import os
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(slots=True)
class Node:
    """One process. `log`: the file of its standard error. `port` is 0 where it only works."""

    name: str
    process: asyncio.subprocess.Process
    log: Path
    port: int
    works: bool
    stuck: list[str] = field(default_factory=list)

    @classmethod
    async def start(cls, name: str, folder: Path, *, serve: bool, work: bool, **told: str) -> "Node":
        log = folder / f"{name}.log"
        given = json.dumps({**told, "serve": serve, "work": work})
        with log.open("wb") as stderr:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                *("-m", "tests.day.node", given),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=stderr,
                cwd=ROOT,
            )
        node = cls(name, process, log, 0, work)
        node.port = (await node._said())["port"]
        return node

    async def _said(self) -> dict[str, Any]:
        assert self.process.stdout
        line = await self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.name} ended: {self.log.read_text('utf-8')[-2000:]}")
        said: dict[str, Any] = json.loads(line)
        return said

    async def carried(self) -> None:
        """Returns when it found nothing due; what stays due all the same is noted."""
        assert self.process.stdin
        self.process.stdin.write(b"\n")
        await self.process.stdin.drain()
        self.stuck += (await self._said())["due"]

    def resident(self) -> int:
        """Bytes of memory it holds now."""
        return int(Path(f"/proc/{self.process.pid}/statm").read_text("ascii").split()[1]) * _PAGE

    async def end(self) -> None:
        """Its input ends: it finishes what is on its way."""
        if self.process.stdin:
            self.process.stdin.close()
        try:
            await asyncio.wait_for(self.process.wait(), 15)
        except TimeoutError:
            self.process.kill()
            await self.process.wait()

    def lines(self) -> list[dict[str, Any]]:
        """Its log, line by line; a line that is no JSON is an error in itself."""
        found = []
        for line in self.log.read_text("utf-8").splitlines():
            try:
                found.append(json.loads(line))
            except ValueError:
                found.append({"level": "error", "event": line})
        return found
