"""When a case last moved: what operators list and retention counts from."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from stored import CASE, NOW, VESTBY

from adapter.domain.case import Step
from adapter.domain.record import Question
from adapter.outside.store import Database
from adapter.outside.store.keeping import open_keeping

YEARS = timedelta(days=4000)


def step(at: datetime) -> Step:
    return Step("case-1", "case", "route", "new", "routed", at, VESTBY, "rule-7")


@pytest.mark.parametrize("own", [False, True])
def test_a_case_that_is_written_without_a_step_moved_when_it_did(
    store: Database, database_url: str, *, own: bool
) -> None:
    """In the transaction that opens it and in a later one: it is not as old again as on its first day."""
    with store.transaction() as tx:
        tx.open_case(CASE)
        tx.move(CASE, [step(NOW + YEARS)])
        if not own:
            tx.move(replace(CASE, state="withdrawn"), [])
    if own:
        with store.transaction() as tx:
            assert tx.case("case-1")
            tx.move(replace(CASE, state="withdrawn"), [])
    keeping = open_keeping(database_url)
    (found,) = keeping.find(Question())
    keeping.close()
    assert (found.state, found.opened_at, found.moved_at) == ("withdrawn", NOW, NOW + YEARS)
