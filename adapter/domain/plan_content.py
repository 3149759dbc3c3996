"""What an individual plan must contain, and what may not stand in it, before it is in force (forskrift 22 juni 2022
nr. 1110, IP-f, §§ 3, 4 and 9). Pure; values are not looked at but for codes, days and how many there are.

The plan is complete or it is not: what is missing is named, and nothing is filled in or guessed.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from adapter.domain.days import first_moment, moment_after
from adapter.domain.need import OF_AGE
from adapter.domain.participation import Participant
from adapter.domain.person import age
from adapter.domain.problems import Finding

_ERROR = "enter-in-error"
_NO_REASON = frozenset({""})


@dataclass(frozen=True, slots=True)
class Item:
    """A row of mappings/plan-content.yaml: `part` of the law (a letter of § 9, `child`, or a section), the fact that
    states it, where that stands and what it is. `each`: every measure states it. `child`: only of a person not known to
    be of age.
    """

    part: str
    fact: str
    place: str
    means: str
    each: bool = False
    child: bool = False


@dataclass(frozen=True, slots=True)
class ContentRules:
    """mappings/plan-content.yaml.

    `said_by_team`: by fact, the roles (CL-16) of a member that state it where the plan does not; None: any member does.
    A measure whose legal status is one of `not_granted` has no status of `carried_out`. `endings`: by the step that
    ends a plan, the reasons there may be for it (CL-12).
    """

    items: tuple[Item, ...]
    said_by_team: Mapping[str, frozenset[str] | None]
    not_granted: frozenset[str]
    carried_out: frozenset[str]
    endings: Mapping[str, frozenset[str]]


@dataclass(frozen=True, slots=True)
class Measure:
    """What one activity states: the names of its facts, how many are named as responsible, and its codes."""

    stated: frozenset[str]
    responsible: int
    status: str = ""
    legal_status: str = ""


@dataclass(frozen=True, slots=True)
class SubPlan:
    """A plan that is referred to: whether its type, its owner and where it is are stated (R-076)."""

    stated: frozenset[str]


@dataclass(frozen=True, slots=True)
class PlanContent:
    """What a version of a plan states: the names of its facts, and what is counted or compared. FHIR dates."""

    stated: frozenset[str]
    measures: tuple[Measure, ...] = ()
    main_responsible: int = 0
    start: str | None = None
    end: str | None = None
    revision: str | None = None
    closing_reason: str = ""
    sub_plans: tuple[SubPlan, ...] = ()
    holds_copies: bool = False


@dataclass(frozen=True, slots=True)
class Gap:
    """Something the plan must contain and does not: the part of the law, the fact, and its place in the plan."""

    part: str
    fact: str
    place: str

    @property
    def finding(self) -> Finding:
        return Finding("plan-incomplete", f"{self.place} ({self.part})")


def gaps(rules: ContentRules, content: PlanContent, *, child: bool) -> list[Gap]:
    """What is missing, in the order of the rules; of measures for each of them."""
    return [gap for item in rules.items if child or not item.child for gap in _missing(item, content)]


def _missing(item: Item, content: PlanContent) -> Iterator[Gap]:
    if not item.each:
        if item.fact not in content.stated:
            yield Gap(item.part, item.fact, item.place)
        return
    for number, measure in enumerate(content.measures):
        if item.fact not in measure.stated:
            yield Gap(item.part, item.fact, f"CarePlan.activity[{number}].{item.place}")


def said_by(rules: ContentRules, members: Iterable[Participant], at: datetime) -> frozenset[str]:
    """The facts that those of a team state who take part at a moment (with zone)."""
    roles = [member.roles for member in members if member.who and member.takes_part(at)]
    return frozenset(
        fact
        for fact, wanted in rules.said_by_team.items()
        if any(wanted is None or wanted & held for held in roles)
    )


def contradictions(rules: ContentRules, content: PlanContent) -> list[Finding]:
    """What stands in the plan and cannot be so: for a person to put right, in whatever order."""
    return [
        *_measures(rules, content.measures),
        *_responsible(content),
        *_times(content),
        *_sub_plans(content),
    ]


def _measures(rules: ContentRules, measures: Iterable[Measure]) -> Iterator[Finding]:
    for number, measure in enumerate(measures):
        place = f"CarePlan.activity[{number}]"
        if measure.responsible > 1:
            yield Finding("measure-responsible-unclear", f"{place}.detail.performer")
        if measure.legal_status in rules.not_granted and measure.status in rules.carried_out:
            yield Finding("measure-not-granted", f"{place}.detail.status")


def _responsible(content: PlanContent) -> Iterator[Finding]:
    if content.main_responsible > 1:
        yield Finding("two-main-responsibles", "CarePlan.extension[main-responsible]")


def ending(
    rules: ContentRules, event: str, content: PlanContent, at: datetime, *, begun: bool
) -> list[Finding]:
    """What is amiss with how a plan ends by a step at a moment (with zone): it says why, and where it was in force
    (`begun`) until which day (R-078). One that stands has no reason; one that was an error says so by its status."""
    if event == _ERROR:
        return []
    found: list[Finding] = []
    if content.closing_reason not in rules.endings.get(event, _NO_REASON):
        found.append(Finding("closing-reason-unclear", "CarePlan.extension[closing-reason]"))
    begins, ends = first_moment(content.start), first_moment(content.end)
    if event in rules.endings and begun and (ends is None or ends > at or (begins and ends < begins)):
        found.append(Finding("plan-end-unclear", "CarePlan.period.end"))
    return found


def past(content: PlanContent, at: datetime) -> list[Finding]:
    """What a plan cannot come into force with at a moment (with zone): a period that is over or has not begun, or a
    next revision that has passed."""
    begins, ends = first_moment(content.start), moment_after(content.end)
    revised = moment_after(content.revision)
    found: list[Finding] = []
    if (begins and begins > at) or (ends and ends <= at):
        found.append(Finding("plan-out-of-period", "CarePlan.period"))
    if revised and revised <= at:
        found.append(Finding("plan-out-of-period", "CarePlan.extension[next-revision]"))
    return found


def _times(content: PlanContent) -> Iterator[Finding]:
    """The period ends after it begins, and the next revision is in it; days are Norwegian."""
    begins, ends = first_moment(content.start), moment_after(content.end)
    revised = first_moment(content.revision)
    if begins and ends and ends <= begins:
        yield Finding("plan-period-contradictory", "CarePlan.period")
    elif revised and ((begins and revised < begins) or (ends and revised >= ends)):
        yield Finding("plan-period-contradictory", "CarePlan.extension[next-revision]")


def _sub_plans(content: PlanContent) -> Iterator[Finding]:
    """Sub-plans stay in their own systems and are referred to; a copy of one would be a second plan (R-060, R-076)."""
    if content.holds_copies:
        yield Finding("sub-plan-not-a-reference", "CarePlan.contained")
    for number, plan in enumerate(content.sub_plans):
        if not {"type", "owner", "where"} <= plan.stated:
            yield Finding("sub-plan-not-a-reference", f"CarePlan.extension[sub-plan][{number}]")


def is_child(born: date | None, on: date) -> bool:
    """Whether the child's part must be described: of who is under 18, and of who is not known to be older."""
    return born is None or age(born, on) < OF_AGE
