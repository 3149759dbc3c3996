"""What goes back over HTTP: a flow's answer as it is, and every refusal in the form the caller speaks."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from starlette.responses import Response

from adapter.domain.message import Answer
from adapter.domain.problems import Finding
from adapter.flows.parts import Parts
from adapter.wire import json, outcome

# RFC 6750 § 3: what a caller without a sufficient token is told.
_CHALLENGES: Final[Mapping[str, str]] = {
    "no-token": "Bearer",
    "token-refused": 'Bearer error="invalid_token"',
    "scope-missing": 'Bearer error="insufficient_scope"',
}
# Clinical content is nobody's to keep on the way, and no answer is what its caller guesses it to be.
_ALWAYS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
_COME_BACK = frozenset({408, 429, 503})
_RETRY_SECONDS = 5


def speaks_fhir(path: str) -> bool:
    """Whether callers of this path read OperationOutcomes; all others get RFC 9457 problem details."""
    return path == "/fhir" or path.startswith("/fhir/")


def refusal(path: str, parts: Parts, *findings: Finding) -> Answer:
    """A refusal as callers of `path` understand it, with the status of its first error."""
    answer = parts.refusal(*findings)
    if answer.status in _COME_BACK:
        answer = replace(answer, retry_after=answer.retry_after or _RETRY_SECONDS)
    if speaks_fhir(path):
        return answer
    body = outcome.problem_json(findings, parts.tables.problems, base=parts.base)
    return replace(answer, media_type="application/problem+json", body=body)


def internal(path: str, parts: Parts, correlation: str) -> Answer:
    """The answer to a fault of ours. It carries the correlation id (a UUID) and nothing else of the request."""
    answer = refusal(path, parts, Finding("internal"))
    body = json.loads(answer.body, max_bytes=parts.max_bytes, max_depth=parts.max_depth)
    named = {"id": correlation} if speaks_fhir(path) else {"instance": f"urn:uuid:{correlation}"}
    return replace(answer, body=json.dumps({**body, **named}))


def challenge(*findings: Finding) -> dict[str, str]:
    """The WWW-Authenticate header of a refusal that a better token would lift."""
    asked = [_CHALLENGES[f.problem] for f in findings if f.problem in _CHALLENGES]
    return {"WWW-Authenticate": asked[0]} if asked else {}


def response(answer: Answer, parts: Parts, headers: Mapping[str, str] | None = None) -> Response:
    """An answer as HTTP; its location becomes an address under the one resources are served at."""
    given = {**_ALWAYS, **(headers or {})}
    if answer.etag:
        given["ETag"] = answer.etag
    if answer.location:
        given["Location"] = f"{parts.address}/{answer.location}"
    if answer.retry_after:
        given["Retry-After"] = str(answer.retry_after)
    return Response(answer.body, answer.status, given, media_type=answer.media_type or None)
