"""What always holds of a case and its messages: ids, versions, life cycles, lists. A violation is a name and an id."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from adapter.domain.case import Step, Version
from adapter.domain.identifiers import case_id, derived
from adapter.domain.lifecycle import LifeCycle
from adapter.domain.message import Received
from adapter.domain.problems import Refused
from adapter.domain.record import CaseRecord
from adapter.flows.clock_facts import OF_CLOCKS
from adapter.flows.outbox import handed_over
from adapter.flows.parts import Parts
from adapter.flows.purge import notice_of
from adapter.flows.purge_asked import is_asked_to_purge, purge_id, purger
from adapter.flows.resources import KINDS, id_of, instant
from adapter.flows.take_over import plan_after
from adapter.flows.task_kind import BESIDE, task_kind
from adapter.wire import edi, form, message


@dataclass(frozen=True, slots=True)
class Violation:
    """An invariant that does not hold, and of what: ids of ours only."""

    invariant: str
    of: str


Check = Callable[[CaseRecord, Parts], Iterator[Violation]]
_ON_LIST = {"held-for-routing": "routing", "held-for-review": "detection", "held-for-consent": "consent"}
_SINGLE = ("patient", "need", "task", "plan", "team", "unit")


def of_message(received: Received, parts: Parts) -> Iterator[Violation]:
    """Its id is the derived one; what was accepted has a case; its bytes are those its digest was made of."""
    if received.id != derived("received", received.door, received.sender, received.message_id):
        yield Violation("message-id-is-derived", f"received {received.id}")
    if received.case_id is None and received.raw is not None:
        yield Violation("message-has-a-case", f"received {received.id}")
    if received.raw is not None and _digest(received, received.raw, parts) != received.digest:
        yield Violation("digest-fits", f"received {received.id}")


def _digest(received: Received, raw: bytes, parts: Parts) -> str | None:
    """The digest of bytes as the door makes it; None where they are no message."""
    try:
        if received.door == "hand":
            return form.open_form(raw)[0].digest
        if received.door == "edi":
            return edi.open_message(raw, max_bytes=len(raw), max_depth=parts.max_depth)[0].digest
        depth, system = parts.max_depth, parts.event_system
        return message.open_message(raw, max_bytes=len(raw), max_depth=depth, event_system=system)[0].digest
    except Refused:
        return None


def messages(record: CaseRecord, parts: Parts) -> Iterator[Violation]:
    """A case has a message; each is sound, its sender's, and audited."""
    if not record.messages and not record.tombstone:
        yield Violation("case-has-a-message", f"case {record.case.id}")
    told = {a.details.get("message") for a in record.audit if a.action.startswith("message-")}
    takes_part = {record.case.requester, record.case.owner, *(v.author for v in record.versions)}
    for received in record.messages:
        yield from of_message(received, parts)
        if received.sender not in takes_part and not record.tombstone:
            yield Violation("message-is-of-who-takes-part", f"received {received.id}")
        if received.id not in told:
            yield Violation("message-is-audited", f"received {received.id}")


def ids(record: CaseRecord, parts: Parts) -> Iterator[Violation]:
    """The case and the resources it has one of bear derived ids."""
    case = record.case
    if case.id != case_id(case.requester, case.need):
        yield Violation("case-id-is-derived", f"case {case.id}")
    expected = {KINDS[name]: id_of(case.id, name) for name in _SINGLE}
    for reference, versions in _by_reference(record.versions).items():
        first = versions[0]
        if first.id not in (expected.get(first.type, first.id), *_beside(record, parts)):
            yield Violation("resource-id-is-derived", reference)


def _beside(record: CaseRecord, parts: Parts) -> set[str]:
    """The Tasks that partners have put beside that of the case, those that tell who got something of it that it was
    about the wrong person, or came to the wrong unit, and the plans that a hand-over has begun."""
    tasks = {v.id for v in record.versions if v.type == "Task" and task_kind(v.body, parts.base) in BESIDE}
    begun = any(step.lifecycle == "purge" for step in record.history)
    notices = {notice_of(record.case.id, v.reference) for v in record.versions} if begun else set[str]()
    made = [v for v in record.versions if v.number == 1 and is_asked_to_purge(v, purger(v.body), parts)]
    purges = {purge_id(record.case.id, purger(v.body), v.source) for v in made}
    return tasks | notices | purges | {plan_after(task) for task in tasks}


def versions(record: CaseRecord, parts: Parts) -> Iterator[Violation]:
    """Each resource has the versions 1 to n, and each body says the same of itself as its row."""
    for reference, found in _by_reference(record.versions).items():
        if [v.number for v in found] != list(range(1, len(found) + 1)):
            yield Violation("versions-without-a-gap", reference)
        for v in found:
            meta = v.body.get("meta", {})
            said = (
                v.body.get("resourceType"),
                v.body.get("id"),
                meta.get("versionId"),
                meta.get("lastUpdated"),
            )
            if said != (v.type, v.id, str(v.number), instant(v.at)):
                yield Violation("body-agrees-with-its-row", f"{reference}/{v.number}")


