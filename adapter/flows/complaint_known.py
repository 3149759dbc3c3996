"""Who may know that there is a complaint: whoever registered it, and for whom the person says so of it.

Nobody else learns of it, neither by reading it or who put it, nor by what comes of putting something at its id.
"""

from collections.abc import Sequence
from datetime import datetime

from adapter.domain.case import Case, Resource, Version
from adapter.domain.consent import Permit
from adapter.domain.provision import Recipient
from adapter.flows.consents import permit
from adapter.flows.decisions_made import decisions_made, task_versions
from adapter.flows.participants import has_returned, takes_part
from adapter.flows.parts import Parts
from adapter.flows.task_kind import COMPLAINT, is_complaint, task_kind, tasks_told_of
from adapter.ports import Transaction


def told_of(tx: Transaction, version: Version, parts: Parts) -> Version | None:
    """The complaint that a version is, or whose Provenance it is; None where it is neither."""
    return next((task for task in tasks_told_of(tx, version) if is_complaint(task, parts.base)), None)


def may_know(
    complaint: Version, case: Case, versions: Sequence[Version], here: str, at: datetime, parts: Parts
) -> bool:
    """Whether an organisation may know of a complaint. `versions`: the current ones of its case."""
    if complaint.author == here:
        return True
    said = permit(versions, Recipient(here), "complaint", at, parts)
    return isinstance(said, Permit) and takes_part(case, versions, here, at, parts)


def keeps(
    tx: Transaction,
    stands: Version | None,
    resource: Resource,
    case: Case,
    versions: Sequence[Version],
    here: str,
    parts: Parts,
) -> bool:
    """Whether an organisation puts a complaint that it has registered, or a new one in a case in which it has decided,
    whoever the case is with now."""
    if stands:
        return stands.author == here and is_complaint(stands, parts.base)
    if resource["resourceType"] != "Task" or task_kind(resource, parts.base) != COMPLAINT:
        return False
    made = decisions_made(task_versions(tx, case.id, versions), parts)
    return here in {one.by for one in made} and not has_returned(case, here)


def hidden(tx: Transaction, version: Version, case: Case, here: str, at: datetime, parts: Parts) -> bool:
    """Whether a version is a complaint that an organisation may not know of."""
    if not is_complaint(version, parts.base) or version.author == here:
        return False
    return not may_know(version, case, tx.of_case(case.id), here, at, parts)
