"""Every folder under fixtures/ is a claim about the adapter, held whole: each answer, each message, the end."""

from pathlib import Path

import pytest
from cases import FOLDERS, empty_database, fresh, name_of

from adapter.replay import play, read_case
from adapter.settings import carried


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return empty_database(tmp_path_factory.mktemp("empty") / "empty.db")


@pytest.mark.parametrize("folder", FOLDERS, ids=name_of)
def test_a_case_comes_out_as_its_folder_says(folder: Path, empty: Path, tmp_path: Path) -> None:
    """What the steps expect holds, and every file in out/ is met byte for byte, with none left over."""
    played = play(folder, fresh(empty, tmp_path))
    assert [step.amiss for step in played.steps if step.amiss] == []
    assert played.differs == ()


def test_there_are_enough_cases_and_each_makes_its_own_claim() -> None:
    """At least thirty, and no two show the same."""
    claims = [read_case(folder).shows for folder in FOLDERS]
    assert len(claims) >= 30
    assert len(set(claims)) == len(claims)


def test_the_program_carries_the_same_cases() -> None:
    """`ip-adapter case` and the demo find the folders that are tested here."""
    assert carried("fixtures").is_dir()
    assert sorted(p.parent.name for p in carried("fixtures").rglob("case.yaml")) == sorted(
        f.name for f in FOLDERS
    )
