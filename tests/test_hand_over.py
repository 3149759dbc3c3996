"""A case goes to another municipality by a person's acceptance and by nothing else (R-152)."""

import json
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from api_client import open_database
from cases import FIXTURES
from hypothesis import given
from hypothesis import strategies as st

from adapter.domain.hand_over import OVER, Ground, obstacles, obstacles_to_accepting
from adapter.domain.problems import Refused
from adapter.flows.proposal import require_only_the_question
from adapter.flows.teams import lacking
from adapter.mapping.tables import load
from adapter.replay import open_stage, read_case
from adapter.settings import SAMPLE_BASE, carried

TABLES = load(carried("mappings"), SAMPLE_BASE)
FOLDERS = sorted(p.parent for p in (FIXTURES / "hand-over").glob("*/case.yaml"))
PROPOSED, ACCEPTED = 7, 11
"""Steps of the folder `accepted`."""
SOUND = Ground("1", "2", "active", others=False, consented=True)
TOLD = re.compile(r"(\d+)-sent-\d+-to-999902001\.json")
ASKED = {"MessageHeader", "Task", "Patient", "Provenance", "Consent"}
"""What the unit that is asked may get before it has accepted: the question, about whom, and that consent has ended."""


def names(found: Any) -> list[str]:
    return [finding.problem for finding in found]


@pytest.mark.parametrize(
    ("ground", "problem"),
    [
        (replace(SOUND, receiver=""), "hand-over-unit-unknown"),
        (replace(SOUND, receiver="1"), "hand-over-to-itself"),
        (replace(SOUND, consented=False), "hand-over-without-consent"),
        (replace(SOUND, plan_status=""), "hand-over-without-plan"),
        *((replace(SOUND, plan_status=status), "hand-over-without-plan") for status in sorted(OVER)),
        (replace(SOUND, others=True), "hand-over-waits-already"),
        (replace(SOUND, withheld=("CareTeam.participant[0]",)), "hand-over-team-withheld"),
    ],
)
def test_each_obstacle_is_named_alone(ground: Ground, problem: str) -> None:
    """What is sound meets none; what lacks one thing is told that one."""
    assert names(obstacles(SOUND)) == []
    assert names(obstacles(ground)) == [problem]


@given(
    st.builds(
        Ground,
        owner=st.just("1"),
        receiver=st.sampled_from(["", "1", "2"]),
        plan_status=st.sampled_from(["", "draft", "active", "on-hold", *sorted(OVER)]),
        others=st.booleans(),
        consented=st.booleans(),
        withheld=st.lists(st.just("CareTeam.participant[1]"), max_size=2),
    )
)
def test_who_accepts_is_not_told_whom_the_person_keeps_from_it(ground: Ground) -> None:
    """What is withheld reads as no consent, and no place in the team is named; without consent nobody accepts."""
    found = list(obstacles_to_accepting(ground))
    assert not any(f.where.startswith("CareTeam") or f.problem == "hand-over-team-withheld" for f in found)
    refused = "hand-over-without-consent" in names(found)
    assert refused == (not ground.consented or bool(ground.withheld))


