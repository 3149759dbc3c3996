"""The dedupe matrix, for real: a process of `serve`, eight clients at the same moment, on either database."""

import os
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
from api_messages import HODEMELDING
from fhir_message import LETTER
from test_cli_processes import environment
from test_restart import Instance

from adapter.demo.processes import held_port, running
from adapter.domain.message import Received
from adapter.outside.store import open_store
from adapter.settings import carried
from adapter.wire import apprec

pytestmark = pytest.mark.processes

CLIENTS = 8
Send = Callable[[Sequence[str]], list[httpx.Response]]


@pytest.fixture(scope="module")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the pretend issuer."""
    program = [sys.executable, str(carried("partners") / "issuer.py"), "--port", "0"]
    log = tmp_path_factory.mktemp("issuer") / "issuer.log"
    with running("issuer", program, os.environ, log, 60) as ready:
        yield ready()


@pytest.fixture
def send(database_url: str, issuer: str, tmp_path: Path) -> Iterator[Send]:
    """Sends each message by a client of its own, all at the same moment; their answers, in the same order."""
    with ExitStack() as stack:
        port = stack.enter_context(held_port())
        form = {"grant_type": "client_credentials", "client_id": "999900011"}
        token = httpx.post(f"{issuer}/token", data=form, trust_env=False).json()["access_token"]
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/xml"}
        settings = environment() | {"IP_ADAPTER_DATABASE": database_url, "IP_ADAPTER_ISSUER": issuer}
        served = Instance(port, tmp_path, settings, stack).url

        def at_once(messages: Sequence[str]) -> list[httpx.Response]:
            start = threading.Barrier(len(messages))

            def one(message: str) -> httpx.Response:
                with httpx.Client(trust_env=False, timeout=60) as client:
                    start.wait()
                    return client.post(f"{served}/edi/messages", content=message.encode(), headers=headers)

            with ThreadPoolExecutor(len(messages)) as pool:
                return list(pool.map(one, messages))

        yield at_once


def under(number: int) -> str:
    """The message under another MsgId, sent at another second."""
    again = HODEMELDING.replace(LETTER, f"0d6e6a0e-6a2b-4a3e-9f57-{number:012d}")
    assert "2026-02-03T08:09:10" in again
    return again.replace("2026-02-03T08:09:10", f"2026-02-03T08:09:{number:02d}")


def saying(number: int) -> str:
    """Another message under the same MsgId."""
    return HODEMELDING.replace("Pasienten har samtykket.", f"Rom {number}. Pasienten har samtykket.")


def kept(database_url: str) -> list[list[Received]]:
    """The messages of each case."""
    store = open_store(database_url)
    try:
        return [list(store.messages_of(case)) for case in store.case_ids()]
    finally:
        store.close()


def test_the_same_message_is_one_case_and_one_answer(send: Send, database_url: str) -> None:
    first = send([HODEMELDING] * CLIENTS)
    again = send([HODEMELDING] * CLIENTS)
    assert {a.status_code for a in (*first, *again)} == {200}
    assert len({a.content for a in (*first, *again)}) == 1
    assert [len(messages) for messages in kept(database_url)] == [1]


def test_one_message_id_is_taken_for_one_message(send: Send, database_url: str) -> None:
    """Whoever comes first; the others are told that the id is used, and the first one's answer stays what it was."""
    messages = [saying(number) for number in range(CLIENTS)]
    answers = send(messages)
    assert sorted(a.status_code for a in answers) == [200, *[409] * (CLIENTS - 1)]
    assert {apprec.read(a.content).codes for a in answers} == {"", "E10"}
    (first,) = (n for n, a in enumerate(answers) if a.status_code == 200)
    again = send(messages)
    assert [a.status_code for a in again] == [a.status_code for a in answers]
    assert again[first].content == answers[first].content
    assert [len(found) for found in kept(database_url)] == [1]


def test_the_same_need_under_other_message_ids_is_one_case(send: Send, database_url: str) -> None:
    """Each message has its own positive answer, which it gets again; all but one were known before."""
    messages = [under(number) for number in range(CLIENTS)]
    answers = send(messages)
    assert {a.status_code for a in answers} == {200}
    said = [apprec.read(a.content) for a in answers]
    assert [s.status for s in said] == ["1"] * CLIENTS
    assert len({s.original for s in said}) == CLIENTS
    assert [a.content for a in send(messages)] == [a.content for a in answers]
    (found,) = kept(database_url)
    known = ["need-known" in [f.problem for f in message.findings] for message in found]
    assert sorted(known) == [False, *[True] * (CLIENTS - 1)]
    store = open_store(database_url)
    try:
        assert len(store.deliveries_of(store.case_ids()[0])) == 1
    finally:
        store.close()


def test_everything_at_once_is_one_case_for_each_text(send: Send, database_url: str) -> None:
    """The same message, other words under its id, and the same words under other ids, from all clients together."""
    answers = send(
        [HODEMELDING, saying(1), under(2), HODEMELDING, saying(1), under(3), HODEMELDING, under(4)]
    )
    assert {a.status_code for a in answers} <= {200, 409}
    taken = [a for a in answers if a.status_code == 200]
    assert len({a.content for a in taken}) == len({apprec.read(a.content).original for a in taken})
    assert 1 <= len(kept(database_url)) <= 2
