"""All that is kept of a case as one file that lasts without this program: FHIR, the messages, and JSON lines.

Only what an archive holds, read back and checked, may be purged. Archiving and reading are no part of it, so the same
case gives the same bytes.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import asdict, fields
from datetime import datetime
from typing import Any

from adapter.domain.case import Audit, Version
from adapter.domain.message import Received
from adapter.domain.problems import Finding, Refused
from adapter.domain.record import CaseRecord
from adapter.wire import json
from adapter.wire.archive import pack

ARCHIVED = "case-archived"
_OUTSIDE = frozenset({ARCHIVED, "case-found"})
_ENDING = {"edi": "xml", "fhir": "json", "hand": "yaml"}
_FORM = {"form": "ip-adapter case archive", "version": "1"}


def archive_of(record: CaseRecord, base: str) -> bytes:
    """The file of a case. `base`: canonical base under which the Bundle names its entries.

    Raises Refused for a case that was purged: there is nothing to archive.
    """
    if record.tombstone:
        raise Refused(Finding("not-found", "case"))
    members = {
        "case.json": json.dumps(_plain(asdict(record.case))),
        "versions.json": json.dumps(_bundle(record.versions, base)),
        "versions.jsonl": _lines({**_flat(v), "body": None} for v in record.versions),
        "messages.jsonl": _lines(_message(m) for m in record.messages),
        "history.jsonl": _lines(asdict(step) for step in record.history),
        "deliveries.jsonl": _lines(_delivery(d, record) for d in record.deliveries),
        "deadlines.jsonl": _lines(asdict(one) for one in record.deadlines),
        "waiting.jsonl": _lines(asdict(one) for one in record.waiting),
        "audit.jsonl": _lines(_flat(a) for a in record.audit if a.action not in _OUTSIDE),
    }
    for m in record.messages:
        members[f"answers/{m.id}"] = m.answer.body
        if m.raw is not None:
            members[f"messages/{m.id}.{_ENDING[m.door]}"] = m.raw
    return pack(members, {**_FORM, "case": record.case.id})


def archived(record: CaseRecord, file: bytes, by: str, at: datetime) -> tuple[str, Audit]:
    """The SHA-256 (hex) of the file, and the evidence that the case was archived."""
    sha256 = hashlib.sha256(file).hexdigest()
    return sha256, Audit(at, by, ARCHIVED, record.case.id, {"sha256": sha256})


def _bundle(versions: Sequence[Version], base: str) -> dict[str, Any]:
    """Every version of every resource: a collection, in which entries of one name differ by versionId (bdl-7)."""
    entries = [{"fullUrl": f"{base}/{v.reference}", "resource": v.body} for v in versions]
    return {"resourceType": "Bundle", "type": "collection", "entry": entries}


def _message(message: Received) -> dict[str, Any]:
    answer = {**_flat(message.answer), "body": f"answers/{message.id}"}
    findings = [[f.problem, f.where] for f in message.findings]
    reply_to = asdict(message.reply_to) if message.reply_to else None
    told = {"raw": message.raw is not None, "answer": answer, "findings": findings, "reply_to": reply_to}
    return {**_flat(message), **told}


def _delivery(delivery: Any, record: CaseRecord) -> dict[str, Any]:
    out = {**_flat(delivery.outgoing), "focus": str(delivery.outgoing.focus)}
    out["carries"] = [str(pinned) for pinned in delivery.outgoing.carries]
    said = [{"number": n, "at": at, **asdict(r)} for n, at, r in record.receipts.get(delivery.id, ())]
    return {**_flat(delivery), "outgoing": out, "receipts": said}


def _flat(row: Any) -> dict[str, Any]:
    return {field.name: getattr(row, field.name) for field in fields(row)}


def _lines(rows: Iterable[dict[str, Any]]) -> bytes:
    return b"".join(json.dumps(_plain(row)) + b"\n" for row in rows)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items() if one is not None}
    return [_plain(one) for one in value] if isinstance(value, list | tuple) else value
