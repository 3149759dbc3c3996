"""The body of a request as bytes, of a kind that is taken here and not larger than allowed."""

from collections.abc import Collection

from fastapi import Request

from adapter.domain.problems import Finding, Refused

JSON = frozenset({"application/fhir+json", "application/json"})
XML = frozenset({"application/xml", "text/xml"})


async def body_of(request: Request, media_types: Collection[str], max_bytes: int) -> bytes:
    """The whole body, counted while it arrives, so that a body without a stated length is bounded too.

    Raises Refused (wrong-media-type, too-large), and ClientDisconnect when the caller leaves half-way.
    """
    if _media_type(request) not in media_types:
        raise Refused(Finding("wrong-media-type", "Content-Type"))
    stated = request.headers.get("content-length", "")
    if stated.isdecimal() and int(stated[:20]) > max_bytes:
        raise Refused(Finding("too-large"))
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > max_bytes:
            raise Refused(Finding("too-large"))
    return bytes(body)


def _media_type(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()
