"""Who gave a consent, as it stands in FHIR: performers, related persons inside it, and our extension for the authority.

A consent without performer and extension is one given by the person. What only denies needs no authority: a limit or an
objection counts, whoever voices it (pbrl § 3-4).
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from adapter.domain.authority import CHILD_WELFARE, Authority, Care, Document, misgivings, rule_for
from adapter.domain.case import Resource, Version
from adapter.domain.days import first_moment, moment_after
from adapter.domain.exchange import MAY_DIFFER
from adapter.domain.lapse import Lapse, lapses
from adapter.domain.problems import Finding
from adapter.flows.birth import birth_date, born_of
from adapter.flows.care_told import recorded_by_who_may
from adapter.flows.named_givers import bodies, identifiers, named_givers
from adapter.flows.parts import Parts
from adapter.mapping.engine import Facts, Reading, Root, flat, read, rows_of

NAMES_GIVERS = ("performer", "extension", "contained", "dateTime")
"""The elements of a Consent that say who gave it, by what right, and when."""
_WHOLE_DAY = len("YYYY-MM-DD")


def names_giver(consent: Resource, parts: Parts) -> bool:
    """Whether a Consent says anything of who gave it, but that it was the person."""
    return "performer" in consent or _extension(consent, parts) is not None


def unentitled(
    consent: Resource, stands: Version | None, versions: Sequence[Version], at: datetime, parts: Parts
) -> list[Finding]:
    """Why a consent does not come into force, or stay in it, at a moment: nobody who may has given it.

    `stands`: the version it takes the place of, `versions`: the current ones of its case. One in force whose giver is
    the same as before was judged when it was recorded; it may have lapsed since.
    """
    if not permits_anything(consent):
        return []
    if stands is not None and stands.body["status"] == "active" and _moved_back(stands.body, consent):
        return [Finding("immutable-element", "Consent.dateTime")]
    judged = (
        stands is not None
        and stands.body["status"] == "active"
        and permits_anything(stands.body)
        and all(stands.body.get(name) == consent.get(name) for name in NAMES_GIVERS)
    )
    others = [v for v in versions if v.reference != f"Consent/{consent['id']}"]
    if not judged:
        person = next((v.body for v in others if v.type == "Patient"), {})
        care = care_of(others, parts)
        if findings := giver_findings(Root("Consent", consent), person, care, parts, at, at):
            return findings
    lapse = lapse_of(consent, others, parts, at)
    return [Finding("consent-lapsed", "Consent.performer")] if lapse and lapse.at <= at else []


def _moved_back(before: Resource, after: Resource) -> bool:
    """Whether a consent is said to have been given earlier than it was said to be when it was judged."""
    said = after.get("dateTime")
    was, now, over = first_moment(before.get("dateTime")), first_moment(said), moment_after(said)
    if was is None or now is None or over is None:
        return False
    return now < was and over <= was


def giver_findings(
    consent: Root, person: Resource, care: Care, parts: Parts, given: datetime | None, at: datetime
) -> list[Finding]:
    """Why it is not shown at a moment (`at`) that a consent was given by who may. `person`: the Patient. `given`: the
    moment that counts for the person's own consent where the Consent does not say it. Nobody's right to come is a right
    before, and nobody consents for the person by the person's own number."""
    reading = _reading(consent, parts)
    if reading.findings:
        return list(reading.findings)
    written = consent.tree.get("dateTime", "")
    if written and len(written) < _WHOLE_DAY and names_giver(consent.tree, parts):
        return [Finding("malformed-value", f"{consent.place}.dateTime")]
    authority = _authority(reading, consent.place, parts, person)
    if authority.given is not None and authority.given > at + MAY_DIFFER:
        return [Finding("consent-not-yet-given", f"{consent.place}.dateTime")]
    if authority.given is None and authority.itself:
        authority = replace(authority, given=given)
    own = identifiers((i.get("system", ""), i.get("value", "")) for i in person.get("identifier", ()))
    if posing := [g.place for g in authority.givers if g.numbers & own]:
        return [Finding("giver-contradicts", place) for place in posing]
    return misgivings(authority, parts.tables.authority.givers, born_of(person), care)


