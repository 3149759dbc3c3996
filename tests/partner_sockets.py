"""Partners behind real sockets, as well or as badly behaved as a test wants, and the way out to them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import Any

from adapter.domain.delivery import Channel, Letter, Receipt
from adapter.outside.reading import Readers, ReadResponse
from adapter.outside.transport import HttpTransport
from adapter.wire.apprec import read_receipt

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
MESSAGE = "0d0a1c2e-6b1e-4c0c-9a59-6c5f0e4f7a11"
BODY = b'{"resourceType": "Bundle", "type": "message"}'
OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
Partner = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def read(body: bytes, message_id: str) -> str:
    """What an answer says, in place of FHIR."""
    return "ok" if body == b"ok to " + message_id.encode() else "nonsense"


READERS = Readers(read, read_receipt)


async def at_once(_seconds: float) -> None:
    """Instead of a pause between attempts."""


@asynccontextmanager
async def partner(
    behave: Partner, read_response: ReadResponse = read, **more: Any
) -> AsyncIterator[tuple[HttpTransport, str]]:
    """A real TCP server on a free port, and a transport whose partner table holds it."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await behave(reader, writer)
        except ConnectionError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/fhir/$process-message"
    readers = Readers(read_response, read_receipt)
    transport = HttpTransport({address}, readers, lambda: NOW, **{"sleep": at_once} | more)
    async with server:
        yield transport, address
        await transport.aclose()


async def request(reader: asyncio.StreamReader) -> bytes:
    """One whole request, head and body."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(
        int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")
    )
    return head + await reader.readexactly(length)


def whole(body: bytes) -> bytes:
    """A good answer with this body."""
    return OK + b"Content-Length: %d\r\n\r\n" % len(body) + body


def saying(answer: bytes) -> Partner:
    """Reads one request, says this, and hangs up."""

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request(reader)
        writer.write(answer)
        await writer.drain()

    return behave


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Says ok to each message, whose body is its id, on one connection."""
    with suppress(asyncio.IncompleteReadError):
        while True:
            writer.write(whole(b"ok to " + (await request(reader)).rpartition(b"\r\n\r\n")[2]))


async def once(behave: Partner, body: bytes = BODY, channel: Channel = "fhir", **more: Any) -> Receipt:
    """What becomes of one message to a partner that behaves so."""
    async with partner(behave, **more) as (transport, address):
        return await transport.post(Letter(channel, address, MESSAGE, body))
