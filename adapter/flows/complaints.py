"""The complaints of a case as they stand, each against the decision that it is about; and those of all cases that
somebody here has to do something with."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from adapter.domain.case import Version
from adapter.domain.complaint import About, lacks_authority, opens_anew, timeliness
from adapter.domain.decision import Decision, InTime, time_limit
from adapter.domain.delivery import Pinned
from adapter.flows.complaint_read import complaint_in, meant, state_of
from adapter.flows.decisions_made import Made, decisions_made, task_versions
from adapter.flows.parts import Parts
from adapter.flows.resources import id_of
from adapter.flows.task_kind import is_complaint
from adapter.mapping.days_off import is_day_off
from adapter.ports import Transaction

_PAGE = 200
_OPEN = frozenset({"received", "forwarded"})
"""States of a complaint that nobody has decided yet."""


@dataclass(frozen=True, slots=True)
class ComplaintStands:
    """One complaint. `decision`: the version of the Task that first told what it is about, "" where it is about no
    decision. `opens_anew`: what was decided last is to be decided anew by what became of it."""

    complaint: str
    state: str
    about: About | None
    decision: str
    received_on: date | None
    sent_on: date | None
    complainant: str
    in_time: InTime
    lacks_authority: bool
    opens_anew: bool


@dataclass(frozen=True, slots=True)
class OpenComplaint:
    """A complaint that somebody has to decide, or by which the case is to be decided anew."""

    case: str
    stands: ComplaintStands


def open_complaints(parts: Parts) -> Iterator[OpenComplaint]:
    """Of all cases, by the ids of these."""
    after = ""
    while ids := parts.store.case_ids(after, _PAGE):
        with parts.store.transaction() as tx:
            found = [
                OpenComplaint(id_, one)
                for id_, versions in tx.of_cases(ids).items()
                for one in _of(tx, id_, versions, parts)
                if one.state in _OPEN or one.opens_anew
            ]
        yield from sorted(found, key=lambda one: one.case)
        after = ids[-1]


def _of(tx: Transaction, id_: str, versions: Sequence[Version], parts: Parts) -> Sequence[ComplaintStands]:
    """Of a case; most have none, and cost no more than to see that."""
    if not any(is_complaint(version, parts.base) for version in versions):
        return ()
    made = decisions_made(task_versions(tx, id_, versions), parts)
    return complaints_of(tx, id_, versions, made, parts)


def complaints_of(
    tx: Transaction, case_id: str, versions: Sequence[Version], made: Sequence[Made], parts: Parts
) -> tuple[ComplaintStands, ...]:
    """In the order in which they came. `versions`: the current ones of the case; `made`: its decisions."""
    found = [version for version in versions if is_complaint(version, parts.base)]
    since = _registered(tx, found)
    all_ = [_stands(one, since[one.id], case_id, versions, made, parts) for one in found]
    return tuple(sorted(all_, key=lambda one: (one.received_on or date.max, one.complaint)))


def _registered(tx: Transaction, found: Sequence[Version]) -> dict[str, datetime]:
    """When each was registered (UTC)."""
    earlier = tx.versions([Pinned("Task", one.id, 1) for one in found if one.number > 1])
    return {one.id: one.at for one in (*found, *earlier.values())}


def _stands(
    version: Version, since: datetime, case_id: str, versions: Sequence[Version], made: Sequence[Made], parts: Parts
) -> ComplaintStands:  # fmt: skip
    complaint, state = complaint_in(version, case_id, versions, parts), state_of(version.body, parts)
    about = meant(version.body, complaint, made, since)
    decision = about.decision if about else Decision()
    limit = time_limit(decision, parts.tables.decisions, is_day_off)
    return ComplaintStands(
        complaint=version.reference,
        state=state,
        about=complaint.about,
        decision=f"Task/{id_of(case_id, 'task')}/_history/{about.first}" if about else "",
        received_on=complaint.received_on,
        sent_on=complaint.sent_on,
        complainant=complaint.complainant,
        in_time=timeliness(complaint, decision, limit),
        lacks_authority=lacks_authority(complaint, parts.tables.decisions),
        opens_anew=opens_anew(state, complaint, latest=about is not None and about is made[-1]),
    )
