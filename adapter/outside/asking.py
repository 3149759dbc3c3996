"""One HTTP request to a service of others, bounded in time and in the size of its answer."""

import asyncio
from dataclasses import dataclass

import httpx

from adapter.ports import ServiceAway

_NOT_REACHED = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)


@dataclass(frozen=True, slots=True)
class Answered:
    """Status, headers and the whole body."""

    status: int
    headers: httpx.Headers
    body: bytes


async def ask(http: httpx.AsyncClient, request: httpx.Request, *, most: int, seconds: float) -> Answered:
    """The answer within so many seconds and of at most so many bytes, never decompressed and never from elsewhere.

    Raises ServiceAway: unreachable (the request was not sent), timed-out, cut-off, too-long.
    """
    try:
        async with asyncio.timeout(seconds):
            answer = await http.send(request, stream=True, follow_redirects=False)
            try:
                return Answered(answer.status_code, answer.headers, await _body(answer, most))
            finally:
                await answer.aclose()
    except _NOT_REACHED:
        because = "unreachable"
    except (TimeoutError, httpx.TimeoutException):
        because = "timed-out"
    except (httpx.HTTPError, httpx.InvalidURL):
        because = "cut-off"
    # Outside the handler: what the library says may hold an address with ids in it.
    raise ServiceAway(because)


async def _body(answer: httpx.Response, most: int) -> bytes:
    body = bytearray()
    async for chunk in answer.aiter_raw():
        body += chunk
        if len(body) > most:
            raise ServiceAway("too-long", answer.status_code)
    return bytes(body)
