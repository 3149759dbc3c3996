"""Rows to objects of the domain, and back."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import simplejson

from adapter.domain.case import Audit, Case, FormerKey, Step, Version, Waiting
from adapter.domain.deadline import Deadline
from adapter.domain.delivery import Delivery, Outgoing, Pinned, Place, Receipt
from adapter.domain.message import Answer, Received, ReplyTo
from adapter.domain.problems import Finding
from adapter.outside.store.sql import Record

_ANSWER = "answer_"
AT_ONCE = datetime(1970, 1, 1, tzinfo=UTC)
"""When mail is due that was never tried, whatever the clock of who queued it or of who carries it says."""
CASE_PREFIX = "of_"
"""Before the names of a case's columns where they stand beside those of a version."""
_NAMES: dict[type[Any], tuple[str, ...]] = {}
# Kept: both are made anew for every call with options. The standard library writes a resource in half the time
# (8 us against 16 us), the same characters, but knows no Decimal.
_QUICK_WRITER = json.JSONEncoder(allow_nan=False, separators=(",", ":"))
_WRITER = simplejson.JSONEncoder(use_decimal=True, allow_nan=False, separators=(",", ":"))
_READER = simplejson.JSONDecoder(parse_float=Decimal)


def values(flat: Any) -> Record:
    """The fields of a dataclass, as a row."""
    return {name: getattr(flat, name) for name in _names(type(flat))}


def to_text(body: Any) -> str:
    """JSON that keeps 72.50 as 72.50. All ASCII: a text column refuses U+0000 and half surrogate pairs."""
    try:
        return _QUICK_WRITER.encode(body)
    except TypeError:
        return _WRITER.encode(body)


def from_text(text: str) -> Any:
    """What `to_text` wrote; a number with decimals is a Decimal."""
    return _READER.decode(text)


def case_of(row: Record) -> Case:
    return Case(**_only(Case, row))


def case_values(case: Case) -> Record:
    """A case that was opened just now; whoever moves it says when. Its clocks are to be looked at."""
    return values(case) | {"moved_at": case.opened_at, "look_at": case.opened_at}


def step_of(row: Record) -> Step:
    return Step(**_only(Step, row))


def former_key_of(row: Record) -> FormerKey:
    return FormerKey(**_only(FormerKey, row))


def deadline_of(row: Record) -> Deadline:
    return Deadline(**_only(Deadline, row))


def waiting_of(row: Record) -> Waiting:
    return Waiting(**_only(Waiting, row))


def received_values(message: Received) -> Record:
    row = values(message)
    answer = values(row.pop("answer"))
    row["findings"] = to_text([[finding.problem, finding.where] for finding in message.findings])
    row["reply_to"] = to_text(values(message.reply_to)) if message.reply_to else ""
    return row | {_ANSWER + name: value for name, value in answer.items()}


def received_of(row: Record) -> Received:
    answer = Answer(**{name: row[_ANSWER + name] for name in _names(Answer)})
    findings = tuple(Finding(*finding) for finding in from_text(row["findings"]))
    reply_to = _reply_to(row["reply_to"])
    return Received(**_only(Received, row) | {"answer": answer, "findings": findings, "reply_to": reply_to})


def _reply_to(text: str) -> ReplyTo | None:
    if not text:
        return None
    row = from_text(text)
    return ReplyTo(**_only(ReplyTo, row) | {"asked": tuple(row["asked"])})


def version_values(version: Version) -> Record:
    return values(version) | {"body": to_text(version.body)}


def glanced_of(row: Record) -> tuple[Version, Case]:
    """A version and, in columns of their own, its case."""
    case = {name: row[CASE_PREFIX + name] for name in _names(Case)}
    return version_of(row), Case(**case)


def version_of(row: Record) -> Version:
    return Version(**_only(Version, row))


def delivery_values(outgoing: Outgoing, place: Place) -> Record:
    """A delivery that was decided just now."""
    at = outgoing.created_at
    return values(outgoing) | {
        "focus": str(outgoing.focus),
        "carries": to_text([str(pinned) for pinned in outgoing.carries]),
        "state": "queued",
        "place": place,
        "due": AT_ONCE,
        "clock": at,
        "tries": 0,
        "because": "",
        "reference": "",
    }


def delivery_of(row: Record) -> Delivery:
    focus = Pinned.parse(row["focus"])
    carries = tuple(Pinned.parse(pinned) for pinned in from_text(row["carries"]))
    outgoing = Outgoing(**_only(Outgoing, row) | {"focus": focus, "carries": carries})
    due = outgoing.created_at if row["due"] == AT_ONCE else row["due"]
    return Delivery(**_only(Delivery, row) | {"due": due}, outgoing=outgoing)


def receipt_of(row: Record) -> Receipt:
    return Receipt(**_only(Receipt, row))


def receipts_by_delivery(said: Sequence[Record]) -> Mapping[int, Sequence[Receipt]]:
    """What was said of each delivery, by its id, in the order of the rows."""
    found: dict[int, list[Receipt]] = {}
    for row in said:
        found.setdefault(row["delivery"], []).append(receipt_of(row))
    return found


def audit_values(audit: Audit) -> Record:
    return values(audit) | {"details": to_text(dict(audit.details))}


def audit_of(row: Record) -> Audit:
    return Audit(**_only(Audit, row) | {"details": from_text(row["details"])})


def _only(kind: type[Any], row: Record) -> Record:
    return {name: row[name] for name in _names(kind) if name in row}


def _names(kind: type[Any]) -> tuple[str, ...]:
    # Kept: `fields` takes as long as the rest of a row.
    if kind not in _NAMES:
        _NAMES[kind] = tuple(field.name for field in fields(kind))
    return _NAMES[kind]
