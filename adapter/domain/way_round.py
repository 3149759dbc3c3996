"""The ways to a coordinating unit: why nothing is sent there, and what a person may do instead (R-161)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from adapter.domain.days import norwegian_day
from adapter.domain.opening import is_open
from adapter.domain.partners import Partners
from adapter.domain.problems import Finding
from adapter.domain.routing import Directory, Unit, by_her_id

TELEPHONE = "telephone"
_TABLE = "coordinating-units.csv"


@dataclass(frozen=True, slots=True)
class WayRound:
    """What a person may do: ring the unit, and turn to its fallback. No machine does either.

    `open`: whether the telephone is answered now; None where nobody has said when it is. `fallback` is the HER-id of
    another unit in force, with its name, `telephone`, or "" where there is none.
    """

    telephone: str
    opening: str
    open: bool | None
    fallback: str
    fallback_name: str


def why_nothing_is_sent(unit: Unit, partners: Partners) -> Finding | None:
    """Why a unit is no address: its organisation is no municipality, which answers for whoever stays in it (hol § 3-1);
    a person rings it; or its organisation has no channel."""
    owner = partners.by_organisation.get(unit.organisation)
    if owner and owner.kind != "municipality":
        return Finding("unit-of-no-municipality", _TABLE)
    if unit.channel == TELEPHONE:
        return Finding("unit-by-telephone", _TABLE)
    if owner and owner.reachable:
        return None
    return Finding("address-not-in-partner-table", _TABLE)


def way_round(unit: Unit, directory: Directory, at: datetime, is_holiday: Callable[[date], bool]) -> WayRound:
    """What there is beside the way to a unit at a moment (with zone)."""
    other = by_her_id(directory, unit.fallback, norwegian_day(at))
    fallback = unit.fallback if other or unit.fallback == TELEPHONE else ""
    answered = is_open(unit.opening, at, is_holiday) if unit.opening else None
    return WayRound(unit.telephone, unit.opening, answered, fallback, other.name if other else "")
