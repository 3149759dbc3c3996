"""POST /edi/messages: a Hodemelding in, its AppRec out in the same answer."""

from fastapi import FastAPI, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from adapter.api.access import Access
from adapter.api.answers import response
from adapter.api.reading import XML, body_of
from adapter.flows.accept import accept
from adapter.flows.parts import Parts


def add_edi(app: FastAPI, parts: Parts, access: Access) -> None:
    """The door for XML."""

    async def messages(request: Request) -> Response:
        caller = await access.caller(request, "ip-adapter/messages")
        raw = await body_of(request, XML, parts.max_bytes)
        return response(await run_in_threadpool(accept, "edi", raw, caller, parts), parts)

    app.add_api_route("/edi/messages", messages, methods=["POST"], response_class=Response)
