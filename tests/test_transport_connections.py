"""What becomes of a message, over real connections, to a partner that is slow, breaks off or is mad."""

import asyncio
import logging
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from partner_sockets import (
    BODY,
    CHUNKED,
    MESSAGE,
    NOW,
    OK,
    READERS,
    at_once,
    echo,
    once,
    partner,
    request,
    saying,
)

from adapter.domain.delivery import Letter, Receipt
from adapter.outside.transport import HttpTransport

MOVED = b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"
T = TypeVar("T")


def run(story: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(story)


@pytest.mark.parametrize(
    ("answer", "receipt"),
    [
        (OK + b"Content-Length: 0\r\n\r\n", Receipt("answered", 200, "nothing")),
        (CHUNKED + b"2a\r\nok to %b\r\n0\r\n\r\n" % MESSAGE.encode(), Receipt("answered", 200, "ok")),
        (
            OK + b"Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\nABCD",
            Receipt("answered", 200, "nonsense"),
        ),
        (OK + b"Content-Length: 100\r\n\r\nhalf", Receipt("cut-off")),
        (CHUNKED + b"zz\r\n", Receipt("cut-off")),
        (OK + b"X: " + b"x" * 100_000 + b"\r\n\r\n", Receipt("cut-off")),
        (b"HTTP/1.1 200 \xff\r\nContent-Length: 0\r\n\r\n", Receipt("cut-off")),
        (b"SSH-2.0-OpenSSH_9.2\r\n", Receipt("cut-off")),
        (b"HTTP/1.1 2", Receipt("cut-off")),
        (b"", Receipt("cut-off")),
        (MOVED, Receipt("redirected", 302)),
    ],
)
def test_over_a_real_connection_each_answer_has_its_name(answer: bytes, receipt: Receipt) -> None:
    assert run(once(saying(answer))) == receipt


@settings(max_examples=60, deadline=None)
@given(st.binary(), st.sampled_from([b"", b"HTTP/1.1 ", OK, CHUNKED]))
def test_whatever_a_partner_says_post_returns_a_receipt(noise: bytes, start: bytes) -> None:
    receipt = run(once(saying(start + noise)))
    assert receipt.transport in {"answered", "cut-off", "redirected"}


def test_a_partner_that_hangs_up_on_the_request_is_cut_off() -> None:
    async def hang_up(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read(1)

    assert run(once(hang_up)) == Receipt("cut-off")


def test_a_partner_that_never_answers_or_drips_is_timed_out() -> None:
    async def silent(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request(reader)
        writer.write(OK + b"Content-Length: 900000\r\n\r\n")
        while not reader.at_eof():
            writer.write(b" ")
            await writer.drain()
            await asyncio.wait([asyncio.ensure_future(reader.read(1))], timeout=0.01)

    assert run(once(silent, timeout=0.2)) == Receipt("timed-out")
    assert run(once(drip, timeout=0.2)) == Receipt("timed-out")


def test_a_closed_port_is_unreachable() -> None:
    async def story() -> Receipt:
        async with partner(saying(b"")) as (_unused, address):
            pass
        transport = HttpTransport({address}, READERS, lambda: NOW, sleep=at_once)
        receipt = await transport.post(Letter("fhir", address, MESSAGE, BODY))
        await transport.aclose()
        return receipt

    assert run(story()) == Receipt("unreachable")


def test_an_endless_answer_is_left_after_a_megabyte() -> None:
    written = 0

    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal written
        await request(reader)
        writer.write(OK + b"\r\n")
        while written < 200_000_000:
            writer.write(b"x" * 100_000)
            await writer.drain()
            written += 100_000

    assert run(once(endless)) == Receipt("answered", 200, "nonsense")
    assert written < 100_000_000


def test_messages_sent_at_once_get_each_their_own_receipt() -> None:
    async def story() -> list[Receipt]:
        async with partner(echo) as (transport, address):
            ids = [f"message-{n}" for n in range(40)]
            return await asyncio.gather(
                *(transport.post(Letter("fhir", address, id_, id_.encode())) for id_ in ids)
            )

    assert run(story()) == [Receipt("answered", 200, "ok")] * 40


def test_messages_to_one_host_share_a_connection_and_no_cookies() -> None:
    heads: list[list[bytes]] = []

    async def keep_alive(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append([])
        with suppress(asyncio.IncompleteReadError):
            while True:
                heads[-1].append(await request(reader))
                writer.write(OK + b"Set-Cookie: who=you; Path=/\r\nContent-Length: 0\r\n\r\n")

    async def story() -> None:
        async with partner(keep_alive) as (transport, address):
            for _ in range(3):
                await transport.post(Letter("fhir", address, MESSAGE, BODY))

    run(story())
    assert [len(connection) for connection in heads] == [3]
    assert b"cookie" not in b"".join(heads[0]).lower()


def test_neither_the_message_nor_its_id_nor_the_answer_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    run(once(saying(OK + b"Content-Length: 6\r\n\r\nsecret")))
    run(once(saying(OK + b"Content-Length: 9\r\n\r\nsecret")))
    assert not [word for word in (MESSAGE, "Bundle", "secret") if word in caplog.text]
