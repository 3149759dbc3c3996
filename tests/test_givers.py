"""Who is shown to be who among the givers of a consent, whether it still is that, and who can take over a care."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from cases import empty_database
from kept import played
from test_authority import DAY, DECISION, LACKS, RULES, authority, wrong

from adapter.domain.giver import Giver, told_apart
from adapter.flows.givers import care_of

ONE = Giver("", "#one", numbers=frozenset({("fnr", "1")}), name="a b", born=date(1980, 1, 1))


@pytest.mark.parametrize(
    ("other", "apart"),
    [
        ({"numbers": frozenset({("fnr", "2")})}, False),  # the same name and birth date
        ({"numbers": frozenset({("fnr", "2")}), "name": "b c"}, True),
        ({"numbers": frozenset({("fnr", "2")}), "born": date(1980, 1, 2)}, True),
        ({"numbers": frozenset({("fnr", "2")}), "name": ""}, True),
        ({"numbers": frozenset({("fnr", "2"), ("fnr", "1")}), "name": "b c"}, False),
        ({"numbers": frozenset({("passport", "1")}), "name": "b c"}, True),
        ({"numbers": frozenset(), "name": "b c"}, False),
    ],
)
def test_two_are_told_apart_by_what_identifies_them(other: dict[str, Any], apart: bool) -> None:
    """Each by a number that the other does not have; another name alone shows nothing."""
    two = replace(ONE, reference="#two", **other)
    assert told_apart([ONE, two], 2) is apart
    assert told_apart([two, ONE], 2) is apart
    parents = [replace(g, relations=frozenset({"parental-responsibility"})) for g in (ONE, two)]
    expected = [] if apart else ["givers-not-told-apart"]
    assert wrong(authority("parents-both", givers=tuple(parents)), 5) == expected


def test_of_three_it_is_enough_that_two_are_told_apart() -> None:
    """Whoever is named beside them takes nothing away."""
    nameless = Giver("", "#three")
    second = Giver("", "#two", numbers=frozenset({("fnr", "2")}))
    assert told_apart([nameless, ONE, second], 2)
    assert not told_apart([nameless, ONE, second], 3)
    assert not told_apart([ONE], 2)


@pytest.mark.parametrize("code", [c for c, rule in RULES.givers.items() if not rule.itself])
@pytest.mark.parametrize(
    ("relation", "stands"),
    [
        ({"active": False}, False),
        ({"end": DAY}, False),
        ({"end": DAY + timedelta(seconds=1)}, True),
        ({"start": DAY + timedelta(seconds=1)}, False),
        ({"start": DAY}, True),
    ],
)
def test_a_relation_that_is_over_or_not_begun_gives_nothing(
    code: str, relation: dict[str, Any], stands: bool
) -> None:
    """It counts at the moment of the consent, for each way in which others consent."""
    of = authority(code, capacity=LACKS, decision=DECISION, reasoned=True)
    years = 15 if wrong(of, 15) == [] else 18
    givers = (replace(of.givers[0], **relation), *of.givers[1:])
    assert wrong(replace(of, givers=givers), years) == ([] if stands else ["giver-relation-over"])


@pytest.mark.parametrize("code", ["child-welfare", "foster-care"])
def test_the_care_is_taken_over_by_who_can(code: str) -> None:
    """By child welfare or the tribunal (bvl § 5-1), as the partner table knows them."""
    for by, expected in (("care-tribunal", []), ("hospital", ["care-decision-not-shown"])):
        mandate = replace(DECISION, by=frozenset({by}))
        assert wrong(authority(code, mandate=mandate), 5) == expected
    assert wrong(authority(code, mandate=replace(DECISION, by=frozenset())), 5) == ["care-decision-not-shown"]


@pytest.mark.parametrize(
    ("said", "tells"),
    [
        ({}, True),
        ({"status": "inactive"}, False),
        ({"status": "rejected"}, False),
        ({"provision": {"type": "deny"}}, False),
    ],
)
def test_what_was_judged_stands_when_child_welfare_leaves_the_table(
    tmp_path: Path, said: dict[str, Any], tells: bool
) -> None:
    """And what was never looked at tells nothing of a care order, whoever it names."""
    url = f"sqlite:///{empty_database(tmp_path / 'case.db')}"
    with played(url, "authority/care-is-taken-over", 5) as stage, stage.parts.store.transaction() as tx:
        versions = tx.of_case(stage.cases[0])
        unknown = replace(stage.parts, partners=replace(stage.parts.partners, bodies={}))
    (own,) = [v for v in versions if v.id == "samtykke-plan"]
    told = replace(own, body=own.body | said)
    assert bool(care_of([told], unknown).periods) is tells
    assert care_of([told], stage.parts).periods
