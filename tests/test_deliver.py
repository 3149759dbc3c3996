"""The postman's round: what cannot be sent, or is not to be sent any more, does not keep back what is."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from cases import FIXTURES, empty_database

from adapter.domain.delivery import Delivery, Outgoing, Receipt
from adapter.flows import operate
from adapter.flows.deliver import deliver_round
from adapter.outside.store import Database, open_store
from adapter.replay import open_stage, read_case
from adapter.replay.stage import Stage

MODEL = FIXTURES / "notify" / "xml-need-is-routed"
MUNICIPALITY = "999900022"


class Partner:
    """A way out on which everything is accepted; remembers the message ids."""

    def __init__(self) -> None:
        self.got: list[str] = []

    async def post(self, address: str, body: bytes, *, message_id: str) -> Receipt:
        self.got.append(message_id)
        return Receipt("answered", 200, "ok")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Database]:
    opened = open_store(f"sqlite:///{empty_database(tmp_path / 'deliver.db')}")
    yield opened
    opened.close()


@pytest.fixture
def stage(store: Database) -> Stage:
    """A case with one delivery due."""
    stage = open_stage(MODEL, store)
    for step in read_case(MODEL).steps:
        stage.act_first(step)
        stage.act(step)
    return stage


def sound(stage: Stage) -> Outgoing:
    return stage.parts.store.deliveries_of(stage.cases[0])[0].outgoing


def in_another_case(stage: Stage, mail: Outgoing) -> None:
    """The same to the same recipient, in a case that was opened earlier."""
    with stage.parts.store.transaction() as tx:
        case = tx.case(stage.cases[0])
        assert case
        tx.open_case(replace(case, id="other", need="other"))
        tx.send([replace(mail, message_id="other", case_id="other")])


@pytest.mark.parametrize(
    ("because", "category", "number"),
    [("version-missing", "question-to-sender", 99), ("cannot-be-composed", "of-another-release", 1)],
)
def test_a_letter_that_cannot_be_put_together_waits_for_a_person_and_the_others_go_on(
    stage: Stage, because: str, category: str, number: int
) -> None:
    """It is held with the reason and evidence, and what its recipient is to get in another case is sent."""
    mail = sound(stage)
    broken = replace(mail, category=category, carries=(replace(mail.focus, number=number),))
    in_another_case(stage, broken)
    partner = Partner()
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
    parts, partner = stage.parts, Partner()
    delivery = parts.store.deliveries_of(stage.cases[0])[0]

    def leave_out() -> None:
        operate.skip(delivery.id, "operator", "sent by telephone", parts)

    looking = replace(parts, store=Meanwhile(parts.store, leave_out))
    asyncio.run(deliver_round(MUNICIPALITY, partner, looking))
    assert partner.got == []
    after = parts.store.deliveries_of(stage.cases[0])[0]
    assert (after.state, after.tries) == ("skipped", 0)
