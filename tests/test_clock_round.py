"""The keeper of clocks on both databases: each stage is told once, whoever looks, whenever, and wherever it dies.

The rules here are the tests' own, and a reminder is a row of the audit that bears the name of its stage.
"""

from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from cases import FIXTURES
from mortal import Died, Life, Mortal
from stored import together

from adapter.domain.case import Audit, Case, Version
from adapter.domain.counting import Length
from adapter.domain.deadline import Deadline, Happened, Rule
from adapter.domain.deadline import Stage as DeadlineStage
from adapter.flows.clock_round import keep_clocks
from adapter.flows.parts import Parts
from adapter.outside.store import Database
from adapter.ports import Transaction
from adapter.replay import open_stage, read_case
from adapter.replay.case_file import CaseStep, Put
from adapter.replay.stage import Stage

FOLDER = FIXTURES / "notify" / "fhir-need-is-routed"
OPENED = Rule(
    "unit-opens",
    frozenset({"received"}),
    frozenset({"case:open"}),
    Length(3, "working-days"),
    Length(1, "working-days"),
    "agreement",
    "agreement",
)
WARNED, OVERDUE = "2026-03-11T23:00:00+00:00", "2026-03-13T23:00:00+00:00"


def facts(tx: Transaction, case: Case, parts: Parts) -> list[Happened]:
    """When the case came, and its steps."""
    steps = parts.store.history_of(case.id)
    return [
        Happened("received", case.opened_at, case.requester),
        *(Happened(f"{s.lifecycle}:{s.event}", s.at, s.actor) for s in steps),
    ]


def tell(
    tx: Transaction, case: Case, deadline: Deadline, stage: DeadlineStage, at: datetime, parts: Parts
) -> None:
    """As a real reminder does, it changes the case, too."""
    tx.record(
        Audit(parts.clock(), "test", "told", case.id, {"name": deadline.name_of(stage), "at": at.isoformat()})
    )
    body = {"resourceType": "Basic"}
    tx.keep_version(
        Version("Basic", deadline.name_of(stage), 1, case.id, parts.clock(), "adapter", "x", body)
    )


@pytest.fixture
def stage(store: Database, monkeypatch: pytest.MonkeyPatch) -> Stage:
    """A case that is with its unit, on 10 March 2026 at 10 in Norway."""
    monkeypatch.setattr("adapter.flows.clock_round.rules_of", lambda case, parts: [OPENED])
    monkeypatch.setattr("adapter.flows.clock_round.happened", facts)
    monkeypatch.setattr("adapter.flows.clock_round.remind", tell)
    stage = open_stage(FOLDER, store)
    stage.play(read_case(FOLDER).steps[0])
    return stage


def after(stage: Stage, wait: timedelta) -> Parts:
    now = stage.clock.now + wait
    return replace(stage.parts, clock=lambda: now)


def told(stage: Stage) -> list[tuple[str, str]]:
    """(stage, when that was) of what was told, in order."""
    audit = stage.parts.store.audit_of(stage.cases[0])
    return [(a.details["name"].rsplit("/", 1)[1], a.details["at"]) for a in audit if a.action == "told"]


def kept(stage: Stage) -> list[Deadline]:
    return list(stage.parts.store.deadlines_of(stage.cases[0]))


def test_time_passes_from_one_turn_to_the_next(stage: Stage) -> None:
    """A wait of a month is seen to at the moments at which something turns; then nobody need look again."""
    assert (told(stage), stage.parts.store.next_look()) == ([], datetime.fromisoformat(WARNED))
    stage.play(CaseStep(wait=timedelta(days=31)))
    assert told(stage) == [("warned", WARNED), ("overdue", OVERDUE)]
    (one,) = kept(stage)
    assert [one.warned_at, one.overdue_at] == [datetime.fromisoformat(at) for at in (WARNED, OVERDUE)]
    assert (one.state, stage.parts.store.next_look()) == ("overdue", None)


def test_after_an_outage_both_are_told_at_once_with_their_own_times(stage: Stage) -> None:
    parts = after(stage, timedelta(days=31))
    while keep_clocks(parts, 10):
        pass
    assert told(stage) == [("warned", WARNED), ("overdue", OVERDUE)]
    actions = [a.action for a in stage.parts.store.audit_of(stage.cases[0]) if "deadline" in a.action]
    assert actions == ["deadline-warned", "deadline-overdue"]


def test_who_opens_the_case_stops_its_clock(stage: Stage) -> None:
    """It says by whom, and is never warned of."""
    opened = {"system": "https://ip-adapter.example/fhir/CodeSystem/case-step", "code": "opened"}
    change = {"status": "received", "businessStatus": {"coding": [opened]}}
    stage.play(CaseStep(put=Put(resource="Task", by="municipality", change=change)))
    stage.play(CaseStep(wait=timedelta(days=31)))
    assert told(stage) == [("stopped", "2026-03-10T09:07:30+00:00")]
    assert [(d.state, d.by, d.warned_at) for d in kept(stage)] == [
        ("stopped", stage.cast.organisations["municipality"], None)
    ]


def test_two_nodes_at_once_tell_each_stage_once(stage: Stage) -> None:
    """Four keepers on one database: whoever comes second finds it told."""
    parts = after(stage, timedelta(days=31))
    for _ in range(3):
        assert together(*[lambda: keep_clocks(parts, 10)] * 4) == []
    assert told(stage) == [("warned", WARNED), ("overdue", OVERDUE)]
    assert keep_clocks(parts, 10) == 0


@pytest.mark.parametrize("moment", range(1, 15))
def test_wherever_a_keeper_dies_the_next_goes_on(stage: Stage, moment: int) -> None:
    """At every call of the store: nothing of a look stays, or all of it."""
    life = Life(moment, everywhere=True)
    parts = after(stage, timedelta(days=31))
    mortal: Any = Mortal(parts.store, life, set())
    with suppress(Died):
        keep_clocks(replace(parts, store=mortal), 10)
    assert life.died == (moment < 14)
    assert told(stage) in ([], [("warned", WARNED), ("overdue", OVERDUE)])
    while keep_clocks(parts, 10):
        pass
    assert told(stage) == [("warned", WARNED), ("overdue", OVERDUE)]
    assert [d.state for d in kept(stage)] == ["overdue"]
