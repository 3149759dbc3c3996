"""Rows to objects of the domain, and back."""

from dataclasses import fields
from typing import Any

import simplejson

from adapter.domain.case import Audit, Case, Step, Version, Waiting
from adapter.domain.delivery import Delivery, Outgoing, Pinned, Receipt
from adapter.domain.message import Answer, Received
from adapter.domain.problems import Finding
from adapter.outside.store.sql import Record

_ANSWER = "answer_"


def values(flat: Any) -> Record:
    """The fields of a dataclass, as a row."""
    return {field.name: getattr(flat, field.name) for field in fields(flat)}


def to_text(body: Any) -> str:
    """JSON that keeps 72.50 as 72.50. All ASCII: a text column refuses U+0000 and half surrogate pairs."""
    return simplejson.dumps(body, use_decimal=True, allow_nan=False, separators=(",", ":"))


def from_text(text: str) -> Any:
    """What `to_text` wrote; a number with decimals is a Decimal."""
    return simplejson.loads(text, use_decimal=True)


def case_of(row: Record) -> Case:
    return Case(**row)


def step_of(row: Record) -> Step:
    return Step(**_only(Step, row))


def waiting_of(row: Record) -> Waiting:
    return Waiting(**_only(Waiting, row))


def received_values(message: Received) -> Record:
    row = values(message)
    answer = values(row.pop("answer"))
    row["findings"] = to_text([[finding.problem, finding.where] for finding in message.findings])
    return row | {_ANSWER + name: value for name, value in answer.items()}


def received_of(row: Record) -> Received:
    answer = Answer(**{field.name: row[_ANSWER + field.name] for field in fields(Answer)})
    findings = tuple(Finding(*finding) for finding in from_text(row["findings"]))
    return Received(**_only(Received, row) | {"answer": answer, "findings": findings})


def version_values(version: Version) -> Record:
    return values(version) | {"body": to_text(version.body)}


def version_of(row: Record) -> Version:
    return Version(**row | {"body": from_text(row["body"])})


def outgoing_values(outgoing: Outgoing) -> Record:
    carries = to_text([str(pinned) for pinned in outgoing.carries])
    return values(outgoing) | {"focus": str(outgoing.focus), "carries": carries}


def delivery_of(row: Record) -> Delivery:
    focus = Pinned.parse(row["focus"])
    carries = tuple(Pinned.parse(pinned) for pinned in from_text(row["carries"]))
    outgoing = Outgoing(**_only(Outgoing, row) | {"focus": focus, "carries": carries})
    return Delivery(**_only(Delivery, row), outgoing=outgoing)


def receipt_of(row: Record) -> Receipt:
    return Receipt(**_only(Receipt, row))


def audit_values(audit: Audit) -> Record:
    return values(audit) | {"details": to_text(dict(audit.details))}


def audit_of(row: Record) -> Audit:
    return Audit(**_only(Audit, row) | {"details": from_text(row["details"])})


def _only(kind: type[Any], row: Record) -> Record:
    return {field.name: row[field.name] for field in fields(kind) if field.name in row}
