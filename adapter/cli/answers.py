"""What an adapter answered, in words: an AppRec, a FHIR response message, an OperationOutcome or problem details."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from adapter.domain.problems import Refused
from adapter.wire import json, xml

_BYTES, _DEPTH = 5_000_000, 60
_APPREC = {"1": "OK", "2": "rejected", "3": "OK, with an error in a part"}


@dataclass(frozen=True, slots=True)
class Remark:
    """One error, warning or notice: its code (Volven 8221 in an AppRec, else the problem's name), text and place."""

    code: str
    text: str
    place: str


@dataclass(frozen=True, slots=True)
class Said:
    """The answer: its HTTP status, whether it takes the message, the status in its own words, and every remark.

    `focus` is the resource a FHIR answer leads to, "Type/id".
    """

    http: int
    positive: bool
    status: str
    remarks: tuple[Remark, ...] = ()
    focus: str = ""


def said_by(http: int, body: bytes) -> Said:
    """Reads an answer. One in a form nobody here knows counts as refused, whatever its HTTP status."""
    if http == 204:
        return Said(http, positive=True, status="taken, and no receipt was asked for")
    try:
        if body.lstrip()[:1] == b"<":
            return _apprec(http, xml.parse(body, max_bytes=_BYTES, max_depth=_DEPTH))
        return _json(http, json.loads(body, max_bytes=_BYTES, max_depth=_DEPTH))
    except Refused:
        return Said(http, positive=False, status="an answer in no form that is known here")


def _apprec(http: int, root: Any) -> Said:
    status = _v(root.find("{*}Status"))
    remarks = []
    for error in root.findall("{*}Error"):
        text, _, place = (error.get("OT") or error.get("DN") or "").partition(" Sted: ")
        remarks.append(Remark(error.get("V", ""), text, place))
    word = f"AppRec {_APPREC.get(status, 'without a status')}"
    return Said(http, http < 300 and status in ("1", "3"), word, tuple(remarks))


def _v(element: Any) -> str:
    return "" if element is None else str(element.get("V", ""))


def _json(http: int, body: dict[str, Any]) -> Said:
    if "problems" in body or "title" in body:
        remarks = tuple(
            Remark(str(p.get("name", "")), str(p.get("text", "")), str(p.get("where", "")))
            for p in _dicts(body.get("problems"))
        )
        return Said(http, positive=False, status="problem details", remarks=remarks)
    if body.get("resourceType") == "OperationOutcome":
        return Said(http, positive=False, status="OperationOutcome", remarks=tuple(_issues([body])))
    resources = [e.get("resource") for e in _dicts(body.get("entry"))]
    header = next((r for r in _dicts(resources) if r.get("resourceType") == "MessageHeader"), {})
    response = header.get("response")
    code = str(response.get("code", "")) if isinstance(response, dict) else ""
    focus = next((str(f.get("reference", "")) for f in _dicts(header.get("focus"))), "")
    short = "/".join(focus.split("/")[-2:])
    word = f"response {code or 'without a code'}"
    return Said(http, http < 300 and code == "ok", word, tuple(_issues(resources)), short)


def _issues(resources: list[Any]) -> Iterator[Remark]:
    for resource in _dicts(resources):
        for issue in _dicts(resource.get("issue")):
            details = next(iter(_dicts([issue.get("details")])), {})
            codes = [str(c.get("code", "")) for c in _dicts(details.get("coding"))]
            places = issue.get("expression")
            place = str(places[0]) if isinstance(places, list) and places else ""
            yield Remark(
                codes[0] if codes else str(issue.get("code", "")), str(details.get("text", "")), place
            )


def _dicts(listed: Any) -> list[dict[str, Any]]:
    return [item for item in listed if isinstance(item, dict)] if isinstance(listed, list) else []
