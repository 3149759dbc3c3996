"""One municipality hands a case and its plan over to another, because the person moves. Pure.

Who stays in a municipality has the right there (helse- og omsorgstjenesteloven § 3-1), and there is one plan at a
time (forskrift 1110/2022 § 9). No rule of law says how a plan is handed over: the old unit proposes, the person
consents, the new unit accepts, each by a person's act (R-152). Until it has accepted everything stays where it is.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from adapter.domain.participation import Participant
from adapter.domain.problems import Finding

WITHOUT_CONSENT: Final = "hand-over-without-consent"
OVER: Final = frozenset({"completed", "revoked", "entered-in-error"})
"""States of a plan that is no more, so that nobody can take it over."""

OF_A_MUNICIPALITY: Final = frozenset({"coordinator", "child-coordinator", "case-worker"})
"""Roles (CL-16) that a municipality fills itself (hol §§ 7-2, 7-2 a and 7-3): the new one appoints its own."""
_LEFT = frozenset({"ended", "declined", "refused", "removed", "entered-in-error"})


@dataclass(frozen=True, slots=True)
class HandOver:
    """A proposal. `status` stands in lifecycles/hand-over.csv; `plan` is the reference to the plan, and `unit` the
    HER-id of the coordinating unit that is asked."""

    status: str
    plan: str
    unit: str


@dataclass(frozen=True, slots=True)
class Ground:
    """What a proposal rests on at one moment. Organisations by number, "" where there is none.

    `receiver` is whose the unit is that is asked, where that is in use and can keep a plan here; `plan_status` that of
    the plan it is about, "" where that is no plan of the case. `others` wait already. `consented`: the person lets the
    new unit be asked; `withheld` are places in the care team of whom is kept from it.
    """

    owner: str
    receiver: str
    plan_status: str
    others: bool
    consented: bool
    withheld: Sequence[str] = ()


def obstacles(ground: Ground) -> Iterator[Finding]:
    """Why a case cannot be handed over as proposed: told to the unit whose it is."""
    if not ground.receiver:
        yield Finding("hand-over-unit-unknown", "Task.owner")
    elif ground.receiver == ground.owner:
        yield Finding("hand-over-to-itself", "Task.owner")
    elif not ground.consented:
        yield Finding(WITHOUT_CONSENT, "Task.owner")
    if ground.plan_status in OVER | {""}:
        yield Finding("hand-over-without-plan", "Task.focus")
    if ground.others:
        yield Finding("hand-over-waits-already", "Task.status")
    yield from (Finding("hand-over-team-withheld", place) for place in ground.withheld)


def obstacles_to_accepting(ground: Ground) -> Iterator[Finding]:
    """The same, as told to the unit that accepts: not whom the person keeps from it."""
    if not ground.consented or ground.withheld:
        yield Finding(WITHOUT_CONSENT, "Task.owner")
    if ground.plan_status in OVER | {""}:
        yield Finding("hand-over-without-plan", "Task.focus")


def leaves(row: Participant, old: str, at: datetime) -> bool:
    """Whether a participation ends because the case is no longer the old municipality's (organisation number): of whom
    works there, and of who coordinates for a municipality, where nobody knows which. All others stay."""
    if row.state(at) in _LEFT:
        return False
    return row.organisation == old or (not row.organisation and not OF_A_MUNICIPALITY.isdisjoint(row.roles))
