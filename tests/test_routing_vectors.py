"""Where a need goes, row for row: tests/routing_vectors.csv.

The rows are written from the sources that they name (Statistics Norway's changes of municipalities, Volven 3402 and
3403, helse- og omsorgstjenesteloven, the requirements R-100 to R-153) and not from the program or its tables. The
units are those of tests/routing_units: the HER-id of a unit is 88 and the number of what it serves. An expectation is
a HER-id, or why a person must choose.
"""

import csv
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path

import pytest

from adapter.domain.days import OSLO
from adapter.domain.need import judge_reviewed
from adapter.mapping.routes import load

HERE = Path(__file__).resolve().parent
DIRECTORY = load(HERE / "routing_units", history=HERE.parent / "mappings" / "routes")
FACTS = {
    "stay": "stay.municipality",
    "district": "stay.district",
    "reason": "stay.reason",
    "begins": "stay.begins",
    "ends": "stay.ends",
    "registered": "registered.municipality",
    "registered_district": "registered.district",
    "protection": "patient.protection",
    "born": "patient.birth_date",
}


def vectors() -> list[dict[str, str]]:
    with (HERE / "routing_vectors.csv").open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines, strict=True))


VECTORS = vectors()


def outcome(row: Mapping[str, str]) -> tuple[str, list[str]]:
    """The HER-id or the reason, and what else is found. The number of the person (FHN) says no date of birth."""
    facts = {fact: row[name] for name, fact in FACTS.items() if row[name]}
    facts |= {"consent.status": "obtained", "patient.fhn": "80001000016"}
    noon = datetime.fromisoformat(f"{row['on']}T12:00:00").replace(tzinfo=OSLO)
    verdict = judge_reviewed(facts, row["addressed"].split(), DIRECTORY, noon)
    found = [finding.problem for finding in verdict.findings]
    return (verdict.unit.her_id, found) if verdict.unit else (verdict.reason, found[1:])


@pytest.mark.parametrize("row", VECTORS, ids=[f"line {n}: {r['because']}" for n, r in enumerate(VECTORS, 2)])
def test_a_need_goes_where_the_sources_say(row: Mapping[str, str]) -> None:
    """To that unit, or to a person for that reason; and nothing else is found than what the row says."""
    assert outcome(row) == (row["expected"], row["findings"].split())


def test_there_are_enough_vectors_and_each_is_another() -> None:
    assert len(VECTORS) >= 150
    assert len({tuple(list(row.values())[1:]) for row in VECTORS}) == len(VECTORS)


def test_the_vectors_span_the_years_and_all_that_can_be_said() -> None:
    """Both sides of each reform, every year, all districts of Oslo, each level of protection, each reason, each reason
    why a person chooses."""
    days = {row["on"] for row in VECTORS}
    assert {
        "2018-01-01",
        "2018-12-31",
        "2019-01-01",
        "2019-12-31",
        "2020-01-01",
        "2023-12-31",
        "2024-01-01",
    } <= days
    assert min(days) >= "2018-01-01"
    assert {date.fromisoformat(day).year for day in days} >= {2018, 2019, 2020, 2023, 2024, 2025, 2026}
    assert {f"8803010{n}" if n < 10 else f"880301{n}" for n in range(1, 16)} <= {
        r["expected"] for r in VECTORS
    }
    assert {row["protection"] for row in VECTORS} == {
        "open", "client-address", "confidential", "strictly-confidential", "unknown", "",
    }  # fmt: skip
    assert {row["reason"] for row in VECTORS} == {
        "", "temporary-stay", "student", "prison", "asylum-centre", "moving", "other",
    }  # fmt: skip
    assert {row["expected"] for row in VECTORS if not row["expected"].isdigit()} == {
        "age-unknown", "district-elsewhere", "district-unknown", "municipality-not-stated", "municipality-split",
        "municipality-unknown", "no-unit", "protected-address", "protection-unknown", "several-units",
        "stay-not-now", "stay-without-municipality",
    }  # fmt: skip
