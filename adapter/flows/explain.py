"""Why a case stands as it does, told from what is kept. Reads only, and names no value.

An account holds places, codes, names of facts and ids; organisation numbers are no secret. What a message said is read
again from its kept bytes by the tables in force; where each fact went is looked up in the versions as they stood then.
"""

import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import get_args

from adapter.domain.case import Audit, Case, Step, Version
from adapter.domain.consent import DENIALS, Ground, Permit
from adapter.domain.delivery import Delivery, Pinned
from adapter.domain.identifiers import case_id, derived, message_uuid
from adapter.domain.message import Caller, Door, Received
from adapter.domain.need import shielded
from adapter.domain.problems import Finding, Refused
from adapter.flows.account import Account, Element, Leaf, Message, Route, Sent, Tried
from adapter.flows.attachments import KIND
from adapter.flows.doors import Opened, Read, open_message, read_message
from adapter.flows.participants import NOT_IN_THE_TEAM, grounds_of, may_have
from adapter.flows.parts import Parts
from adapter.flows.resources import KINDS, id_of
from adapter.flows.view_account import elements_told, stood_at
from adapter.mapping.paths import first
from adapter.ports import Transaction
from adapter.wire import form
from adapter.wire.tree import leaves

_CONSENT = re.compile(r"Consent/[0-9A-Za-z.-]{1,64}/[0-9]+")
_DENIED = DENIALS | {NOT_IN_THE_TEAM}
_ROOTS = {"edi": "MsgHead", "fhir": "Bundle", "hand": form.ROOT}
_OF_A_PERSON = "a-person-decided"


def explain(id_: str, parts: Parts) -> Account:
    """The account of a case, by its id, by the number of a delivery, or by the id of a message or of its need.

    Raises Refused(not-found). Steps carry as `because` what caused them, in words of ids.
    """
    with parts.store.transaction() as tx:
        case, alone = _found(tx, id_, parts)
        if case is None:
            return Account(None, "", (_refused(alone),) if alone else (), None, (), (), ())
        return _account(tx, case, parts)


def _found(tx: Transaction, id_: str, parts: Parts) -> tuple[Case | None, Received | None]:
    if id_.isascii() and id_.isdigit():
        delivery = tx.delivery(int(id_)) if len(id_) < 19 else None
        case, message = tx.case(delivery.outgoing.case_id) if delivery else None, None
    else:
        message = _message(tx, _canonical(id_), parts)
        case = tx.case(message.case_id if message and message.case_id else _canonical(id_))
    case = case or (None if message else _by_need(tx, id_, parts))
    if case is None and message is None:
        raise Refused(Finding("not-found", "case"))
    return case, message


def _canonical(id_: str) -> str:
    try:
        return str(uuid.UUID(id_))
    except ValueError:
        return id_


def _message(tx: Transaction, id_: str, parts: Parts) -> Received | None:
    if known := parts.store.received(id_):
        return known
    senders = parts.partners.by_organisation
    spelled = ((s, i) for s in senders for i in {id_, id_.upper(), message_uuid(s, id_)})
    answered = (tx.answered(door, s, i) for s, i in spelled for door in get_args(Door))
    return next((a for a in answered if a), None)


def _by_need(tx: Transaction, id_: str, parts: Parts) -> Case | None:
    senders = parts.partners.by_organisation
    cases = (tx.case(case_id(sender, message_uuid(sender, id_))) for sender in senders)
    return next((case for case in cases if case), None)


def _refused(message: Received) -> Message:
    return _told(message, (), "no-case" if message.mapping else "refused-messages-are-not-kept")


def _account(tx: Transaction, case: Case, parts: Parts) -> Account:
    received = parts.store.messages_of(case.id)
    history, audit = parts.store.history_of(case.id), parts.store.audit_of(case.id)
    moved = {step.because for step in history}
    versions = parts.store.versions_of(case.id)
    opened = {m.id: _opened(m, parts) for m in received}
    messages = tuple(_read_again(m, opened[m.id], versions if m.id in moved else (), parts) for m in received)
    current = tx.of_case(case.id)
    waiting = tuple(w for w in parts.store.waiting() if w.case_id == case.id)
    sent = tuple(_sent(d, audit, current, versions, parts) for d in parts.store.deliveries_of(case.id))
    route = _route(case, history, audit, opened)
    steps = tuple(_caused(step, received, audit, versions) for step in history)
    return Account(case.id, case.state, messages, route, steps, sent, waiting)


