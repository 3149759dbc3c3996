"""Who may not know of what changed in a plan hears of no change; what anybody may lack goes."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cases import empty_database
from kept import played

from adapter.domain.delivery import Delivery
from adapter.flows.announcing import new_to_them
from adapter.flows.plan import with_version
from adapter.replay.stage import Stage

FOLDER = "view/told-of-ones-own-part"
PUT = 6
"""Steps until both hospitals have the plan."""
HOSPITAL, SECOND = "999900011", "999900033"


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with played(f"sqlite:///{empty_database(tmp_path / 'case.db')}", FOLDER, PUT) as stage:
        yield stage


class Remembering:
    """A transaction whose deliveries are as a test says."""

    def __init__(self, tx: Any, deliveries: list[Delivery]) -> None:
        self.tx, self._deliveries = tx, deliveries

    def __getattr__(self, name: str) -> Any:
        return getattr(self.tx, name)

    def deliveries(self, _case: str) -> list[Delivery]:
        return self._deliveries


def offered(stage: Stage, *, last: dict[str, Any] | None = None, gone: bool = False) -> list[str]:
    """To whom a version goes in which only the mental health has changed, if the last delivery to each was so."""
    with stage.parts.store.transaction() as tx:
        versions = tx.of_case(stage.cases[0])
        plan = next(v for v in versions if v.type == "CarePlan")
        goals = [dict(goal) for goal in plan.body["contained"]]
        goals[1] = goals[1] | {"description": {"text": "Noe annet"}}
        changed = replace(plan, number=plan.number + 1, body=plan.body | {"contained": goals})
        deliveries = [d for d in tx.deliveries(stage.cases[0]) if d.outgoing.category == "plan"]
        of_last = {d.outgoing.recipient: d.id for d in deliveries}
        told = [replace(d, **(last or {})) if d.id in of_last.values() else d for d in deliveries if not gone]
        wanted = [
            replace(
                d.outgoing,
                message_id=d.outgoing.recipient,
                carries=(replace(pin, number=changed.number), *rest),
            )
            for d in deliveries
            if d.id in of_last.values()
            for pin, *rest in [d.outgoing.carries]
        ]
        everything = with_version(versions, changed)
        remembering: Any = Remembering(tx, told)
        found = new_to_them(remembering, wanted, versions, everything, stage.clock.now, stage.parts)
    return [out.recipient for out in found]


def test_only_who_may_see_what_changed_is_told(stage: Stage) -> None:
    assert offered(stage) == [HOSPITAL]


def test_what_waits_to_be_sent_counts_as_got(stage: Stage) -> None:
    assert offered(stage, last={"state": "queued", "place": "head"}) == [HOSPITAL]


@pytest.mark.parametrize(
    "last",
    [
        {"state": "parked", "place": "held"},
        {"state": "rejected", "place": "held"},
        {"state": "stopped-by-consent", "tries": 1},
    ],
)
def test_where_nobody_knows_what_came_the_new_version_goes(stage: Stage, last: dict[str, Any]) -> None:
    """What is held may be sent later, and what was stopped on its way may have come."""
    assert offered(stage, last=last) == [HOSPITAL, SECOND]


def test_who_has_got_nothing_gets_it(stage: Stage) -> None:
    assert offered(stage, gone=True) == [HOSPITAL, SECOND]


def test_what_never_went_is_passed_over_for_what_went_before_it(stage: Stage) -> None:
    """The team before the plan: the plan is new to both."""
    assert offered(stage, last={"state": "stopped-by-consent", "tries": 0}) == [HOSPITAL, SECOND]
