"""The web application: its doors, and the answers to what goes wrong at them."""

import uuid
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager

from fastapi import FastAPI, Request
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from adapter.api.access import Access
from adapter.api.answers import challenge, refusal, response
from adapter.api.edi import add_edi
from adapter.api.fhir import add_fhir
from adapter.api.logging import looks_like_identity_number
from adapter.api.operations import Metrics, Ready, add_operations
from adapter.api.outer_door import NewId, OuterDoor
from adapter.domain.problems import Finding, Refused
from adapter.flows.parts import Parts
from adapter.ports import Collision, Identity, IssuerUnreachable, StoreBusy

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]
Handler = Callable[[Request, Exception], Awaitable[Response]]

_OF_HTTP = {404: "not-found", 405: "method-not-allowed", 413: "too-large"}
_CLIENT_LEFT = 499  # seen in logs and metrics only: nobody is there to read it


def fresh_id() -> str:
    """A random UUID that no log line has to blank out: one in two hundred has eleven digits in a row."""
    made = str(uuid.uuid4())
    return fresh_id() if looks_like_identity_number(made) else made


def make_app(
    parts: Parts,
    identity: Identity,
    ready: Ready,
    lifespan: Lifespan | None = None,
    new_id: NewId = fresh_id,
) -> FastAPI:
    """The adapter over HTTP: /fhir, /edi, /health and /metrics.

    `ready` says whether the database would take a write; `new_id` makes the correlation id of a request
    that brings none. There is no OpenAPI document: no endpoint has a model for it to show, /fhir/metadata says
    what is offered, and the pages around it load scripts from elsewhere.
    """
    app = FastAPI(
        title="ip-adapter",
        version=parts.version,
        lifespan=lifespan,
        openapi_url=None,
        redirect_slashes=False,
    )
    metrics = Metrics(parts.store)
    access = Access(identity)
    add_fhir(app, parts, access)
    add_edi(app, parts, access)
    add_operations(app, parts, ready, metrics)
    _answer_what_goes_wrong(app, parts)
    app.add_middleware(OuterDoor, parts=parts, metrics=metrics, new_id=new_id)
    return app


def _answer_what_goes_wrong(app: FastAPI, parts: Parts) -> None:
    """Everything foreseen that ends a request early, each as a problem of the catalogue."""

    def says(*findings: Finding, request: Request, headers: dict[str, str] | None = None) -> Response:
        headers = {**challenge(*findings), **(headers or {})}
        return response(refusal(request.url.path, parts, *findings), parts, headers)

    def always(problem: str) -> Handler:
        async def handler(request: Request, _: Exception) -> Response:
            return says(Finding(problem), request=request)

        return handler

    async def refused(request: Request, error: Exception) -> Response:
        assert isinstance(error, Refused)  # noqa: S101 - registered for it; this tells the type checker
        return says(*error.findings, request=request)

    async def of_http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)  # noqa: S101 - registered for it; this tells the type checker
        problem = _OF_HTTP.get(error.status_code, "internal")
        return says(Finding(problem), request=request, headers=dict(error.headers or {}))

    async def left(_: Request, __: Exception) -> Response:
        return Response(status_code=_CLIENT_LEFT)

    app.add_exception_handler(Refused, refused)
    app.add_exception_handler(HTTPException, of_http)
    app.add_exception_handler(IssuerUnreachable, always("issuer-unreachable"))
    # Both mean that nothing was written: the caller may send the same thing again.
    app.add_exception_handler(StoreBusy, always("store-busy"))
    app.add_exception_handler(Collision, always("store-busy"))
    app.add_exception_handler(ClientDisconnect, left)
