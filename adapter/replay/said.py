"""What an answer or a message says in one word each: problem names or AppRec codes, the event or the type."""

import re
from typing import Any

from adapter.domain.message import Answer
from adapter.wire import apprec, edi, json

_PROBLEM = re.compile(r"/CodeSystem/problem$")


def problems_in(answer: Answer) -> list[str]:
    """Names of problems in the caller's form; for an AppRec its codes of Volven 8221."""
    if not answer.body:
        return []
    if answer.media_type == "application/xml":
        return list(apprec.read(answer.body).errors)
    body = json.loads(answer.body, max_bytes=10_000_000, max_depth=100)
    if answer.media_type == "application/problem+json":
        return [problem["name"] for problem in body["problems"]]
    return [coding["code"] for coding in _codings(body) if _PROBLEM.search(coding.get("system", ""))]


def event_of(message: bytes) -> str:
    """The event of a message Bundle, or the type of a Hodemelding (Volven 8279)."""
    if is_xml(message):
        return edi.open_message(message, max_bytes=100_000_000, max_depth=100)[0].kind
    bundle = json.loads(message, max_bytes=10_000_000, max_depth=100)
    return str(bundle["entry"][0]["resource"]["eventCoding"]["code"])


def is_xml(message: bytes) -> bool:
    return message.startswith(b"<")


def _codings(tree: Any) -> list[dict[str, Any]]:
    if isinstance(tree, list):
        return [c for item in tree for c in _codings(item)]
    if not isinstance(tree, dict):
        return []
    own = tree.get("coding", [])
    return [*own, *(c for name, item in tree.items() if name != "coding" for c in _codings(item))]
