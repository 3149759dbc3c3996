"""What an organisation is by law stands in the partner table, and a slip in it is refused at the start."""

from pathlib import Path

import pytest

from adapter.mapping import partners
from adapter.settings import carried

TABLE = (carried("mappings") / "partners.yaml").read_text("utf-8")
BODIES = '  child-welfare: ["999900044"]\n  care-tribunal: ["999900055"]\n'


def loaded(text: str, folder: Path, *, synthetic: bool = True) -> dict[str, frozenset[str]]:
    table = folder / "partners.yaml"
    table.write_text(text, "utf-8")
    return dict(partners.load(table, synthetic=synthetic).bodies)


def test_an_organisation_may_be_more_than_one(tmp_path: Path) -> None:
    both = 'bodies: {child-welfare: ["999900044"], care-tribunal: ["999900044", "999900055"]}\n'
    assert loaded(TABLE.replace(f"bodies:\n{BODIES}", both), tmp_path) == {
        "999900044": frozenset({"child-welfare", "care-tribunal"}),
        "999900055": frozenset({"care-tribunal"}),
    }


def test_a_table_that_names_none_knows_none(tmp_path: Path) -> None:
    """So that nobody is taken for child welfare by default."""
    assert loaded(TABLE.replace(f"bodies:\n{BODIES}", ""), tmp_path) == {}


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        ('  childwelfare: ["999900044"]\n', "no bodies"),
        ('  child-welfare: ["123456789"]\n', "child-welfare 1: wrong check digit"),
        ('  child-welfare: ["999900044", "99990005"]\n', "child-welfare 2: wrong check digit"),
    ],
)
def test_a_slip_is_named_by_its_place(tmp_path: Path, broken: str, says: str) -> None:
    """And never by its value."""
    with pytest.raises(ValueError, match=says) as refused:
        loaded(TABLE.replace(BODIES, broken), tmp_path)
    assert not any(number in str(refused.value) for number in ("123456789", "99990005"))
