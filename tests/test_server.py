"""The server form, for real: two services and two workers as processes over one PostgreSQL, a partner over HTTP.

A service and a worker are killed in the middle of it. The oracle is the partner's own journal, not what the adapter
says of itself.
"""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from cases import FIXTURES

from adapter.demo.processes import held_port, running
from adapter.outside.store import migrate, open_store
from adapter.settings import carried

pytestmark = [pytest.mark.server, pytest.mark.processes]

NEEDS, SENDERS = 32, 8
HOSPITAL, MUNICIPALITY = "999900011", "999900022"
MODEL = (FIXTURES / "notify" / "xml-need-is-routed" / "in.xml").read_text(encoding="utf-8")
SCRIPT = [sys.executable, "-m", "adapter"]


@dataclass
class Service:
    """One process that serves, and its address."""

    process: subprocess.Popen[bytes]
    url: str


class House:
    """Everything that runs, and where."""

    def __init__(self, stack: ExitStack, folder: Path, database: str) -> None:
        self.stack, self.folder, self.database = stack, folder, database
        self.http = stack.enter_context(httpx.Client(trust_env=False, timeout=60))
        self.workers: list[subprocess.Popen[bytes]] = []
        self.environment = {k: v for k, v in os.environ.items() if not k.startswith("IP_ADAPTER_")}
        self.issuer = self.program("issuer", "issuer.py")
        with held_port() as port:
            known = ["--adapter", f"http://127.0.0.1:{port}", "--issuer", self.issuer]
            self.partner = self.program(
                "municipality", "municipality.py", "--organisation", MUNICIPALITY, *known
            )
        self.environment |= self._settings()
        migrate(database)
        self.services = [self.service(n) for n in (1, 2)]

    def program(self, name: str, file: str, *options: str) -> str:
        command = [sys.executable, str(carried("partners") / file), "--port", "0", *options]
        log = self.folder / f"{name}.log"
        return self.stack.enter_context(running(name, command, self.environment, log, patience=60))()

    def service(self, number: int) -> Service:
        process = self.start(f"service-{number}", "serve", "--port", "0", "--json")
        assert process.stdout
        return Service(process, json.loads(process.stdout.readline())["url"])

    def worker(self) -> None:
        self.workers.append(self.start(f"worker-{len(self.workers)}", "work"))

    def start(self, name: str, *command: str) -> subprocess.Popen[bytes]:
        """A process of the adapter that may be killed at any moment."""
        log = self.stack.enter_context((self.folder / f"{name}.log").open("wb"))
        process = subprocess.Popen(
            [*SCRIPT, *command], env=self.environment, stdout=subprocess.PIPE, stderr=log
        )
        self.stack.enter_context(process)
        self.stack.callback(process.kill)
        return process

    def _settings(self) -> dict[str, str]:
        table = yaml.safe_load((carried("mappings") / "partners.yaml").read_text(encoding="utf-8"))
        for row in table["partners"]:
            if row["organisation"] == MUNICIPALITY:
                row["endpoint"] = f"{self.partner}/fhir/$process-message"
        path = self.folder / "partners.yaml"
        path.write_text(yaml.safe_dump(table), encoding="utf-8")
        return {
            "IP_ADAPTER_DATABASE": self.database,
            "IP_ADAPTER_PARTNERS": str(path),
            "IP_ADAPTER_ISSUER": self.issuer,
            "IP_ADAPTER_RETRY_WAITS": json.dumps(["PT0.2S"]),
        }

    def token(self) -> str:
        form = {"grant_type": "client_credentials", "client_id": HOSPITAL}
        answer = self.http.post(f"{self.issuer}/token", data=form)
        return str(answer.json()["access_token"])

    def journal(self) -> list[dict[str, Any]]:
        entries: list[dict[str, Any]] = self.http.get(f"{self.partner}/journal").json()
        return entries


@pytest.fixture
def house(postgresql_url: str, tmp_path: Path) -> Iterator[House]:
    with ExitStack() as stack:
        yield House(stack, tmp_path, postgresql_url)


def need(number: int) -> bytes:
    """One of many needs: the model with a message id and words of its own; the same words would be the same need."""
    return (
        MODEL.replace("a0000000-0000-4000-8000-000000000001", f"a0000000-0000-4000-8000-{number:012d}")
        .replace("logoped", f"logoped {number} ganger")
        .encode()
    )


class Sender:
    """A hospital that sends each need to both services at the same time, and again to the other if one says nothing."""

    def __init__(self, house: House) -> None:
        self.http, self.services = house.http, [service.url for service in house.services]
        self.headers = {"Authorization": f"Bearer {house.token()}", "Content-Type": "application/xml"}
        self.answers: dict[int, set[bytes]] = {number: set() for number in range(1, NEEDS + 1)}
        self.unanswered = 0
        self.half_way = threading.Semaphore(0)
        self._guard = threading.Lock()

    def send_all(self) -> None:
        """Returns when every need has been acknowledged by somebody."""
        to_both = [(number, order) for number in self.answers for order in (1, -1)]
        with ThreadPoolExecutor(SENDERS) as pool:
            list(pool.map(lambda one: self._send(*one), to_both))

    def _send(self, number: int, order: int) -> None:
        for service in self.services[::order]:
            try:
                answer = self._post(service, number)
            except httpx.TransportError:
                with self._guard:
                    self.unanswered += 1
                continue
            assert answer.status_code == 200
            with self._guard:
                self.answers[number].add(answer.content)
            self.half_way.release()
            return

    def _post(self, service: str, number: int) -> httpx.Response:
        return self.http.post(f"{service}/edi/messages", content=need(number), headers=self.headers)


def test_every_need_arrives_once_whoever_dies(house: House) -> None:
    """Each acknowledged need has one case and one accepted delivery, and the municipality knows it by one message id.

    Every need is sent to both services at once. In the middle of it a service and a worker are killed with kill -9;
    what was not answered is sent to the other service, and another worker goes on. A message may come twice to the
    partner's door, with the same id, which it recognises; never under two.
    """
    house.worker()
    sender = Sender(house)
    sending = threading.Thread(target=sender.send_all)
    sending.start()
    for _ in range(NEEDS):  # half of all answers
        assert sender.half_way.acquire(timeout=60)
    house.services[1].process.kill()
    house.workers[0].kill()
    house.worker()
    sending.join()
    assert [len(same) for same in sender.answers.values()] == [1] * NEEDS
    assert sender.unanswered >= 1

    ids: dict[str, set[str]] = {}
    for entry in _arrived(house):
        ids.setdefault(entry["focus"], set()).add(entry["id"])
    assert [len(known) for known in ids.values()] == [1] * NEEDS

    store = open_store(house.database)
    try:
        assert len(store.case_ids()) == NEEDS
        deliveries = [[d.state for d in store.deliveries_of(case)] for case in store.case_ids()]
        assert deliveries == [["accepted"]] * NEEDS
    finally:
        store.close()


def _arrived(house: House) -> list[dict[str, Any]]:
    """All that came to the partner's door, when all of it has come and nothing is due any more."""
    store = open_store(house.database)
    try:
        deadline = time.monotonic() + 60
        while len(store.case_ids()) < NEEDS or any(store.backlog().values()):
            assert time.monotonic() < deadline, "not delivered in time"
            house.journal()
        return house.journal()
    finally:
        store.close()