def _opened(message: Received, parts: Parts) -> Opened | Finding:
    """The message as it came, or why it can no longer be opened (its sender has left the partner table)."""
    if message.raw is None:
        return Finding("refused-messages-are-not-kept")
    try:
        return open_message(message.door, message.raw, Caller(message.sender, frozenset()), parts)
    except Refused as refused:
        return refused.findings[0]


def _told(message: Received, leaves_: tuple[Leaf, ...], unaccounted: str = "") -> Message:
    return Message(
        id=message.id,
        door=message.door,
        sender=message.sender,
        message_id=message.message_id,
        kind=message.kind,
        at=message.at,
        status=message.answer.status,
        mapping=message.mapping,
        findings=message.findings,
        leaves=leaves_,
        unaccounted=unaccounted,
    )


def _read_again(
    message: Received, opened: Opened | Finding, versions: Sequence[Version], parts: Parts
) -> Message:
    """The account of a message's leaves. `versions`: all of the case, or none if the message changed nothing."""
    if isinstance(opened, Finding):
        return _told(message, (), opened.problem)
    read = read_message(opened, parts)
    if isinstance(read, Finding):
        return _told(message, (), read.problem)
    went = _destinations(message, versions, parts)
    root = _ROOTS[message.door]
    return _told(
        message, tuple(_leaf(place, read, went, bool(versions)) for place, _ in leaves(opened.tree, root))
    )


def _leaf(place: str, read: Read, went: Mapping[str, list[Element]], moved: bool) -> Leaf:
    if place in read.reading.ignored:
        return Leaf(place, "ignored", because=read.reading.ignored[place])
    if place not in read.reading.read:
        return Leaf(place, "unread", because="No row of the table reads it, and no rule sets it aside")
    held = {fact for fact, where in read.origin.items() if where == place}
    facts = tuple(sorted(held | {read.reading.further[place]} if place in read.reading.further else held))
    to = tuple(element for fact in facts for element in went.get(fact, ()))
    return Leaf(place, "read", facts, to, "" if to else _stays(facts, read, moved))


def _stays(facts: tuple[str, ...], read: Read, moved: bool) -> str:
    """Why what was read went into no resource."""
    if not facts:
        return "Looked at to choose the element beside it"
    if not moved:
        return "The message changed nothing: what it says was known"
    if any(fact not in shielded(read.facts) for fact in facts):
        return "Kept back: the address is not stated to be open"
    if read.way.event == "need-cancelled":
        return "Finds the case that is taken back"
    return "Used to decide; no resource holds it"


def _destinations(
    message: Received, versions: Sequence[Version], parts: Parts
) -> Mapping[str, list[Element]]:
    """By fact: the elements that hold it in the versions as they stood after this message."""
    went: dict[str, list[Element]] = {}
    for name in KINDS:
        version = _stood([v for v in versions if v.id == id_of(v.case_id, name)], message)
        _written_in(name, [version] if version else [], message, parts, went)
    _written_in("attachment", [v for v in versions if v.type == KIND], message, parts, went)
    return went


def _written_in(
    name: str, versions: Sequence[Version], message: Received, parts: Parts, went: dict[str, list[Element]]
) -> None:
    for version in versions:
        for row in parts.tables.resources[name].rows:
            if row.fact and first(version.body, row.at, ""):
                pinned = str(Pinned(version.type, version.id, version.number))
                element = Element(f"{version.type}.{row.at}", pinned, version.source != message.id)
                went.setdefault(row.fact, []).append(element)


def _stood(versions: Sequence[Version], message: Received) -> Version | None:
    """Of the versions of one resource, the one this message wrote, or else the one that stood when it came."""
    own = next((v for v in versions if v.source == message.id), None)
    return own or next((v for v in reversed(versions) if v.at <= message.at), None)


