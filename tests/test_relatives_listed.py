"""Parents go on in the team of a child that comes of age, and are listed until both sides say that they want it."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

from cases import empty_database
from kept import played

from adapter.domain.message import Caller
from adapter.flows.team import put_care_team
from adapter.flows.teams import lacking
from adapter.replay.stage import Stage

OWNER = Caller("999900022", frozenset())
BASE = "https://ip-adapter.example/fhir"


def parent(*accepted: str) -> dict[str, Any]:
    days = [{"url": f"{BASE}/StructureDefinition/{name}", "valueDate": "2026-03-11"} for name in accepted]
    role = {"coding": [{"system": f"{BASE}/CodeSystem/team-role", "code": "parent"}]}
    member = {"type": "RelatedPerson", "display": "X"}
    return ({"extension": days} if days else {}) | {"role": [role], "member": member}


def put(stage: Stage, row: dict[str, Any]) -> int:
    with stage.parts.store.transaction() as tx:
        team = next(v for v in tx.of_case(stage.cases[0]) if v.type == "CareTeam")
    body = json.dumps(
        team.body | {"status": "active", "participant": [*team.body["participant"][:3], row]}
    ).encode()
    return put_care_team(OWNER, team.id, f'W/"{team.number}"', body, stage.parts).status


def lacks(stage: Stage) -> list[str]:
    return [f"{one.lack} {one.place}" for one in lacking(timedelta(days=1), stage.parts)]


def test_parents_of_who_comes_of_age_are_listed_until_both_have_accepted(tmp_path: Path) -> None:
    """Nobody is taken out of the team for a birthday (R-093), and from then on the person decides (IP-f § 4, R-155)."""
    url = f"sqlite:///{empty_database(tmp_path / 'case.db')}"
    with played(url, "team/child-coordinator-until-eighteen", 2) as stage:
        assert put(stage, parent()) == 200
        assert lacks(stage) == []
        stage.clock.now += timedelta(days=1)
        missing = [
            f"acceptance-missing CareTeam.participant[3].extension[accepted-by-{who}]"
            for who in ("person", "relative")
        ]
        assert lacks(stage) == missing
        assert put(stage, parent("accepted-by-person")) == 422
        assert put(stage, parent("accepted-by-person", "accepted-by-relative")) == 200
        assert lacks(stage) == []
