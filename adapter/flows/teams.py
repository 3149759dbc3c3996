"""What the care teams of all cases lack now, or soon will: for lists. Without a name, or a day that tells one."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from adapter.domain.case import Version
from adapter.domain.participation import CHILD_COORDINATOR, Participant, of_relative
from adapter.flows.birth import birth_date
from adapter.flows.hand_over_asked import waiting
from adapter.flows.members import led_by, members, plan_in_force, team_of
from adapter.flows.parts import Parts
from adapter.flows.resources import id_of
from adapter.flows.team import NOBODY_LEADS

_PAGE = 200


@dataclass(frozen=True, slots=True)
class Lack:
    """A case, what its team lacks (`no-main-responsible`, `acceptance-missing` of a relative) or loses
    (`child-coordinator-ends`, `participation-ends`), or that another unit has been asked to take it over
    (`hand-over-waits`), and where."""

    case: str
    lack: str
    place: str


def lacking(within: timedelta, parts: Parts) -> Iterator[Lack]:
    """Cases by id. `within`: how soon a participation must end to be listed."""
    at, after = parts.clock(), ""
    while ids := parts.store.case_ids(after, _PAGE):
        with parts.store.transaction() as tx:
            cases = tx.of_cases(ids)
        for id_ in ids:
            yield from _of_case(id_, cases.get(id_, ()), at, within, parts)
        after = ids[-1]


def _of_case(
    id_: str, versions: Sequence[Version], at: datetime, within: timedelta, parts: Parts
) -> Iterator[Lack]:
    if plan_in_force(versions) and not led_by(versions, at, parts):
        yield Lack(id_, NOBODY_LEADS, "CareTeam.participant")
    for task, _ in () if _is_over(id_, versions) else waiting(versions, parts):
        yield Lack(id_, "hand-over-waits", task.reference)
    team, born = team_of(versions), birth_date(versions)
    for row in members(team.body, versions, parts, in_full=True) if team else ():
        yield from (Lack(id_, finding.problem, finding.where) for finding in of_relative(row, born, at))
        end = _end(row)
        if row.takes_part(at) and end and end <= at + within:
            by_law = CHILD_COORDINATOR in row.roles and end == row.until
            yield Lack(id_, "child-coordinator-ends" if by_law else "participation-ends", row.place)


def _is_over(id_: str, versions: Sequence[Version]) -> bool:
    """Whether a case was taken back or closed: what waits in it from then is nobody's any more."""
    own = id_of(id_, "task")
    return any(v.id == own and v.body["status"] == "cancelled" for v in versions)


def _end(row: Participant) -> datetime | None:
    return min((end for end in (row.end, row.until) if end), default=None)
