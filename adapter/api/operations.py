"""What those who run the adapter look at: is it alive, is it ready, how much stands still. No token, no data."""

from collections.abc import Callable, Iterator

from fastapi import FastAPI, Request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from adapter.api.answers import response
from adapter.domain.message import Answer
from adapter.flows.parts import Parts
from adapter.ports import Store, StoreBusy
from adapter.wire import json

Ready = Callable[[], bool]
"""Whether a write would go through now. May block; does not raise."""

_RETRY_SECONDS = 5


class Metrics:
    """The figures of one app: its own registry, so that two apps in a process do not mix."""

    def __init__(self, store: Store) -> None:
        self._registry = CollectorRegistry()
        self._answers = Counter(
            "ip_adapter_answers", "Answers given", ("door", "status"), registry=self._registry
        )
        self._registry.register(_Backlog(store))

    def answered(self, path: str, status: int) -> None:
        """Count one answer by door (edi, fhir or other) and HTTP status; nothing of the caller's own text."""
        first = path.split("/", 2)[1] if path.startswith("/") else ""
        self._answers.labels(first if first in ("edi", "fhir") else "other", str(status)).inc()

    def text(self) -> bytes:
        """In the Prometheus text format. Reads the database."""
        return generate_latest(self._registry)


class _Backlog(Collector):
    """Deliveries by where they stand, counted when somebody looks."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def describe(self) -> Iterator[GaugeMetricFamily]:
        """Nothing: what is not named beforehand is not counted when the app starts."""
        return iter(())

    def collect(self) -> Iterator[GaugeMetricFamily]:
        answers = GaugeMetricFamily("ip_adapter_store_answers", "1 when the database answered just now")
        standing = GaugeMetricFamily(
            "ip_adapter_deliveries",
            "Deliveries by place: head (next in its lane), behind, held (waits for a person)",
            labels=["place"],
        )
        try:
            for place, count in sorted(self._store.backlog().items()):
                standing.add_metric([place], count)
            answers.add_metric([], 1)
        except StoreBusy:
            answers.add_metric([], 0)
        yield answers
        yield standing


def add_operations(app: FastAPI, parts: Parts, ready: Ready, metrics: Metrics) -> None:
    """Health and metrics."""

    async def live(_: Request) -> Response:
        return response(Answer(200, "application/json", json.dumps({"status": "live"})), parts)

    async def is_ready(_: Request) -> Response:
        if await run_in_threadpool(ready):
            return response(Answer(200, "application/json", json.dumps({"status": "ready"})), parts)
        body = json.dumps({"status": "not-ready", "missing": ["database"]})
        return response(Answer(503, "application/json", body, retry_after=_RETRY_SECONDS), parts)

    async def figures(_: Request) -> Response:
        text = await run_in_threadpool(metrics.text)
        return response(Answer(200, CONTENT_TYPE_LATEST, text), parts)

    for path, endpoint in (("/health/live", live), ("/health/ready", is_ready), ("/metrics", figures)):
        app.add_api_route(path, endpoint, methods=["GET"], response_class=Response)
