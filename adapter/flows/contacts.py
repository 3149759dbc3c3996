"""People as a letter names them: who reported, who decided, who coordinates; only what the carried resources say."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from adapter.domain.case import Resource, Version
from adapter.domain.days import within

HPR = "urn:oid:2.16.578.1.12.4.1.4.4"
ROLES = "urn:oid:2.16.578.1.12.4.1.1.9034"
MUNICIPAL, HOSPITAL = "8", "18"
"""Volven 9034: coordinator of an individual plan, and coordinator by spesialisthelsetjenesteloven § 2-5 a."""


@dataclass(frozen=True, slots=True)
class Contact:
    """One person; "" for what is not said. `family` is the whole name where it is not told in parts."""

    family: str = ""
    given: str = ""
    hpr: str = ""
    phone: str = ""

    @property
    def name(self) -> str:
        """The name, or else the number in the register of health personnel."""
        named = " ".join(part for part in (self.given, self.family) if part)
        return named or (f"HPR-nummer {self.hpr}" if self.hpr else "")


NOBODY = Contact()


def contact(reference: Mapping[str, Any], holder: Resource, carried: Sequence[Version]) -> Contact:
    """Whom a reference in `holder` names: by what is contained there or carried along, else by what it says."""
    found = _resolved(reference, holder, carried)
    if found and found["resourceType"] == "PractitionerRole":
        person = found.get("practitioner", {})
        behind = _person(_resolved(person, holder, carried), person)
        return Contact(behind.family, behind.given, behind.hpr, _phone(found) or behind.phone)
    return _person(found, reference)


def of_output(task: Resource, kind: str, carried: Sequence[Version], base: str) -> Contact:
    """Whom an output of a Task names (`decided-by`, `coordinator`); the first one."""
    system = f"{base}/CodeSystem/task-output"
    for output in task.get("output", ()):
        if _coded(output.get("type", {}), system, kind) and "valueReference" in output:
            return contact(output["valueReference"], task, carried)
    return NOBODY


def of_team(team: Resource, system: str, code: str, at: datetime, carried: Sequence[Version]) -> Contact:
    """The member of a CareTeam who has a role at a moment; the first one."""
    for member in team.get("participant", ()):
        period = member.get("period", {})
        there = within(period.get("start"), period.get("end"), at)
        if there and any(_coded(role, system, code) for role in member.get("role", ())):
            return contact(member.get("member", {}), team, carried)
    return NOBODY


def codes(concepts: Sequence[Mapping[str, Any]], system: str) -> Iterator[str]:
    """The codes of one system among concepts."""
    for concept in concepts:
        for coding in concept.get("coding", ()):
            if coding.get("system") == system and "code" in coding:
                yield str(coding["code"])


def _coded(concept: Mapping[str, Any], system: str, code: str) -> bool:
    return code in codes([concept], system)


def _resolved(reference: Mapping[str, Any], holder: Resource, carried: Sequence[Version]) -> Resource | None:
    literal = str(reference.get("reference", "")).split("/_history/", maxsplit=1)[0]
    if literal.startswith("#"):
        return next((r for r in holder.get("contained", ()) if f"#{r.get('id')}" == literal), None)
    return next((v.body for v in carried if v.reference == literal), None)


def _person(found: Resource | None, reference: Mapping[str, Any]) -> Contact:
    """What a Practitioner says, and for what it leaves out the reference to it."""
    resource = found if found and found["resourceType"] == "Practitioner" else {}
    name: Mapping[str, Any] = next(iter(resource.get("name", ())), {})
    family, given = str(name.get("family", "")), " ".join(name.get("given", ()))
    if not (family or given):
        family = str(name.get("text") or reference.get("display") or "")
    numbers = [*resource.get("identifier", ()), reference.get("identifier", {})]
    hpr = next((str(n.get("value", "")) for n in numbers if n.get("system") == HPR), "")
    return Contact(family, given, hpr, _phone(resource))


def _phone(resource: Resource) -> str:
    points = (t for t in resource.get("telecom", ()) if t.get("system") in ("phone", "sms"))
    return next((str(point["value"]) for point in points if point.get("value")), "")
