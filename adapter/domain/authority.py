"""Who may consent for a person, and is it shown? (pbrl §§ 3-4 and 4-3 to 4-7, hpl § 22, IP-f § 5.)

Judged when a consent is recorded, as of the day on which it was given, by the calendar in Norway. Capacity belongs to
one decision at one time and is no attribute of a person (pbrl § 4-3): it is known by a reference to the decision on it.
Nothing is supplied that is not stated, and nobody's right follows from a name or from being of the family.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from adapter.domain.days import norwegian_day
from adapter.domain.giver import Giver, told_apart
from adapter.domain.person import age
from adapter.domain.problems import Finding

PATIENT = "patient"
"""The relation of the person to itself."""
LACKS = "lacks-for-this-decision"
"""The capacity (CL-09) of which there is a decision, by which others decide."""
CHILD_WELFARE = "child-welfare"
"""The relation of an organisation that is a child welfare service, and the row by which it consents."""


@dataclass(frozen=True, slots=True)
class Ages:
    """Whole years from the one to below the other; None: without end."""

    start: int = 0
    below: int | None = None

    def hold(self, years: int) -> bool:
        return self.start <= years and (self.below is None or years < self.below)


@dataclass(frozen=True, slots=True)
class GiverRule:
    """A row of mappings/authority.yaml: one way in which a consent is given (CL-03).

    `by`: relations, one of which each giver has; `number`: how many persons must give it. `ages`: of the person, where
    nothing is said against its capacity; `incapable`: where it lacks capacity for this decision. `reasons`: those that
    make it enough, each with the relation that speaks against it (""). `mandate`: a decision or document must be named,
    in this `sphere` ("": in any), made by one of `decided_by` (empty: by anybody). `yields` to child welfare: once it
    has the `care`, or once it has itself `decided`. `ask`: who is asked when the mandate has ended.
    """

    name: str
    by: frozenset[str]
    because: str
    number: int = 1
    ages: Ages | None = None
    incapable: Ages | None = None
    reasons: Mapping[str, str] = field(default_factory=dict)
    mandate: bool = False
    sphere: str = ""
    decided_by: frozenset[str] = frozenset()
    yields: str = ""
    ask: str = PATIENT

    @property
    def itself(self) -> bool:
        """Whether it is the person's own consent."""
        return PATIENT in self.by


@dataclass(frozen=True, slots=True)
class Document:
    """A decision or mandate that is referred to: whether its number and who made it are named, and when it counts.

    `by`: what the law knows its maker as (child-welfare, care-tribunal), as far as the partner table tells.
    """

    named: bool
    start: datetime | None
    end: datetime | None
    by: frozenset[str] = frozenset()

    def covers(self, at: datetime) -> bool:
        begun = self.start is not None and self.start <= at
        return self.named and begun and (self.end is None or at < self.end)


@dataclass(frozen=True, slots=True)
class Authority:
    """What a consent says of who gave it. `code` is CL-03 ("": not stated), `place` the consent, `about` the authority.

    `given` is the moment; `capacity` CL-09; `reasoned`: whether the decision on capacity gives reasons, which are not
    told.
    """

    place: str
    about: str
    kind: str
    given: datetime | None
    givers: tuple[Giver, ...] = ()
    code: str = ""
    reason: str = ""
    capacity: str = ""
    decision: Document | None = None
    reasoned: bool = False
    mandate: Document | None = None
    sphere: str = ""

    @property
    def itself(self) -> bool:
        """Whether nobody but the person is said to have given it."""
        return all(giver.relations == {PATIENT} for giver in self.givers)


@dataclass(frozen=True, slots=True)
class Care:
    """What the consents of a case tell of child welfare: when it has the care of the child, and since when it has
    itself decided on a kind of consent."""

    periods: tuple[Document, ...] = ()
    decided: Mapping[str, datetime] = field(default_factory=dict)


Rules = Mapping[str, GiverRule]


def rule_for(authority: Authority, rules: Rules, born: date | None) -> GiverRule | None:
    """The row that a consent is given by: the one it states, or the person's own at its age."""
    if authority.code:
        return rules.get(authority.code)
    if not authority.itself or born is None or authority.given is None:
        return None
    years = age(born, norwegian_day(authority.given))
    return next((r for r in rules.values() if r.itself and r.ages and r.ages.hold(years)), None)