def lapse_of(
    consent: Resource, versions: Iterable[Version], parts: Parts, recorded: datetime | None = None
) -> Lapse | None:
    """When a consent lapses by law, given the other resources of its case. `recorded`: when it was, where that counts
    for want of the day on which it was given."""
    ends = parts.tables.authority.kinds
    named = _extension(consent, parts) is not None
    if not (named or _kinds(consent, parts) & ends.keys()) or not permits_anything(consent):
        return None
    known = list(versions)
    born = birth_date(known)
    authority = _recorded(consent, parts, next((v.body for v in known if v.type == "Patient"), {}))
    authority = replace(authority, given=authority.given or recorded)
    rule = rule_for(authority, parts.tables.authority.givers, born) if named else None
    return lapses(authority, rule, born, care_of(known, parts), ends)


def care_of(versions: Iterable[Version], parts: Parts) -> Care:
    """What child welfare's own consents tell, also those withdrawn: that it took over the care is not undone by it."""
    known = list(versions)
    told = [_recorded(v.body, parts) for v in known if v.type == "Consent" and shows_care(v, known, parts)]
    moments = sorted(((one.given, one.kind) for one in told if one.given), reverse=True)
    decided = {kind: given for given, kind in moments}  # the first of each kind is the last that is written
    return Care(tuple(one.mandate for one in told if one.mandate), decided)


def shows_care(consent: Version, versions: Sequence[Version], parts: Parts) -> bool:
    """Whether what a consent says of child welfare counts: one in force was judged when it was recorded, by the tables
    of that day; any other is judged like one, for whoever ends what parents gave says no less than who gives it."""
    body = consent.body
    if body.get("status") == "proposed" or not tells_of_care(body, parts):
        return False
    judged = body.get("status") == "active" and permits_anything(body)
    rules = parts.tables.authority.givers
    if not judged and misgivings(_recorded(body, parts), rules, birth_date(versions), Care()):
        return False
    return recorded_by_who_may(consent, versions, parts)


def tells_of_care(consent: Resource, parts: Parts) -> bool:
    """Whether a Consent is child welfare's; most have no extension, and nothing of them is read for this."""
    extension = _extension(consent, parts)
    if extension is None or consent.get("status") == "entered-in-error":
        return False
    concepts = (e.get("valueCodeableConcept", {}) for e in extension.get("extension", ()))
    return any(c.get("code") == CHILD_WELFARE for concept in concepts for c in concept.get("coding", ()))


def permits_anything(consent: Resource) -> bool:
    """Whether some provision permits, at any depth."""
    waiting = [consent.get("provision", {})]
    while waiting:
        provision = waiting.pop()
        if provision.get("type") == "permit":
            return True
        waiting.extend(provision.get("provision", ()))
    return False


def _kinds(consent: Resource, parts: Parts) -> set[str]:
    system = f"{parts.base}/CodeSystem/consent-kind"
    codings = (c for category in consent.get("category", ()) for c in category.get("coding", ()))
    return {c.get("code", "") for c in codings if c.get("system") == system}


def _extension(consent: Resource, parts: Parts) -> Resource | None:
    url = f"{parts.base}/StructureDefinition/consent-authority"
    return next((e for e in consent.get("extension", ()) if e.get("url") == url), None)


def _reading(root: Root, parts: Parts) -> Reading:
    nothing = Root(root.place, {})
    return read(
        parts.tables.messages["consent-authority"], "fhir", {"Consent": root}, nothing, parts.tables.codes
    )


def _recorded(consent: Resource, parts: Parts, person: Resource | None = None) -> Authority:
    return _authority(_reading(Root("Consent", consent), parts), "Consent", parts, person or {})


def _authority(reading: Reading, place: str, parts: Parts, person: Resource) -> Authority:
    facts = flat(reading.facts)
    return Authority(
        place=place,
        about=f"{place}.extension",
        kind=facts.get("kind", ""),
        given=first_moment(facts.get("given")),
        givers=tuple(named_givers(reading.facts, place, person, parts)),
        code=facts.get("giver", ""),
        reason=facts.get("reason", ""),
        capacity=facts.get("capacity", ""),
        decision=_document(reading.facts, "decision", parts),
        reasoned=facts.get("reasoned") == "true",
        mandate=_document(reading.facts, "mandate", parts),
        sphere=facts.get("sphere", ""),
    )


def _document(facts: Facts, name: str, parts: Parts) -> Document | None:
    for row in rows_of(facts, name):
        said = flat(row)
        named = "number" in said and "by" in said
        by = bodies(said.get("by.system", ""), said.get("by", ""), parts)
        return Document(named, first_moment(said.get("start")), moment_after(said.get("end")), by)
    return None
