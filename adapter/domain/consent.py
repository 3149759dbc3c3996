"""May this recipient have this now? Pure, total, explained.

Confidentiality lapses only as far as the person consents (helsepersonelloven § 22, IP-f §§ 5 and 9): a consent is
recipient × category × purpose × period. Only consents in force count, deny wins over permit, several consents of one
kind must all permit, and no consent means no.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Category:
    """A row of mappings/consent.yaml: which kinds of consent let a category of information pass, and why.

    `within`: the category of which it is a part: what a consent says of that it says of this one.
    """

    name: str
    kinds: tuple[str, ...]
    consent_needed: bool
    because: str
    within: str = ""


@dataclass(frozen=True, slots=True)
class Provision:
    """What a consent permits or denies. Empty sets mean "any"; `start` and `end` bound the period."""

    permits: bool
    organisations: frozenset[str]
    categories: frozenset[str]
    purposes: frozenset[str]
    start: datetime | None
    end: datetime | None


@dataclass(frozen=True, slots=True)
class Consent:
    """A consent as recorded: its kind (NOTIFICATION, PLAN, SHARING …), status, provisions, and when it is in force."""

    id: str
    kind: str
    status: str
    provisions: tuple[Provision, ...]
    start: datetime | None = None
    end: datetime | None = None

    def in_force(self, at: datetime) -> bool:
        """Whether it counts at a moment: given, not withdrawn, begun and not run out."""
        return (
            self.status == "active"
            and (self.start is None or self.start <= at)
            and (self.end is None or at < self.end)
        )


@dataclass(frozen=True, slots=True)
class Permit:
    """Yes, on the ground of these consents (none where the category needs none)."""

    because: str
    consents: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Deny:
    """No, and why: `no-consent`, `not-permitted` or `denied`; the consent that decided, if one did."""

    because: str
    consents: tuple[str, ...] = ()


def decide(
    consents: Iterable[Consent], recipient: str, category: Category, purposes: frozenset[str], at: datetime
) -> Permit | Deny:
    """Decide for one recipient (organisation number), at one moment (UTC), for any of the purposes."""
    if not category.consent_needed:
        return Permit(category.because)
    active = sorted(
        (c for c in consents if c.kind in category.kinds and c.in_force(at)), key=lambda consent: consent.id
    )
    if not active:
        return Deny("no-consent")
    for consent in active:
        if _says(consent.provisions, recipient, category, purposes, at, permits=False):
            return Deny("denied", (consent.id,))
    for consent in active:
        if not _says(consent.provisions, recipient, category, purposes, at, permits=True):
            return Deny("not-permitted", (consent.id,))
    return Permit("consent", tuple(c.id for c in active))


def _says(
    provisions: Sequence[Provision],
    recipient: str,
    category: Category,
    purposes: frozenset[str],
    at: datetime,
    *,
    permits: bool,
) -> bool:
    names = {category.name, category.within}
    return any(
        p.permits is permits
        and (not p.organisations or recipient in p.organisations)
        and (not p.categories or not names.isdisjoint(p.categories))
        and (not p.purposes or bool(p.purposes & purposes))
        and (p.start is None or p.start <= at)
        and (p.end is None or at < p.end)
        for p in provisions
    )
