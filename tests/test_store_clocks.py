"""The clocks of cases as both databases keep them: nothing that happens to a case is missed."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from stored import CASE, NOW, VESTBY, accepted, heads, mail, outcome, send, settle

from adapter.domain.case import Audit, Step, Version, Waiting
from adapter.domain.deadline import Deadline
from adapter.outside.store import Database
from adapter.outside.store.keeping import open_keeping

DAY = timedelta(days=1)
YEARS = timedelta(days=4000)
LATER = NOW + DAY
RUNNING = Deadline("case-1", "unit-opens", "", NOW, NOW + DAY, NOW + 2 * DAY)
WARNED = replace(RUNNING, rule="answer", about="Task/é", state="warned", warned_at=NOW + DAY)
OVERDUE = replace(RUNNING, case_id="case-2", state="overdue", warned_at=NOW + DAY, overdue_at=NOW + 2 * DAY)
STOPPED = replace(OVERDUE, rule="revision", state="stopped", stopped_at=NOW + 3 * DAY, by=VESTBY)


def keep(store: Database, *deadlines: Deadline, look_at: datetime | None = None) -> None:
    """Write them, and look at both cases at that moment."""
    for case_id in ("case-1", "case-2"):
        with store.transaction() as tx:
            assert tx.case(case_id)
            tx.keep_deadlines(case_id, [d for d in deadlines if d.case_id == case_id], look_at)


def test_deadlines_come_back_as_they_were_kept(cases: Database) -> None:
    """And what is kept again is written anew, not beside what was there."""
    keep(cases, WARNED, RUNNING, OVERDUE, STOPPED)
    assert cases.deadlines_of("case-1") == [WARNED, RUNNING]
    assert cases.deadlines_of("case-2") == [STOPPED, OVERDUE]
    later = replace(RUNNING, state="overdue", due_at=NOW, overdue_at=LATER)
    keep(cases, later)
    with cases.transaction() as tx:
        assert (tx.case("case-1"), tx.deadlines("case-1")) == (CASE, [WARNED, later])


def test_what_is_open_is_listed_by_when_it_is_due(cases: Database) -> None:
    """Page by page, and never what stopped."""
    keep(cases, WARNED, RUNNING, OVERDUE, STOPPED, replace(RUNNING, about="early", due_at=NOW))
    states: Any = ("overdue", "running", "warned", "stopped")
    listed = [(d.case_id, d.rule, d.about) for d in cases.deadlines(states)]
    assert listed == [
        ("case-1", "unit-opens", "early"),
        ("case-1", "answer", "Task/é"),
        ("case-1", "unit-opens", ""),
        ("case-2", "unit-opens", ""),
    ]
    paged, after = [], None
    while page := cases.deadlines(states, after, 1):
        paged, after = [*paged, *page], page[-1]
    assert [(d.case_id, d.rule, d.about) for d in paged] == listed
    assert cases.deadlines(("overdue",)) == [OVERDUE]


def test_the_case_that_waits_longest_is_looked_at_first(cases: Database) -> None:
    """Both are to be looked at from the moment they were opened, then as they say, then not at all."""
    assert (cases.clocks_due(NOW - DAY, 9), cases.clocks_due(NOW, 9)) == ([], ["case-1", "case-2"])
    keep(cases, look_at=LATER)
    with cases.transaction() as tx:
        assert tx.case("case-2")
        tx.keep_deadlines("case-2", (), NOW)
    assert (cases.next_look(), cases.clocks_due(LATER, 9)) == (NOW, ["case-2", "case-1"])
    assert cases.clocks_due(LATER, 1) == ["case-2"]
    keep(cases)
    assert (cases.next_look(), cases.clocks_due(NOW + YEARS, 9)) == (None, [])


def _step(tx: Any) -> None:
    tx.move(
        replace(CASE, state="opened"), [Step("case-1", "case", "open", "routed", "opened", LATER, VESTBY, "")]
    )


CHANGES: dict[str, Callable[[Any], None]] = {
    "a step": _step,
    "a step of a plan": lambda tx: tx.move(
        CASE, [Step("case-1", "plan", "activate", "draft", "active", LATER, VESTBY, "")]
    ),
    "a version": lambda tx: tx.keep_version(Version("Task", "t", 1, "case-1", LATER, VESTBY, "s", {})),
    "a list": lambda tx: tx.wait_for_person(Waiting("case-1", "conversation", "w", LATER)),
    "seen to": lambda tx: tx.resolve("case-1", LATER, "person-1"),
}
NO_CHANGES: dict[str, Callable[[Any], None]] = {
    "read": lambda tx: tx.of_case("case-1"),
    "told": lambda tx: tx.record(Audit(LATER, VESTBY, "resource-read", "case-1", {})),
    "sent": lambda tx: tx.send([mail("b")]),
}


@pytest.mark.parametrize("change", [*CHANGES, *NO_CHANGES])
def test_whatever_changes_a_case_has_its_clocks_looked_at(cases: Database, change: str) -> None:
    """No flow says so, and none can forget it: it goes with what is written."""
    keep(cases)
    with cases.transaction() as tx:
        assert tx.case("case-1")
        (CHANGES | NO_CHANGES)[change](tx)
    assert (cases.next_look(), cases.clocks_due(LATER, 9)) == (
        (LATER, ["case-1"]) if change in CHANGES else (None, [])
    )


def test_a_change_that_comes_before_the_look_of_its_own_transaction_is_seen_by_it(cases: Database) -> None:
    """What a reminder puts into the case does not have it looked at for ever."""
    with cases.transaction() as tx:
        assert tx.case("case-1")
        CHANGES["a version"](tx)
        tx.keep_deadlines("case-1", [RUNNING], NOW + YEARS)
    assert cases.clocks_due(NOW + YEARS - DAY, 9) == ["case-2"]


@pytest.mark.parametrize("place", ["done", "held", "head"])
def test_what_is_over_on_its_way_has_its_case_looked_at(cases: Database, place: str) -> None:
    """A delivery that came, not one that is tried again or waits for a person."""
    send(cases, mail("a"))
    keep(cases)
    (head,) = heads(cases)
    settle(cases, accepted(head) if place == "done" else outcome(head, "later", "waiting", place))
    assert cases.clocks_due(LATER, 9) == (["case-1"] if place == "done" else [])


def test_all_that_stood_on_a_list_is_known_with_who_saw_to_it(cases: Database) -> None:
    first, second = (Waiting("case-1", "conversation", reason, NOW) for reason in ("one", "two"))
    with cases.transaction() as tx:
        assert tx.case("case-1")
        tx.wait_for_person(first)
        tx.wait_for_person(second)
        tx.resolve("case-1", LATER, "person-1", ("one",))
        assert tx.waits("case-1") == [replace(first, resolved_at=LATER, resolved_by="person-1"), second]
        assert (tx.waits("case-2"), tx.deadlines("case-2")) == ([], [])


def test_a_purged_case_has_no_clocks(cases: Database, database_url: str) -> None:
    """None are kept, and nobody looks; before that its record holds them."""
    keep(cases, RUNNING, OVERDUE, look_at=LATER)
    keeping = open_keeping(database_url)
    with keeping.snapshot() as snapshot:
        assert [record.deadlines for record in snapshot.records(["case-1", "case-2"])] == [
            [RUNNING],
            [OVERDUE],
        ]
    with cases.transaction() as tx:
        tx.purge("case-1", LATER, "person-1", "wrong-person")
    with keeping.snapshot() as snapshot:
        assert [record.deadlines for record in snapshot.records(["case-1", "case-2"])] == [[], [OVERDUE]]
    keeping.close()
    assert cases.clocks_due(NOW + YEARS, 9) == ["case-2"]
