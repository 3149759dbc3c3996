"""The consents of a case as the decision needs them, read from its Consent resources."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from adapter.domain.case import Resource, Version
from adapter.domain.consent import Consent, Deny, Permit, Provision, decide
from adapter.domain.problems import Finding
from adapter.flows.doors import flat
from adapter.flows.parts import Parts
from adapter.flows.resources import ENH
from adapter.mapping.engine import Facts, Reading, Root, read

PURPOSES = frozenset({"COC", "TREAT"})
"""Coordination and treatment (v3-ActReason): what everything this adapter sends is for."""


def permit(
    versions: Sequence[Version], recipient: str, category: str, at: datetime, parts: Parts
) -> Permit | Deny:
    """Decide for one recipient by the consents among the current versions of a case."""
    consents = [consent_of(v.body, versions, parts) for v in versions if v.type == "Consent"]
    return decide(consents, recipient, parts.tables.categories[category], PURPOSES, at)


def read_consent(resource: Resource, parts: Parts) -> Reading:
    root = Root("Consent", resource)
    return read(parts.tables.messages["consent-update"], "fhir", {"Consent": root}, root, parts.tables.codes)


def consent_of(resource: Resource, versions: Iterable[Version], parts: Parts) -> Consent:
    """The consent a resource records. What is not understood permits nothing."""
    reading = read_consent(resource, parts)
    facts = flat(reading.facts)
    organisations = {v.reference: number for v in versions if (number := organisation_number(v.body))}
    rows = [*_rows(reading.facts, "provisions"), *_rows(reading.facts, "exceptions")]
    status = "entered-in-error" if reading.findings else facts["status"]
    return Consent(
        resource["id"], facts.get("kind", ""), status, tuple(_provision(r, organisations) for r in rows)
    )


def consent_findings(resource: Resource, versions: Iterable[Version], parts: Parts) -> list[Finding]:
    """What is wrong with a Consent beyond its being valid FHIR: unknown kind, actors nobody can be told by."""
    reading = read_consent(resource, parts)
    organisations = {v.reference for v in versions if v.type == "Organization"}
    unnamed = [
        Finding("missing-element", f"Consent.provision.actor[{position}].reference.identifier")
        for row in _rows(reading.facts, "provisions")
        for position, actor in enumerate(_rows(row, "actors"))
        if "organisation" not in actor and actor.get("reference") not in organisations
    ]
    return [*reading.findings, *unnamed]


def organisation_number(resource: Resource) -> str | None:
    """The number in Enhetsregisteret of an Organization resource."""
    if resource["resourceType"] != "Organization":
        return None
    return next((i["value"] for i in resource.get("identifier", ()) if i.get("system") == ENH), None)


def _provision(row: Facts, organisations: dict[str, str]) -> Provision:
    facts = flat(row)
    actors = [flat(actor) for actor in _rows(row, "actors")]
    named = [a.get("organisation") or organisations.get(a.get("reference", "")) for a in actors]
    return Provision(
        permits=facts.get("type") == "permit",
        organisations=frozenset(n or "nobody" for n in named),
        categories=frozenset(flat(c).get("code", "nothing") for c in _rows(row, "categories")),
        purposes=frozenset(flat(p)["code"] for p in _rows(row, "purposes") if "code" in flat(p)),
        start=_moment(facts.get("start")),
        end=_moment(facts.get("end")),
    )


def _rows(facts: Facts, name: str) -> tuple[Facts, ...]:
    rows = facts.get(name, ())
    return () if isinstance(rows, str) else rows


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
