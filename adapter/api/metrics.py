"""The figures of one process, for Prometheus: counted as requests go by, or read from what is known anyway."""

from collections.abc import Callable, Iterator, Sequence

from prometheus_client import CollectorRegistry, Counter, ProcessCollector, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from adapter.api.places import Places
from adapter.api.watch import Watch
from adapter.domain.condition import MODES
from adapter.domain.standing import Stuck

_DOORS = frozenset({"edi", "fhir"})


class Metrics:
    """Its own registry, so that two apps in a process do not mix."""

    def __init__(self, watch: Watch, places: Places) -> None:
        self._registry = CollectorRegistry()
        self._answers = Counter(
            "ip_adapter_answers", "Answers given", ("door", "status"), registry=self._registry
        )
        self._refused = Counter(
            "ip_adapter_refused",
            "Refusals before a flow began, by problem",
            ("reason",),
            registry=self._registry,
        )
        # Looking a label up takes three times as long as counting.
        self._counters: dict[tuple[str, int], Callable[[], None]] = {}
        self._registry.register(_Standing(watch, places))
        ProcessCollector(registry=self._registry)

    def answered(self, path: str, status: int) -> None:
        """Count one answer by door (edi, fhir or other) and HTTP status; nothing of the caller's own text."""
        first = path.split("/", 2)[1] if path.startswith("/") else ""
        key = first if first in _DOORS else "other", status
        if key not in self._counters:
            self._counters[key] = self._answers.labels(key[0], str(status)).inc
        self._counters[key]()

    def refused(self, problem: str) -> None:
        """Count one refusal by its problem."""
        self._refused.labels(problem).inc()

    def text(self) -> bytes:
        """In the Prometheus text format. Does not ask the database."""
        return generate_latest(self._registry)


class _Standing(Collector):
    """What stands at the moment somebody looks."""

    def __init__(self, watch: Watch, places: Places) -> None:
        self._watch, self._places = watch, places

    def describe(self) -> Iterator[GaugeMetricFamily]:
        """Nothing: what is not named beforehand is not counted when the app starts."""
        return iter(())

    def collect(self) -> Iterator[GaugeMetricFamily]:
        now, measured = self._watch.condition, self._watch.measured
        condition = GaugeMetricFamily("ip_adapter_condition", "1 for the mode that holds", labels=["mode"])
        for mode in MODES:
            condition.add_metric([mode], float(mode == now.mode))
        standing = GaugeMetricFamily(
            "ip_adapter_deliveries",
            "Open deliveries by place: head (next in its lane), behind, held (waits for a person)",
            labels=["place"],
        )
        for place, count in sorted(measured.open_by_place.items()):
            standing.add_metric([place], count)
        mailbox = GaugeMetricFamily(
            "ip_adapter_mailbox",
            "Messages at the message service by state: announced, answered, parked (waits for a person)",
            labels=["state"],
        )
        for state, count in sorted(measured.mailbox.items()):
            mailbox.add_metric([state], count)
        yield condition
        yield standing
        yield mailbox
        yield from _still(measured.stuck)
        age = measured.oldest_due
        yield _gauge("store_answers", "1 when the database answered when last asked", measured.answers)
        yield _gauge("oldest_delivery_seconds", "Age of the oldest head", age.total_seconds() if age else 0)
        ahead = measured.clock_ahead.total_seconds()
        yield _gauge("clock_ahead_seconds", "Our clock before the database's, if they do not agree", ahead)
        yield _gauge("requests_in_hand", "Requests that have a place", self._places.requests)
        yield _gauge("bytes_in_hand", "Bytes of bodies that have a place", self._places.bytes_)


def _still(stuck: Sequence[Stuck]) -> Iterator[GaugeMetricFamily]:
    """What stands still, by kind: how many, how old the oldest, and whether that is an alarm."""
    families = [
        GaugeMetricFamily(f"ip_adapter_waiting{name}", text, labels=["kind"])
        for name, text in (
            ("", "What stands still, by kind"),
            ("_oldest_seconds", "Age of the oldest of its kind"),
            ("_alarm", "1 when the oldest has stood still for too long (mappings/thresholds.yaml)"),
        )
    ]
    for one in stuck:
        for family, value in zip(families, (one.number, one.age.total_seconds(), one.alarm), strict=True):
            family.add_metric([one.kind], float(value))
    yield from families if stuck else ()
    for one in stuck:
        if one.kind == "unexplained":
            yield _gauge(
                "unexplained_messages", "Messages that left no trace, to which nobody has seen", one.number
            )


def _gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"ip_adapter_{name}", text, value=float(value))
