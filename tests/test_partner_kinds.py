"""What each kind of partner may do is data, and a slip in it is refused at the start."""

from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from adapter.domain.consent import SharingByLaw
from adapter.mapping import partners
from adapter.mapping.partner_kinds import kind_rules, require_health_personnel
from adapter.mapping.tables import load
from adapter.settings import SAMPLE_BASE, carried

FIXTURES = carried("fixtures")
TEXT = (carried("mappings") / "partner-kinds.yaml").read_text("utf-8")
TABLES = load(carried("mappings"), SAMPLE_BASE)
SCHOOL = "999900101"


def test_who_reports_and_who_shares_by_law_is_as_the_law_has_it() -> None:
    """A school has no duty to report (IP-f § 7); NAV and child welfare are outside hpl § 25."""
    rules = kind_rules(TEXT)
    assert {kind for kind, rule in rules.items() if not rule.reports} == {"school", "adapter"}
    assert {kind for kind, rule in rules.items() if rule.health} == {
        "hospital",
        "private-institution",
        "municipality",
    }
    assert all(rule.because for rule in rules.values())


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("  school:\n", "  kindergarten:\n", "unknown or missing kinds"),
        ("reports: true", "reports: maybe", "true or false"),
        ("    health: true\n", "", "unknown or missing keys"),
        ("kinds:\n", "extra: 1\nkinds:\n", "nothing else"),
        ("because: It carries what others report", "because: ''", "no reason"),
    ],
)
def test_a_slip_in_the_table_of_kinds_is_refused(old: str, new: str, says: str) -> None:
    assert old in TEXT
    with pytest.raises(ValueError, match=says):
        kind_rules(TEXT.replace(old, new, 1))


def test_the_law_of_health_personnel_lets_no_school_have_anything() -> None:
    """Named under `law`, a hospital is fine and a school is refused, by its category and not by its number."""
    known = partners.load(
        FIXTURES / "view" / "school-gets-everything-but-mental-health" / "partners.yaml", synthetic=True
    )
    for organisation, refused in (("999900011", False), (SCHOOL, True)):
        law = SharingByLaw("HPL25", frozenset({organisation}))
        categories = {"plan": replace(TABLES.categories["plan"], law=law)}
        if not refused:
            require_health_personnel(TABLES.partner_kinds, known, categories)
            continue
        with pytest.raises(ValueError, match=r"consent\.yaml: plan: law names") as told:
            require_health_personnel(TABLES.partner_kinds, known, categories)
        assert SCHOOL not in str(told.value)


def test_a_partner_of_child_welfare_is_child_welfare_by_law(tmp_path: Path) -> None:
    """It need not stand under `bodies` a second time (pbrl § 4-4, bvl § 5-1)."""
    table = FIXTURES / "notify" / "child-welfare-reports-a-need" / "partners.yaml"
    assert partners.load(table, synthetic=True).bodies == {"999900103": frozenset({"child-welfare"})}


@pytest.mark.parametrize(("kind", "taken"), [("school", True), ("hospital", True), ("municipality", False)])
def test_one_service_for_all_messages_is_for_who_has_no_units(kind: str, taken: bool, tmp_path: Path) -> None:
    raw = yaml.safe_load((carried("mappings") / "partners.yaml").read_text("utf-8"))
    raw["partners"][0] |= {"kind": kind, "address": "8900011"}
    (tmp_path / "partners.yaml").write_text(yaml.safe_dump(raw), "utf-8")
    if taken:
        assert (
            partners.load(tmp_path / "partners.yaml", synthetic=True).by_her_id["8900011"].address
            == "8900011"
        )
    else:
        with pytest.raises(ValueError, match="address is the HER-id"):
            partners.load(tmp_path / "partners.yaml", synthetic=True)


def test_a_kind_nobody_knows_is_refused(tmp_path: Path) -> None:
    table = (carried("mappings") / "partners.yaml").read_text("utf-8")
    (tmp_path / "partners.yaml").write_text(table.replace("  kind: hospital", "  kind: clinic", 1), "utf-8")
    with pytest.raises(ValueError, match="row 1: kind is one of"):
        partners.load(tmp_path / "partners.yaml", synthetic=True)
