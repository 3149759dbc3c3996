"""The consents of a case as the decision needs them, read from its Consent resources."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from adapter.domain.case import Resource, Version
from adapter.domain.consent import Consent, Deny, Permit, Provision, decide
from adapter.domain.days import first_moment, moment_after
from adapter.domain.lapse import Lapse
from adapter.domain.problems import Finding
from adapter.flows.givers import lapse_of
from adapter.flows.parts import Parts
from adapter.flows.resources import ENH
from adapter.mapping.engine import Facts, Reading, Root, flat, read

PURPOSES = frozenset({"COC", "TREAT"})
"""Coordination and treatment (v3-ActReason): what everything this adapter sends is for."""


def permit(
    versions: Sequence[Version], recipient: str, category: str, at: datetime, parts: Parts
) -> Permit | Deny:
    """Decide for one recipient by the consents among the current versions of a case.

    The plan may go as soon as any part of it may: what goes is what flows/plan_view.py leaves of it.
    """
    consents, views = consents_of(versions, parts), parts.tables.views
    said = decide(consents, recipient, parts.tables.categories[category], PURPOSES, at)
    if isinstance(said, Permit) or category != views.whole:
        return said
    pieces = (decide(consents, recipient, piece, PURPOSES, at) for piece in views.parts.values())
    return next((one for one in pieces if isinstance(one, Permit)), said)


def consents_of(versions: Sequence[Version], parts: Parts) -> list[Consent]:
    return [consent_of(v.body, versions, parts) for v in versions if v.type == "Consent"]


def read_consent(resource: Resource, parts: Parts) -> Reading:
    root = Root("Consent", resource)
    return read(parts.tables.messages["consent-update"], "fhir", {"Consent": root}, root, parts.tables.codes)


def consent_of(resource: Resource, versions: Iterable[Version], parts: Parts) -> Consent:
    """The consent a resource records. What is not understood permits nothing; what is nested can only take away."""
    reading = read_consent(resource, parts)
    facts = flat(reading.facts)
    organisations = {
        v.reference: number
        for v in versions
        if v.type == "Organization" and (number := organisation_number(v.body))
    }
    rooted = [_provision(row, organisations) for row in rows_of(reading.facts, "provisions")]
    nested = [_provision(row, organisations) for row in rows_of(reading.facts, "exceptions")]
    permits = [] if _limited(reading) else [p for p in rooted if p.permits]
    denies = [p for p in (*rooted, *nested) if not p.permits]
    whole = flat(next(iter(rows_of(reading.facts, "provisions")), {}))
    return Consent(
        id=resource["id"],
        kind=facts.get("kind", ""),
        status="entered-in-error" if reading.findings else facts["status"],
        provisions=(*permits, *denies),
        start=first_moment(whole.get("start")),
        end=_earlier(moment_after(whole.get("end")), lapse_of(resource, versions, parts)),
    )


def _earlier(end: datetime | None, lapse: Lapse | None) -> datetime | None:
    """A consent is in force until its period ends or it lapses by law."""
    return min((at for at in (end, lapse.at if lapse else None) if at), default=None)


def consent_findings(resource: Resource, versions: Iterable[Version], parts: Parts) -> list[Finding]:
    """What is wrong with a Consent beyond its being valid FHIR: unknown kind, actors nobody can be told by."""
    reading = read_consent(resource, parts)
    organisations = {v.reference for v in versions if v.type == "Organization"}
    unnamed = [
        Finding("missing-element", f"Consent.provision.actor[{position}].reference.identifier")
        for row in rows_of(reading.facts, "provisions")
        for position, actor in enumerate(rows_of(row, "actors"))
        if "organisation" not in actor and actor.get("reference") not in organisations
    ]
    limits = [Finding("malformed-value", place) for place in _limited(reading)]
    return [*reading.findings, *unnamed, *limits]


def _limited(reading: Reading) -> list[str]:
    """Places in a provision that narrow it in a way nobody here can follow: such a permit permits nothing."""
    return [place for place in reading.unread if place.startswith("Consent.provision")]


def organisation_number(resource: Resource) -> str | None:
    """The number in Enhetsregisteret of an Organization resource."""
    if resource["resourceType"] != "Organization":
        return None
    return next((i["value"] for i in resource.get("identifier", ()) if i.get("system") == ENH), None)


def _provision(row: Facts, organisations: dict[str, str]) -> Provision:
    facts = flat(row)
    actors = [flat(actor) for actor in rows_of(row, "actors")]
    named = [a.get("organisation") or organisations.get(a.get("reference", "")) for a in actors]
    return Provision(
        permits=facts.get("type") == "permit",
        organisations=frozenset(n or "nobody" for n in named),
        categories=frozenset(flat(c).get("code", "nothing") for c in rows_of(row, "categories")),
        purposes=frozenset(flat(p).get("code", "nothing") for p in rows_of(row, "purposes")),
        start=first_moment(facts.get("start")),
        end=moment_after(facts.get("end")),
    )


def rows_of(facts: Facts, name: str) -> tuple[Facts, ...]:
    """The items of a fact that is a list; none where it is not there."""
    rows = facts.get(name, ())
    return () if isinstance(rows, str) else rows
