"""Consent is taken back at random moments while corrections flow and workers are killed: nothing overtakes it.

Held against each other: what the municipalities wrote down as it arrived, what the hospitals knew when they were told
that a consent had ended, and the audit of the adapter.
"""

import asyncio
import itertools
import random
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from havoc import Pace
from own_postgresql import OwnPostgreSQL
from premises import House
from stories import MUNICIPALITIES, Story, one_story
from upheaval import Upheaval
from withdrawals import Withdrawals, Withdrawn

from adapter.domain.case import Audit
from adapter.domain.delivery import Delivery
from adapter.outside.store import Database, open_store

pytestmark = [pytest.mark.faults, pytest.mark.processes]

_CORRECTIONS = 4
_SAID = "tilrettelagt bolig."


@pytest.mark.server
def test_no_delivery_begins_after_a_withdrawal_on_postgresql(
    make_house: Callable[..., House],
    server: OwnPostgreSQL,
    in_full: bool,
    seed: int,
    tell: Callable[[Mapping[str, Any]], None],
) -> None:
    """One service and two workers, each killed again and again."""
    house = make_house(server.new_database())
    for number in (1, 2):
        house.worker(number)
    tell(_race(house, 200 if in_full else 24, seed))


def test_no_delivery_begins_after_a_withdrawal_on_sqlite(
    make_house: Callable[..., House],
    tmp_path: Path,
    in_full: bool,
    seed: int,
    tell: Callable[[Mapping[str, Any]], None],
) -> None:
    """One process, which carries too, killed again and again."""
    tell(_race(make_house(f"sqlite:///{tmp_path / 'adapter.db'}"), 200 if in_full else 12, seed))


def _race(house: House, cases: int, seed: int) -> dict[str, Any]:
    house.service()
    chance = random.Random(seed)  # noqa: S311 - to be repeatable
    told = [_corrected(number, chance.choice([*MUNICIPALITIES])) for number in range(1, cases + 1)]
    upheaval = Upheaval(house, seed, Pace((0.3, 1.5), min(cases, 50)), cases * (1 + _CORRECTIONS))
    kinds = ["slow", "cut", "down"]  # on the way for long; come, without anybody knowing; told to wait
    for name, kind in itertools.product(house.partners, kinds * (cases // 8)):
        house.misbehave(name, kind, seconds=1.0)
    hospitals, havoc = upheaval.hospitals, upheaval.havoc
    withdrawals = Withdrawals(house, hospitals, seed, spread=1.5)

    async def told_and_withdrawn() -> None:
        await asyncio.gather(hospitals.send_all(told), withdrawals.all_of(told))

    upheaval.run(told_and_withdrawn(), havoc.kill_processes())
    upheaval.deliver(("head", "behind"))
    with closing(open_store(house.database)) as store:
        figures = _Book(store, house, withdrawals.done).hold()
    assert figures["withdrawn"] == cases
    assert figures["began afterwards"] == 0
    assert figures["stopped"] > 0
    assert sum(havoc.kills.values()) >= 2
    sent = {"cases": cases, "messages acknowledged": len(hospitals.acknowledged)}
    return sent | figures | {"kills": dict(havoc.kills)}


def _corrected(number: int, municipality: str) -> Story:
    """A need that is corrected again and again, each time to something else."""
    story = one_story(number, *["need-corrected"] * _CORRECTIONS, municipality=municipality)
    messages = [
        replace(m, body=m.body.replace(_SAID.encode(), f"{position} rom.".encode()))
        for position, m in enumerate(story.messages)
    ]
    return replace(story, messages=tuple(messages))


class _Book:
    """What is claimed of each withdrawal. AssertionError says how many, never of whom."""

    def __init__(self, store: Database, house: House, withdrawn: Sequence[Withdrawn]) -> None:
        self._store, self._withdrawn = store, withdrawn
        self._came = {entry["id"] for name in house.partners for entry in house.arrived(name)}
        names = ("withdrawn", "deliveries", "stopped", "under way", "came all the same", "began afterwards")
        self._figures = dict.fromkeys(names, 0)

    def hold(self) -> dict[str, int]:
        for one in self._withdrawn:
            sent = {d.id: d for d in self._store.deliveries_of(one.case)}
            audits = self._store.audit_of(one.case)
            (ended,) = (a for a in audits if a.details.get("resource") == one.consent)
            stopped, under_way = _ids(ended, "stopped"), _ids(ended, "under-way")
            assert under_way <= stopped
            self._each_stop_is_audited(sent, stopped, audits)
            self._who_may_have_it_is_told(sent)
            came = {id_ for id_ in under_way if sent[id_].outgoing.message_id in self._came}
            counted = {
                "withdrawn": {one.case},
                "deliveries": sent,
                "stopped": stopped,
                "under way": under_way,
            }
            counted |= {"came all the same": came, "began afterwards": self._late(one, sent) - under_way}
            for what, ids in counted.items():
                self._figures[what] += len(ids)
        return self._figures

    def _late(self, one: Withdrawn, sent: dict[int, Delivery]) -> set[int]:
        """What came after the answer, but for the news of the withdrawal: begun before it, each of them is listed."""
        came = self._came - one.arrived
        return {d.id for d in sent.values() if _is_need(d) and d.outgoing.message_id in came}

    def _each_stop_is_audited(
        self, sent: dict[int, Delivery], stopped: set[int], audits: Sequence[Audit]
    ) -> None:
        """By the withdrawal or, if it was queued since, by its own row; and what was stopped unbegun never came."""
        alone = {int(a.details["delivery"]) for a in audits if a.action == "delivery-stopped"}
        ended = {d.id for d in sent.values() if d.state == "stopped-by-consent"}
        assert ended <= stopped | alone, f"{len(ended - stopped - alone)} stops are not audited"
        again = {id_ for id_ in stopped if sent[id_].state not in ("stopped-by-consent", "accepted")}
        assert not again

    def _who_may_have_it_is_told(self, sent: dict[int, Delivery]) -> None:
        """Once, and without content; who got nothing hears nothing."""
        has_it = any(d.outgoing.message_id in self._came for d in sent.values() if _is_need(d))
        notices = [d for d in sent.values() if d.outgoing.category == "consent-notice"]
        assert len(notices) <= 1
        if has_it:
            (notice,) = notices
            assert notice.outgoing.message_id in self._came
            assert {p.type for p in notice.outgoing.carries} == {"Consent"}


def _is_need(delivery: Delivery) -> bool:
    return delivery.outgoing.category == "need"


def _ids(audit: Audit, name: str) -> set[int]:
    return {int(id_) for id_ in audit.details.get(name, "").split(",") if id_}
