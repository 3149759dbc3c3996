"""A complaint of a decision, a plan or a participation, as the unit registers it (pbrl ch. 7, fvl ch. VI)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from adapter.domain.decision import Decision, DecisionRules, InTime, TimeLimit, in_time
from adapter.domain.problems import Finding

About = Literal["decision", "plan", "participation"]
"""What one complains of: also how the plan is made and carried out, not only what was decided (pbrl § 7-2, R-090)."""

OPENS_ANEW: Final = frozenset({"reversed", "changed", "quashed"})
"""States of a complaint after which what was decided is decided anew (fvl §§ 33, 34)."""
_INPUT: Final = "Task.input"


@dataclass(frozen=True, slots=True)
class Complaint:
    """What is said of a complaint. `about` is None where it is about nothing of the case.

    `posted_on`: when it was handed to the post, where that is known. `authority`: whether a written power of attorney
    is there, None where nothing is said of it.
    """

    about: About | None
    received_on: date | None
    posted_on: date | None = None
    complainant: str = ""
    authority: bool | None = None

    @property
    def sent_on(self) -> date | None:
        """The day that counts: what was handed to the post in time is in time (fvl § 30)."""
        return self.posted_on or self.received_on


def amiss(complaint: Complaint, rules: DecisionRules, today: date) -> Iterator[Finding]:
    """What must be said otherwise in a complaint. Being late or without a power of attorney is not among it: a person
    weighs that (fvl §§ 31, 32)."""
    if complaint.received_on is None:
        yield Finding("missing-element", f"{_INPUT}[received-on]")
    if not complaint.complainant:
        yield Finding("missing-element", f"{_INPUT}[complainant]")
    if complaint.complainant in rules.proxies and complaint.authority is None:
        yield Finding("authority-not-stated", f"{_INPUT}[authority]")
    received, posted = complaint.received_on, complaint.posted_on
    if received and received > today:
        yield Finding("day-still-to-come", f"{_INPUT}[received-on]")
    if received and posted and posted > received:
        yield Finding("complaint-contradicts", f"{_INPUT}[posted-on]")


def amiss_with(complaint: Complaint, decision: Decision) -> Iterator[Finding]:
    """What is wrong with a new complaint by the decision it is about: nothing to complain of, or decided after it."""
    if complaint.about is None or (complaint.about == "decision" and not decision.outcome):
        yield Finding("complaint-about-nothing", "Task.focus")
    elif not may_be_of(complaint, decision):
        yield Finding("complaint-contradicts", f"{_INPUT}[received-on]")


def may_be_of(complaint: Complaint, decision: Decision) -> bool:
    """Whether a decision was there when the complaint of it was sent."""
    if complaint.about != "decision" or decision.decided_on is None or complaint.sent_on is None:
        return True
    return complaint.sent_on >= decision.decided_on


def timeliness(complaint: Complaint, decision: Decision, limit: TimeLimit) -> InTime:
    """Whether it came in time. For complaints of a plan or a participation no day is known to count from."""
    if complaint.about != "decision" or complaint.sent_on is None:
        return "not-known"
    return in_time(limit, decision, complaint.sent_on)


def lacks_authority(complaint: Complaint, rules: DecisionRules) -> bool:
    """Whether somebody complains for the person without the written power of attorney it takes (pbrl § 7-2)."""
    return complaint.complainant in rules.proxies and complaint.authority is False


def opens_anew(state: str, complaint: Complaint, *, latest: bool) -> bool:
    """Whether a complaint is a ground to decide anew: it was about the `latest` decision, and led to another."""
    return state in OPENS_ANEW and complaint.about == "decision" and latest
