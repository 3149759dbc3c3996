"""The postman's round: what cannot be sent, or is not to be sent any more, does not keep back what is."""

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from due_mail import MUNICIPALITY, Accepting, Dead, a_notice, in_another_case, one_due, the_mail

from adapter.domain.delivery import Delivery
from adapter.flows import deliver, operate
from adapter.flows.deliver import deliver_round
from adapter.replay.stage import Stage


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """A case with one delivery due."""
    with one_due(tmp_path) as stage:
        yield stage


@pytest.mark.parametrize(
    ("because", "category", "number"),
    [("version-missing", "question-to-sender", 99), ("cannot-be-composed", "of-another-release", 1)],
)
def test_a_letter_that_cannot_be_put_together_waits_for_a_person_and_the_others_go_on(
    stage: Stage, because: str, category: str, number: int
) -> None:
    """It is held with the reason and evidence, and what its recipient is to get in another case is sent."""
    mail = the_mail(stage)
    broken = replace(mail, category=category, carries=(replace(mail.focus, number=number),))
    in_another_case(stage, broken)
    partner = Accepting()
    assert asyncio.run(deliver_round(MUNICIPALITY, partner, stage.parts)) == 2
    assert partner.got == [mail.message_id]
    (held,) = stage.parts.store.parked()
    assert (held.outgoing.message_id, held.state, held.because) == ("other", "rejected", because)
    assert [audit.action for audit in stage.parts.store.audit_of("other")] == ["delivery-held"]
    assert asyncio.run(deliver_round(MUNICIPALITY, partner, stage.parts)) == 0


class Meanwhile:
    """A store in which something happens between the look at what is due and the decision to send it."""

    def __init__(self, store: Any, happens: Any) -> None:
        self.store, self.happens = store, happens

    def __getattr__(self, name: str) -> Any:
        return getattr(self.store, name)

    def due(self, recipient: str, now: datetime, limit: int) -> Sequence[Delivery]:
        due: Sequence[Delivery] = self.store.due(recipient, now, limit)
        self.happens()
        return due


def test_what_a_person_left_out_after_the_postman_looked_is_not_sent(stage: Stage) -> None:
    """The state of a delivery counts when it is taken for sending, not when it was found due."""
    parts, partner = stage.parts, Accepting()
    delivery = parts.store.deliveries_of(stage.cases[0])[0]

    def leave_out() -> None:
        operate.skip(delivery.id, "operator", "sent by telephone", parts)

    looking = replace(parts, store=Meanwhile(parts.store, leave_out))
    asyncio.run(deliver_round(MUNICIPALITY, partner, looking))
    assert partner.got == []
    after = parts.store.deliveries_of(stage.cases[0])[0]
    assert (after.state, after.tries) == ("skipped", 0)


class Counting:
    """A store that counts what it is asked, and by which calls, within transactions and outside."""

    def __init__(self, inner: Any, asked: Counter[str]) -> None:
        self.inner, self.asked = inner, asked

    def __getattr__(self, name: str) -> Any:
        self.asked[name] += 1
        return getattr(self.inner, name)

    @contextmanager
    def transaction(self) -> Iterator[Any]:
        self.asked["transaction"] += 1
        with self.inner.transaction() as tx:
            yield Counting(tx, self.asked)


def test_a_batch_asks_the_database_as_often_as_a_single_letter_does(stage: Stage) -> None:
    """One look, three transactions, and in the first of them three questions at most, whatever is due."""
    mail = the_mail(stage)
    with stage.parts.store.transaction() as tx:
        old = tx.version(mail.focus)
        assert old
        tx.keep_version(replace(old, number=old.number + 1))  # so that what is carried is not the current one
    for number in range(7):
        in_another_case(stage, a_notice(stage), f"other-{number}")
    asked = Counter[str]()
    counting: Any = Counting(stage.parts.store, asked)
    asyncio.run(deliver_round(MUNICIPALITY, Accepting(), replace(stage.parts, store=counting)))
    del asked["record"]  # evidence is for each
    asks = ("due", "fresh", "of_cases", "persons_wait", "doubted_units", "versions")
    once = (*asks, "unchanged", "begin", "settle")
    assert asked == {"transaction": 3} | dict.fromkeys(once, 1)


def test_letters_that_are_too_much_for_one_batch_go_in_the_next(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is not put together yet stays due: nothing is lost, nothing sent twice, and the postman goes on."""
    monkeypatch.setattr(deliver, "ENOUGH_BYTES", 1)
    mail, partner = the_mail(stage), Accepting()
    for name in ("second", "third"):
        in_another_case(stage, a_notice(stage), name)
    sent = []
    while asyncio.run(deliver_round(MUNICIPALITY, partner, stage.parts)):
        sent.append(len(partner.got))
    assert sent == [1, 2, 3]
    assert sorted(partner.got) == sorted([mail.message_id, "second", "third"])


def test_letters_that_failed_with_their_recipient_keep_their_turn(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two of four were tried before it was paused: when it answers again, the oldest still go first."""
    monkeypatch.setattr(deliver, "BATCH", 2)
    for name in ("second", "third", "fourth"):
        in_another_case(stage, a_notice(stage), name)
    dead, partner = Dead(), Accepting()
    asyncio.run(deliver_round(MUNICIPALITY, dead, stage.parts))
    stage.clock.now += timedelta(hours=2)
    while asyncio.run(deliver_round(MUNICIPALITY, partner, stage.parts)):
        pass
    assert dead.tries == 2
    assert partner.got == [the_mail(stage).message_id, "second", "third", "fourth"]
