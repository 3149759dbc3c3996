"""Who may consent for whom, against the matrix of the law written out by hand; and when what was given lapses."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from cases import FIXTURES
from hypothesis import given
from hypothesis import strategies as st

from adapter.domain.authority import Authority, Care, Document, misgivings, rule_for
from adapter.domain.days import OSLO, norwegian_day
from adapter.domain.giver import Giver
from adapter.domain.lapse import Lapse, birthday, lapses
from adapter.domain.person import age
from adapter.mapping.authority import authority_rules
from adapter.settings import carried

TEXT = (carried("mappings") / "authority.yaml").read_text("utf-8")
RULES = authority_rules(TEXT)
DAY = datetime(2026, 3, 10, 9, tzinfo=UTC)
LACKS = "lacks-for-this-decision"
DECISION = Document(
    named=True, start=datetime(2026, 3, 1, tzinfo=OSLO), end=None, by=frozenset({"child-welfare"})
)
BY_LAW = {
    "patient": "18",
    "youth-16-17": "16 17",
    "child-12-15": "12 13 14 15",
    "parents-both": "0 1 6 7 11 12 15",
    "parent-one": "0 1 6 7 11 12 15",
    "child-welfare": "0 1 6 7 11 12 15",
    "foster-care": "0 1 6 7 11 12 15",
    "nearest-relative": "",
    "guardian-personal": "18",
    "future-attorney": "",
}
"""At which of the ages below each may consent, where nothing is said against the person's capacity."""
FOR_ONE_WHO_LACKS_CAPACITY = {
    "parents-both": "0 1 6 7 11 12 15 16 17",
    "parent-one": "0 1 6 7 11 12 15 16 17",
    "child-welfare": "0 1 6 7 11 12 15 16 17",
    "foster-care": "0 1 6 7 11 12 15",
    "nearest-relative": "16 17 18",
    "guardian-personal": "18",
    "future-attorney": "18",
}
"""The same where a decision says that the person lacks capacity for this; who then still decides itself is nobody."""
AGES = (0, 1, 6, 7, 11, 12, 13, 14, 15, 16, 17, 18)


def giver(relation: str, person: str = "one") -> Giver:
    numbers = frozenset({("urn:example", person)})
    day = date(1980, 1, 1 + sum(map(ord, person)) % 28)
    return Giver("Consent.performer[0]", person, frozenset({relation}), numbers=numbers, born=day)


def authority(code: str, **said: Any) -> Authority:
    """Everything that the row asks for, but for what is said otherwise."""
    rule = RULES.givers[code]
    (relation, *_) = sorted(rule.by)
    usual: dict[str, Any] = {
        "kind": "PLAN",
        "given": DAY,
        "givers": tuple(giver(relation, f"person {n}") for n in range(rule.number)),
        "reason": next(iter(rule.reasons), ""),
        "mandate": DECISION if rule.mandate else None,
        "sphere": rule.sphere,
    }
    return Authority("Consent", "Consent.extension", code=code, **{**usual, **said})


def born(years: int) -> date:
    return date(DAY.year - years, 2, 1)


def wrong(of: Authority, years: int | None = None, care: Care | None = None) -> list[str]:
    known = None if years is None else born(years)
    return [f.problem for f in misgivings(of, RULES.givers, known, care or Care())]


def may(codes: Iterable[str], **said: Any) -> dict[str, str]:
    """The ages at which each is let consent."""
    return {
        c: " ".join(str(years) for years in AGES if not wrong(authority(c, **said), years)) for c in codes
    }


def spelled(ages: dict[str, str]) -> dict[str, set[str]]:
    return {code: set(text.split()) & {str(a) for a in AGES} for code, text in ages.items()}


def test_the_law_says_who_consents_at_which_age() -> None:
    """pbrl §§ 4-3, 4-4 and 4-7, hpl § 22: for every row of the table, at every age at which a right begins or ends."""
    filled = {c: t.replace("1 6 7 11 12 15", "1 6 7 11 12 13 14 15") for c, t in BY_LAW.items()}
    assert spelled(may(RULES.givers)) == spelled(filled)


def test_others_decide_for_one_who_lacks_capacity_and_nobody_for_themselves() -> None:
    """pbrl §§ 4-3 and 4-5, hpl § 22: by a reasoned decision in force."""
    filled = {c: t.replace("12 15", "12 13 14 15") for c, t in FOR_ONE_WHO_LACKS_CAPACITY.items()}
    filled |= dict.fromkeys(("patient", "youth-16-17", "child-12-15"), "")
    said: dict[str, Any] = {"capacity": LACKS, "decision": DECISION, "reasoned": True}
    assert spelled(may(RULES.givers, **said)) == spelled(filled)


