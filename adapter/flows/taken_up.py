"""What a unit has made of a case: from then on it is not one that merely came to the wrong place.

Its plan and its team are for those whom the person has consented to (R-040, R-043), so no other unit begins where it
left off, and nothing of it is written over: the way to another unit is a hand-over, or an end of its own.
"""

from datetime import datetime

from adapter.domain.case import Case, Version
from adapter.domain.delivery import Pinned
from adapter.domain.problems import Finding
from adapter.flows.parts import Parts
from adapter.flows.resources import is_recorded
from adapter.flows.task_kind import BESIDE, task_kind
from adapter.ports import Transaction

TAKEN_UP = Finding("case-taken-up", "Task.status")
_COMES = ("route", "hand-over")
"""Steps by which a case comes to a unit."""


def is_taken_up(case: Case, parts: Parts) -> bool:
    """Whether a unit has written in the plan or the team of a case, ever, or has put a Task beside the handling."""
    return any(_is_work(version, case, parts) for version in parts.store.versions_of(case.id))


def _is_work(version: Version, case: Case, parts: Parts) -> bool:
    if version.type == "CarePlan":
        return not is_place_for_plan(version, case)
    if version.type == "CareTeam":
        return is_units(version, case)
    return version.type == "Task" and task_kind(version.body, parts.base) in BESIDE


def is_place_for_plan(plan: Version, case: Case) -> bool:
    """Whether a plan is what the adapter makes of a need: a draft in which no unit has written."""
    of_need = plan.author in (case.requester, "adapter") and not is_units(plan, case)
    return plan.body["status"] == "draft" and of_need


def is_units(version: Version, case: Case) -> bool:
    """Whether the unit that has the case wrote a version. Where it reported the need as well, as any health personnel
    does to the municipality (hpl § 38 a), what its notification made is not work on the case: its updates are."""
    return version.author == case.owner and (version.author != case.requester or is_recorded(version))


def returns_of(case: Case, parts: Parts) -> frozenset[str]:
    """The sources (messages, updates) in which units have sent a case back."""
    steps = parts.store.history_of(case.id)
    return frozenset(s.because for s in steps if (s.lifecycle, s.event) == ("case", "reject-addressee"))


def was_over_before(tx: Transaction, version: Version, here: str, case: Case, parts: Parts) -> bool:
    """Whether a version had been replaced when the case was sent to the unit that has it: that is what another unit
    did, or what the hospital said to that one. What it took over by consent it reads by consent."""
    if here != case.owner:
        return False
    came = [s for s in parts.store.history_of(case.id) if s.lifecycle == "case" and s.event in _COMES]
    if len(came) < 2 or came[-1].event != "route":  # to nobody before, or by consent
        return False
    after = tx.version(Pinned(version.type, version.id, version.number + 1))
    since: datetime = came[-1].at
    return after is not None and after.at <= since
