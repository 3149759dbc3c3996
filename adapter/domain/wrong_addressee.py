"""Which unit a case belongs to by the word of one to which it came wrongly. Pure.

Who is not the right one guides to the right one (forvaltningsloven § 11 fourth paragraph). What a person there says is
followed only where it leads to one certain unit, which has not itself said that the case is not its own.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date

from adapter.domain.problems import Finding
from adapter.domain.routing import Directory, Stay, Unit, Unrouted, numbers_in_force, route

_WHERE = "Task.output"


@dataclass(frozen=True, slots=True)
class Named:
    """The right addressee as it was named: by HER-ids, organisation numbers or municipality numbers.

    `otherwise`: by something that is none of these.
    """

    her_ids: frozenset[str] = frozenset()
    organisations: frozenset[str] = frozenset()
    municipalities: frozenset[str] = frozenset()
    otherwise: bool = False

    @property
    def somebody(self) -> bool:
        return bool(self.her_ids or self.organisations or self.municipalities or self.otherwise)


def right_unit(
    directory: Directory, named: Named, born: date | None, refused: Collection[str], on: date
) -> Unit | Finding:
    """The one unit of the directory of that day that is named, or why a person must choose.

    `born` is the person's date of birth where it is known, for a municipality with units by age; `refused` are the
    organisation numbers of those who have said that the case is not their own. Not for a protected address.
    """
    found = [*_by_number(directory, named, on), *_by_municipality(directory, named, born, on)]
    if named.otherwise or not found:
        return Finding("right-addressee-unknown", _WHERE)
    if finding := next((one for one in found if isinstance(one, Finding)), None):
        return finding
    units = [one for one in found if isinstance(one, Unit)]
    if len({unit.her_id for unit in units}) > 1:
        return Finding("right-addressee-unclear", _WHERE)
    if has_refused(directory, units[0], refused, on):
        return Finding("right-addressee-refused-before", _WHERE)
    return units[0]


def has_refused(directory: Directory, unit: Unit, refused: Collection[str], on: date) -> bool:
    """Whether a unit is one of those organisations that have refused, whatever it is called by now: another address of
    the same organisation, or who has come in its place where a municipality got a new number."""
    if unit.organisation in refused:
        return True
    before = (u for u in directory.units if u.organisation in refused and not u.in_force(on))
    return any(_is_heir(directory, unit, old, on) for old in before)


def _is_heir(directory: Directory, unit: Unit, old: Unit, on: date) -> bool:
    """Whether a unit serves those whom another served, under the number that its municipality has now."""
    same = (unit.district, unit.age_from, unit.age_to) == (old.district, old.age_from, old.age_to)
    return same and numbers_in_force(directory, old.municipality, on) == {unit.municipality}


def _by_number(directory: Directory, named: Named, on: date) -> Iterable[Unit | Finding]:
    there = [unit for unit in directory.units if unit.in_force(on)]
    for her_id in sorted(named.her_ids):
        yield from _one([u for u in there if u.her_id == her_id])
    for organisation in sorted(named.organisations):
        yield from _one([u for u in there if u.organisation == organisation])


def _one(units: list[Unit]) -> Iterable[Unit | Finding]:
    """One unit may serve several municipalities; several units of one organisation are not one."""
    if not units:
        yield Finding("right-addressee-unknown", _WHERE)
    elif len({unit.her_id for unit in units}) > 1:
        yield Finding("several-units", _WHERE)
    else:
        yield units[0]


def _by_municipality(
    directory: Directory, named: Named, born: date | None, on: date
) -> Iterable[Unit | Finding]:
    for number in sorted(named.municipalities):
        there = Stay(municipality=number, district=None, registered=None, protection="open", birth_date=born)
        found = route(directory, there, (), on)
        yield Finding(found.reason.problem, _WHERE) if isinstance(found, Unrouted) else found.unit
