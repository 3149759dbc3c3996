"""Another than the owner changes nothing of a team but its own say, whatever part of it is seen and put."""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cases import empty_database
from kept import played

from adapter.domain.message import Answer, Caller
from adapter.flows.read import read_resource
from adapter.flows.team import put_care_team
from adapter.replay.stage import Stage

SECOND = Caller("999900033", frozenset())
STATUS = "https://ip-adapter.example/fhir/StructureDefinition/participation-status"
Tree = dict[str, Any]
SEEN = {
    "a part": "team/says-of-what-it-sees",
    "its own rows": "team/invited-accepts-for-itself",
    "all of it": "team/only-ones-own-participation",
}
"""Folders in which the second hospital sees so much of the team, after five steps."""


@pytest.fixture(params=SEEN.values(), ids=list(SEEN))
def stage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stage]:
    with played(f"sqlite:///{empty_database(tmp_path / 'case.db')}", request.param, 5) as on:
        yield on


def team(stage: Stage) -> Tree:
    """The whole of it, as it is kept."""
    with stage.parts.store.transaction() as tx:
        return next(v.body for v in tx.of_case(stage.cases[0]) if v.type == "CareTeam")


def seen(stage: Stage) -> Tree:
    body: Tree = json.loads(
        read_resource(SECOND, "CareTeam", team(stage)["id"], None, stage.parts).body or b""
    )
    return body


def put(stage: Stage, body: Tree) -> Answer:
    kept = team(stage)
    etag = f'W/"{kept["meta"]["versionId"]}"'
    return put_care_team(SECOND, kept["id"], etag, json.dumps(body).encode(), stage.parts)


def own_row(body: Tree) -> Tree:
    return next(
        r for r in body["participant"] if r["member"].get("identifier", {}).get("value") == "999900033"
    )


def ways(node: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """To every element of a tree, of whatever depth."""
    for key in list(node) if isinstance(node, dict) else range(len(node)):
        yield (*way, key)
        if isinstance(node[key], dict | list):
            yield from ways(node[key], (*way, key))


def without_or_altered(body: Tree) -> Iterator[Tree]:
    """The team with one element left out, or one word altered, each in turn; but for the stamp and its own say."""
    said = [e for e in own_row(body).get("extension", ()) if e["url"] == STATUS]
    for way in ways(
        {name: value for name, value in body.items() if name not in ("resourceType", "id", "meta")}
    ):
        for word in (None, "altered"):
            made = copy.deepcopy(body)
            around = made
            for key in way[:-1]:
                around = around[key]
            element = around[way[-1]]
            of_its_own = [around, element, *(element if isinstance(element, list) else ())]
            if any(e in of_its_own for e in said) or (word and not isinstance(element, str)):
                continue
            if word:
                around[way[-1]] = word
            else:
                del around[way[-1]]
            yield made


def test_nothing_else_is_changed_by_another_than_the_owner(stage: Stage) -> None:
    """Each element of what is seen is left out, each word altered: refused each time, and the team stays as it was."""
    before, view = team(stage), seen(stage)
    tried = list(without_or_altered(view))
    assert len(tried) > 15
    assert [body for body in tried if put(stage, body).status < 400] == []
    assert team(stage) == before


def test_its_own_say_changes_its_own_row_and_no_more(stage: Stage) -> None:
    """What it saw and what it did not see stays, word for word; the answer holds no more than was put."""
    before, view = team(stage), seen(stage)
    row = own_row(view)
    invited = any(e["url"] == STATUS for e in row.get("extension", ()))
    say = {"url": STATUS, "valueCode": "accepted" if invited else "paused"}
    row["extension"] = [*(e for e in row.get("extension", ()) if e["url"] != STATUS), say]
    answer = put(stage, view)
    after = team(stage)
    assert answer.status == 200
    assert {k: v for k, v in after.items() if k not in ("meta", "participant")} == {
        k: v for k, v in before.items() if k not in ("meta", "participant")
    }
    others = [[r for r in body["participant"] if r != own_row(body)] for body in (before, after)]
    assert others[0] == others[1]
    assert say in own_row(after)["extension"]
    told = json.loads(answer.body or b"")
    assert told["participant"] == view["participant"]
