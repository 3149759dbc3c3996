"""The web application: its doors, and the answers to what goes wrong at them."""

import uuid
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from adapter.api.access import Remembering
from adapter.api.answers import challenge, refusal, response
from adapter.api.edi import edi_routes
from adapter.api.fhir import fhir_routes
from adapter.api.gate import Gate
from adapter.api.logging import looks_like_identity_number
from adapter.api.metrics import Metrics
from adapter.api.operations import operations_routes
from adapter.api.outer_door import NewId, OuterDoor
from adapter.api.places import Limits
from adapter.api.watch import Watch
from adapter.domain.problems import Finding, Refused
from adapter.flows.parts import Parts
from adapter.ports import Collision, IssuerUnreachable, StoreBusy

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
    identity: Remembering,
    watch: Watch,
    limits: Limits | None = None,
    lifespan: Lifespan | None = None,
    new_id: NewId = fresh_id,
) -> FastAPI:
    """The adapter over HTTP: /fhir, /edi, /health and /metrics.

    `watch` says in which condition the process is; who makes the app keeps it looking. `new_id` makes the
    correlation id of a request that brings none. The routes are plain ones: FastAPI's own way to an endpoint
    costs 20 µs more a request, and none here has a model for it to read or to show in an OpenAPI document.
    """
    gate = Gate(parts, identity, watch, limits or Limits())
    metrics = Metrics(watch, gate.places)
    door = Middleware(OuterDoor, parts=parts, metrics=metrics, watch=watch, new_id=new_id)
    routes: list[BaseRoute] = [
        *edi_routes(gate),
        *fhir_routes(gate),
        *operations_routes(parts, watch, metrics),
    ]
    app = FastAPI(
        title="ip-adapter",
        version=parts.version,
        routes=routes,
        middleware=[door],
        lifespan=lifespan,
        openapi_url=None,
        redirect_slashes=False,
    )
    _answer_what_goes_wrong(app, parts, metrics)
    return app


def _answer_what_goes_wrong(app: FastAPI, parts: Parts, metrics: Metrics) -> None:
    """Everything foreseen that ends a request early, each as a problem of the catalogue."""

    def says(*findings: Finding, request: Request, headers: dict[str, str] | None = None) -> Response:
        metrics.refused(findings[0].problem)
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
    # The caller may send the same thing again. A Collision wrote nothing, and neither did a StoreBusy before the
    # commit; of a commit during which the connection broke nobody knows, and the same message again finds out.
    app.add_exception_handler(StoreBusy, always("store-busy"))
    app.add_exception_handler(Collision, always("store-busy"))
    app.add_exception_handler(ClientDisconnect, left)
