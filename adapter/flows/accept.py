"""One message: opened, read, decided, kept and answered, all in the request that brought it.

If the process dies before the commit, nothing has happened and the sender, unanswered, sends again. If it dies after,
the repeat finds the stored answer. There is no inbound queue to get stuck in.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from adapter.domain.case import Audit
from adapter.domain.identifiers import derived
from adapter.domain.message import Answer, Caller, Door, Envelope, Received, ReplyTo
from adapter.domain.need import consent_findings, identity_findings
from adapter.domain.problems import Finding, Refused
from adapter.flows import need, taking
from adapter.flows.answering import answer_to
from adapter.flows.conversation import identified
from adapter.flows.correspondence import reply_to_of
from adapter.flows.doors import NotTrusted, Opened, Read, gate, open_message, read_message, trusted_sender
from adapter.flows.late import came_late
from adapter.flows.parts import Parts
from adapter.flows.repeats import content_key, repeated_answer
from adapter.ports import Collision, StoreBusy, Transaction
from adapter.wire.unreadable import Unreadable

_NO_NUMBER = frozenset({"wrong-check-digit", "other-kind-of-number", "unresolved-reference"})
"""Why a number that the message has is none of the facts: it is told once what is wrong."""


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What was decided about a message: findings of every severity, and the case it led to."""

    findings: tuple[Finding, ...]
    case_id: str | None = None
    mapping: str = ""
    content: str = ""
    reply_to: ReplyTo | None = None


def accept(door: Door, raw: bytes, caller: Caller, parts: Parts, by: str = "") -> Answer:
    """Answer one message in its sender's own form; what is answered positively is durably kept. `by`: the person here
    who enters it, if one does."""
    at = parts.clock()
    envelope: Envelope | None = None
    try:
        try:
            opened = open_message(door, raw, caller, parts, parts.tables.schemas)
            opened = replace(opened, by=by) if by else opened
        except Unreadable as unreadable:
            envelope = unreadable.envelope
            return _again(partial(_unreadable, unreadable, door, caller, at, parts))
        envelope = opened.envelope
        return _again(lambda: _handle(opened, raw, at, parts))
    except NotTrusted as refused:
        return answer_to(refused.envelope, door, refused.findings, at, parts)
    except StoreBusy:
        return answer_to(envelope, door, (Finding("store-busy"),), at, parts)


def _again(handle: Callable[[], Answer]) -> Answer:
    """Two of the same message at once: one wins the commit, the other runs again and finds its answer."""
    try:
        return handle()
    except Collision:
        return handle()


def _handle(opened: Opened, raw: bytes, at: datetime, parts: Parts) -> Answer:
    """Read the message, then take it in one transaction, which holds up nobody while it is being read.

    A refusal takes back whatever was written on the way to it.
    """
    envelope = opened.envelope
    try:
        read = _read(opened, raw, at, parts)
        with parts.store.transaction() as tx:
            repeated = repeated_answer(tx, opened.sender, envelope, at, parts)
            if repeated:
                return repeated
            taken = _take(tx, opened, read, at, parts)
            answer = answer_to(envelope, envelope.door, taken.findings, at, parts, taken.case_id)
            _keep(tx, opened.sender, envelope, raw if taken.case_id else None, answer, taken, at)
            return answer
    except Refused as refused:
        return _refuse(opened.sender, envelope, refused.findings, at, parts)


def _refuse(
    sender: str, envelope: Envelope, findings: tuple[Finding, ...], at: datetime, parts: Parts
) -> Answer:
    """Answer with what is wrong and keep the answer, without the content. A fault of ours is not kept: sent again
    when it is mended, the message is taken."""
    with parts.store.transaction() as tx:
        repeated = repeated_answer(tx, sender, envelope, at, parts)
        if repeated:
            return repeated
        answer = answer_to(envelope, envelope.door, findings, at, parts)
        if answer.status < 500:
            _keep(tx, sender, envelope, None, answer, _Outcome(findings), at)
        return answer


