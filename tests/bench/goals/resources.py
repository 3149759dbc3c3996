"""G7 and G8: updates of a plan in force, and reads by id, over HTTP on PostgreSQL with one API process."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace

from adapter.domain.message import Caller
from adapter.flows.plan import put_care_plan
from adapter.flows.read import read_resource
from tests.bench.bulk import copies_of, fill
from tests.bench.copies import Copies
from tests.bench.figures import Figure, Sample, Target, recorded
from tests.bench.inside import on_database
from tests.bench.load import CONNECTIONS, Load, drive, request
from tests.bench.messages import MUNICIPALITY
from tests.bench.peers import SEKMET
from tests.bench.places import House, database, drop, floor
from tests.bench.profiling import top
from tests.bench.registry import measures
from tests.bench.run import Run
from tests.bench.stories import Standing, Storyteller

_MODELS = "fhir.resources check and one grouped commit"
_UNSHARED = "a bare FastAPI echo of 2 kB"
_PROFILED = 10
_FRESH = _PROFILED + 1
"""Cases for the profile: one more is updated before it is counted."""
_OWNER = Caller(MUNICIPALITY, frozenset({"ip-adapter/cases.read", "ip-adapter/cases.write"}))
Limits = dict[str, tuple[str, ...]]


@measures("G7", "G8")
def resources(run: Run) -> Iterator[Figure]:
    """Copies of one case with a plan in force: each update goes to a case of its own, as from many units."""
    url, count, runs = database(run, "postgresql"), run.size.messages, run.size.runs
    with ExitStack() as stack:
        house = House(stack, run, url)
        service = house.service().url
        teller = Storyteller(house, service)
        first, second = teller.plan_in_force(1), teller.plan_in_force(2)
        copies = copies_of(url, first.id, second.id)
        run.tell("G7 G8: cases with a plan in force")
        fill(url, copies, 0, count * (runs + 1) + _FRESH)
        headers = house.headers("application/fhir+json", MUNICIPALITY)
        run.tell("G7: PUT CarePlan")
        puts = [
            drive([service], _puts(first, copies, headers, n * count, count)).require(200)
            for n in range(runs + 1)
        ]
        run.tell("G8: GET Task")
        gets = [
            drive([service], _gets(first, copies, headers, n * count, count)).require(200)
            for n in range(runs + 1)
        ]
    limits = _profiles(url, first, copies, count * (runs + 1))
    drop(run, url)
    for figure in (*_updates(run, first, puts[1:]), *_reads(run, gets[1:])):
        yield replace(figure, limits=limits[figure.goal]) if figure.met is False else figure


def _profiles(url: str, case: Standing, copies: Copies, start: int) -> Limits:
    """The same two flows in this process, on cases that nobody has changed yet."""
    text, etag = _changed_plan(case), case.resources["CarePlan"][1]
    numbers = iter(range(start, start + _FRESH))
    plan, task = (case.resources[kind][0]["id"] for kind in ("CarePlan", "Task"))
    with on_database(url) as (parts, _):

        def put() -> None:
            number = next(numbers)
            put_care_plan(
                _OWNER, copies.id_of(plan, number), etag, copies.of_text(text, number).encode(), parts
            )

        def get() -> None:
            read_resource(_OWNER, "Task", copies.id_of(task, start), None, parts)

        return {"G7": top(put, _PROFILED), "G8": top(get, _PROFILED)}


def _updates(run: Run, case: Standing, puts: list[Load]) -> Iterator[Figure]:
    url, plan = database(run, "postgresql"), json.dumps(case.resources["CarePlan"][0]).encode()
    with ExitStack() as stack:
        naive = floor(stack, run, "floors.durable", "--database", url, "--outbox", "1", "--models").url
        bodies = [
            request("PUT", "/CarePlan/x", plan, {"Content-Type": "application/fhir+json"})
        ] * run.size.messages
        least = [drive([naive], bodies).require(202) for _ in range(run.size.runs + 1)][1:]
    drop(run, url)
    what, ours = f"PUT CarePlan, {len(plan)} bytes, {CONNECTIONS} connections", _rates(puts)
    note = f"p50 {puts[-1].p50:.0f} ms, p99 {puts[-1].p99:.0f} ms{puts[-1].busy}"
    yield Figure("G7", what, ours, _rates(least), _MODELS, Target("at least", 0.5), note)
    yield Figure("G7", what, ours, recorded(SEKMET.value, "/s"), SEKMET.name, Target("at least", 2))


def _reads(run: Run, gets: list[Load]) -> Iterator[Figure]:
    with ExitStack() as stack:
        echo = floor(stack, run, "floors.echo").url
        asked = [request("GET", "/echo")] * max(1_000, run.size.messages)
        least = [drive([echo], asked).require(200) for _ in range(run.size.runs + 1)][1:]
    note = f"p50 {gets[-1].p50:.1f} ms, p99 {gets[-1].p99:.1f} ms; each read is audited{gets[-1].busy}"
    yield Figure(
        "G8",
        "GET Task by id, by its owner",
        _rates(gets),
        _rates(least),
        _UNSHARED,
        Target("at least", 0.4),
        note,
    )


def _rates(loads: list[Load]) -> Sample:
    return Sample(tuple(load.rate for load in loads), "/s")


def _puts(case: Standing, copies: Copies, headers: dict[str, str], start: int, count: int) -> Iterator[bytes]:
    """The plan of each copy with one more activity, on the version that stands."""
    (plan, etag), text = case.resources["CarePlan"], _changed_plan(case)
    for number in range(start, start + count):
        body = copies.of_text(text, number)
        path = f"/fhir/CarePlan/{copies.id_of(plan['id'], number)}"
        yield request("PUT", path, body.encode(), {**headers, "If-Match": etag})


def _changed_plan(case: Standing) -> str:
    plan = case.resources["CarePlan"][0]
    measure = plan["activity"][0]
    more = {**measure, "detail": {**measure["detail"], "description": "Logoped en gang i uken"}}
    return json.dumps({**plan, "activity": [*plan["activity"], more]}, ensure_ascii=False)


def _gets(case: Standing, copies: Copies, headers: dict[str, str], start: int, count: int) -> Iterator[bytes]:
    task = case.resources["Task"][0]["id"]
    for number in range(start, start + count):
        yield request("GET", f"/fhir/Task/{copies.id_of(task, number)}", headers=headers)