def _by_reference(found: Sequence[Version]) -> Mapping[str, list[Version]]:
    by_reference: dict[str, list[Version]] = defaultdict(list)
    for version in found:
        by_reference[version.reference].append(version)
    return by_reference


def history(record: CaseRecord, parts: Parts) -> Iterator[Violation]:
    """Every step is allowed by its life cycle; those of the case, and of its plan, lead to where it stands."""
    cycles = parts.tables.lifecycles
    for name in ("case", "plan", "consent"):
        steps = [s for s in record.history if s.lifecycle == name]
        if not all(_legal(s, cycles[name]) for s in steps):
            yield Violation("history-is-legal", f"case {record.case.id} {name}")
    chains = {"case": [(cycles["case"].initial, record.case.state)], "plan": _plans(record, parts)}
    for name, ends in chains.items():
        if not _lead([s for s in record.history if s.lifecycle == name], ends):
            yield Violation("history-leads-to-the-state", f"case {record.case.id} {name}")


def _lead(steps: Sequence[Step], ends: Sequence[tuple[str, str]]) -> bool:
    """Whether steps lead from the first to the last state. Of two plans, after a hand-over, as many steps lead out of
    each state as into it, but for where each plan begins and ends."""
    if len(ends) == 1:
        befores, afters = [s.before for s in steps], [s.after for s in steps]
        return [*befores, ends[0][1]] == [ends[0][0], *afters]
    out = Counter([*(s.before for s in steps), *(last for _, last in ends)])
    return out == Counter([*(s.after for s in steps), *(first for first, _ in ends)])


def _legal(step: Step, cycle: LifeCycle) -> bool:
    return (
        step.event in cycle.cells.get(step.before, {}) and cycle.after(step.before, step.event) == step.after
    )


def _plans(record: CaseRecord, parts: Parts) -> list[tuple[str, str]]:
    """The status of each plan in its first version and in its last; no plan has no steps."""
    ids = {id_of(record.case.id, "plan"), *_beside(record, parts)}
    last = {v.id: v.body.get("status", "") for v in record.versions if v.type == "CarePlan" and v.id in ids}
    return [("draft", status) for status in last.values()] or [("", "")]


def lists(record: CaseRecord, parts: Parts) -> Iterator[Violation]:
    """A case that waits for a person is on the list it belongs on, and one that is over is on none."""
    case, cycle = record.case, parts.tables.lifecycles["case"]
    on = {w.list for w in record.waiting if w.resolved_at is None}
    wanted = "routing" if case.state == "wrong-addressee" else _ON_LIST.get(case.state)
    if (wanted and wanted not in on) or (_need_stopped(record, parts) and "consent" not in on):
        yield Violation("who-waits-is-on-a-list", f"case {case.id}")
    late = {OF_CLOCKS} if any(d.state == "overdue" for d in record.deadlines) else set()
    if on - {"conversation"} - late and cycle.cells.get(case.state, {}).get("correct") == "":
        yield Violation("who-is-on-a-list-waits", f"case {case.id}")


def _need_stopped(record: CaseRecord, parts: Parts) -> bool:
    """Whether the unit that was to get the need gets nothing of it, because consent stopped it. Where it may have got
    it all the same, a person may have asked it."""
    to = record.case.owner
    sent = [d for d in record.deliveries if d.outgoing.category == "need" and d.outgoing.recipient == to]
    said = ((receipt for _, _, receipt in record.receipts.get(d.id, ())) for d in sent)
    stopped = bool(sent) and all(d.state == "stopped-by-consent" for d in sent)
    return record.case.state == "routed" and stopped and not any(handed_over(heard, parts) for heard in said)


def gone(record: CaseRecord, audited_since: datetime | None) -> Iterator[Violation]:
    """A purged case holds nothing: only the tombstone, the answers and the audit are left.

    Its purge is audited, unless that was before `audited_since` (UTC): the audit of then has gone as well.
    """
    case = record.case
    named = bool(case.need or case.subject_key or case.owner or case.unit)
    rows = (*record.versions, *record.history, *record.deliveries, *record.waiting)
    if named or rows or any(m.raw is not None or m.findings for m in record.messages):
        yield Violation("tombstone-holds-nothing", f"case {case.id}")
    stone = record.tombstone
    owed = stone is None or audited_since is None or stone.at >= audited_since
    if owed and not any(a.action == "case-purged" for a in record.audit):
        yield Violation("purge-is-audited", f"case {case.id}")