def misgivings(authority: Authority, rules: Rules, born: date | None, care: Care) -> list[Finding]:
    """Why it is not shown that the givers may consent; nothing where it is.

    Where no date of birth is known, nothing is said against a person who consents itself.
    """
    if not authority.code and not authority.itself:
        return [Finding("giver-unknown", authority.about)]
    if not authority.code and born is None:
        return []
    if authority.given is None:
        return [Finding("missing-element", f"{authority.place}.dateTime")]
    rule = rule_for(authority, rules, born)
    if rule is None:
        return [Finding("giver-without-authority", f"{authority.place}.performer")]
    return [
        *_of_givers(authority, authority.given, rule),
        *_of_age(authority, authority.given, rule, born),
        *_of_capacity(authority, authority.given, rule),
        *_of_reason(authority, rule),
        *_of_mandate(authority, authority.given, rule),
        *_of_care(authority, authority.given, rule, care),
    ]


def _of_givers(authority: Authority, given: datetime, rule: GiverRule) -> list[Finding]:
    """Everybody named is one who may, or the person, who may always be heard; and they are enough, each another."""
    if strangers := [g for g in authority.givers if not g.relations & {*rule.by, PATIENT}]:
        return [Finding(_stranger(g, rule), g.place) for g in strangers]
    if over := [g.place for g in authority.givers if not g.stands(given)]:
        return [Finding("giver-relation-over", place) for place in over]
    holders = [g for g in authority.givers if g.relations & rule.by]
    if len({g.reference for g in holders}) < rule.number:
        return [Finding("giver-missing", f"{authority.place}.performer")]
    apart = rule.number == 1 or told_apart(holders, rule.number)
    return [] if apart else [Finding("givers-not-told-apart", f"{authority.place}.performer")]


def _stranger(giver: Giver, rule: GiverRule) -> str:
    if not giver.known:
        return "giver-unknown"
    return "not-child-welfare" if rule.by == {CHILD_WELFARE} else "giver-without-authority"


def _of_age(authority: Authority, given: datetime, rule: GiverRule, born: date | None) -> list[Finding]:
    if born is None:
        return [Finding("giver-age-unknown", "Patient.birthDate")]
    years = age(born, norwegian_day(given))
    lacks = authority.capacity == LACKS
    if (rule.ages and rule.ages.hold(years)) or (lacks and rule.incapable and rule.incapable.hold(years)):
        return []
    undecided = rule.incapable is not None and rule.incapable.hold(years)
    problem = "capacity-decision-missing" if undecided else "giver-without-authority"
    return [Finding(problem, authority.about)]


def _of_capacity(authority: Authority, given: datetime, rule: GiverRule) -> list[Finding]:
    """The decision on capacity is in writing and reasoned, by somebody, at a time (pbrl § 4-3)."""
    if authority.capacity != LACKS:
        return []
    if rule.itself:
        return [Finding("giver-contradicts", authority.about)]
    shown = authority.reasoned and authority.decision is not None and authority.decision.covers(given)
    return [] if shown else [Finding("capacity-decision-missing", authority.about)]


def _of_reason(authority: Authority, rule: GiverRule) -> list[Finding]:
    if not rule.reasons:
        return []
    if not authority.reason:
        return [Finding("giver-reason-missing", authority.about)]
    against = rule.reasons.get(authority.reason)
    denied = against is None or any(against in giver.relations for giver in authority.givers)
    return [Finding("giver-contradicts", authority.about)] if denied else []


def _of_mandate(authority: Authority, given: datetime, rule: GiverRule) -> list[Finding]:
    if not rule.mandate:
        return []
    covered = authority.mandate is not None and authority.mandate.covers(given)
    in_sphere = not rule.sphere or authority.sphere == rule.sphere
    if not (covered and in_sphere):
        return [Finding("mandate-not-shown", authority.about)]
    decided = not rule.decided_by or (authority.mandate and authority.mandate.by & rule.decided_by)
    return [] if decided else [Finding("care-decision-not-shown", authority.about)]


def _of_care(authority: Authority, given: datetime, rule: GiverRule, care: Care) -> list[Finding]:
    """Child welfare that has the care decides in the place of parents, and prevails over a foster home
    (pbrl § 4-4)."""
    decided = care.decided.get(authority.kind)
    taken = {
        "care": any(period.covers(given) for period in care.periods),
        "decided": decided is not None and decided <= given,
    }
    return [Finding("care-taken-over", f"{authority.place}.performer")] if taken.get(rule.yields) else []
