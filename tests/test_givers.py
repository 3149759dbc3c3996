"""Who is shown to be who among the givers of a consent, whether it still is that, and who can take over a care."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from cases import empty_database
from kept import played
from test_authority import DAY, DECISION, LACKS, RULES, authority, wrong

from adapter.domain.giver import IDENTITY_NUMBER, Giver, told_apart
from adapter.flows.givers import care_of
from adapter.flows.named_givers import identifiers

FNR, DNR = "urn:oid:2.16.578.1.12.4.1.4.1", "urn:oid:2.16.578.1.12.4.1.4.2"
HERS, HIS = (IDENTITY_NUMBER, "12848510058"), (IDENTITY_NUMBER, "03838610047")
ONE = Giver("", "#one", numbers=frozenset({HERS}), name="a b", born=date(1980, 1, 1))


@pytest.mark.parametrize(
    ("other", "apart"),
    [
        ({"numbers": frozenset({HIS})}, False),  # the same name and birth date
        ({"numbers": frozenset({HIS}), "name": "b c"}, True),
        ({"numbers": frozenset({HIS}), "born": date(1980, 1, 2)}, True),
        ({"numbers": frozenset({HIS}), "born": date(1980, 1, 2), "name": ""}, True),
        ({"numbers": frozenset({HIS}), "name": ""}, False),
        ({"numbers": frozenset({HIS}), "name": "b c", "born": None}, False),
        ({"numbers": frozenset({HIS, HERS}), "name": "b c"}, False),
        ({"numbers": frozenset({("https://register.example", "1")}), "name": "b c"}, False),
        ({"numbers": frozenset(), "name": "b c"}, False),
    ],
)
def test_two_are_told_apart_by_what_identifies_them(other: dict[str, Any], apart: bool) -> None:
    """Each by a number of the same kind that the other does not have; what is not said shows nothing."""
    two = replace(ONE, reference="#two", **other)
    assert told_apart([ONE, two], 2) is apart
    assert told_apart([two, ONE], 2) is apart
    parents = [replace(g, relations=frozenset({"parental-responsibility"})) for g in (ONE, two)]
    expected = [] if apart else ["givers-not-told-apart"]
    assert wrong(authority("parents-both", givers=tuple(parents)), 5) == expected


@pytest.mark.parametrize(
    ("system", "value", "told"),
    [
        (FNR, HERS[1], HERS),
        (DNR, HERS[1], HERS),
        (FNR.upper(), f" {HERS[1][:6]} {HERS[1][6:]}", HERS),
        ("https://hospital.example/person", HERS[1], HERS),
        ("https://hospital.example/person", "17", ("https://hospital.example/person", "17")),
        (FNR, "12848510059", None),
        ("", "17", None),
        ("urn:ietf:rfc:3986", "urn:uuid:c757873d-ec9a-4326-a141-556f43239520", None),
    ],
)
def test_an_identity_number_is_one_whatever_its_system(
    system: str, value: str, told: tuple[str, str] | None
) -> None:
    """What is mistyped, or made by anybody, tells nobody."""
    assert identifiers([(system, value)]) == (frozenset({told}) if told else frozenset())


def test_of_three_it_is_enough_that_two_are_told_apart() -> None:
    """Whoever is named beside them takes nothing away."""
    nameless = Giver("", "#three")
    second = Giver("", "#two", numbers=frozenset({HIS}), born=date(1980, 1, 2))
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
    rest = [v for v in versions if v.type != "Consent"]
    assert bool(care_of([*rest, told], unknown).periods) is tells
    assert care_of([*rest, told], stage.parts).periods


@pytest.mark.parametrize(
    ("author", "said", "counts"),
    [
        ("999900022", {}, True),
        ("999900011", {}, True),
        ("999900044", {}, True),  # child welfare itself
        ("999900033", {}, False),
        ("adapter", {}, False),
        ("999900022", {"status": "rejected"}, True),
        (
            "999900022",
            {"status": "rejected", "dateTime": "2026-01-01"},
            False,
        ),  # before the care was taken over
    ],
)
def test_care_counts_where_those_tell_it_who_may(
    tmp_path: Path, author: str, said: dict[str, Any], counts: bool
) -> None:
    """Not where another who takes part recorded it; and a refusal is judged as a consent in force is."""
    url = f"sqlite:///{empty_database(tmp_path / 'case.db')}"
    with played(url, "authority/care-is-taken-over", 5) as stage, stage.parts.store.transaction() as tx:
        versions = tx.of_case(stage.cases[0])
    (own,) = [v for v in versions if v.id == "samtykke-plan"]
    told = replace(own, id="another", author=author, body=own.body | {"id": "another"} | said)
    rest = [v for v in versions if v.type != "Consent"]
    assert bool(care_of([*rest, told], stage.parts).periods) is counts
