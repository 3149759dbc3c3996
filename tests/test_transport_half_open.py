"""Partners that are there and are not: each ends a call in a bounded time, with a receipt that claims no delivery."""

import asyncio
import json
from typing import Any

import pytest
from partner_sockets import BODY, MESSAGE, OK, Partner, echo, once, partner, read, request, saying, whole

from adapter.domain.delivery import Letter, Receipt
from adapter.wire.message import read_response

SOON = 0.3
"""Seconds a call may take in these tests."""


def answer_to(message_id: str, code: str = "ok") -> bytes:
    header = {"resourceType": "MessageHeader", "response": {"identifier": message_id, "code": code}}
    return json.dumps({"resourceType": "Bundle", "type": "message", "entry": [{"resource": header}]}).encode()


def bounded(behave: Partner, **more: Any) -> Receipt:
    """The receipt; fails if the call takes much longer than it may."""

    async def story() -> Receipt:
        async with asyncio.timeout(SOON + 5):
            return await once(behave, timeout=SOON, **more)

    return asyncio.run(story())


async def takes_the_call_and_is_silent(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    await reader.read()


async def reads_nothing(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await writer.wait_closed()


async def drips(what: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """The same again and again, a little at a time, until the caller is gone."""
    await request(reader)
    gone = asyncio.ensure_future(reader.read())
    while not gone.done():
        writer.write(what)
        await writer.drain()
        await asyncio.wait([gone], timeout=0.01)


async def never_ends_its_head(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(OK)
    await drips(b"X-Drip: 1\r\n", reader, writer)


async def says_to_go_on_for_ever(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await drips(b"HTTP/1.1 100 Continue\r\n\r\n", reader, writer)


@pytest.mark.parametrize(
    ("behave", "body"),
    [
        (takes_the_call_and_is_silent, BODY),
        (reads_nothing, b"x" * 20_000_000),
        (never_ends_its_head, BODY),
        (says_to_go_on_for_ever, BODY),
    ],
)
def test_who_does_not_come_to_an_answer_is_timed_out(behave: Partner, body: bytes) -> None:
    assert bounded(behave, body=body) == Receipt("timed-out")


@pytest.mark.parametrize(
    "cut",
    [b"", OK, OK + b"Content-Length: 900\r\n\r\n" + answer_to(MESSAGE)[:60]],
    ids=["no", "head", "body"],
)
def test_who_breaks_off_has_said_nothing(cut: bytes) -> None:
    """Also when what came of the body is the beginning of a yes."""
    assert bounded(saying(cut), read_response=read_response) == Receipt("cut-off")


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (answer_to(MESSAGE), "ok"),
        (answer_to(MESSAGE.replace("0d", "ff")), "nonsense"),
        (answer_to(MESSAGE, "perhaps"), "nonsense"),
        (answer_to(MESSAGE)[:-1], "nonsense"),
        (BODY, "nonsense"),
        (b'{"resourceType": "OperationOutcome"}', "nonsense"),
    ],
)
def test_a_200_counts_only_with_the_answer_to_this_very_message(answer: bytes, said: str) -> None:
    """Somebody else's answer, or half of ours, is no confirmation: the message is sent again with the same id."""
    assert bounded(saying(whole(answer)), read_response=read_response) == Receipt("answered", 200, said)


def test_a_late_answer_is_not_taken_for_the_next_message() -> None:
    """What came after the time-out dies with its connection, and the next message gets its own answer."""
    calls, late = 0, asyncio.Event()

    async def late_at_first(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal calls
        calls += 1
        if calls == 1:
            await request(reader)
            await late.wait()
            writer.write(whole(b"ok to first"))
            await writer.drain()
        else:
            await echo(reader, writer)

    async def story() -> list[Receipt]:
        async with partner(late_at_first, timeout=SOON) as (transport, address):
            first = await transport.post(Letter("fhir", address, "first", b"first"))
            late.set()
            return [first, await transport.post(Letter("fhir", address, "second", b"second"))]

    assert asyncio.run(story()) == [Receipt("timed-out"), Receipt("answered", 200, "ok")]
    assert calls == 2


def test_one_silent_partner_does_not_hold_up_another() -> None:
    """Sixteen calls hang at one; the other's answer comes meanwhile."""

    async def story() -> Receipt:
        async with partner(takes_the_call_and_is_silent, timeout=60) as (silent, nowhere):
            letter = Letter("fhir", nowhere, MESSAGE, BODY)
            hanging = [asyncio.create_task(silent.post(letter)) for _ in range(16)]
            async with partner(echo, timeout=SOON * 10) as (transport, address):
                receipt = await transport.post(Letter("fhir", address, "m", b"m"))
            for task in hanging:
                assert not task.done()
                task.cancel()
            await asyncio.gather(*hanging, return_exceptions=True)
            return receipt

    assert asyncio.run(story()) == Receipt("answered", 200, read(b"ok to m", "m"))
