"""Nobody comes to take part but with consent to it, whatever row of the team it comes in by."""

import copy
from datetime import timedelta
from pathlib import Path

import pytest
from api_client import open_database
from cases import FIXTURES

from adapter.domain.case import Resource
from adapter.domain.message import Answer, Caller
from adapter.flows.team import put_care_team
from adapter.replay import open_stage, read_case
from adapter.wire import json

OWNER, STRANGER = "999900022", "999900044"


def on_behalf_of(number: str) -> Resource:
    system = "urn:oid:2.16.578.1.12.4.1.4.101"
    return {"type": "Organization", "identifier": {"system": system, "value": number}}


@pytest.mark.parametrize(("number", "status"), [(OWNER, 200), (STRANGER, 422)])
def test_a_row_that_comes_to_be_of_another_organisation_lets_it_join(
    tmp_path: Path, number: str, status: int
) -> None:
    """The same person, first on behalf of the owner and then of another: that other joins, and needs consent."""
    store = open_database(tmp_path)
    folder = FIXTURES / "view" / "only-goals-and-wishes"
    stage = open_stage(folder, store)
    for step in read_case(folder).steps[:5]:
        stage.play(step)

    def put(organisation: str, role: str) -> Answer:
        stage.clock.now += timedelta(minutes=1)
        team = [v for v in store.versions_of(stage.cases[-1]) if v.type == "CareTeam"][-1]
        body = copy.deepcopy(team.body)
        body["contained"] = [{"resourceType": "Practitioner", "id": "doc", "name": [{"family": "Lege"}]}]
        rows = [row for row in body["participant"] if row["member"].get("reference") != "#doc"]
        row = {"member": {"reference": "#doc"}, "role": [{"text": role}]}
        body["participant"] = [*rows, {**row, "onBehalfOf": on_behalf_of(organisation)}]
        raw = json.dumps(body)
        return put_care_team(Caller(OWNER, frozenset()), team.id, f'W/"{team.number}"', raw, stage.parts)

    assert put(OWNER, "lege").status == 200
    answer = put(number, "fastlege")
    assert answer.status == status
    assert (b"participant-without-consent" in answer.body) == (status == 422)
    store.close()
