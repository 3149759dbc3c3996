"""/fhir: messages by $process-message, and the resources of a case to read and to update."""

import re
from collections.abc import Callable, Iterator, Mapping

from starlette.requests import Request
from starlette.responses import Response

from adapter.api.answers import response
from adapter.api.capability import capability_statement
from adapter.api.gate import Endpoint, Gate, Handle
from adapter.api.messages import message_handler
from adapter.api.plain import PlainRoute
from adapter.api.reading import JSON, body_of
from adapter.api.threads import Threads
from adapter.domain.message import Answer, Caller
from adapter.domain.problems import Finding, Refused
from adapter.flows.consent import put_consent
from adapter.flows.follow import put_task
from adapter.flows.overview import service_overview
from adapter.flows.parts import Parts
from adapter.flows.plan import put_care_plan
from adapter.flows.read import read_resource
from adapter.flows.team import put_care_team
from adapter.wire import json

Put = Callable[[Caller, str, str | None, bytes, Parts], Answer]

UPDATES: Mapping[str, Put] = {
    "CarePlan": put_care_plan,
    "CareTeam": put_care_team,
    "Consent": put_consent,
    "Task": put_task,
}

READERS = 16
"""Threads that read. A read mostly waits until its audit is on disk, and the more wait, the more share one commit: on
PostgreSQL a read over HTTP takes 1,040 us of CPU with 16 threads, 1,350 with 4; more than 16 gain little."""

_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")  # FHIR R4 data types, id
_NUMBER = re.compile(r"[1-9][0-9]{0,8}")


def resource_types(parts: Parts) -> list[str]:
    """The types a case is made of: those the mapping tables write. All of them can be read."""
    return sorted({table.type for table in parts.tables.resources.values()})


def fhir_routes(gate: Gate) -> Iterator[PlainRoute]:
    """One route per type, so that what is not there is answered 404 or 405 with the right Allow.

    The routes that are asked most stand first: routes are tried in their order.
    """
    process = gate.endpoint("ip-adapter/messages", "change", message_handler(gate, "fhir", JSON))
    yield PlainRoute("/fhir/$process-message", process, methods=["POST"])
    types = resource_types(gate.parts)
    readers = Threads(READERS)
    for type_ in sorted(types, key=lambda name: name not in UPDATES):
        methods = ("GET", "PUT") if type_ in UPDATES else ("GET",)
        yield PlainRoute(f"/fhir/{type_}/{{id}}", _resource(type_, gate, readers), methods=methods)
    for type_ in types:
        versions = gate.endpoint("ip-adapter/cases.read", "read", _version(type_, gate, readers))
        yield PlainRoute(f"/fhir/{type_}/{{id}}/_history/{{version}}", versions, methods=["GET"])
    overviews = gate.endpoint("ip-adapter/cases.read", "read", _overview(gate, readers))
    yield PlainRoute("/fhir/CareTeam/{id}/$service-overview", overviews, methods=["GET"])
    yield PlainRoute("/fhir/metadata", _metadata(gate.parts, types), methods=["GET"])


def _metadata(parts: Parts, types: list[str]) -> Endpoint:
    statement = capability_statement(parts, types, frozenset(UPDATES))
    stated = Answer(200, "application/fhir+json", json.dumps(statement))

    async def metadata(_: Request) -> Response:
        return response(stated, parts)

    return metadata


def _resource(type_: str, gate: Gate, readers: Threads) -> Endpoint:
    async def read(request: Request, caller: Caller) -> Answer:
        id_ = _named(request, "id", _ID, type_)
        return await readers.run(read_resource, caller, type_, id_, None, gate.parts)

    async def change(request: Request, caller: Caller) -> Answer:
        id_ = _named(request, "id", _ID, type_)
        raw = await body_of(request, JSON, gate.parts.max_bytes, gate.limits.body_seconds)
        if_match = request.headers.get("if-match")
        return await gate.threads.run_on(raw, UPDATES[type_], caller, id_, if_match, raw, gate.parts)

    reading = gate.endpoint("ip-adapter/cases.read", "read", read)
    changing = gate.endpoint("ip-adapter/cases.write", "change", change)

    async def resource(request: Request) -> Response:
        return await (changing if request.method == "PUT" else reading)(request)

    return resource


def _version(type_: str, gate: Gate, readers: Threads) -> Handle:
    async def version(request: Request, caller: Caller) -> Answer:
        id_ = _named(request, "id", _ID, type_)
        number = int(_named(request, "version", _NUMBER, type_))
        return await readers.run(read_resource, caller, type_, id_, number, gate.parts)

    return version


def _overview(gate: Gate, readers: Threads) -> Handle:
    async def overview(request: Request, caller: Caller) -> Answer:
        id_ = _named(request, "id", _ID, "CareTeam")
        return await readers.run(service_overview, caller, id_, gate.parts)

    return overview


def _named(request: Request, part: str, form: re.Pattern[str], type_: str) -> str:
    """A part of the path. What cannot be an id or a version number names nothing. Raises Refused(not-found)."""
    given = str(request.path_params[part])
    if not form.fullmatch(given):
        raise Refused(Finding("not-found", type_))
    return given
