"""The house: an issuer, municipalities that keep their journals on disk, and the adapter's own processes."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import Any

import httpx
import yaml
from stories import DOORS, HOSPITALS, MUNICIPALITIES, Message, Story

from adapter.demo.processes import held_port, running
from adapter.outside.store import migrate, open_store
from adapter.settings import carried

PATIENCE = 120.0
_CARRIED = carried("partners")


class House:
    """Everything that runs, and where. Processes of the adapter have names and may be killed by them.

    `issuer`: address of the pretend issuer. `partners`: the municipalities that answer. `settings`: IP_ADAPTER_….
    """

    def __init__(
        self,
        stack: ExitStack,
        folder: Path,
        database: str,
        issuer: str,
        partners: Sequence[str] = tuple(MUNICIPALITIES),
        **settings: str,
    ) -> None:
        self._stack, self.folder, self.database = stack, folder, database
        self.http = stack.enter_context(httpx.Client(trust_env=False, timeout=30))
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self._commands: dict[str, tuple[str, ...]] = {}
        begun = {
            name: stack.enter_context(
                partner(folder, "municipality", "--journal", str(self.journal(name)), name=name)
            )
            for name in partners
        }
        self.partners = {name: wait() for name, wait in begun.items()}
        self.issuer = issuer
        self.urls: list[str] = []
        self.environment = {
            **_bare_environment(),
            "IP_ADAPTER_DATABASE": database,
            "IP_ADAPTER_PARTNERS": str(self.partner_table(self.partners)),
            "IP_ADAPTER_ISSUER": self.issuer,
            "IP_ADAPTER_RETRY_WAITS": "PT0.2S",
            **settings,
        }
        migrate(database)

    def journal(self, municipality: str) -> Path:
        """The file in which a municipality writes what arrives, as it arrives."""
        return self.folder / f"journal-{municipality}.jsonl"

    def arrived(self, municipality: str) -> list[dict[str, Any]]:
        """A municipality's journal, read from disk; a line that is just being written is left for the next time."""
        whole, _, _ = self.journal(municipality).read_text(encoding="utf-8").rpartition("\n")
        return [json.loads(line) for line in whole.splitlines()]

    def service(self, *program: str) -> str:
        """Start one more process that serves, and give its address; every start of it has the same.

        `program`: a file of ours and its words, instead of `ip-adapter`.
        """
        port = self._stack.enter_context(held_port())
        url = f"http://127.0.0.1:{port}"
        self.begin(f"service-{len(self.urls) + 1}", *program, "serve", "--port", str(port))
        self.urls.append(url)
        return url

    def worker(self, number: int) -> None:
        self.begin(f"worker-{number}", "work")

    def begin(self, name: str, *command: str) -> None:
        """Start a process of the adapter: the words after `ip-adapter`, or a file of ours and its words."""
        self._commands[name] = command
        program = command if command[0].endswith(".py") else ("-m", "adapter", *command)
        with (self.folder / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, *program], env=self.environment, stdout=log, stderr=log
            )
        if name not in self.processes:
            self._stack.callback(self._end, name)
        self.processes[name] = process

    def kill(self, name: str) -> None:
        """kill -9, and nothing else."""
        self.processes[name].kill()
        self.processes[name].wait()

    def begin_again(self, name: str) -> None:
        self.begin(name, *self._commands[name])

    def supervise(self) -> list[str]:
        """What a supervisor does: begin again whoever ended by itself, as one does that finds no database."""
        ended = [name for name, process in self.processes.items() if process.poll() is not None]
        for name in ended:
            self.begin_again(name)
        return ended

    def pause(self, name: str) -> None:
        self.processes[name].send_signal(signal.SIGSTOP)

    def resume(self, name: str) -> None:
        self.processes[name].send_signal(signal.SIGCONT)

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(encoding="utf-8", errors="replace")

    def wait_until_ready(self, patience: float = PATIENCE) -> None:
        """Until every service says that a write would go through now."""
        for url in self.urls:
            eventually(lambda url=url: self._ready(url), patience)

    def _ready(self, url: str) -> bool:
        try:
            return self.http.get(f"{url}/health/ready").status_code == 200
        except httpx.TransportError:
            return False

    def token(self, hospital: str = next(iter(HOSPITALS))) -> str:
        grant = {"grant_type": "client_credentials", "client_id": hospital}
        return str(self.http.post(f"{self.issuer}/token", data=grant).json()["access_token"])

    def send(self, message: Message, *, patience: float = 30.0) -> httpx.Response:
        """One try of one message at the first service. Raises httpx.TransportError."""
        path, media_type = DOORS[message.door]
        headers = {"Authorization": f"Bearer {self.token(message.hospital)}", "Content-Type": media_type}
        url = f"{self.urls[0]}{path}"
        return self.http.post(url, content=message.body, headers=headers, timeout=patience)

    def tell(self, *told: Story) -> None:
        """Stories that are acknowledged at once."""
        for message in (m for story in told for m in story.messages):
            assert self.send(message).status_code == 200

    def ids_of(self, story: Story) -> list[str]:
        """The message ids under which a story came to its municipality, in order of arrival, with repeats."""
        need = f"urn:uuid:{story.need}"
        return [entry["id"] for entry in self.arrived(story.municipality) if entry["need"] == need]

    def wait_for(self, *told: Story, patience: float = PATIENCE) -> float:
        """Until all of it has arrived and is settled; the seconds that took."""
        store = open_store(self.database)
        try:
            arrived = eventually(
                lambda: all(len(set(self.ids_of(s))) == len(s.messages) for s in told), patience
            )
            return arrived + eventually(lambda: _settled(store.backlog()), patience)
        finally:
            store.close()

    def misbehave(self, municipality: str, kind: str, times: int = 1, seconds: float = 30.0) -> None:
        """The next answers of a municipality go wrong (docker/partners/faults.py)."""
        order = {"kind": kind, "times": times, "seconds": seconds}
        self.http.post(f"{self.partners[municipality]}/fault", json=order).raise_for_status()

    def partner_table(self, endpoints: Mapping[str, str]) -> Path:
        """The file of all partners, with these addresses."""
        known = [("hospital", False, HOSPITALS), ("municipality", True, MUNICIPALITIES)]
        rows: list[dict[str, Any]] = [
            {
                "organisation": number,
                "name": name,
                "kind": kind,
                "services": {outer: name, inner: name},
                "served": served,
                **({"endpoint": f"{endpoints[number]}/fhir/$process-message"} if number in endpoints else {}),
            }
            for kind, served, organisations in known
            for number, (outer, inner, name) in organisations.items()
        ]
        home = {"organisation": "999900099", "name": "IP-ADAPTER (FIKTIV)", "kind": "adapter", "served": True}
        rows.append(home | {"services": {"8900009": "IP-ADAPTER (FIKTIV)"}})
        file = self.folder / "partners.yaml"
        file.write_text(yaml.safe_dump({"partners": rows}, allow_unicode=True), encoding="utf-8")
        return file

    def _end(self, name: str) -> None:
        process = self.processes[name]
        process.kill()  # also ends one that is paused
        process.wait()


def partner(
    folder: Path, program: str, *options: str, name: str
) -> AbstractContextManager[Callable[[], str]]:
    """One of the pretend partners' programs; what it gives waits until it is ready and says its address."""
    command = [sys.executable, str(_CARRIED / f"{program}.py"), "--port", "0", *options]
    return running(name, command, _bare_environment(), folder / f"{name}.log", patience=60)


def _bare_environment() -> dict[str, str]:
    return {k: v for k, v in os.environ.items() if not k.startswith("IP_ADAPTER_")}


def _settled(backlog: Mapping[str, int]) -> bool:
    return not any(count for place, count in backlog.items() if place != "done")


def eventually(condition: Callable[[], bool], patience: float = PATIENCE, every: float = 0.1) -> float:
    """Wait for a condition, and say how many seconds it took. Raises AssertionError after `patience` seconds."""
    began = time.monotonic()
    tick = threading.Event()
    while not condition():
        assert time.monotonic() - began < patience, f"not within {patience:g} s"
        tick.wait(every)
    return time.monotonic() - began
