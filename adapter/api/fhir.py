"""/fhir: messages by $process-message, and the resources of a case to read and to update."""

import re
from collections.abc import Awaitable, Callable, Mapping

from fastapi import FastAPI, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from adapter.api.access import Access
from adapter.api.answers import response
from adapter.api.capability import capability_statement
from adapter.api.reading import JSON, body_of
from adapter.domain.message import Answer, Caller
from adapter.domain.problems import Finding, Refused
from adapter.flows.accept import accept
from adapter.flows.consent import put_consent
from adapter.flows.follow import put_task
from adapter.flows.parts import Parts
from adapter.flows.plan import put_care_plan, put_care_team
from adapter.flows.read import read_resource
from adapter.wire import json

Put = Callable[[Caller, str, str | None, bytes, Parts], Answer]
Endpoint = Callable[[Request], Awaitable[Response]]

UPDATES: Mapping[str, Put] = {
    "CarePlan": put_care_plan,
    "CareTeam": put_care_team,
    "Consent": put_consent,
    "Task": put_task,
}

_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")  # FHIR R4 data types, id
_NUMBER = re.compile(r"[1-9][0-9]{0,8}")


def resource_types(parts: Parts) -> list[str]:
    """The types a case is made of: those the mapping tables write. All of them can be read."""
    return sorted({table.type for table in parts.tables.resources.values()})


def add_fhir(app: FastAPI, parts: Parts, access: Access) -> None:
    """One route per type, so that what is not there is answered 404 or 405 with the right Allow."""

    async def process_message(request: Request) -> Response:
        caller = await access.caller(request, "ip-adapter/messages")
        raw = await body_of(request, JSON, parts.max_bytes)
        return response(await run_in_threadpool(accept, "fhir", raw, caller, parts), parts)

    statement = capability_statement(parts, resource_types(parts), frozenset(UPDATES))
    stated = Answer(200, "application/fhir+json", json.dumps(statement))

    async def metadata(_: Request) -> Response:
        return response(stated, parts)

    def add(path: str, endpoint: Endpoint, *methods: str) -> None:
        app.add_api_route(f"/fhir/{path}", endpoint, methods=list(methods), response_class=Response)

    add("$process-message", process_message, "POST")
    add("metadata", metadata, "GET")
    for type_ in resource_types(parts):
        methods = ("GET", "PUT") if type_ in UPDATES else ("GET",)
        add(f"{type_}/{{id}}", _resource(type_, parts, access), *methods)
        add(f"{type_}/{{id}}/_history/{{version}}", _version(type_, parts, access), "GET")


def _resource(type_: str, parts: Parts, access: Access) -> Endpoint:
    async def resource(request: Request) -> Response:
        if request.method == "PUT":
            return await _update(request, type_, parts, access)
        caller = await access.caller(request, "ip-adapter/cases.read")
        id_ = _named(request, "id", _ID, type_)
        return response(await run_in_threadpool(read_resource, caller, type_, id_, None, parts), parts)

    return resource


def _version(type_: str, parts: Parts, access: Access) -> Endpoint:
    async def version(request: Request) -> Response:
        caller = await access.caller(request, "ip-adapter/cases.read")
        id_ = _named(request, "id", _ID, type_)
        number = int(_named(request, "version", _NUMBER, type_))
        return response(await run_in_threadpool(read_resource, caller, type_, id_, number, parts), parts)

    return version


async def _update(request: Request, type_: str, parts: Parts, access: Access) -> Response:
    caller = await access.caller(request, "ip-adapter/cases.write")
    id_ = _named(request, "id", _ID, type_)
    raw = await body_of(request, JSON, parts.max_bytes)
    if_match = request.headers.get("if-match")
    answer = await run_in_threadpool(UPDATES[type_], caller, id_, if_match, raw, parts)
    return response(answer, parts)


def _named(request: Request, part: str, form: re.Pattern[str], type_: str) -> str:
    """A part of the path. What cannot be an id or a version number names nothing. Raises Refused(not-found)."""
    given = str(request.path_params[part])
    if not form.fullmatch(given):
        raise Refused(Finding("not-found", type_))
    return given
