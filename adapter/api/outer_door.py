"""Around every request: a correlation id, one log line, one count, and an answer even to a fault of ours."""

import time
import traceback
import uuid
from collections.abc import Callable
from pathlib import PurePath
from typing import Any

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from adapter.api.answers import internal, response
from adapter.api.metrics import Metrics
from adapter.api.watch import Watch
from adapter.flows.parts import Parts

NewId = Callable[[], str]
"""A new UUID."""

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

log = structlog.get_logger("api")


class OuterDoor:
    """ASGI middleware, outermost. No exception passes it: what others would print of one may hold a person."""

    def __init__(self, app: ASGIApp, parts: Parts, metrics: Metrics, watch: Watch, new_id: NewId) -> None:
        self._app, self._parts, self._metrics, self._watch = app, parts, metrics, watch
        self._new_id = new_id

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        correlation = _correlation(scope) or self._new_id()
        scope.setdefault("state", {})
        began, status = time.perf_counter(), 0

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (b"x-request-id", correlation.encode("ascii"))]
                if self._watch.stopping:  # RFC 9112 § 9.6: the next request goes over another connection
                    message["headers"].append((b"connection", b"close"))
            await send(message)

        try:
            await self._app(scope, receive, noting)
        except Exception as error:  # noqa: BLE001 - the one outer door: every caller gets an answer
            log.error("fault", correlation=correlation, error=type(error).__name__, at=_location(error))
            if not status:
                answer = response(internal(scope["path"], self._parts, correlation), self._parts)
                await answer(scope, receive, noting)
        self._metrics.answered(scope["path"], status)
        log.info("request", **_line(scope), status=status, ms=_ms(began), correlation=correlation)


def _correlation(scope: Scope) -> str | None:
    """The caller's own id of the request, where it is a UUID; any other text is not repeated."""
    given = next((value for name, value in scope["headers"] if name == b"x-request-id"), b"").decode(
        "latin-1"
    )
    if not given:
        return None
    try:
        named = str(uuid.UUID(given))
    except ValueError:
        return None
    return given if given.lower() == named else None


def _line(scope: Scope) -> dict[str, Any]:
    """Who asked for what. The template of the route stands for the path, which holds ids."""
    method = scope["method"]
    return {
        "method": method if method in _METHODS else "other",
        "route": getattr(scope.get("route"), "path", "none"),
        "organisation": scope["state"].get("organisation"),
    }


def _ms(began: float) -> float:
    return round((time.perf_counter() - began) * 1000, 1)


def _location(error: Exception) -> str:
    """Where in our code it happened, or, outside of it, where it was raised: file, line and function."""
    frames = [
        (PurePath(frame.f_code.co_filename), line, frame.f_code.co_name)
        for frame, line in traceback.walk_tb(error.__traceback__)
    ]
    here = PurePath(__file__).parents[1]
    ours = [f for f in frames if f[0].is_relative_to(here)]
    file, line, function = (ours or frames)[-1]
    return f"{'/'.join(file.parts[-3:])}:{line} {function}"