def test_only_a_named_person_of_the_new_unit_moves_a_case() -> None:
    """No step that hands over is the adapter's or the old unit's; a hand-over that was answered stays answered."""
    cycle = TABLES.lifecycles["hand-over"]
    rules = {r.event: r for r in TABLES.steps if r.lifecycle == "hand-over"}
    assert {e for e, r in rules.items() if r.actor == "receiver"} == {"accept", "decline"}
    assert all(r.person for r in rules.values() if r.event != "withdraw")
    moving = next(r for r in TABLES.steps if (r.lifecycle, r.event) == ("case", "hand-over"))
    assert (moving.actor, moving.person) == ("receiver", True)
    for state in ("accepted", "rejected", "cancelled"):
        assert {cycle.after(state, e) for e in cycle.events} == {None, state}


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda p: p.name)
def test_the_owner_changes_with_the_acceptance_only(folder: Path) -> None:
    """As the goldens have it: the case is whose person accepted it last, or else still the old unit's, and an old plan
    ends with the acceptance as one that was moved."""
    for case in ends(folder).values():
        accepted = [
            h.rsplit(" by ")[1] for h in case["history"] if h.startswith("hand-over: requested --accept")
        ]
        moved = [h.rsplit(" by ")[1] for h in case["history"] if " --hand-over--> " in h]
        asked = [
            h.rsplit(" by ")[1] for h in case["history"] if "--propose-->" in h and h.startswith("hand-over")
        ]
        assert accepted == moved
        assert case["owner"] == next(iter(accepted or asked), case["owner"])
        assert len([r for r in case["resources"] if reason(r) == "moved"]) == len(accepted)
        standing = [
            r for r in case["resources"] if r["resourceType"] == "CarePlan" and r["status"] not in OVER
        ]
        assert len(standing) <= 1


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda p: p.name)
def test_the_unit_that_is_asked_gets_nothing_of_the_plan_before_it_accepts(folder: Path) -> None:
    """Every message to it until then holds the question and who the person is: no plan, no team, no need. A need of its
    own it has from elsewhere."""
    steps = read_case(folder).steps
    acceptance = next(
        (n for n, s in enumerate(steps, 1) if s.put and (s.put.change or {}).get("status") == "accepted"
         and s.put.resource.startswith("Task/overforing") and s.expect.status == 200),
        len(steps) + 1,
    )  # fmt: skip
    for file in (folder / "out").glob("*-sent-*-to-999902001.json"):
        found = TOLD.fullmatch(file.name)
        bundle = json.loads(file.read_text("utf-8"))
        own_need = bundle["entry"][0]["resource"]["eventCoding"]["code"] == "need-notified"
        of_other_case = (folder / "second.xml").exists() and "overforing" not in file.read_text("utf-8")
        if found and int(found[1]) < acceptance and not own_need and not of_other_case:
            assert {e["resource"]["resourceType"] for e in bundle["entry"]} <= ASKED, file.name


def ends(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "out" / "end.json").read_text(encoding="utf-8"))
    return found


def reason(resource: dict[str, Any]) -> str:
    """Why a plan has ended (CL-12)."""
    url = f"{SAMPLE_BASE}/StructureDefinition/closing-reason"
    said = (e["valueCoding"]["code"] for e in resource.get("extension", ()) if e.get("url") == url)
    return next(said, "") if resource["resourceType"] == "CarePlan" else ""


def test_a_proposal_is_listed_until_it_is_answered(tmp_path: Path) -> None:
    """As the folder has it: `teams` lists it after the proposal, and no more after the acceptance."""
    store = open_database(tmp_path)
    folder = FIXTURES / "hand-over" / "accepted"
    stage = open_stage(folder, store)
    seen: list[list[str]] = []
    for step in read_case(folder).steps[:ACCEPTED]:
        stage.play(step)
        seen.append([one.lack for one in lacking(timedelta(days=1), stage.parts)])
    store.close()
    assert [n for n, lacks in enumerate(seen, 1) if lacks] == [*range(PROPOSED, ACCEPTED)]
    assert seen[PROPOSED] == ["hand-over-waits"]


@pytest.mark.parametrize(
    ("more", "place"),
    [
        ({"contained": [{"resourceType": "CarePlan", "description": "x"}]}, "Task.contained"),
        ({"text": {"status": "generated", "div": "<div>x</div>"}}, "Task.text"),
        ({"statusReason": {"text": "x"}}, "Task.statusReason"),
        ({"extension": [{"url": "urn:x", "valueString": "x"}]}, "Task.extension"),
        ({"_status": {"extension": [{"url": "urn:x", "valueString": "x"}]}}, "Task._status"),
        ({"meta": {"tag": [{"display": "x"}]}}, "Task.meta.tag"),
        (
            {"code": {"coding": [{"code": "hand-over"}, {"system": "urn:icpc", "code": "x"}]}},
            "Task.code.coding[1]",
        ),
        ({"code": {"coding": [{"code": "hand-over"}], "text": "x"}}, "Task.code.text"),
        ({"focus": {"reference": "CarePlan/1", "display": "x"}}, "Task.focus.display"),
        ({"owner": {"identifier": {"value": "1", "type": {"text": "x"}}}}, "Task.owner.identifier.type"),
    ],
)
def test_a_proposal_holds_the_question_alone(more: dict[str, Any], place: str) -> None:
    """Whatever else could say what is in the plan is refused, by its place."""
    steps = read_case(FIXTURES / "hand-over" / "accepted").steps
    question = next(s.put.change for s in steps if s.put and s.put.resource == "Task/overforing-1")
    proposal = {"resourceType": "Task", "id": "overforing-1", **(question or {})}
    require_only_the_question(proposal)
    with pytest.raises(Refused) as refused:
        require_only_the_question(proposal | more)
    assert [(f.problem, f.where) for f in refused.value.findings] == [("hand-over-tells-more", place)]
