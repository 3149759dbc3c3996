"""The server form, for real: two services and two workers as processes over one PostgreSQL, a partner over HTTP.

A worker is killed in the middle of it. The oracle is the partner's own journal, not what the adapter says of itself.
"""

import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
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

NEEDS = 24
HOSPITAL, MUNICIPALITY = "999900011", "999900022"
MODEL = (FIXTURES / "notify" / "xml-need-is-routed" / "in.xml").read_text(encoding="utf-8")
SCRIPT = [sys.executable, "-m", "adapter"]


class House:
    """Everything that runs, and where."""

    def __init__(self, stack: ExitStack, folder: Path, database: str) -> None:
        self.stack, self.folder, self.database = stack, folder, database
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
        self.services = [
            self.start(f"service-{n}", [*SCRIPT, "serve", "--port", "0", "--json"]) for n in (1, 2)
        ]

    def program(self, name: str, file: str, *options: str) -> str:
        return self.start(name, [sys.executable, str(carried("partners") / file), "--port", "0", *options])

    def start(self, name: str, command: list[str]) -> str:
        log = self.folder / f"{name}.log"
        return self.stack.enter_context(running(name, command, self.environment, log, patience=60))()

    def worker(self) -> subprocess.Popen[bytes]:
        log = self.stack.enter_context((self.folder / f"worker-{len(self.workers)}.log").open("wb"))
        process = subprocess.Popen([*SCRIPT, "work"], env=self.environment, stdout=log, stderr=log)
        self.stack.callback(process.wait)
        self.stack.callback(process.kill)
        self.workers.append(process)
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
        answer = httpx.post(f"{self.issuer}/token", data=form, trust_env=False)
        return str(answer.json()["access_token"])

    def journal(self) -> list[dict[str, Any]]:
        entries: list[dict[str, Any]] = httpx.get(f"{self.partner}/journal", trust_env=False).json()
        return entries


@pytest.fixture
def house(postgresql_url: str, tmp_path: Path) -> Iterator[House]:
    with ExitStack() as stack:
        yield House(stack, tmp_path, postgresql_url)


def need(number: int) -> bytes:
    """One of many needs: the model with a message id of its own."""
    return MODEL.replace(
        "a0000000-0000-4000-8000-000000000001", f"a0000000-0000-4000-8000-{number:012d}"
    ).encode()


def test_every_need_arrives_once_whoever_dies(house: House) -> None:
    """Each acknowledged need has one case and has reached the municipality under one message id.

    Every need is sent to both services; a worker is killed with kill -9 while the other takes over. A message may come
    twice to the partner's door, with the same id, which it recognises; never under two.
    """
    house.worker()
    authorization = {"Authorization": f"Bearer {house.token()}", "Content-Type": "application/xml"}
    answers: dict[int, set[bytes]] = {}
    for number in range(1, NEEDS + 1):
        for service in house.services:
            answer = httpx.post(
                f"{service}/edi/messages",
                content=need(number),
                headers=authorization,
                trust_env=False,
                timeout=60,
            )
            assert answer.status_code == 200
            answers.setdefault(number, set()).add(answer.content)
        if number == NEEDS // 2:
            house.workers[0].kill()
            house.worker()
    assert all(len(same) == 1 for same in answers.values())

    arrived = _arrived(house)
    assert len(arrived) == NEEDS
    assert set(Counter(entry["focus"] for entry in arrived.values()).values()) == {1}

    store = open_store(house.database)
    try:
        assert len(store.case_ids()) == NEEDS
        deliveries = [d for case in store.case_ids() for d in store.deliveries_of(case)]
        assert [d.state for d in deliveries] == ["accepted"] * NEEDS
    finally:
        store.close()


def _arrived(house: House) -> dict[str, dict[str, Any]]:
    """What the partner has, by message id, when all of it has come and nothing is due any more."""
    store = open_store(house.database)
    try:
        deadline = time.monotonic() + 60
        while store.backlog()["done"] < NEEDS:
            assert time.monotonic() < deadline, "not delivered in time"
            house.journal()
        return {entry["id"]: entry for entry in house.journal()}
    finally:
        store.close()
