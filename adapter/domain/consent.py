"""May this recipient have this now? Pure, total, explained.

Confidentiality lapses only as far as the person consents (helsepersonelloven § 22, IP-f §§ 5 and 9): a consent is
recipient × category × purpose × period. Only consents in force count, deny wins over permit, several consents of one
kind must all permit, and no consent means no. An objection (hpl § 29, pasientjournalloven § 17) goes before all of
them. Law lets something be shared without consent only where mappings/consent.yaml says so and nobody has objected.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from adapter.domain.provision import Provision, Recipient, Says, Wish, said

OBJECTIONS: Final = frozenset({"OBJECTION", "BLOCK"})
"""Kinds of consent that only deny, and deny whatever they are about: reservasjon and sperring."""
DENIALS: Final = frozenset({"no-consent", "not-permitted", "denied", "objected"})
"""Why it is no."""


@dataclass(frozen=True, slots=True)
class SharingByLaw:
    """A basis in law (code of ours, HPL25: helsepersonelloven § 25), and the organisations it lets have something."""

    basis: str
    recipients: frozenset[str]


@dataclass(frozen=True, slots=True)
class Category:
    """A row of mappings/consent.yaml: which kinds of consent let a category of information pass, and why.

    `within`: the category of which it is a part: what a consent says of that it says of this one. `labels`: the
    security labels that it goes under (system|code); none where nobody has said how sensitive it is. `resource` is the
    FHIR type that is all of it, `parts` are those that are in it.
    """

    name: str
    kinds: tuple[str, ...]
    consent_needed: bool
    because: str
    within: str = ""
    labels: frozenset[str] = frozenset()
    resource: str = ""
    parts: frozenset[str] = frozenset()
    law: SharingByLaw | None = None


@dataclass(frozen=True, slots=True)
class Consent:
    """A consent as recorded: its kind (NOTIFICATION, PLAN, SHARING …), status, provision, and when it is in force.

    `replaces` has the ids of those that it was given in place of. Without a provision a consent permits nothing, and
    an objection denies everything.
    """

    id: str
    kind: str
    status: str
    provision: Provision | None
    start: datetime | None = None
    end: datetime | None = None
    replaces: frozenset[str] = frozenset()

    def in_force(self, at: datetime) -> bool:
        """Whether it counts at a moment: given, not withdrawn, begun and not run out."""
        return (
            self.status == "active"
            and (self.start is None or self.start <= at)
            and (self.end is None or at < self.end)
        )

    def was_given(self, at: datetime) -> bool:
        """Whether it was in force at some time until a moment, also if it has been withdrawn or has run out since."""
        return self.status in ("active", "inactive") and (self.start is None or self.start <= at)


Standing = Literal[
    "objects", "denies", "permits", "silent", "beside", "replaced",
    "not-begun", "run-out", "withdrawn", "refused", "proposed", "in-error",
]  # fmt: skip
_OF_STATUS: Final[dict[str, Standing]] = {
    "inactive": "withdrawn",
    "rejected": "refused",
    "proposed": "proposed",
}
_AGAINST: Final = frozenset({"objects", "denies", "silent", "withdrawn", "refused"})
"""What gives reason to believe that the person would object to sharing by law (hpl § 29)."""


@dataclass(frozen=True, slots=True)
class Ground:
    """What one consent (id) comes to for a wish to share."""

    consent: str
    says: Standing


@dataclass(frozen=True, slots=True)
class Permit:
    """Yes, on the ground of these consents, or of the law (its code); of none where the category needs none."""

    because: str
    consents: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Deny:
    """No, and why (one of DENIALS); the consents that decided, if any did."""

    because: str
    consents: tuple[str, ...] = ()


def decide(
    consents: Iterable[Consent],
    recipient: str | Recipient,
    category: Category,
    purposes: frozenset[str],
    at: datetime,
) -> Permit | Deny:
    """Decide for one recipient (organisation number, or an address of it), at one moment (UTC), for any purpose."""
    if not category.consent_needed:
        return Permit(category.because)
    to = recipient if isinstance(recipient, Recipient) else Recipient(recipient)
    standing = grounds(consents, to, category, purposes, at)
    for says, because in (("objects", "objected"), ("denies", "denied"), ("silent", "not-permitted")):
        if deciding := tuple(g.consent for g in standing if g.says == says):
            return Deny(because, deciding)
    if permitting := tuple(g.consent for g in standing if g.says == "permits"):
        return Permit("consent", permitting)
    if _lawful(standing, to, category):
        return Permit("law", (category.law.basis,) if category.law else ())
    return Deny("no-consent")


def grounds(
    consents: Iterable[Consent],
    recipient: Recipient,
    category: Category,
    purposes: frozenset[str],
    at: datetime,
) -> tuple[Ground, ...]:
    """What each consent that bears on a category comes to, in the order of their ids."""
    about = [c for c in consents if c.kind in category.kinds or c.kind in OBJECTIONS]
    names = frozenset({category.name, category.within} - {""})
    wish = Wish(recipient, names, category.labels, purposes, at)
    bearing = sorted(about, key=lambda consent: consent.id)
    return tuple(Ground(c.id, _standing(c, bearing, wish)) for c in bearing)


def _standing(consent: Consent, among: Sequence[Consent], wish: Wish) -> Standing:
    """What is replaced permits nothing any more, also when what came in its place is over; what it denies stands again
    then, because nobody has said yes to that since. Of a ring nobody can tell which came last: all of it stands."""
    if consent.status != "active":
        return _OF_STATUS.get(consent.status, "in-error")
    if not consent.in_force(wish.at):
        return "not-begun" if consent.start and wish.at < consent.start else "run-out"
    instead = [c for c in among if consent.id in c.replaces and c.kind == consent.kind and c is not consent]
    current = [c for c in instead if c.in_force(wish.at)]
    over = [c for c in instead if not c.in_force(wish.at)]
    if current and not _before(consent, among, wish.at).issuperset(c.id for c in current):
        return "replaced"
    says = _objects(consent, wish) if consent.kind in OBJECTIONS else _says(consent, wish)
    ended = says not in ("denies", "objects") and any(c.was_given(wish.at) for c in over)
    return "replaced" if ended else says


def _before(consent: Consent, among: Sequence[Consent], at: datetime) -> set[str]:
    """The ids of those of its kind in force that it came in place of, near and far: its own too in a ring."""
    found: set[str] = set()
    waiting = [consent]
    for one in waiting:
        near = [c for c in among if c.id in one.replaces - found and c.kind == one.kind and c.in_force(at)]
        found.update(c.id for c in near)
        waiting += near
    return found


def _says(consent: Consent, wish: Wish) -> Standing:
    answers = said(consent.provision, wish) if consent.provision else frozenset({Says.NOTHING})
    if Says.DENY in answers:
        return "denies"
    return "permits" if answers == {Says.PERMIT} else "silent"


def _objects(consent: Consent, wish: Wish) -> Standing:
    """An objection opens nothing, also where it makes an exception; one that permits cannot be followed: it denies."""
    root = consent.provision
    denies = root is None or root.permits or Says.DENY in said(root, wish)
    return "objects" if denies else "beside"


def _lawful(standing: Iterable[Ground], to: Recipient, category: Category) -> bool:
    """Whether the law lets it pass where no consent is in force."""
    law = category.law
    return (
        law is not None
        and to.organisation in law.recipients
        and not any(g.says in _AGAINST for g in standing)
    )
