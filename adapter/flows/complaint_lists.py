"""Which complaints a person must look at because they came late, or lack the power of attorney they take: whether they
are treated all the same people decide (fvl §§ 31, 32).

Asked anew whenever a complaint changes, or what it is about: when the party knew is often told after the complaint.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from adapter.domain.case import Version, Waiting
from adapter.flows.complaints import ComplaintStands, complaints_of
from adapter.flows.decisions_made import decisions_made
from adapter.flows.parts import Parts
from adapter.flows.task_kind import is_complaint
from adapter.flows.update import Update
from adapter.ports import Transaction

_LATE: Final = "complaint-late"
_NO_AUTHORITY: Final = "complaint-without-authority"
_NO_MORE: Final = frozenset({"withdrawn", "entered-in-error"})
"""States in which nobody has to decide whether a complaint is treated."""


def listed(asked: Update, parts: Parts) -> Callable[[Transaction, Version], None]:
    """Puts a case on the list of a person for what has come to be so of a complaint by this update, and takes off what
    is so of none any more. What a person has taken off stays off as long as it is as it was."""

    def lists(tx: Transaction, version: Version) -> None:
        versions = [*(v for v in asked.versions if v.reference != version.reference), version]
        if not any(is_complaint(one, parts.base) for one in versions):
            return
        tasks = asked.tasks()
        told = [*tasks, version] if tasks and tasks[-1].reference == version.reference else tasks
        before, now = (
            set(_amiss(tx, asked.case.id, *of, parts)) for of in ((asked.versions, tasks), (versions, told))
        )
        for reason in (_NO_AUTHORITY, _LATE):
            if any(what == reason for what, _ in now - before):
                tx.wait_for_person(Waiting(asked.case.id, "conversation", reason, asked.at))
            elif any(what == reason for what, _ in before) and not any(what == reason for what, _ in now):
                tx.resolve(asked.case.id, asked.at, asked.caller.organisation, (reason,))

    return lists


def _amiss(
    tx: Transaction, case_id: str, versions: Sequence[Version], tasks: Sequence[Version], parts: Parts
) -> Iterator[tuple[str, str]]:
    """What is to be weighed of which complaint."""
    made = decisions_made(tasks, parts)
    for one in complaints_of(tx, case_id, versions, made, parts):
        yield from ((reason, one.complaint) for reason in _to_weigh(one))


def _to_weigh(one: ComplaintStands) -> Iterator[str]:
    if one.state in _NO_MORE:
        return
    if one.lacks_authority:
        yield _NO_AUTHORITY
    if one.in_time == "late":
        yield _LATE
