"""One update of a resource by a partner (PUT): the same steps for Task, CarePlan, CareTeam and Consent.

read → decide → write: the body becomes facts, a story's own rules decide, one transaction keeps the version, the
state, the history, the evidence and what goes out. The author's resource is kept as it came; only id and meta are ours.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial

from adapter.domain.case import CLOSED, Audit, Case, Resource, Step, Version, Waiting
from adapter.domain.delivery import Outgoing, Pinned
from adapter.domain.message import Answer, Caller
from adapter.domain.participation import Participant
from adapter.domain.problems import Finding, Refused
from adapter.domain.routing import Unit
from adapter.flows.address_known import why_not
from adapter.flows.complaint_known import hidden, keeps
from adapter.flows.death import Report, is_found_dead, reported, said_by_plan, taken_back_by_plan
from adapter.flows.decisions_made import task_versions
from adapter.flows.emergency import refuse_emergency
from adapter.flows.family import other_child_coordinators
from adapter.flows.hand_over_asked import between_others, is_asked
from adapter.flows.own_participation import may_answer
from adapter.flows.participants import has_returned, participation_over, takes_part
from adapter.flows.parts import Parts
from adapter.flows.purge_asked import is_asked_to_purge, is_others_to_purge, last_word
from adapter.flows.resources import next_version, provenance, same, update_source
from adapter.flows.standing_plan import Standing, other_plans
from adapter.flows.task_kind import BESIDE, task_kind
from adapter.mapping.engine import Reading, Root, read
from adapter.ports import Collision, StoreBusy, Transaction
from adapter.wire import json
from adapter.wire.fhir import check
from adapter.wire.kept import unescaped

_ETAG = re.compile(r'(?:W/)?"(\d{1,9})"')


@dataclass(frozen=True, slots=True)
class Update:
    """What a partner asks for, against what stands. `recorded_by` is the organisation that made the first version."""

    caller: Caller
    resource: Resource
    current: Version | None
    case: Case
    versions: Sequence[Version]
    at: datetime
    recorded_by: str
    elsewhere: Callable[[], Sequence[Standing]]
    """The plans that stand or are written in other cases of the person; asked for, these cases are locked."""
    family: Callable[[], Sequence[Participant]]
    """Who is child coordinator now in the cases of the same family; locks nothing."""
    earlier: Callable[[int], Version | None]
    """A version of what is updated, by its number."""
    tasks: Callable[[], Sequence[Version]]
    """All versions of the Task of the case, oldest first."""
    gone: Callable[[Unit], Finding | None]
    """Why nothing goes to a unit by its address, by what the address register has said; locks nothing."""
    taken: bool
    """Whether there is something of this id that the caller may not know of: it is answered as if there were not."""

    @property
    def source(self) -> str:
        """The id of this update: the version it makes."""
        number = self.current.number + 1 if self.current else 1
        return update_source(self.resource["resourceType"], self.resource["id"], number)


Offers = Callable[[Transaction, Version, Version], Sequence[Outgoing]]
"""What goes out after an update: given the transaction, the new version and its Provenance."""


def as_kept(version: Version) -> Version:
    """The answer to who may see all that it has put."""
    return version


@dataclass(frozen=True, slots=True)
class Decision:
    """What a story decides. `late`: the step is known and past; nothing changes and the current version answers."""

    case: Case
    steps: Sequence[Step] = ()
    late: bool = False
    waiting: Waiting | None = None
    lists: Callable[[Transaction, Version], None] = field(default=lambda _tx, _version: None)
    """Puts the case on lists and takes it off them, by how it stands after the update."""
    outgoing: Offers = field(default=lambda _tx, _version, _origin: ())
    stop: Callable[[Transaction, Version], Mapping[str, str]] = field(default=lambda _tx, _version: {})
    resource: Resource | None = None
    """What is kept, where that is more than what was put: the caller sees a part of it."""
    shown: Callable[[Version], Version] = as_kept
    """What the caller gets to see of the version that answers."""


Decider = Callable[[Update, Parts], Decision]


def update(
    caller: Caller, type_: str, id_: str, if_match: str | None, raw: bytes, decide: Decider, parts: Parts
) -> Answer:
    """Answer a PUT. 200 or 201 with the version that stands; an OperationOutcome otherwise, and nothing changed."""
    if caller.emergencies:
        return refuse_emergency(caller, type_, id_, parts)
    try:
        resource = _read(type_, id_, raw, parts)
        try:
            return _put(caller, resource, if_match, decide, parts)
        except Collision:
            return _put(caller, resource, if_match, decide, parts)
    except Refused as refused:
        return parts.refusal(*refused.findings)
    except StoreBusy:
        return parts.refusal(Finding("store-busy"))


def _read(type_: str, id_: str, raw: bytes, parts: Parts) -> Resource:
    resource = json.loads(raw, max_bytes=parts.max_bytes, max_depth=parts.max_depth)
    if resource.get("resourceType") != type_ or resource.get("id") != id_:
        raise Refused(Finding("id-mismatch", f"{type_}.id"))
    if faults := check(resource):
        raise Refused(*faults)
    return resource


def _put(caller: Caller, resource: Resource, if_match: str | None, decide: Decider, parts: Parts) -> Answer:
    at = parts.clock()
    with parts.store.transaction() as tx:
        if said := last_word(tx, resource, caller.organisation, parts):
            return answer(said)
        asked = _against(tx, caller, resource, at, parts)
        current = asked.current
        if current and same(current.body, resource):
            return answer(current)
        here = caller.organisation
        over = asked.case.state == CLOSED or is_found_dead(asked.versions)
        if over and not is_asked_to_purge(current, here, parts):
            raise Refused(Finding("case-over", resource["resourceType"]))
        stale = _stale(current, if_match)
        if stale:
            return replace(parts.refusal(stale), etag=_etag(current))
        decision = decide(asked, parts)
        if decision.late and current:
            return answer(decision.shown(current))
        if asked.taken:
            raise Refused(Finding("not-found", resource["resourceType"]))
        return _write(tx, asked, decision, parts)


def _against(tx: Transaction, caller: Caller, resource: Resource, at: datetime, parts: Parts) -> Update:
    """The case and the version that the update is against. Raises Refused(not-found).

    Who does not take part is answered as if there were nothing, so that no case can be found by trying; who took part
    knows of the case, and is told that this is over. A unit that has sent the case back may tell that again, and no
    more; who is invited may answer.
    """
    glance = tx.glance(resource["resourceType"], resource["id"])
    taken = glance is not None and (
        hidden(tx, *glance, caller.organisation, at, parts)
        or is_others_to_purge(tx, glance[0], caller.organisation, parts)
        or between_others(tx, *glance, caller.organisation, at, parts)
    )
    glance = None if taken else glance
    case_id = glance[1].id if glance else _case_of_new(tx, resource, parts)
    case = tx.case(case_id) if case_id else None
    if case is None:
        raise Refused(Finding("not-found", resource["resourceType"]))
    versions = tx.of_case(case.id)
    late_word = resource["resourceType"] == "Task" and has_returned(case, caller.organisation)
    asked_for = is_asked(tx, glance[0] if glance else None, caller.organisation, at, parts)
    own_say = resource["resourceType"] == "CareTeam" and may_answer(versions, caller.organisation, at, parts)
    stands = glance[0] if glance else None
    here = caller.organisation
    complains = keeps(tx, stands, resource, case, versions, here, parts)
    purges = is_asked_to_purge(stands, here, parts)
    let_in = late_word or own_say or asked_for or complains or purges
    if not let_in and not takes_part(case, versions, here, at, parts):
        nothing = Finding("not-found", resource["resourceType"])
        raise Refused(participation_over(versions, caller.organisation, at, parts) or nothing)
    current = None if taken else tx.current(resource["resourceType"], resource["id"])
    recorded_by, elsewhere = _recorded_by(tx, caller, current), partial(other_plans, tx, case)
    family = partial(other_child_coordinators, tx, case, versions, at, parts)
    tasks = partial(task_versions, tx, case.id, versions)
    earlier, gone = partial(_earlier, tx, resource), partial(why_not, tx, at=at, parts=parts)
    more = recorded_by, elsewhere, family, earlier, tasks, gone, taken
    return Update(caller, resource, current, case, versions, at, *more)


def _earlier(tx: Transaction, resource: Resource, number: int) -> Version | None:
    return tx.version(Pinned(resource["resourceType"], resource["id"], number))


def _recorded_by(tx: Transaction, caller: Caller, current: Version | None) -> str:
    """Only who recorded a consent decides anything, so only that is asked for."""
    if current is None or current.type != "Consent":
        return caller.organisation
    first = current if current.number == 1 else tx.version(Pinned(current.type, current.id, 1))
    return first.author if first else caller.organisation


def _case_of_new(tx: Transaction, resource: Resource, parts: Parts) -> str | None:
    """Only a Consent may be new, and a Task beside that of the case: it belongs to the case of its Patient."""
    beside = resource["resourceType"] == "Task" and task_kind(resource, parts.base) in BESIDE
    if resource["resourceType"] != "Consent" and not beside:
        return None
    patient = resource.get("for" if beside else "patient", {})
    type_, _, id_ = patient.get("reference", "").partition("/")
    patient = tx.current(type_, id_) if type_ == "Patient" else None
    return patient.case_id if patient else None


def _stale(current: Version | None, if_match: str | None) -> Finding | None:
    if current is None:
        return None
    if if_match is None:
        return Finding("if-match-missing", "If-Match")
    match = _ETAG.fullmatch(if_match.strip())
    return None if match and int(match[1]) == current.number else Finding("stale-version", "If-Match")


def _write(tx: Transaction, asked: Update, decision: Decision, parts: Parts) -> Answer:
    author, case = asked.caller.organisation, decision.case
    source = asked.source
    resource = decision.resource or asked.resource
    version = next_version(
        asked.current, resource, case_id=case.id, author=author, source=source, at=asked.at
    )
    tx.keep_version(version)
    if decision.steps:
        tx.move(case, decision.steps)
    event = {"Task": "case-updated", "Consent": "consent-changed"}.get(version.type, "plan-updated")
    origin = provenance(
        [version],
        key=source,
        event=event,
        author=author,
        source=source,
        mapping="verbatim",
        at=asked.at,
        parts=parts,
    )
    # Its id is that of this update, so there is none before it.
    trace = next_version(None, origin, case_id=case.id, author="adapter", source=source, at=asked.at)
    tx.keep_version(trace)
    stopped = decision.stop(tx, version)
    tx.send(decision.outgoing(tx, version, trace))
    if decision.waiting:
        tx.wait_for_person(decision.waiting)
    decision.lists(tx, version)
    before = asked.current.body if asked.current else version.body
    dead = said_by_plan(version.body, parts.base)
    if dead or taken_back_by_plan(before, version.body, parts.base):
        reported(tx, Report(case.subject_key, dead, author, asked.at, source), parts)
    details = {"resource": f"{version.reference}/{version.number}", **stopped}
    tx.record(Audit(asked.at, author, "resource-updated", case.id, details))
    return answer(decision.shown(version), 200 if asked.current else 201)


def answer(version: Version, status: int = 200) -> Answer:
    """A version as the answer to a read or an update."""
    location = f"{version.reference}/_history/{version.number}"
    kept = version.kept_text
    body = json.dumps(version.body) if kept is None else unescaped(kept)
    return Answer(status, "application/fhir+json", body, _etag(version), location)


def _etag(version: Version | None) -> str | None:
    return f'W/"{version.number}"' if version else None


def read_update(table: str, resource: Resource, parts: Parts) -> Reading:
    """The facts an update decides on, without an account of what else it says, which is kept as it came and takes
    half of the time. Raises Refused with what is missing or not understood."""
    root, nothing = Root(resource["resourceType"], resource), Root(resource["resourceType"], {})
    reading = read(parts.tables.messages[table], "fhir", {root.place: root}, nothing, parts.tables.codes)
    if reading.findings:
        raise Refused(*reading.findings)
    return reading


def require_unchanged(asked: Update, *elements: str) -> None:
    """These elements belong to the adapter. Raises Refused(immutable-element)."""
    before = asked.current.body if asked.current else {}
    changed = [e for e in elements if before.get(e) != asked.resource.get(e)]
    if changed:
        raise Refused(
            *(Finding("immutable-element", f"{asked.resource['resourceType']}.{e}") for e in changed)
        )
