"""What those who run the adapter look at: is it alive, is it ready, how much stands still. No token, no data."""

from collections.abc import Iterator

from prometheus_client import CONTENT_TYPE_LATEST
from starlette.requests import Request
from starlette.responses import Response

from adapter.api.answers import response
from adapter.api.metrics import Metrics
from adapter.api.plain import PlainRoute
from adapter.api.watch import Watch
from adapter.domain.message import Answer
from adapter.flows.parts import Parts
from adapter.wire import json

_RETRY_SECONDS = 5


def operations_routes(parts: Parts, watch: Watch, metrics: Metrics) -> Iterator[PlainRoute]:
    """Health and metrics. None of them asks the database: the watch has."""

    async def live(_: Request) -> Response:
        return response(Answer(200, "application/json", json.dumps({"status": "live"})), parts)

    async def ready(_: Request) -> Response:
        now = watch.condition
        body = {
            "status": "ready" if now.takes_messages else "not-ready",
            "mode": now.mode,
            "reasons": list(now.reasons),
            "refused": sorted(now.refused),
        }
        status, retry = (200, None) if now.takes_messages else (503, _RETRY_SECONDS)
        return response(Answer(status, "application/json", json.dumps(body), retry_after=retry), parts)

    async def figures(_: Request) -> Response:
        return response(Answer(200, CONTENT_TYPE_LATEST, metrics.text()), parts)

    for path, endpoint in (("/health/live", live), ("/health/ready", ready), ("/metrics", figures)):
        yield PlainRoute(path, endpoint, methods=["GET"])
