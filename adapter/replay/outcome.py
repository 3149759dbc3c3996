"""What a played case led to, as files: each answer, each message sent, and how the case stands at the end.

Goldens are whole and pretty-printed so that a change is read as a diff; nothing is left out of the comparison.
"""

import os
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from adapter.domain.deadline import Deadline
from adapter.domain.message import Answer
from adapter.ports import Store
from adapter.replay.said import is_xml
from adapter.replay.script import Sent
from adapter.wire import json


def answer_file(number: int, answer: Answer) -> tuple[str, bytes]:
    """The answer to a step: its status and headers, then the body as it was sent."""
    kind = "xml" if answer.media_type.endswith("xml") else "json"
    head = f"HTTP {answer.status} {answer.media_type}".rstrip()
    for name, value in (
        ("ETag", answer.etag),
        ("Location", answer.location),
        ("Retry-After", answer.retry_after),
    ):
        head += f" {name}: {value}" if value is not None else ""
    comment = f"<!-- {head} -->\n" if kind == "xml" else ""
    if kind == "xml":
        return f"{number}-answer.xml", comment.encode() + answer.body + b"\n"
    return f"{number}-answer.json", pretty({"http": head, "body": _read(answer.body)})


def sent_file(number: int, position: int, sent: Sent) -> tuple[str, bytes]:
    name = f"{number}-sent-{position}-to-{sent.recipient}"
    if is_xml(sent.body):
        return f"{name}.xml", sent.body
    return f"{name}.json", pretty(_read(sent.body))


def end_file(store: Store) -> tuple[str, bytes]:
    """Every case as it stands: state, history, deliveries with their receipts, lists, resources, audit."""
    return "end.json", pretty({case_id: _case(store, case_id) for case_id in store.case_ids()})


def _case(store: Store, case_id: str) -> Mapping[str, Any]:
    with store.transaction() as tx:
        case = tx.case(case_id)
        resources = [v.body for v in tx.of_case(case_id)]
    assert case is not None  # noqa: S101 - the id was just listed
    return {
        "state": case.state,
        "owner": case.owner,
        "unit": case.unit,
        "requester": case.requester,
        "history": [
            f"{s.lifecycle}: {s.before} --{s.event}--> {s.after} by {s.actor}"
            for s in store.history_of(case_id)
        ],
        "messages": [
            {"kind": m.kind, "findings": [f"{f.problem} {f.where}".rstrip() for f in m.findings]}
            for m in store.messages_of(case_id)
        ],
        "waiting": [f"{w.list}: {w.reason}" for w in store.waiting() if w.case_id == case_id],
        "deadlines": [_deadline(d) for d in store.deadlines_of(case_id)],
        "deliveries": [
            {
                "to": d.outgoing.recipient,
                "event": d.outgoing.event,
                "category": d.outgoing.category,
                "focus": str(d.outgoing.focus),
                "state": d.state,
                "place": d.place,
                "tries": d.tries,
                "because": d.because,
                "receipts": [
                    f"{n}: {r.transport} {r.http} {r.said} {r.codes}".rstrip()
                    for n, _, r in store.receipts_of(d.id)
                ],
            }
            for d in store.deliveries_of(case_id)
        ],
        "audit": [
            {"at": a.at.isoformat(), **{k: v for k, v in asdict(a).items() if k not in ("at", "case_id")}}
            for a in store.audit_of(case_id)
        ],
        "resources": resources,
    }


def _deadline(deadline: Deadline) -> Mapping[str, str]:
    """Its rule, its moments in UTC, and who stopped it; without what there is not."""
    told = asdict(deadline) | {"case_id": ""}
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in told.items()
        if value
    }


def pretty(value: Any) -> bytes:
    return json.pretty(value) + b"\n"


def _read(raw: bytes) -> Any:
    return json.loads(raw, max_bytes=10_000_000, max_depth=100) if raw else None


def compare(folder: Path, files: Mapping[str, bytes]) -> list[str]:
    """The names of goldens that differ, are missing or are left over. ACCEPT=1 writes them instead."""
    out = folder / "out"
    if os.environ.get("ACCEPT") == "1":
        out.mkdir(exist_ok=True)
        for old in out.iterdir():
            old.unlink()
        for name, content in files.items():
            (out / name).write_bytes(content)
        return []
    kept = {p.name: p.read_bytes() for p in out.iterdir()} if out.is_dir() else {}
    return sorted(name for name in files.keys() | kept.keys() if files.get(name) != kept.get(name))
