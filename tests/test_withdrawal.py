"""No delivery begins after consent to it is taken back; what had begun is listed, and who may have it is told."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from due_mail import MUNICIPALITY, Accepting, Dead, one_due

from adapter.domain.case import Audit, Version
from adapter.domain.delivery import Delivery, Letter, Receipt
from adapter.domain.message import Caller
from adapter.flows.consent import put_consent
from adapter.flows.deliver import deliver_round
from adapter.ports import Transaction
from adapter.replay.stage import Stage
from adapter.wire import json

HOSPITAL = Caller("999900011", frozenset({"ip-adapter/cases.write"}))
ACCEPTED, REJECTED = Receipt("answered", 200, "ok"), Receipt("answered", 200, "fatal-error")
NOBODY, CUT = Receipt("unreachable"), Receipt("cut-off")


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """A need that is due to the municipality."""
    with one_due(tmp_path) as stage:
        yield stage


def withdraw(stage: Stage) -> Audit:
    """The hospital records that the person has taken the consent back; the evidence of that."""
    consent = current(stage, "Consent")
    body = json.dumps({**consent.body, "status": "inactive"})
    answer = put_consent(HOSPITAL, consent.id, f'W/"{consent.number}"', body, stage.parts)
    assert answer.status == 200
    return [a for a in stage.parts.store.audit_of(stage.cases[0]) if a.action == "resource-updated"][-1]


def current(stage: Stage, type_: str) -> Version:
    return [v for v in stage.parts.store.versions_of(stage.cases[0]) if v.type == type_][-1]


def add(stage: Stage, type_: str, **changed: Any) -> None:
    """One more version of a resource of the case, beside the flows."""
    old = current(stage, type_)
    with stage.parts.store.transaction() as tx:
        tx.case(stage.cases[0])
        tx.keep_version(replace(old, number=old.number + 1, body={**old.body, **changed}))


def carry(stage: Stage, partner: Any, store: Any = None) -> int:
    parts = replace(stage.parts, store=store) if store else stage.parts
    return asyncio.run(deliver_round(MUNICIPALITY, partner, parts))


def need(stage: Stage) -> Delivery:
    return stage.parts.store.deliveries_of(stage.cases[0])[0]


def on_lists(stage: Stage) -> list[str]:
    return [w.reason for w in stage.parts.store.waiting()]


def told(stage: Stage) -> list[Delivery]:
    return [
        d
        for d in stage.parts.store.deliveries_of(stage.cases[0])
        if d.outgoing.category == "consent-notice" and d.outgoing.recipient == MUNICIPALITY
    ]


class JustBefore:
    """A store in which something happens when a batch is judged, and nothing of it is committed as begun yet."""

    def __init__(self, store: Any, happens: Callable[[], object]) -> None:
        self.store, self.happens, self.turns = store, happens, 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.store, name)

    def transaction(self) -> AbstractContextManager[Transaction]:
        self.turns += 1
        if self.turns == 2:
            self.happens()
        opened: AbstractContextManager[Transaction] = self.store.transaction()
        return opened


class While:
    """A way out on which something happens while the letter is under way."""

    def __init__(self, happens: Callable[[], object], receipt: Receipt = ACCEPTED) -> None:
        self.happens, self.receipt = happens, receipt

    async def post(self, letter: Letter) -> Receipt:
        self.happens()
        return self.receipt


def test_a_withdrawal_between_the_decision_and_the_sending_is_not_overtaken(stage: Stage) -> None:
    """The letter is put together already, and does not leave."""
    evidence, partner = list[Audit](), Accepting()
    carry(stage, partner, JustBefore(stage.parts.store, lambda: evidence.append(withdraw(stage))))
    assert partner.got == []
    assert evidence[0].details["stopped"] == str(need(stage).id)
    assert "under-way" not in evidence[0].details
    assert (need(stage).state, need(stage).begun, need(stage).tries) == ("stopped-by-consent", None, 0)
    assert carry(stage, partner) == 0
    assert told(stage) == []


def test_mail_of_a_case_that_changed_meanwhile_goes_as_the_case_stands_now(stage: Stage) -> None:
    """It is left for the next batch and judged anew: whatever the decision rested on may be what changed."""
    partner = Accepting()
    assert carry(stage, partner, JustBefore(stage.parts.store, lambda: add(stage, "Patient"))) == 1
    assert partner.got == []
    assert (need(stage).state, need(stage).begun) == ("queued", None)
    carry(stage, partner)
    assert partner.got == [need(stage).outgoing.message_id]


def test_a_consent_that_comes_before_the_stop_is_written_lets_the_mail_go(stage: Stage) -> None:
    """Else it was stopped for want of what is there, and nobody would send it again."""
    partner = Accepting()
    add(stage, "Consent", status="inactive")
    carry(stage, partner, JustBefore(stage.parts.store, lambda: add(stage, "Consent", status="active")))
    assert need(stage).state == "queued"
    carry(stage, partner)
    assert need(stage).state == "accepted"


@pytest.mark.parametrize(("receipt", "state"), [(ACCEPTED, "accepted"), (NOBODY, "stopped-by-consent")])
def test_what_is_under_way_is_listed_and_its_outcome_is_kept(
    stage: Stage, receipt: Receipt, state: str
) -> None:
    """Whether it came, its own receipt says; who may have it is told, with the consent alone."""
    evidence = list[Audit]()
    carry(stage, While(lambda: evidence.append(withdraw(stage)), receipt))
    (listed,) = [a.details for a in evidence]
    assert listed["stopped"] == listed["under-way"] == str(need(stage).id)
    assert (need(stage).state, need(stage).tries, need(stage).begun) == (state, 1, None)
    assert "need-outcome-open" in on_lists(stage)
    (notice,) = told(stage)
    assert {pinned.type for pinned in notice.outgoing.carries} == {"Consent"}


def died(stage: Stage) -> None:
    """A postman sends, and is gone before anybody learns what came of it."""
    with suppress(RuntimeError):
        carry(stage, Dead(RuntimeError))


def test_the_mark_of_who_died_on_the_way_stays_until_somebody_knows(stage: Stage) -> None:
    """Nobody answers at the next try: that says nothing of the first one. A refusal does."""
    died(stage)
    since = need(stage).begun
    assert since is not None
    assert need(stage).tries == 0
    carry(stage, While(lambda: None, NOBODY))
    assert (need(stage).tries, need(stage).begun) == (1, since)
    stage.clock.now = need(stage).due
    with stage.parts.store.transaction() as tx:
        tx.unpause(MUNICIPALITY)
    carry(stage, While(lambda: None, REJECTED))
    assert (need(stage).state, need(stage).begun) == ("rejected", None)


def test_a_try_that_failed_leaves_no_mark(stage: Stage) -> None:
    """Who was never reached has nothing and hears nothing."""
    carry(stage, Dead(receipt=NOBODY))
    assert (need(stage).tries, need(stage).begun) == (1, None)
    assert "under-way" not in withdraw(stage).details
    assert told(stage) == []
    assert on_lists(stage) == ["need-stopped"]


@pytest.mark.parametrize("how", ["died", "cut-off"])
def test_who_may_have_got_it_is_told_and_a_person_asks_before_it_goes_again(stage: Stage, how: str) -> None:
    """From a process that died on the way, or over a connection that broke before its answer."""
    if how == "died":
        died(stage)
    else:
        carry(stage, Dead(receipt=CUT))
    assert withdraw(stage).details["under-way"] == str(need(stage).id)
    assert on_lists(stage) == ["need-outcome-open"]
    assert len(told(stage)) == 1
    consent = current(stage, "Consent")
    again = json.dumps({**consent.body, "status": "active"})
    put_consent(HOSPITAL, consent.id, f'W/"{consent.number}"', again, stage.parts)
    needs = [d for d in stage.parts.store.deliveries_of(stage.cases[0]) if d.outgoing.category == "need"]
    assert len(needs) == 1


def test_consent_that_runs_out_while_mail_waits_for_its_next_try_stops_it_there(stage: Stage) -> None:
    """Nobody acts: it is found when it is taken for sending, and audited then."""
    carry(stage, Dead(receipt=NOBODY))
    consent = current(stage, "Consent")
    ends = (stage.clock.now.date()).isoformat()
    add(stage, "Consent", provision={**consent.body["provision"], "period": {"end": ends}})
    stage.clock.now = stage.clock.now.replace(hour=12) + (stage.parts.schedule.receipt_wait * 100)
    partner = Accepting()
    carry(stage, partner)
    assert partner.got == []
    assert need(stage).state == "stopped-by-consent"
    audited = [a for a in stage.parts.store.audit_of(stage.cases[0]) if a.action == "delivery-stopped"]
    assert [a.details["delivery"] for a in audited] == [str(need(stage).id)]
