"""What a provision of a consent says to one wish to share, with the exceptions nested in it.

Exceptions stand to any depth (FHIR R4 Consent.provision). What one permits it permits within what it is an exception of
(IHE PCF, Intermediate Consent); what it denies, it denies by its own limits alone. A limit that cannot be followed
leaves open whether a provision is meant: both are thought through, and only what comes out either way counts. So a
permit that nobody can follow permits nothing, and such a denial denies.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Final

UNCLEAR: Final = "?"
"""In place of a code that says something nobody here knows; before a category: perhaps that one."""


class Meant(Enum):
    """Whether a limit takes in a wish."""

    NO = 0
    PERHAPS = 1
    YES = 2


class Says(Enum):
    PERMIT = "permit"
    DENY = "deny"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Recipient:
    """Who is to have something: an organisation (number), and its address (HER-id) where it goes to one service of it.

    Without an address it goes to the organisation as such, and nothing can be kept from any part of it.
    """

    organisation: str
    her_id: str = ""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who a provision names: one whole organisation, or a service (HER-id), a person or a role in one of these.

    Without organisations it is not known whose it is.
    """

    organisations: frozenset[str]
    her_id: str = ""
    whole: bool = False

    def takes_in(self, recipient: Recipient) -> Meant:
        if self.whole:
            return Meant.YES if recipient.organisation in self.organisations else Meant.NO
        if self.her_id and self.her_id == recipient.her_id:
            return Meant.YES
        elsewhere = bool(self.organisations) and recipient.organisation not in self.organisations
        other_service = bool(self.her_id and self.organisations and recipient.her_id)
        return Meant.NO if elsewhere or other_service else Meant.PERHAPS


@dataclass(frozen=True, slots=True)
class Written:
    """A limit to what was written from `start` until `end` (FHIR: dataPeriod; None is open).

    `first` is when the oldest of what the case holds was written; None where that is not known.
    """

    start: datetime | None
    end: datetime | None
    first: datetime | None

    def takes_in(self, at: datetime) -> Meant:
        """Whether all that was written until a moment is within it, or nothing of it."""
        if self.first is None or at < self.first:
            return Meant.PERHAPS
        if (self.start and at < self.start) or (self.end and self.end <= self.first):
            return Meant.NO
        begins = self.start is None or self.start <= self.first
        return Meant.YES if begins and (self.end is None or at < self.end) else Meant.PERHAPS


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be shared: with whom, under which names of information and security labels, for which purposes.

    Any of the names, labels and purposes is enough to be meant. No labels: nobody has said how sensitive it is.
    """

    recipient: Recipient
    names: frozenset[str]
    labels: frozenset[str]
    purposes: frozenset[str]
    at: datetime


@dataclass(frozen=True, slots=True)
class Provision:
    """What is permitted or denied. Empty limits mean "any"; each of `information` must be met, by any of its names.

    `unclear`: it is limited in a way that nobody here can follow. `start` and `end` bound when it holds.
    """

    permits: bool
    actors: frozenset[Actor] = frozenset()
    information: tuple[frozenset[str], ...] = ()
    labels: frozenset[str] = frozenset()
    purposes: frozenset[str] = frozenset()
    start: datetime | None = None
    end: datetime | None = None
    written: Written | None = None
    unclear: bool = False
    exceptions: tuple["Provision", ...] = ()

    def takes_in(self, wish: Wish) -> Meant:
        """Whether a wish is meant, as far as its limits can be followed."""
        begun = self.start is None or self.start <= wish.at
        if not begun or (self.end is not None and self.end <= wish.at):
            return Meant.NO
        limits = [
            _least_one(self.actors, wish.recipient),
            *(_named(names, wish.names) for names in self.information),
            _named(self.labels, wish.labels) if wish.labels or not self.labels else Meant.PERHAPS,
            _named(self.purposes, wish.purposes),
            self.written.takes_in(wish.at) if self.written else Meant.YES,
            Meant.PERHAPS if self.unclear else Meant.YES,
        ]
        return min(limits, key=lambda meant: meant.value)

    def may_open_to(self, organisation: str) -> bool:
        """Whether it, or an exception in it, may let an organisation have anything."""
        here = Recipient(organisation)
        opens = self.permits and _least_one(self.actors, here) is not Meant.NO
        return opens or any(inner.may_open_to(organisation) for inner in self.exceptions)


def permitted(provision: Provision) -> frozenset[Actor]:
    """Everybody whom it, or an exception in it, names as one who may have something."""
    own = provision.actors if provision.permits else frozenset[Actor]()
    return own.union(*(permitted(inner) for inner in provision.exceptions))


def said(provision: Provision, wish: Wish) -> frozenset[Says]:
    """What a provision may say to a wish: more than one answer where a limit leaves it open."""
    meant = provision.takes_in(wish)
    if meant is Meant.NO:
        return _denied_within(provision, wish)
    answers = _with_exceptions(provision, [said(inner, wish) for inner in provision.exceptions])
    return answers if meant is Meant.YES else answers | _denied_within(provision, wish)


def _denied_within(provision: Provision, wish: Wish) -> frozenset[Says]:
    """What is left of a provision that does not mean a wish: the denials in it."""
    inner = [said(one, wish) for one in provision.exceptions if not one.permits]
    inner += [_denied_within(one, wish) for one in provision.exceptions if one.permits]
    if any(one == {Says.DENY} for one in inner):
        return frozenset({Says.DENY})
    doubt = any(Says.DENY in one for one in inner)
    return frozenset({Says.NOTHING, Says.DENY} if doubt else {Says.NOTHING})


def _with_exceptions(provision: Provision, inner: Sequence[frozenset[Says]]) -> frozenset[Says]:
    """Where an exception speaks it decides, and of several that do, a denial; else the provision itself."""
    answers = set()
    if any(Says.DENY in one for one in inner):
        answers.add(Says.DENY)
    if all(one != {Says.DENY} for one in inner):
        if any(Says.PERMIT in one for one in inner):
            answers.add(Says.PERMIT)
        if all(Says.NOTHING in one for one in inner):
            answers.add(Says.PERMIT if provision.permits else Says.DENY)
    return frozenset(answers)


def _least_one(actors: frozenset[Actor], recipient: Recipient) -> Meant:
    if not actors:
        return Meant.YES
    return max((actor.takes_in(recipient) for actor in actors), key=lambda meant: meant.value)


def _named(limit: frozenset[str], names: frozenset[str]) -> Meant:
    if not limit or not limit.isdisjoint(names):
        return Meant.YES
    doubts = {UNCLEAR, *(UNCLEAR + name for name in names)}
    return Meant.NO if limit.isdisjoint(doubts) else Meant.PERHAPS
