"""What lapses or runs out is told once, by whichever process looks, and never of one who has died."""

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cases import FIXTURES, empty_database
from kept import played

from adapter.daily import Daily
from adapter.domain.case import DEAD, Waiting
from adapter.domain.message import Caller
from adapter.flows.consent import put_consent
from adapter.flows.lapse_news import look, look_at_all
from adapter.ports import StoreBusy
from adapter.replay import read_case
from adapter.replay.stage import Stage
from adapter.wire import json

FOLDER = "consent/run-out-is-told"
BEFORE = 5
"""Steps until the plan is in force under a consent until the end of 11 March."""
MUNICIPALITY, HOSPITAL = "999900022", "999900011"


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with played(f"sqlite:///{empty_database(tmp_path / 'case.db')}", FOLDER, BEFORE) as stage:
        yield stage


def at(stage: Stage, moment: str) -> None:
    stage.clock.now = datetime.fromisoformat(moment)


def notices(stage: Stage) -> list[str]:
    found = stage.parts.store.deliveries_of(stage.cases[0])
    return [d.outgoing.recipient for d in found if d.outgoing.category == "consent-notice"]


def lists(stage: Stage) -> list[str]:
    return [waiting.reason for waiting in stage.parts.store.waiting()]


@pytest.mark.parametrize(
    ("moment", "told"),
    [("2026-03-11T23:59:59+01:00", []), ("2026-03-12T00:00:00+01:00", [HOSPITAL, MUNICIPALITY])],
)
def test_it_is_over_at_midnight_in_norway(stage: Stage, moment: str, told: list[str]) -> None:
    at(stage, moment)
    look_at_all(stage.parts)
    assert notices(stage) == told
    assert lists(stage) == (["consent-ended"] if told else [])


def test_it_is_told_once_also_when_a_person_has_seen_to_it(stage: Stage) -> None:
    at(stage, "2026-03-12T08:00:00+01:00")
    look_at_all(stage.parts)
    with stage.parts.store.transaction() as tx:
        tx.case(stage.cases[0])
        tx.resolve(stage.cases[0], stage.clock.now, "operator")
    look_at_all(stage.parts)
    assert (notices(stage), lists(stage)) == ([HOSPITAL, MUNICIPALITY], [])


def test_the_notice_holds_the_consent_as_ended_and_nothing_else(stage: Stage) -> None:
    at(stage, "2026-03-12T08:00:00+01:00")
    look_at_all(stage.parts)
    stage.deliver()
    (sent,) = (s for s in stage.collect() if s.recipient == HOSPITAL)
    bundle = json.loads(sent.body, max_bytes=1_000_000, max_depth=100)
    _, consent = (entry["resource"] for entry in bundle["entry"])
    assert (consent["resourceType"], consent["status"]) == ("Consent", "inactive")
    assert "by-time-or-law" in [tag["code"] for tag in consent["meta"]["tag"]]


def test_of_one_who_has_died_nobody_is_told(stage: Stage) -> None:
    """Sending has stopped, and a person closes the case (R-154)."""
    with stage.parts.store.transaction() as tx:
        tx.case(stage.cases[0])
        tx.wait_for_person(Waiting(stage.cases[0], "conversation", DEAD, stage.clock.now))
    at(stage, "2026-03-12T08:00:00+01:00")
    look_at_all(stage.parts)
    assert (notices(stage), lists(stage)) == ([], [DEAD])


def test_a_graver_reason_stays_on_the_list_beside_it(stage: Stage) -> None:
    with stage.parts.store.transaction() as tx:
        tx.case(stage.cases[0])
        tx.wait_for_person(Waiting(stage.cases[0], "consent", "need-stopped", stage.clock.now))
    at(stage, "2026-03-12T08:00:00+01:00")
    look_at_all(stage.parts)
    assert (notices(stage), lists(stage)) == ([HOSPITAL, MUNICIPALITY], ["need-stopped", "consent-ended"])


def test_what_was_over_when_it_was_recorded_is_told_by_that(stage: Stage) -> None:
    """A consent that is shortened into the past: the update tells who loses access, and nobody does a second time."""
    at(stage, "2026-03-11T12:00:00+01:00")
    with stage.parts.store.transaction() as tx:
        consent = tx.current("Consent", "samtykke-deling")
    assert consent
    provision = consent.body["provision"] | {"period": {"start": "2026-03-10", "end": "2026-03-10"}}
    body = json.dumps(consent.body | {"provision": provision})
    caller = Caller(MUNICIPALITY, frozenset())
    assert put_consent(caller, consent.id, f'W/"{consent.number}"', body, stage.parts).status == 200
    assert notices(stage) == [HOSPITAL]
    look_at_all(stage.parts)
    assert notices(stage) == [HOSPITAL]


def test_pages_are_gone_on_with(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("adapter.flows.lapse_news._PAGE", 1)
    at(stage, "2026-03-12T08:00:00+01:00")
    first = look("", stage.parts)
    assert (first, look(first, stage.parts)) == (stage.cases[0], "")


class Clocked:
    """A store whose clock says this, and that is busy so many times."""

    def __init__(self, store: Any, says: datetime | None, busy: int = 0) -> None:
        self.store, self.says, self.busy = store, says, busy

    def __getattr__(self, name: str) -> Any:
        return getattr(self.store, name)

    def time(self) -> datetime | None:
        if self.busy:
            self.busy -= 1
            raise StoreBusy
        return self.says


async def days(daily: Daily, monkeypatch: pytest.MonkeyPatch, looks: int) -> None:
    """So many looks at the calendar, one upon the other."""
    monkeypatch.setattr("adapter.daily._LOOK_EVERY", 0.0)
    original, done = daily._looks, 0

    async def counted() -> bool:
        nonlocal done
        done += 1
        if done == looks:
            daily.stop()
        return await original()

    monkeypatch.setattr(daily, "_looks", counted)
    with suppress(TimeoutError):
        await asyncio.wait_for(daily.run(), 10)


@pytest.mark.parametrize(("ahead", "busy", "told"), [(0, 0, True), (3, 0, False), (0, 1, False)])
def test_a_day_begins_by_a_clock_that_is_right_and_a_database_that_answers(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, ahead: int, busy: int, told: bool
) -> None:
    at(stage, "2026-03-12T08:00:00+01:00")
    store = Clocked(stage.parts.store, stage.clock.now - timedelta(days=ahead), busy)
    parts = replace(stage.parts, store=store)  # type: ignore[arg-type]
    asyncio.run(days(Daily(parts), monkeypatch, 1))
    assert (lists(stage) == ["consent-ended"]) is told


def test_the_folder_has_as_many_steps_as_these_tests_count_on() -> None:
    steps = read_case(FIXTURES / FOLDER).steps
    assert steps[BEFORE - 1].put
    assert steps[BEFORE].wait
