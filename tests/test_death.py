"""A report of death at the same moment as the postman: what had begun is known, and nothing begins after it (R-154)."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cases import FIXTURES, empty_database, fresh

from adapter.domain.case import DEAD, DEATHS
from adapter.domain.delivery import Letter, Receipt
from adapter.flows.deliver import deliver_round
from adapter.flows.parts import Parts
from adapter.outside.store import open_store
from adapter.replay import open_stage, read_case
from adapter.replay.stage import Stage

FOLDER = FIXTURES / "life" / "death-is-taken-back"
STEPS = read_case(FOLDER).steps
HOSPITAL = "999900011"


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """News for the hospital is due, and nobody has reported a death yet."""
    store = open_store(f"sqlite:///{fresh(empty_database(tmp_path / 'empty.db'), tmp_path)}")
    stage = open_stage(FOLDER, store)
    stage.play(STEPS[0])
    stage.act_first(STEPS[2])
    stage.act(STEPS[2])
    yield stage
    store.close()


def report(stage: Stage) -> None:
    stage.act(STEPS[3])


class Reported:
    """A transport that carries a letter while the death is reported; and a store in which that comes in between."""

    def __init__(self, stage: Stage, before: int = 0) -> None:
        self._stage, self._left = stage, before
        self.posted: list[Letter] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stage.parts.store, name)

    @contextmanager
    def transaction(self) -> Iterator[Any]:
        self._left -= 1
        if self._left == 0:
            report(self._stage)
        with self._stage.parts.store.transaction() as tx:
            yield tx

    async def post(self, letter: Letter) -> Receipt:
        self.posted.append(letter)
        report(self._stage)
        return Receipt("answered", 200, "ok")


def delivered(stage: Stage, transport: Any, parts: Parts) -> list[tuple[str, str]]:
    asyncio.run(deliver_round(HOSPITAL, transport, parts))
    return [
        (d.state, d.place)
        for d in stage.parts.store.deliveries_of(stage.cases[-1])
        if d.outgoing.recipient == HOSPITAL
    ]


def test_what_is_accepted_while_the_death_is_reported_was_delivered(stage: Stage) -> None:
    """It is listed as under way, and its outcome is known in the end."""
    carrier = Reported(stage)
    assert delivered(stage, carrier, stage.parts) == [("accepted", "done")]
    assert len(carrier.posted) == 1
    (held,) = (a for a in stage.parts.store.audit_of(stage.cases[-1]) if a.action == "deliveries-held")
    assert held.details["under-way"] == held.details["held"] != ""


def test_what_was_judged_before_the_report_does_not_begin_after_it(stage: Stage) -> None:
    """The report is committed between the postman's look and its beginning."""
    between: Any = Reported(stage, before=2)
    assert delivered(stage, between, replace(stage.parts, store=between)) == [("parked", "held")]
    assert between.posted == []


def test_only_a_command_takes_a_death_off_the_list(stage: Stage) -> None:
    """Whatever resolves the rest of a case leaves it there; who names it takes it off."""
    report(stage)
    case, now = stage.cases[-1], stage.clock()
    for reasons, left in (((), [DEAD]), (("fault-reported",), [DEAD]), (DEATHS, [])):
        with stage.parts.store.transaction() as tx:
            tx.resolve(case, now, "somebody", reasons)
        assert [w.reason for w in stage.parts.store.waiting() if w.case_id == case] == left
