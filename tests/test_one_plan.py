"""One plan per person (IP-f § 9), whoever puts one in force, and whenever: also two at the same moment."""

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from cases import FIXTURES

from adapter.domain.case import Case, Resource
from adapter.domain.message import Answer, Caller
from adapter.flows import standing_plan
from adapter.flows.plan import put_care_plan
from adapter.outside.store import open_store
from adapter.ports import Transaction
from adapter.replay import open_stage, read_case
from adapter.replay.stage import Stage

FOLDER = FIXTURES / "plan" / "second-plan-is-refused"
_TWO_DRAFTS = 6
"""The steps of the folder that lead to two cases of one person, each with a draft and consent to the plan."""
_BOTH = 2


@pytest.mark.server
def test_of_two_plans_at_one_moment_one_comes_into_force(
    postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each update holds its own case and looks for the other: one is told that there is a plan, none is lost."""
    others, met, first = standing_plan._others, Barrier(_BOTH, timeout=30), iter(range(_BOTH))

    def at_once(tx: Transaction, case: Case) -> Sequence[Case]:
        if next(first, None) is not None:
            met.wait()
        return others(tx, case)

    store = open_store(postgresql_url)
    try:
        stage = open_stage(FOLDER, store)
        for step in read_case(FOLDER).steps[:_TWO_DRAFTS]:
            stage.play(step)
        plans = [_whole(stage, case_id) for case_id in stage.cases]
        monkeypatch.setattr(standing_plan, "_others", at_once)
        with ThreadPoolExecutor(_BOTH) as threads:
            answers = list(threads.map(lambda plan: _put(stage, plan), plans))
        assert sorted(answer.status for answer in answers) == [200, 409]
        refused = next(answer for answer in answers if answer.status == 409)
        assert b"second-active-plan" in refused.body
    finally:
        store.close()


def _whole(stage: Stage, case_id: str) -> Resource:
    """The plan of a case as it would be in force."""
    with stage.parts.store.transaction() as tx:
        versions = tx.of_case(case_id)
    draft = next(v.body for v in versions if v.type == "CarePlan")
    consent = next(v.reference for v in versions if v.id.startswith("samtykke-plan"))
    plan = {**draft, **stage.cast.plan, "status": "active"}
    return json.loads(json.dumps(plan).replace("Consent/samtykke-plan", consent))  # type: ignore[no-any-return]


def _put(stage: Stage, plan: Resource) -> Answer:
    unit = Caller("999900022", frozenset())
    return put_care_plan(unit, plan["id"], 'W/"1"', json.dumps(plan).encode(), stage.parts)
