"""When a consent lapses by law, without anybody's act, and who is asked anew.

Birthdays move the right to consent (pbrl §§ 4-3, 4-4, 4-5); the child coordinator ends at 18 (hol § 7-2 a); a mandate
and a decision on capacity end; child welfare takes over the care (pbrl § 4-4). A day begins at midnight in Norway.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import MAXYEAR, date, datetime

from adapter.domain.authority import CHILD_WELFARE, LACKS, PATIENT, Authority, Care, Document, GiverRule
from adapter.domain.days import OSLO


@dataclass(frozen=True, slots=True)
class Lapse:
    """The moment (with zone) from which a consent counts no more, why, and who is asked anew."""

    at: datetime
    because: str
    ask: str


def birthday(born: date, years: int) -> datetime:
    """The first moment of being so old. Who is born on 29 February is so on 1 March where there is no such day; where
    that is after the last year there is, its last day."""
    year, month, day = born.year + years, born.month, born.day
    if year > MAXYEAR:
        return datetime(MAXYEAR, 12, 31, tzinfo=OSLO)
    try:
        return datetime(year, month, day, tzinfo=OSLO)
    except ValueError:
        return datetime(year, month + 1, 1, tzinfo=OSLO)


def lapses(
    authority: Authority, rule: GiverRule | None, born: date | None, care: Care, kinds: Mapping[str, int]
) -> Lapse | None:
    """The first lapse of a consent, or None where it stands until it is withdrawn or its period ends.

    `rule`: the row it was given by, None where nothing is known of the giver. `kinds`: those kinds of consent that end
    at an age of the person, whoever gave them; who had passed it when it was given is not the child it is about.
    """
    found: list[Lapse] = []
    if rule is not None:
        found += [*_of_age(authority, rule, born), *_of_documents(authority, rule)]
        found += _of_care(authority, rule, care)
    if born is not None and authority.kind in kinds:
        over = birthday(born, kinds[authority.kind])
        if authority.given is None or authority.given < over:
            found.append(Lapse(over, f"turns-{kinds[authority.kind]}", PATIENT))
    return min(found, key=lambda lapse: lapse.at, default=None)


def _of_age(authority: Authority, rule: GiverRule, born: date | None) -> list[Lapse]:
    """What others gave for a person ends when it may decide itself; its own consent stays its own."""
    if rule.itself or born is None:
        return []
    incapable = rule.incapable if authority.capacity == LACKS else None
    ends = [ages.below for ages in (rule.ages, incapable) if ages]
    years = None if None in ends else max((end for end in ends if end), default=None)
    return [Lapse(birthday(born, years), f"turns-{years}", PATIENT)] if years else []


def _of_documents(authority: Authority, rule: GiverRule) -> list[Lapse]:
    found = []
    if rule.mandate and authority.mandate and authority.mandate.end:
        found.append(Lapse(authority.mandate.end, "mandate-ends", rule.ask))
    if authority.capacity == LACKS and authority.decision and authority.decision.end:
        found.append(Lapse(authority.decision.end, "capacity-decision-ends", PATIENT))
    return found


def _over(care: Document, given: datetime | None) -> bool:
    return given is not None and care.end is not None and care.end <= given


def _of_care(authority: Authority, rule: GiverRule, care: Care) -> list[Lapse]:
    """Care taken over since the consent was given, or before it and still held then."""
    given = authority.given
    moments = [
        period.start
        for period in care.periods
        if rule.yields == "care" and period.named and period.start and not _over(period, given)
    ]
    decided = care.decided.get(authority.kind) if rule.yields == "decided" else None
    moments += [decided] if decided else []
    return [Lapse(min(moments), "care-taken-over", CHILD_WELFARE)] if moments else []
