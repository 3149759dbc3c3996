"""The adapter's processes as the day sees them: started, weighed, read, and ended."""

import asyncio
import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(slots=True)
class Node:
    """One process. `log`: the file of its standard error. `url` is empty where it only works."""

    name: str
    process: asyncio.subprocess.Process
    log: Path
    url: str = ""

    @classmethod
    async def start(
        cls, name: str, folder: Path, command: Sequence[str], settings: Mapping[str, str]
    ) -> "Node":
        """Returns when it is ready. Raises RuntimeError if it ends before. Its clock is the file in the folder."""
        log = folder / f"{name}.log"
        with log.open("wb") as stderr:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                *("-m", "tests.day.node", str(folder / "clock"), *command, "--json"),
                stdout=asyncio.subprocess.PIPE,
                stderr=stderr,
                cwd=ROOT,
                env={**os.environ, **{f"IP_ADAPTER_{name}": value for name, value in settings.items()}},
            )
        assert process.stdout
        line = await process.stdout.readline()
        if not line:
            raise RuntimeError(f"{name} ended: {log.read_text('utf-8')[-2000:]}")
        return cls(name, process, log, json.loads(line).get("url", ""))

    def resident(self) -> int:
        """Bytes of memory it holds now."""
        return int(Path(f"/proc/{self.process.pid}/statm").read_text("ascii").split()[1]) * _PAGE

    async def end(self) -> None:
        """It is asked to, and finishes what is on its way."""
        if self.process.returncode is None:
            self.process.terminate()
        try:
            await asyncio.wait_for(self.process.wait(), 20)
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
