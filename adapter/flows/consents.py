"""The consents of a case as the decision needs them, read from its Consent resources."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from adapter.domain.case import Resource, Version
from adapter.domain.consent import OBJECTIONS, Category, Consent, Deny, Permit, decide
from adapter.domain.days import first_moment, moment_after
from adapter.domain.lapse import Lapse
from adapter.domain.provision import Meant, Recipient, permitted
from adapter.flows.givers import lapse_of, tells_of_care
from adapter.flows.parts import Parts
from adapter.flows.provisions import Provisions
from adapter.mapping.engine import Facts, Reading, Root, flat, read, rows_of

PURPOSES = frozenset({"COC", "TREAT", "PurposeOfUse"})
"""Coordination and treatment (v3-ActReason), and the code that has all of them below it: what everything this adapter
sends is for."""
MAKING = Category("plan-making", ("PLAN",), consent_needed=True, because="No plan without consent (IP-f § 5)")


def addressed(organisation: str, parts: Parts) -> Recipient:
    """An organisation (number) as messages reach it: at the one service that all of them go to, where there is one."""
    partner = parts.partners.by_organisation.get(organisation)
    return Recipient(organisation, partner.address if partner else "")


def reaches_nobody(consent: Consent, parts: Parts) -> bool:
    """Whether somebody whom it permits is less than an organisation, and no address that messages go to is theirs: it
    lets nothing pass then, which is told to a person (R-045)."""
    named = permitted(consent.provision) if consent.provision else ()
    whole = {organisation for actor in named if actor.whole for organisation in actor.organisations}
    lesser = (actor for actor in named if not actor.whole and not actor.organisations & whole)
    return any(
        not any(actor.takes_in(addressed(o, parts)) is Meant.YES for o in actor.organisations)
        for actor in lesser
    )


def permit(
    versions: Sequence[Version], recipient: str | Recipient, category: str, at: datetime, parts: Parts
) -> Permit | Deny:
    """Decide by the consents among the current versions of a case: for a recipient, or for an organisation (number) as
    messages reach it.

    The plan may go as soon as any part of it may: what goes is what flows/plan_view.py leaves of it.
    """
    wanted, views = parts.tables.categories[category], parts.tables.views
    consents = consents_of(list(deciding(versions, wanted, parts)), parts)
    to = addressed(recipient, parts) if isinstance(recipient, str) else recipient
    said = decide(consents, to, wanted, PURPOSES, at)
    if isinstance(said, Permit) or category != views.whole:
        return said
    pieces = (decide(consents, to, piece, PURPOSES, at) for piece in views.parts.values())
    return next((one for one in pieces if isinstance(one, Permit)), said)


def permit_making(
    versions: Sequence[Version], maker: str | Recipient, at: datetime, parts: Parts
) -> Permit | Deny:
    """Decide whether an organisation may make a plan, or keep one that it has made (IP-f § 5)."""
    return decide(consents_of(list(deciding(versions, MAKING, parts)), parts), maker, MAKING, PURPOSES, at)


def deciding(versions: Iterable[Version], wanted: Category, parts: Parts) -> Iterator[Version]:
    """Of the current versions those that a decision may rest on; nothing but consents is looked into yet.

    Where no consent is needed none decides, and otherwise only those of its kinds, and objections, that are active,
    stand in the place of another, or speak against sharing by law; and child welfare's, which tell that others lapsed.
    """
    for version in versions if wanted.consent_needed else ():
        if (
            version.type != "Consent"
            or _decides(version.body, wanted, parts)
            or tells_of_care(version.body, parts)
        ):
            yield version


def _decides(consent: Resource, wanted: Category, parts: Parts) -> bool:
    counts = consent.get("status") == "active" or "sourceReference" in consent or "extension" in consent
    if not (counts or wanted.law):
        return False
    codes, kinds = parts.tables.codes["consent-kind"].forward, {*wanted.kinds, *OBJECTIONS}
    codings = (c for kind in consent.get("category", ()) for c in kind.get("coding", ()))
    return any(codes.get(c.get("code", "")) in kinds for c in codings)


def consents_of(versions: Sequence[Version], parts: Parts) -> list[Consent]:
    """The consents of the person whom the case is about; what another has consented to says nothing of this one."""
    persons = {v.reference for v in versions if v.type == "Patient"}
    return [
        consent_of(v.body, versions, parts)
        for v in versions
        if v.type == "Consent" and (not persons or v.body["patient"].get("reference") in persons)
    ]


def read_consent(resource: Resource, parts: Parts) -> Reading:
    """The facts of a Consent but for what its provisions say, without an account of what else stands in it."""
    roots = {"Consent": Root("Consent", resource)}
    table = parts.tables.messages["consent-update"]
    return read(table, "fhir", roots, Root("Consent", {}), parts.tables.codes)


def consent_of(resource: Resource, versions: Sequence[Version], parts: Parts) -> Consent:
    """The consent a resource records. `versions` are the current ones of its case, which tell whom it names."""
    reading = read_consent(resource, parts)
    facts = flat(reading.facts)
    start, end = _period(resource)
    return Consent(
        id=resource["id"],
        kind=facts.get("kind", ""),
        status="entered-in-error" if reading.findings else facts["status"],
        provision=Provisions(resource, versions, parts).root(),
        start=start,
        end=_earlier(end, lapse_of(resource, versions, parts)),
        replaces=frozenset(replaced(reading.facts)),
    )


def _earlier(end: datetime | None, lapse: Lapse | None) -> datetime | None:
    """A consent is in force until its period ends or it lapses by law."""
    return min((at for at in (end, lapse.at if lapse else None) if at), default=None)


def replaced(facts: Facts) -> list[str]:
    """The ids of the Consents in whose place this one is given."""
    rows = [flat(row) for name in ("replaces", "replaces-too") for row in rows_of(facts, name)]
    references = [row.get("reference", "").split("/") for row in rows]
    return [id_ for type_, id_, *_ in (r for r in references if len(r) > 1) if type_ == "Consent"]


def _period(resource: Resource) -> tuple[datetime | None, datetime | None]:
    """When the whole of it holds. A period that ends before it begins bounds nothing: its provision is unclear."""
    period: Mapping[str, str] = resource.get("provision", {}).get("period", {})
    start, end = first_moment(period.get("start")), moment_after(period.get("end"))
    return (None, None) if start and end and end <= start else (start, end)
