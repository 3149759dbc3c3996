"""What an outgoing POST costs the plainest clients: aiohttp by itself, and asyncio's own streams."""

import asyncio
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

import aiohttp

Send = Callable[[], Awaitable[None]]


async def sent(send: Send, count: int, side_by_side: int) -> None:
    """So many, never more than `side_by_side` at once."""
    numbers = iter(range(count))

    async def one_after_the_other() -> None:
        for _ in numbers:
            await send()

    await asyncio.gather(*(one_after_the_other() for _ in range(side_by_side)))


async def over_aiohttp(url: str, body: bytes, count: int, side_by_side: int) -> None:
    """One session, answers read and thrown away."""
    headers = {"content-type": "application/fhir+json"}
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=side_by_side)) as session:

        async def post() -> None:
            async with session.post(url, data=body, headers=headers) as answer:
                await answer.read()

        await sent(post, count, side_by_side)


async def over_streams(url: str, body: bytes, count: int, side_by_side: int) -> None:
    """HTTP/1.1 by hand."""
    at = urlsplit(url)
    head = f"POST {at.path} HTTP/1.1\r\nhost: {at.netloc}\r\ncontent-type: application/fhir+json\r\n"
    request = f"{head}content-length: {len(body)}\r\n\r\n".encode() + body
    idle: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()
    for _ in range(side_by_side):
        idle.put_nowait(await asyncio.open_connection(at.hostname, at.port))

    async def post() -> None:
        reader, writer = await idle.get()
        writer.write(request)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        await reader.readexactly(int(head.split(b"content-length:")[1].split(b"\r\n")[0]))
        idle.put_nowait((reader, writer))

    await sent(post, count, side_by_side)
    while not idle.empty():
        idle.get_nowait()[1].close()
