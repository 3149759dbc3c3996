"""Each edge case of the field is shown by a case folder, or the list says what is missing."""

from cases import FOLDERS
from charts import edges

from adapter.replay import read_case


def test_the_forty_five_are_listed() -> None:
    assert [*edges()] == [*range(1, 46)]
    assert all(edge["what"] for edge in edges().values())
    assert set().union(*edges().values()) == {"what", "folders", "missing"}


def test_a_folder_names_only_edge_cases_that_there_are() -> None:
    named = {name for folder in FOLDERS for name in read_case(folder).covers if name.startswith("edge-")}
    assert named <= {f"edge-{number}" for number in edges()}


def test_what_no_folder_shows_is_said_to_be_missing() -> None:
    """The table of the README, which is made from the same list, hides no gap."""
    assert [number for number, edge in edges().items() if not edge["folders"] and "missing" not in edge] == []