def _route(
    case: Case, history: Sequence[Step], audit: Sequence[Audit], opened: Mapping[str, Opened | Finding]
) -> Route:
    routed = next((s for s in reversed(history) if s.event == "route"), None)
    if routed is None:
        return Route("not-routed", None, None)
    released = next((a for a in audit if a.action == "case-released" and a.at == routed.at), None)
    if released and released.details.get("unit") == case.unit:
        return Route("chosen-by-person", case.owner, case.unit)
    addressed = {her for o in opened.values() if isinstance(o, Opened) for her in o.addressed}
    rule = "addressed-by-sender" if case.unit in addressed else "found-by-place"
    return Route(rule, case.owner, case.unit)


def _caused(
    step: Step, received: Sequence[Received], audit: Sequence[Audit], versions: Sequence[Version]
) -> Step:
    """The step with its cause as somebody can look it up: a message, a version, or a person's decision."""
    causes = {m.id: f"message {m.message_id}" for m in received}
    for v in versions:
        # Only the source of an update is named after the version it makes.
        if v.source == derived("update", v.type, v.id, str(v.number)):
            causes[v.source] = f"update {Pinned(v.type, v.id, v.number)}"
    released = any(a.action == "case-released" and a.at == step.at for a in audit)
    return replace(step, because=causes.get(step.because) or (_OF_A_PERSON if released else step.because))


def _sent(
    delivery: Delivery,
    audit: Sequence[Audit],
    current: Sequence[Version],
    versions: Sequence[Version],
    parts: Parts,
) -> Sent:
    out = delivery.outgoing
    return Sent(
        id=delivery.id,
        message_id=out.message_id,
        recipient=out.recipient,
        event=out.event,
        category=out.category,
        focus=str(out.focus),
        carries=tuple(str(p) for p in out.carries),
        state=delivery.state,
        place=delivery.place,
        because=_coded(delivery.because, parts),
        due=delivery.due,
        tried=tuple(_tried(a, parts) for a in audit if a.details.get("delivery") == str(delivery.id)),
        receipts=tuple(parts.store.receipts_of(delivery.id)),
        now="" if delivery.place == "done" else _now(delivery, current, parts),
        elements=elements_told(delivery, audit, versions, parts),
        grounds=_grounds(delivery, audit, versions, parts),
    )


def _tried(audit: Audit, parts: Parts) -> Tried:
    consents = tuple(c for c in audit.details.get("consents", "").split(",") if c)
    if "because" not in audit.details:
        return Tried(audit.at, f"{_OF_A_PERSON}:{audit.action}", consents)
    return Tried(audit.at, _coded(audit.details["because"], parts), consents)


def _coded(because: str, parts: Parts) -> str:
    """What an operator wrote in words stays in the audit: it may name somebody."""
    code = because.partition(":")[0]
    known = _DENIED | {rule.because for rule in parts.tables.answers} | parts.tables.problems.problems.keys()
    return because if not code or code in known or _CONSENT.fullmatch(because) else _OF_A_PERSON


def _grounds(
    delivery: Delivery, audit: Sequence[Audit], versions: Sequence[Version], parts: Parts
) -> tuple[Ground, ...]:
    """By the versions of the case that stood then. None of what came or may come to its recipient."""
    out, id_ = delivery.outgoing, str(delivery.id)
    stops = (a for a in audit if a.action == "delivery-stopped" or "stopped" in a.details)
    ended = [
        a.at for a in stops if id_ in (a.details.get("delivery"), *a.details.get("stopped", "").split(","))
    ]
    if delivery.place == "done" and not (ended and delivery.state == "stopped-by-consent"):
        return ()
    at = ended[-1] if delivery.place == "done" else parts.clock()
    return grounds_of(stood_at(versions, at), out.recipient, out.category, at, parts, about=out.focus.type)


def _now(delivery: Delivery, versions: Sequence[Version], parts: Parts) -> str:
    out = delivery.outgoing
    said = may_have(versions, out.recipient, out.category, parts.clock(), parts, about=out.focus.type)
    if isinstance(said, Permit):
        return ":".join(("permitted", *said.consents)) if said.consents else "no-consent-needed"
    return ":".join((said.because, *said.consents))
