"""The body of a request as bytes, of a kind that is taken here, not larger than allowed, and within a time."""

import asyncio
from collections.abc import Collection

from starlette.requests import Request

from adapter.domain.problems import Finding, Refused

JSON = frozenset({"application/fhir+json", "application/json"})
XML = frozenset({"application/xml", "text/xml"})

_BODILESS = frozenset({"GET", "HEAD"})


def stated_size(request: Request, max_bytes: int) -> int:
    """How many bytes a body may take, at most `max_bytes`: as stated, or all where it is not stated."""
    if request.method in _BODILESS:
        return 0
    stated = request.headers.get("content-length", "")
    return min(int(stated[:20]), max_bytes) if stated.isdecimal() else max_bytes


async def body_of(request: Request, media_types: Collection[str], max_bytes: int, seconds: float) -> bytes:
    """The whole body, counted while it arrives, so that a body without a stated length is bounded too.

    Raises Refused (wrong-media-type, too-large, body-too-slow), and ClientDisconnect when the caller leaves
    half-way.
    """
    if _media_type(request) not in media_types:
        raise Refused(Finding("wrong-media-type", "Content-Type"))
    stated = request.headers.get("content-length", "")
    if stated.isdecimal() and int(stated[:20]) > max_bytes:
        raise Refused(Finding("too-large"))
    try:
        async with asyncio.timeout(seconds):
            return await _whole(request, max_bytes)
    except TimeoutError:
        raise Refused(Finding("body-too-slow")) from None


async def _whole(request: Request, max_bytes: int) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > max_bytes:
            raise Refused(Finding("too-large"))
    return bytes(body)


def _media_type(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()