@pytest.mark.parametrize("code", sorted(FOR_ONE_WHO_LACKS_CAPACITY))
@pytest.mark.parametrize(
    "decision",
    [
        {"decision": None},
        {"reasoned": False},
        {"decision": replace(DECISION, named=False)},
        {"decision": replace(DECISION, start=None)},
        {"decision": replace(DECISION, start=DAY + timedelta(days=1))},
        {"decision": replace(DECISION, end=DAY)},
    ],
)
def test_a_lack_of_capacity_is_shown_by_a_decision(code: str, decision: dict[str, Any]) -> None:
    """Who decided, when, and that it gives reasons, for the day of the consent (pbrl § 4-3)."""
    said = {"capacity": LACKS, "decision": DECISION, "reasoned": True} | decision
    assert "capacity-decision-missing" in wrong(authority(code, **said), 17)


@pytest.mark.parametrize("code", [c for c, rule in RULES.givers.items() if rule.mandate])
@pytest.mark.parametrize(
    "mandate",
    [
        None,
        replace(DECISION, named=False),
        replace(DECISION, start=None),
        replace(DECISION, start=DAY + timedelta(seconds=1)),
        replace(DECISION, end=DAY),
    ],
)
def test_a_mandate_covers_the_moment_of_the_consent(code: str, mandate: Document | None) -> None:
    """It is named, has begun, and has not ended."""
    assert "mandate-not-shown" in wrong(authority(code, mandate=mandate), 10)


@pytest.mark.parametrize("code", ["guardian-personal", "future-attorney"])
@pytest.mark.parametrize("sphere", ["", "economic"])
def test_a_mandate_about_money_is_none_for_this(code: str, sphere: str) -> None:
    """pbrl § 4-7: the personal sphere."""
    assert "mandate-not-shown" in wrong(authority(code, sphere=sphere), 40)


def test_two_who_share_it_are_two() -> None:
    """One named twice is one, and one alone needs a reason, which sharing speaks against."""
    twice = (giver("parental-responsibility"), giver("parental-responsibility"))
    assert wrong(authority("parents-both", givers=twice), 5) == ["giver-missing"]
    assert wrong(authority("parent-one", reason=""), 5) == ["giver-reason-missing"]
    shared = Giver("", "one", frozenset({"parental-responsibility", "shared-responsibility"}))
    alone = authority("parent-one", givers=(shared,), reason="sole-responsibility")
    assert wrong(alone, 5) == ["giver-contradicts"]
    assert wrong(replace(alone, reason="avoids-harm"), 5) == []


@pytest.mark.parametrize("code", [c for c, rule in RULES.givers.items() if not rule.itself])
def test_a_stranger_among_the_givers_is_named(code: str) -> None:
    """Nobody consents beside those who may, but the person, who may be heard at any age."""
    of = authority(code, capacity=LACKS, decision=DECISION, reasoned=True)
    years = 15 if wrong(of, 15) == [] else 18
    for_child = (*of.givers, giver("patient", "patient"))
    assert wrong(replace(of, givers=for_child), years) == []
    relative = Giver("Consent.performer[9]", "x", frozenset())
    found = misgivings(replace(of, givers=(*of.givers, relative)), RULES.givers, born(years), Care())
    problem = "not-child-welfare" if code == "child-welfare" else "giver-without-authority"
    assert [(f.problem, f.where) for f in found] == [(problem, "Consent.performer[9]")]
    unknown = replace(relative, known=False)
    assert wrong(replace(of, givers=(*of.givers, unknown)), years) == ["giver-unknown"]


def test_where_no_age_is_known_the_person_is_believed_and_nobody_else() -> None:
    itself = Authority("Consent", "Consent.extension", "PLAN", DAY, (giver("patient"),))
    assert wrong(itself) == []
    assert "giver-age-unknown" in wrong(authority("parents-both"))


def test_child_welfare_decides_once_it_has_the_care() -> None:
    """pbrl § 4-4: instead of parents from then on, and before a foster home once it has decided itself."""
    care = Care((Document(named=True, start=DAY - timedelta(days=1), end=DAY + timedelta(days=30)),))
    assert wrong(authority("parents-both"), 5, care) == ["care-taken-over"]
    assert wrong(authority("parents-both", given=DAY + timedelta(days=30)), 5, care) == []
    assert wrong(authority("foster-care"), 5, care) == []
    assert wrong(authority("foster-care"), 5, Care((), {"PLAN": DAY})) == ["care-taken-over"]
    assert wrong(authority("foster-care"), 5, Care((), {"SHARING": DAY})) == []