def _read(opened: Opened, raw: bytes, at: datetime, parts: Parts) -> Read:
    """What an acceptable message says. Raises Refused with everything that is wrong with it."""
    closed = gate(opened, raw, at, parts)
    read = read_message(opened, parts)
    if isinstance(read, Finding):
        raise Refused(*closed, read)
    if closed:
        raise Refused(*closed)
    findings = (*read.findings, *_content_findings(read, parts), *came_late(opened.envelope, at, parts))
    if parts.tables.problems.errors(findings):
        raise Refused(*findings)
    return replace(read, findings=findings)


def _take(tx: Transaction, opened: Opened, read: Read, at: datetime, parts: Parts) -> _Outcome:
    """What the message led to. Raises Refused where its case forbids it."""
    content, told_before = content_key(tx, opened, read, parts)
    try:
        if told_before:
            taken = need.take_again(tx, told_before, opened, read, at, parts)
        else:
            taken = taking.take(tx, opened, read, at, parts)
    except Refused as refused:
        raise Refused(*read.findings, *_placed(refused.findings, read)) from None
    unread = tuple(Finding("unread-element", place) for place in read.reading.unread)
    mapping = f"{read.way.table}-{parts.tables.messages[read.way.table].version}"
    return _Outcome(
        (*read.findings, *_placed(taken.findings, read), *unread),
        taken.case_id,
        mapping,
        content,
        reply_to_of(opened.envelope, opened.tree) if opened.envelope.door == "edi" else None,
    )


def _placed(findings: Iterable[Finding], read: Read) -> tuple[Finding, ...]:
    """What rules say of facts, at the places of the message where these facts, or what holds them, stand."""
    return tuple(Finding(f.problem, _place_of(f.where, read)) for f in findings)


def _place_of(fact: str, read: Read) -> str:
    holder = {"need": "need", "stay": "patient", "consent": "consent"}.get(fact.partition(".")[0], fact)
    return read.origin.get(fact) or read.origin.get(holder, fact)


def _content_findings(read: Read, parts: Parts) -> list[Finding]:
    if read.way.event not in ("need-notified", "need-corrected"):
        return []
    person = identity_findings(read.facts, read.origin, parts.environment)
    if any(f.problem in _NO_NUMBER for f in read.findings):
        person = [f for f in person if f.problem != "missing-person-id"]
    if read.facts["consent.status"] == "refused":
        return person  # of a need that is known the consent is taken back: its case decides (pbrl § 4-1)
    where = read.origin.get("consent.status", "consent")
    return [*person, *consent_findings(read.facts["consent.status"], where)]


def _unreadable(unreadable: Unreadable, door: Door, caller: Caller, at: datetime, parts: Parts) -> Answer:
    """A message that cannot be opened. Where its head can be read, the refusal is kept like any other answer."""
    envelope = unreadable.envelope
    if envelope is None:
        return answer_to(None, door, unreadable.findings, at, parts)
    sender = trusted_sender(envelope, caller, parts)
    return _refuse(sender, identified(envelope, sender), unreadable.findings, at, parts)


def _keep(
    tx: Transaction,
    sender: str,
    envelope: Envelope,
    raw: bytes | None,
    answer: Answer,
    decided: _Outcome,
    at: datetime,
) -> None:
    id_ = derived("received", envelope.door, sender, envelope.message_id)
    tx.keep(
        Received(
            id=id_,
            door=envelope.door,
            sender=sender,
            message_id=envelope.message_id,
            envelope_id=envelope.envelope_id,
            kind=envelope.kind,
            digest=envelope.digest,
            raw=raw,
            at=at,
            answer=answer,
            case_id=decided.case_id,
            findings=decided.findings,
            mapping=decided.mapping,
            content=decided.content,
            reply_to=decided.reply_to,
        )
    )
    action = "message-accepted" if decided.mapping else "message-refused"
    tx.record(Audit(at, sender, action, decided.case_id, {"message": id_, "kind": envelope.kind}))
