"""A rolling restart, for real: two instances of `serve` are ended by SIGTERM and started again, one after the other.

A load goes on all the time, from a client that does what any balancer does: where an answer ends its connection, it
turns to the other instance; where nobody listens, nothing was sent. Any other failure is a lost request.
"""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
from api_messages import HODEMELDING
from fhir_message import LETTER
from test_cli_processes import environment

from adapter.demo.processes import held_port, running
from adapter.outside.store import migrate, open_store
from adapter.settings import carried

pytestmark = pytest.mark.processes

SENDERS, SOME = 3, 12


class Instance:
    """One of the two: its port stays, its process changes."""

    def __init__(self, port: int, folder: Path, settings: dict[str, str], stack: ExitStack) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self._command = [sys.executable, "-m", "adapter", "serve", "--no-work", "--json", "--port", str(port)]
        self._folder, self._settings, self._stack = folder, settings, stack
        self.start()

    def start(self) -> None:
        log = self._stack.enter_context((self._folder / f"{self.url[-5:]}.log").open("ab"))
        self.process = subprocess.Popen(
            self._command, env=self._settings, cwd=self._folder, stdout=subprocess.PIPE, stderr=log
        )
        self._stack.enter_context(self.process)
        self._stack.callback(self.process.kill)
        assert self.process.stdout
        assert json.loads(self.process.stdout.readline())["ready"]


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[tuple[list[Instance], dict[str, str]]]:
    """Two instances on one database, and the header of a caller that both know."""
    settings = environment()
    database = f"sqlite:///{tmp_path / 'adapter.db'}"
    migrate(database)
    with ExitStack() as stack:
        ports = [stack.enter_context(held_port()) for _ in range(2)]
        issuer = [sys.executable, str(carried("partners") / "issuer.py"), "--port", "0"]
        url = stack.enter_context(running("issuer", issuer, os.environ, tmp_path / "issuer.log", 60))()
        form = {"grant_type": "client_credentials", "client_id": "999900011"}
        token = httpx.post(f"{url}/token", data=form, trust_env=False).json()["access_token"]
        settings |= {"IP_ADAPTER_DATABASE": database, "IP_ADAPTER_ISSUER": url, "IP_ADAPTER_DRAIN": "1"}
        instances = [Instance(port, tmp_path, settings, stack) for port in ports]
        yield instances, {"Authorization": f"Bearer {token}", "Content-Type": "application/xml"}


class Load:
    """Senders that send one message after the other until told to end."""

    def __init__(self, urls: list[str], headers: dict[str, str]) -> None:
        self._urls, self._headers = urls, headers
        self.leaving: set[str] = set()
        self.answered: dict[str, int] = {}
        self.lost: list[str] = []
        self.some = threading.Semaphore(0)
        self.ended = threading.Event()
        self._threads = [threading.Thread(target=self._send, args=(n,)) for n in range(SENDERS)]

    def __enter__(self) -> "Load":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ended.set()
        for thread in self._threads:
            thread.join()

    def goes_on(self) -> None:
        """Returns when some more were answered."""
        for _ in range(SOME):
            assert self.some.acquire(timeout=60)

    def _send(self, sender: int) -> None:
        with httpx.Client(trust_env=False, timeout=60) as client:
            number = 0
            while not self.ended.is_set():
                number += 1
                self._deliver(client, f"{sender:08d}-0000-4000-8000-{number:012d}")

    def _deliver(self, client: httpx.Client, id_: str) -> None:
        """One message, to the instance that is not leaving; to the other where nobody listens."""
        own_words = HODEMELDING.replace("Pasienten har samtykket.", f"Pasienten har samtykket. Merke {id_}.")
        content = own_words.replace(LETTER, id_).encode()
        for url in sorted(self._urls, key=lambda url: url in self.leaving):
            try:
                answer = client.post(f"{url}/edi/messages", content=content, headers=self._headers)
            except httpx.ConnectError:
                continue
            except httpx.TransportError as error:
                self.lost.append(type(error).__name__)
                return
            if answer.headers.get("connection") == "close":
                self.leaving.add(url)
            self.answered[id_] = answer.status_code
            self.some.release()
            return
        self.lost.append("nobody listens")


def test_no_request_is_lost_while_two_instances_are_restarted_one_after_the_other(
    pair: tuple[list[Instance], dict[str, str]], tmp_path: Path
) -> None:
    """Each ends with 0; every message sent is answered 200 and has its case in the end."""
    instances, headers = pair
    with Load([one.url for one in instances], headers) as load, httpx.Client(trust_env=False) as looking:
        for one in instances:
            load.goes_on()
            one.process.send_signal(signal.SIGTERM)
            while (told := looking.get(f"{one.url}/health/ready")).status_code == 200:
                pass
            assert told.json()["mode"] == "stopping"
            assert told.headers["connection"] == "close"
            assert one.process.wait(30) == 0
            load.goes_on()
            one.start()
            load.leaving.discard(one.url)
        load.goes_on()
    assert load.lost == []
    assert set(load.answered.values()) == {200}
    store = open_store(f"sqlite:///{tmp_path / 'adapter.db'}")
    try:
        cases: list[str] = []
        while page := store.case_ids(after=cases[-1] if cases else ""):
            cases += page
        kept = {message.message_id for case in cases for message in store.messages_of(case)}
    finally:
        store.close()
    assert kept == set(load.answered)