@given(st.dates(date(1930, 1, 1), date(2030, 12, 31)), st.integers(0, 100))
def test_a_birthday_is_the_moment_at_which_the_age_changes(day: date, years: int) -> None:
    """By the calendar in Norway, also for who is born on a day that most years do not have."""
    turned = birthday(day, years)
    assert age(day, norwegian_day(turned)) == years
    assert age(day, norwegian_day(turned - timedelta(seconds=1))) == years - 1


def lapse(of: Authority, years: int, care: Care | None = None) -> Lapse | None:
    known = born(years)
    return lapses(of, rule_for(of, RULES.givers, known), known, care or Care(), RULES.kinds)


def test_what_was_given_for_a_child_lapses_when_it_decides_itself() -> None:
    """At 16, or at 18 where it lacks capacity; a nearest relative's does not, nor what the child gave itself."""
    incapable: dict[str, Any] = {"capacity": LACKS, "decision": DECISION, "reasoned": True}
    for code in ("parents-both", "parent-one", "child-welfare", "foster-care"):
        assert lapse(authority(code), 15) == Lapse(birthday(born(15), 16), "turns-16", "patient")
    assert lapse(authority("parents-both", **incapable), 15) == Lapse(
        birthday(born(15), 18), "turns-18", "patient"
    )
    for code in ("patient", "youth-16-17", "child-12-15", "nearest-relative", "guardian-personal"):
        assert lapse(authority(code, **incapable), 17) is None


def test_what_rests_on_a_document_lapses_with_it() -> None:
    ends = replace(DECISION, end=DAY + timedelta(days=9))
    guardian = lapse(authority("guardian-personal", mandate=ends), 40)
    assert guardian == Lapse(DAY + timedelta(days=9), "mandate-ends", "patient")
    relative = authority("nearest-relative", capacity=LACKS, decision=ends)
    assert lapse(relative, 40) == Lapse(DAY + timedelta(days=9), "capacity-decision-ends", "patient")


def test_what_parents_gave_lapses_when_the_care_is_taken_over() -> None:
    """By a decision that is named, and not what they gave after they had the care again."""
    taken = DAY + timedelta(days=3)
    care = Care((Document(named=True, start=taken, end=taken + timedelta(days=9)),))
    assert lapse(authority("parents-both"), 5, care) == Lapse(taken, "care-taken-over", "child-welfare")
    hearsay = Care((Document(named=False, start=taken, end=None),))
    unmoved = lapse(authority("parents-both"), 5, hearsay)
    assert unmoved is not None
    assert unmoved.because == "turns-16"
    back = authority("parents-both", given=taken + timedelta(days=9))
    again = lapse(back, 5, care)
    assert again is not None
    assert again.because == "turns-16"


def test_a_child_coordinator_ends_at_eighteen_but_not_that_of_a_parent_to_be() -> None:
    """hol § 7-2 a: whoever gave the consent, where it was given for a child."""
    of = authority("youth-16-17", kind="CHILD_COORDINATOR")
    assert lapse(of, 17) == Lapse(birthday(born(17), 18), "turns-18", "patient")
    assert lapse(authority("patient", kind="CHILD_COORDINATOR"), 30) is None


@pytest.mark.parametrize(
    ("right", "broken"),
    [
        ("by: [guardian]", "by: [guardain]"),
        ("yields: care", "yields: always"),
        ("number: 2", "count: 2"),
        ("{from: 12, below: 16}", "{from: 12, to: 15}"),
        ("kinds:", "sorts:"),
        ("sole-responsibility: shared-responsibility", "sole-responsibility: shared"),
        ("decided_by: [child-welfare, care-tribunal]", "decided_by: [child-welfare, police]"),
    ],
)
def test_a_table_with_a_word_that_nobody_knows_is_refused(right: str, broken: str) -> None:
    """It could only be read as less than was meant."""
    assert right in TEXT
    with pytest.raises(ValueError, match=r"unknown|no relations|yields"):
        authority_rules(TEXT.replace(right, broken, 1))


def test_every_row_is_shown_in_a_case() -> None:
    """Each giver of the table stands in some case folder."""
    said = "".join(p.read_text("utf-8") for p in (FIXTURES / "authority").glob("*/case.yaml"))
    implied = {"patient"}  # a consent that names nobody
    assert {code for code in RULES.givers if f"code: {code}" not in said} <= implied
