"""What a unit has made of a case no other begins with: its plan and team stand, whatever is decided of its place."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from api_client import open_database
from cases import FIXTURES

from adapter.domain.case import Case, Version
from adapter.domain.problems import Finding, Refused
from adapter.flows import operate
from adapter.flows.closing import close
from adapter.flows.teams import lacking
from adapter.ports import Store
from adapter.replay import open_stage, read_case
from adapter.replay.stage import Stage

FOLDER = FIXTURES / "hand-over" / "accepted"
PLANNED, PROPOSED, TAKEN_OVER = 5, 7, 11
"""Steps of the folder after which a plan is in force, a hand-over waits, and the neighbour has the case."""
OWN, NEIGHBOUR = "8900022", "8902001"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_database(tmp_path)
    yield opened
    opened.close()


def sent_back(store: Store, steps: int) -> tuple[Stage, Case]:
    """A case that says of itself that its unit sent it back, with all that the unit has made of it: as no step leads to
    one, and a database of before may hold one."""
    stage = open_stage(FOLDER, store)
    for step in read_case(FOLDER).steps[:steps]:
        stage.play(step)
    with store.transaction() as tx:
        case = tx.case(stage.cases[-1])
        assert case is not None
        case = replace(case, state="wrong-addressee")
        tx.move(case, [])
    stage.clock.now += timedelta(hours=1)
    return stage, case


def written(store: Store, case: Case) -> list[Version]:
    return [v for v in store.versions_of(case.id) if v.type in ("CarePlan", "CareTeam")]


@pytest.mark.parametrize(
    ("steps", "unit"), [(PLANNED, NEIGHBOUR), (PROPOSED, NEIGHBOUR), (TAKEN_OVER, OWN), (TAKEN_OVER, None)]
)
def test_no_command_gives_the_work_of_a_unit_to_another(store: Store, steps: int, unit: str | None) -> None:
    """Neither to one that is named, nor, after a hand-over, to the one that the message is addressed to."""
    stage, case = sent_back(store, steps)
    before = written(store, case)
    with pytest.raises(Refused) as refused:
        operate.release(case.id, unit, "operator", "Told by telephone", stage.parts)
    assert refused.value.findings == (Finding("case-taken-up", "unit"),)
    assert written(store, case) == before


@pytest.mark.parametrize(("steps", "unit"), [(PLANNED, OWN), (TAKEN_OVER, NEIGHBOUR)])
def test_what_a_unit_has_written_stands_when_its_case_comes_back_to_it(
    store: Store, steps: int, unit: str
) -> None:
    """No version is added to its plan, to one that has ended, or to the team with who has taken part."""
    stage, case = sent_back(store, steps)
    before = written(store, case)
    released = operate.release(case.id, unit, "operator", "Told by telephone", stage.parts)
    assert (released.state, released.owner) == ("routed", case.owner)
    assert written(store, case) == before


def test_a_hand_over_is_on_no_list_when_its_case_is_closed(store: Store) -> None:
    """It waits on the list until then, and ends with the case."""
    stage = open_stage(FOLDER, store)
    for step in read_case(FOLDER).steps[:PROPOSED]:
        stage.play(step)
    assert [one.lack for one in lacking(timedelta(days=1), stage.parts)] == ["hand-over-waits"]
    close(stage.cases[-1], "died", "operator", "Told by the ward", stage.parts)
    assert list(lacking(timedelta(days=1), stage.parts)) == []
    statuses = [v.body["status"] for v in store.versions_of(stage.cases[-1]) if v.id == "overforing-1"]
    assert statuses == ["requested", "cancelled"]
