"""The consent that a FHIR notification brings: whose it is, and whether it is more than a plain permission.

A hospital may have written down anything: a refusal, an end, exceptions, named recipients. The adapter writes a consent
of its own from what it reads (hpl § 22), so whatever it cannot repeat goes to a person first. No part is overlooked.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from adapter.domain.case import Resource
from adapter.domain.problems import Finding
from adapter.mapping.engine import Root
from adapter.mapping.paths import find, first
from adapter.mapping.roles import targets
from adapter.mapping.rows import Role
from adapter.wire.parties import Entries, resolve

_PLAIN = frozenset({"id", "type", "period"})
_REFUSED = frozenset({"rejected", "inactive"})
_STRICTEST_FIRST = ("refused", "not-given", "limited", "plain")


@dataclass(frozen=True, slots=True)
class ReportedConsent:
    """The consent that counts, as facts with their places, and what is wrong with those brought along."""

    roots: Mapping[str, Root]
    facts: Mapping[str, str]
    origin: Mapping[str, str]
    findings: tuple[Finding, ...] = ()


def reported_consent(bundle: Resource, roots: Mapping[str, Root], roles: Iterable[Role]) -> ReportedConsent:
    """Of all consents to notify that the need refers to, the strictest. Facts: consent.status where a provision
    denies, consent.limits ("yes") where the consent permits less than everything, or not for ever."""
    role = next((role for role in roles if role.name == "consent"), None)
    held = targets(bundle, roots, role) if role else []
    lost = tuple(_lost(bundle, roots["need"])) if role and "need" in roots else ()
    if not held:
        return ReportedConsent(roots, {}, {}, lost)
    chosen = min(held, key=lambda root: _STRICTEST_FIRST.index(_strictness(root, roots)))
    facts, origin = dict[str, str](), dict[str, str]()
    if denied := _denied(chosen):
        facts["consent.status"], origin["consent.status"] = "refused", denied
    if limited := _limited(chosen, roots):
        facts["consent.limits"], origin["consent.limits"] = "yes", limited
    strangers = tuple(f for root in held for f in _of_another(bundle, root, roots))
    return ReportedConsent({**roots, "consent": chosen}, facts, origin, (*lost, *strangers))


def _strictness(root: Root, roots: Mapping[str, Root]) -> str:
    status = root.tree.get("status")
    if _denied(root) or status in _REFUSED:
        return "refused"
    if status != "active":
        return "not-given"
    return "limited" if _limited(root, roots) else "plain"


def _denied(root: Root) -> str | None:
    at = first(root.tree, "provision.type", root.place)
    return at.place if at and at.value == "deny" else None


def _limited(root: Root, roots: Mapping[str, Root]) -> str | None:
    """The place of anything that makes the consent less than a permission of everything to anybody for ever."""
    provision = root.tree.get("provision") or {}
    for name in provision:
        if name not in _PLAIN:
            return f"{root.place}.provision.{name}"
    if "modifierExtension" in root.tree:
        return f"{root.place}.modifierExtension"
    for code in find(root.tree, "policyRule.coding.code", root.place):
        if code.value != "OPTIN":
            return code.place
    period = provision.get("period") or {}
    if set(period) - {"start"} or _begins_later(period, roots):
        return f"{root.place}.provision.period"
    return None


def _begins_later(period: Mapping[str, Any], roots: Mapping[str, Root]) -> bool:
    """Days are compared as written, since FHIR dates may be a year or a month only."""
    authored = first(roots["need"].tree, "authoredOn", "") if "need" in roots else None
    return authored is not None and str(period.get("start", ""))[:10] > str(authored.value)[:10]


def _of_another(bundle: Resource, root: Root, roots: Mapping[str, Root]) -> list[Finding]:
    """A consent that is not the person's of the need, or does not say whose it is, permits nothing."""
    person = roots.get("patient")
    whose = root.tree.get("patient") or {}
    if person is None or _same(bundle, whose, person):
        return []
    return [Finding("consent-of-another", f"{root.place}.patient")]


def _same(bundle: Resource, whose: Mapping[str, Any], person: Root) -> bool:
    reference, identifier = whose.get("reference"), whose.get("identifier") or {}
    if isinstance(reference, str):
        hit = resolve(bundle, reference)
        return hit is not None and person.place == f"Bundle.entry[{hit[0]}].resource"
    numbers = person.tree.get("identifier") or ()
    return bool(identifier.get("value")) and any(
        (n.get("system"), n.get("value")) == (identifier.get("system"), identifier["value"]) for n in numbers
    )


def _lost(bundle: Resource, need: Root) -> Iterable[Finding]:
    """References to consents that do not come along: what they say might be no."""
    entries = Entries(bundle)
    for found in find(need.tree, "supportingInfo", need.place):
        reference = found.value.get("reference") if isinstance(found.value, dict) else None
        if not isinstance(reference, str) or entries.resolve(reference) is not None:
            continue
        named = found.value.get("type") == "Consent" or "Consent/" in reference
        if named or reference.startswith(("#", "urn:")):
            yield Finding("unresolved-reference", f"{found.place}.reference")
