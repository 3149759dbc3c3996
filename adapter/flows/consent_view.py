"""A Consent as somebody sees it whom it concerns: that it is there, its kind, and what it says of them.

Who else may have what is nobody's business but the person's, the owner's and the requester's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from adapter.domain.case import Resource, Version
from adapter.domain.consent import Deny
from adapter.domain.delivery import Outgoing, Pinned
from adapter.domain.view import SUBSETTED, Views
from adapter.flows.actors import organisation_number
from adapter.flows.consents import consent_of
from adapter.flows.death import without_death
from adapter.flows.ended_plan import as_consented
from adapter.flows.participation_notices import OVER, own_end
from adapter.flows.parts import Parts
from adapter.flows.plan_view import access_of, as_shown, seen_by
from adapter.flows.protection import without_places
from adapter.flows.task_kind import HAND_OVER

_KEPT = (
    "resourceType",
    "id",
    "meta",
    "identifier",
    "status",
    "scope",
    "category",
    "patient",
    "policy",
    "policyRule",
)
_STAMP = ("versionId", "lastUpdated")
"""What of its meta: labels and tags that somebody has put there may say what it is about."""
_OF_A_DENIAL = ("type", "period")
_OF_PARTS = frozenset({"securityLabel", "class", "data", "dataPeriod"})
"""By what a denial is limited to some of what there is, whatever it names."""

ENDED: Final = "by-time-or-law"
"""How a consent has ended, in a tag of its notice, where nobody has taken it back."""

Provision = dict[str, Any]


def as_seen_by(organisation: str, consent: Resource, versions: Sequence[Version], parts: Parts) -> Resource:
    """The Consent without what is about others, marked as a part of it (SUBSETTED).

    A consent whose provision is only for others denies whoever is not in it: without a provision it would read as a
    yes to everything. Which part of a plan is kept from it is not told either, in whatever way the denial is limited:
    that would say that there is something of the kind. FHIR's invariant ppc-1 keeps the policy.
    """
    seen = {name: consent[name] for name in _KEPT if name in consent}
    stamp = {name: value for name, value in consent.get("meta", {}).items() if name in _STAMP}
    seen["meta"] = stamp | {"tag": [SUBSETTED]}
    kinds = [_kind(c, parts.base) for c in consent["category"]]
    seen["category"] = [kind for kind in kinds if kind["coding"]]
    seen["patient"] = {"reference": consent["patient"]["reference"]}
    if "provision" in consent:
        numbers = _numbers(versions)
        told = _for(organisation, consent["provision"], numbers, parts.tables.views)
        seen["provision"] = told or {"type": "deny"}
    return seen


def as_told(
    out: Outgoing, carried: Sequence[Version], versions: Sequence[Version], at: datetime, parts: Parts
) -> list[Version] | Deny:
    """What a delivery carries, as its recipient may see it: of a plan what consent leaves and nothing of a death
    (R-154), in a notice the consent without what is about others, and of a person with a protected address no place
    (R-150). Deny where nothing is left of what it is about."""
    told = list(carried)
    if out.category == parts.tables.views.whole:
        silent = without_death(carried, parts.base)
        told = as_consented(seen_by(out.recipient, silent, versions, at, parts), versions, at, parts)
    elif out.category == HAND_OVER:
        access = access_of(out.recipient, versions, at, parts)
        told = [made for v in carried if (made := as_shown(v, access, parts.tables.views))]
    elif out.category == "consent-notice":
        told = [_notice(out.recipient, v, versions, at, parts) if v.type == "Consent" else v for v in carried]
    elif out.category == OVER:
        told = [own_end(out.recipient, v, versions, parts) for v in carried]
    withheld = _holds(out.focus, carried) and not _holds(out.focus, told)
    return Deny("not-permitted") if withheld else without_places(told, versions, parts)


def _notice(
    organisation: str, version: Version, versions: Sequence[Version], at: datetime, parts: Parts
) -> Version:
    """A consent that is over by itself is told as one that ended, though nobody has taken it back."""
    seen = as_seen_by(organisation, version.body, versions, parts)
    end = consent_of(version.body, versions, parts).end
    if seen["status"] == "active" and end is not None and end <= at:
        mark = {"system": f"{parts.base}/CodeSystem/consent-end", "code": ENDED}
        seen |= {"status": "inactive", "meta": seen["meta"] | {"tag": [*seen["meta"]["tag"], mark]}}
    return replace(version, body=seen)


def _holds(focus: Pinned, versions: Sequence[Version]) -> bool:
    return any((v.type, v.id) == (focus.type, focus.id) for v in versions)


def names(organisation: str, consent: Resource, versions: Sequence[Version]) -> bool:
    """Whether some provision of a Consent is about this organisation by name."""
    numbers, waiting = _numbers(versions), [consent.get("provision", {})]
    while waiting:
        provision = waiting.pop()
        if any(_is(organisation, actor, numbers) for actor in provision.get("actor", ())):
            return True
        waiting.extend(provision.get("provision", ()))
    return False


def _for(
    organisation: str, provision: Provision, numbers: Mapping[str, str], views: Views
) -> Provision | None:
    actors = provision.get("actor", [])
    own = [actor for actor in actors if _is(organisation, actor, numbers)]
    if (actors and not own) or _keeps_back_a_part(provision, views):
        return None
    nested = [_for(organisation, inner, numbers, views) for inner in provision.get("provision", ())]
    parts = {"actor": own, "provision": [inner for inner in nested if inner]}
    told = _OF_A_DENIAL if provision.get("type") == "deny" else provision.keys() - parts.keys()
    rest = {name: value for name, value in provision.items() if name in told}
    return rest | {name: value for name, value in parts.items() if value}


def _keeps_back_a_part(provision: Provision, views: Views) -> bool:
    codings = [coding for code in provision.get("code", ()) for coding in code.get("coding", ())]
    named = {coding.get("code") for coding in codings if coding.get("system") == views.system}
    of_parts = bool(named) and named <= views.parts.keys()
    return provision.get("type") == "deny" and (of_parts or not _OF_PARTS.isdisjoint(provision))


def _is(organisation: str, actor: Resource, numbers: Mapping[str, str]) -> bool:
    reference = actor.get("reference", {})
    number = reference.get("identifier", {}).get("value") or numbers.get(reference.get("reference", ""))
    return bool(number == organisation)


def _numbers(versions: Sequence[Version]) -> dict[str, str]:
    return {v.reference: number for v in versions if (number := organisation_number(v.body))}


def _kind(category: Resource, base: str) -> Resource:
    """The kind of consent alone; how it was given and on what form stays with those who keep it."""
    system = f"{base}/CodeSystem/consent-kind"
    return {"coding": [c for c in category.get("coding", ()) if c.get("system") == system]}
