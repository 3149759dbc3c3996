"""What a letter tells people: facts of what the delivery carries, by the names that mappings/texts uses."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from adapter.domain.case import Resource, Version
from adapter.domain.days import first_moment, norwegian_day
from adapter.domain.delivery import Outgoing
from adapter.domain.participation import child_coordinator
from adapter.domain.purge_there import PURGE_THERE
from adapter.domain.steps import step_of
from adapter.flows.consent_view import ENDED
from adapter.flows.contacts import (
    HOSPITAL,
    MUNICIPAL,
    NOBODY,
    ROLES,
    Contact,
    codes,
    contact,
    of_output,
    of_team,
)
from adapter.flows.correspondence import Correspondence
from adapter.flows.members import members
from adapter.flows.parts import Parts
from adapter.flows.places_told import places_told
from adapter.flows.resources import KINDS, id_of
from adapter.flows.task_kind import HAND_OVER, PURGE_CONTENT, task_kind
from adapter.mapping.engine import Facts, Root, flat, read
from adapter.wire.hodemelding import Attachment

__all__ = ["Contact", "Told", "attached", "told"]

_CYCLES = {"Task": "case", "Consent": "consent", "CarePlan": "plan"}
_BESIDE = {HAND_OVER: HAND_OVER, PURGE_CONTENT: PURGE_THERE}
"""The life cycle of a Task of its own kind."""


@dataclass(frozen=True, slots=True)
class Told:
    """`step`: which row of letters.csv; `facts`: what texts may say, "" for what is missing; who coordinates, by role
    (Volven 9034)."""

    step: str
    facts: Mapping[str, Any]
    coordinators: tuple[tuple[str, Contact], ...]


def told(
    out: Outgoing, focus: Version, carried: Sequence[Version], known: Correspondence, parts: Parts
) -> Told:
    """What a delivery says, beside the organisations that the recipient knows of."""
    bodies = _by_part(out, focus, carried, known.named)
    roots = {name: Root(name, body) for name, body in bodies.items()}
    table = parts.tables.messages["letter"]
    facts = read(table, "fhir", roots, Root("letter", {}), parts.tables.codes).facts
    step = _step(bodies, focus, parts)
    people, child = _people(out, bodies, carried, _outcome(facts), parts)
    said = {row.fact.replace(".", "_"): "" for row in table.rows}
    said |= {name.replace(".", "_"): value for name, value in flat(facts).items()}
    coordinator, hospital = people["coordinator"], people["hospital_coordinator"]
    for name, one in people.items():
        said |= {f"{name}_name": one.name, f"{name}_phone": one.phone}
    return Told(
        step,
        {
            **said,
            **places_told(said, carried, parts.directory),
            "step": step,
            "day": norwegian_day(out.created_at).isoformat(),
            "outcome": _outcome(facts),
            "interim_reason": _output(facts, "interim-reason", "text"),
            "expected_on": _output(facts, "expected-on", "day"),
            "requester_role": _role(bodies.get("requester", {})),
            "child_coordinator": child,
            "unit_had_it": known.unit_had_it,
            "sent_on": "unit" in known.named and id_of(out.case_id, "unit") in {v.id for v in carried},
            "note_text": "\n\n".join(_texts(facts)),
            "attached": tuple(attachment.name for attachment in attached(carried)),
        },
        tuple(
            (role, one)
            for role, one in ((MUNICIPAL, NOBODY if child else coordinator), (HOSPITAL, hospital))
            if one != NOBODY
        ),
    )


def attached(carried: Sequence[Version]) -> list[Attachment]:
    """The documents that are carried along, by what they are called, or else by what they are."""
    held = [v.body for v in carried if v.type == "DocumentReference"]
    return [
        Attachment(
            name=file.get("title") or file["contentType"],
            media_type=file["contentType"],
            content=base64.b64decode(file["data"]),
            issued=first_moment(document.get("date")),
        )
        for document in held
        for file in (content["attachment"] for content in document["content"])
    ]


def _by_part(
    out: Outgoing, focus: Version, carried: Sequence[Version], named: Mapping[str, Version]
) -> dict[str, Resource]:
    """The resources by what they are in the case; one that was put by a partner is known by its type."""
    own = {id_of(out.case_id, name): name for name in KINDS}
    bodies = {name: version.body for name, version in named.items()}
    bodies |= {own[v.id]: v.body for v in carried if v.id in own}
    plans = [v.body for v in carried if v.type == "CarePlan"]
    if plans:
        bodies["plan"] = focus.body if focus.type == "CarePlan" else plans[0]
    consents = [v.body for v in carried if v.type == "Consent"]
    if consents:
        bodies["consent"] = focus.body if focus.type == "Consent" else consents[0]
    notes = [v.body for v in carried if v.type == "Communication"]
    if focus.type == "Task":
        bodies["task"] = focus.body
    if notes:
        bodies["note"] = focus.body if focus.type == "Communication" else notes[0]
    return bodies


def _step(bodies: Mapping[str, Resource], focus: Version, parts: Parts) -> str:
    """The event that the focus shows, `none` for a team without a plan, the kind of a note.

    Why a need was revoked its Task says.
    """
    if focus.type == "Communication":
        kinds = codes(focus.body.get("category", ()), f"{parts.base}/CodeSystem/note-kind")
        return next(kinds, "")
    shown = focus.body
    if focus.type == "CareTeam":
        shown = bodies.get("plan", {})
    elif focus.type == "ServiceRequest" and shown.get("status") == "revoked":
        shown = bodies.get("task", {})
    tags = shown.get("meta", {}).get("tag", ())
    if ENDED in codes([{"coding": tags}], f"{parts.base}/CodeSystem/consent-end"):
        return "lapse"
    cycle = _CYCLES.get(shown.get("resourceType", ""))
    cycle = _BESIDE.get(task_kind(shown, parts.base), cycle)
    if cycle is None:
        return "none"
    system = f"{parts.base}/CodeSystem/case-step"
    business = next(codes([shown.get("businessStatus", {})], system), "")
    rule = step_of(parts.tables.steps, cycle, shown["status"], business)
    if rule is None:
        raise LookupError("no step has this status")
    return rule.event


def _people(
    out: Outgoing, bodies: Mapping[str, Resource], carried: Sequence[Version], outcome: str, parts: Parts
) -> tuple[dict[str, Contact], bool]:
    """Who reported, decided and coordinates: a child coordinator before all others (hol § 3-4), then the coordinator
    appointed in the Task, or else the one in the team now.

    Also whether that is a child coordinator (hol § 7-2 a), for whom 9034 has no code; of nobody the outcome says it.
    """
    need, task, team, note = (bodies.get(name, {}) for name in ("need", "task", "team", "note"))
    appointed = of_output(task, "coordinator", carried, parts.base)
    child = _child_coordinator(team, out, carried, parts)
    in_team = of_team(team, ROLES, MUNICIPAL, out.created_at, carried)
    requester = contact(need.get("requester", {}), need, carried)
    of_hospital = of_team(team, ROLES, HOSPITAL, out.created_at, carried)
    if need and _role(bodies.get("requester", {})) == HOSPITAL:
        of_hospital = requester
    coordinator = next((one for one in (child, appointed, in_team) if one != NOBODY), NOBODY)
    people = {
        "requester": requester,
        "author": contact({**note.get("sender", {}), "display": ""}, note, carried),
        "decided_by": of_output(task, "decided-by", carried, parts.base),
        "coordinator": coordinator,
        "hospital_coordinator": of_hospital,
    }
    return people, coordinator == child != NOBODY or outcome == "child-coordinator"


def _child_coordinator(team: Resource, out: Outgoing, carried: Sequence[Version], parts: Parts) -> Contact:
    rows = members(team, carried, parts) if team else []
    child = child_coordinator(rows, out.created_at)
    return (
        contact(team["participant"][rows.index(child)].get("member", {}), team, carried) if child else NOBODY
    )


def _outcome(facts: Facts) -> str:
    """What was decided, as the Task's output says it."""
    return _output(facts, "decision", "outcome")


def _output(facts: Facts, kind: str, fact: str) -> str:
    """What the first output of a kind says; "" where none does."""
    return next((o[fact] for o in _rows(facts, "outputs") if o.get("kind") == kind and fact in o), "")


def _texts(facts: Facts) -> list[str]:
    return [row["text"] for row in _rows(facts, "note.texts") if "text" in row]


def _rows(facts: Facts, name: str) -> list[dict[str, str]]:
    rows = facts.get(name, ())
    return [flat(row) for row in rows if not isinstance(row, str)]


def _role(requester: Resource) -> str:
    return next(codes(requester.get("code", ()), ROLES), "")
