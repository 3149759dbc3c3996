"""The address register, for real: issuer, register and adapter as processes of their own that talk HTTP.

The pretend register lets nobody in whose token or proof does not hold; what it was asked for is read back from it.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from cases import FIXTURES, empty_database
from joserfc.jwk import ECKey

from adapter.demo.processes import running
from adapter.domain.register import Entry
from adapter.outside.store import open_store
from adapter.settings import carried

pytestmark = pytest.mark.processes

HOSPITAL, UNIT = "999900011", "8900022"
SCRIPT = [sys.executable, "-m", "adapter"]
OVER = "2026-01-01T00:00:00Z"
SCOPE = "nhn:cp-api/access-v2-dpop"


class House:
    """Everything that runs, and where."""

    def __init__(self, stack: ExitStack, folder: Path) -> None:
        self.stack, self.folder = stack, folder
        self.http = stack.enter_context(httpx.Client(trust_env=False, timeout=30))
        key = ECKey.generate_key("P-256", {"kid": "test"})
        (folder / "key.jwk").write_text(json.dumps(key.as_dict(private=True)), "utf-8")
        client = {"id": "us", "organisation": "999900099", "audience": "nhn:edi20", "scopes": [SCOPE]}
        known = {"jwk": key.as_dict(private=False), "audiences": {SCOPE: "nhn:cp-api"}}
        (folder / "client.json").write_text(json.dumps(client | known), "utf-8")
        self.environment = {k: v for k, v in os.environ.items() if not k.startswith("IP_ADAPTER_")}
        self.issuer = self.program("issuer", "issuer.py", "--client", str(folder / "client.json"))
        tables = carried("mappings")
        units = str(tables / "routes" / "coordinating-units.csv")
        of = ("--issuer", self.issuer, "--partners", str(tables / "partners.yaml"), "--units", units)
        self.register = self.program("register", "register.py", *of)
        database = f"sqlite:///{empty_database(folder / 'adapter.db')}"
        self.environment |= {
            "IP_ADAPTER_DATABASE": database,
            "IP_ADAPTER_ISSUER": self.issuer,
            "IP_ADAPTER_REGISTER_URL": self.register,
            "IP_ADAPTER_REGISTER_LOOK_EVERY": "PT0.2S",
            "IP_ADAPTER_HELSEID_ISSUER": self.issuer,
            "IP_ADAPTER_HELSEID_TOKEN_ENDPOINT": f"{self.issuer}/token",
            "IP_ADAPTER_HELSEID_CLIENT_ID": "us",
            "IP_ADAPTER_HELSEID_KEY": str(folder / "key.jwk"),
        }
        self.store = open_store(database)
        stack.callback(self.store.close)

    def program(self, name: str, file: str, *options: str) -> str:
        command = [sys.executable, str(carried("partners") / file), "--port", "0", *options]
        log = self.folder / f"{name}.log"
        return self.stack.enter_context(running(name, command, self.environment, log, patience=60))()

    def serve(self) -> str:
        command = [*SCRIPT, "serve", "--port", "0", "--json"]
        log = self.folder / "serve.log"
        return self.stack.enter_context(running("serve", command, self.environment, log, patience=60))()

    def command(self, *words: str) -> tuple[int, str]:
        """The exit code of a command of the adapter, and what it said."""
        ran = subprocess.run(
            [*SCRIPT, "register", *words], env=self.environment, capture_output=True, text=True, check=False
        )
        return ran.returncode, ran.stdout + ran.stderr

    def tell(self, where: str, **order: Any) -> None:
        self.http.post(f"{self.register}/{where}", json=order).raise_for_status()

    def asked(self) -> list[str]:
        return list(self.http.get(f"{self.register}/journal").json()["asked"])

    def unit(self) -> Entry | None:
        return self.store.register().entry(UNIT)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with ExitStack() as stack:
        yield House(stack, tmp_path)


def test_the_register_is_asked_for_every_address_by_command(house: House) -> None:
    code, said = house.command("check")
    assert (code, "0 not as they should be" in said) == (0, True), said
    house.tell("act", do="change", herId=int(UNIT), validTo=OVER)
    code, said = house.command("check", "--json")
    (amiss,) = json.loads(said)["amiss"]
    assert (code, amiss["her_id"], amiss["state"]) == (1, UNIT, "gone")
    assert house.command(UNIT)[0] == 1
    assert f"look {UNIT}" in house.command()[1]
    assert house.command(UNIT, "--why", "Rung up")[0] == 0
    assert f"look {UNIT}" not in house.command()[1]
    entry = house.unit()
    assert entry
    assert (entry.state, entry.look_since) == ("gone", None)


def test_who_is_not_let_in_or_not_answered_says_so_and_keeps_what_was_known(house: House) -> None:
    assert house.command("check")[0] == 0
    known = house.unit()
    for status, word in ((403, "refuses (HTTP 403)"), (503, "fails"), (307, "nonsense"), (429, "busy")):
        house.tell("act", do="answer", status=status)
        code, said = house.command("check")
        assert (code, word in said) == (2, True), said
    house.tell("act", do="answer", status=404)
    assert house.command("check")[0] == 2  # who knows nobody is not the register
    assert house.unit() == known
    house.tell("act", do="answer", status=0)
    house.tell("faults", nonce=0.1, expired=0.03, fails=0.05)
    assert house.command("check")[0] == 0


def test_a_worker_hears_that_an_address_is_gone_and_the_next_need_waits(house: House) -> None:
    """In the process that serves: first all addresses are asked for, then the one that the register tells of."""
    url = house.serve()
    eventually(lambda: house.unit() is not None)
    first = len(house.asked())
    house.tell("act", do="change", herId=int(UNIT), validTo=OVER)
    eventually(lambda: (entry := house.unit()) is not None and entry.state == "gone")
    assert [path for path in house.asked()[first:] if "communicationparty" in path] == [
        f"v1/communicationparty/{UNIT}"
    ]
    answer = post_need(house, url)
    assert answer.status_code == 200
    assert "address-gone" in answer.text
    (case,) = house.store.case_ids()
    assert [w.reason for w in house.store.waiting() if w.case_id == case] == ["address-gone"]
    assert not house.store.deliveries_of(case)


def eventually(condition: Callable[[], bool], patience: float = 60.0) -> None:
    """Waits for what another process does."""
    until = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < until, "it never came"
        time.sleep(0.1)


def post_need(house: House, url: str) -> httpx.Response:
    form = {"grant_type": "client_credentials", "client_id": HOSPITAL}
    token = house.http.post(f"{house.issuer}/token", data=form).json()["access_token"]
    body = (FIXTURES / "notify" / "fhir-need-is-routed" / "in.json").read_bytes()
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/fhir+json"}
    return house.http.post(f"{url}/fhir/$process-message", content=body, headers=headers)
