"""One contract for the store, held by SQLite and by PostgreSQL."""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from stored import (
    AAS,
    CASE,
    HOSPITAL,
    NOW,
    PLAN,
    VESTBY,
    accepted,
    heads,
    lane,
    mail,
    message,
    outcome,
    parked,
    send,
    settle,
    together,
)

from adapter.domain.case import Audit, FormerKey, Step, Version, Waiting
from adapter.domain.delivery import Delivery, Pause
from adapter.outside.store import Database, StoreFailed
from adapter.ports import Collision

OSLO = timezone(timedelta(hours=1))
SECRET = "21905297101"


def test_everything_comes_back_as_it_was_kept(store: Database) -> None:
    """Bytes, Decimals with their zeros, and moments (as UTC) survive the round trip."""
    body = {
        "id": "plan-1",
        "weight": Decimal("72.50"),
        "many": [Decimal("1E+2"), 10**20],
        "odd": "å\x00\ud800",
    }
    plan = Version("CarePlan", "plan-1", 2, "case-1", NOW, VESTBY, "received-m-1", body)
    step = Step("case-1", "case", "route", "new", "routed", NOW.astimezone(OSLO), VESTBY, "rule-7")
    audit = Audit(NOW, HOSPITAL, "read", "case-1", {"consent": "c-1"})
    with store.transaction() as tx:
        tx.keep(message(case_id="case-1"))  # before the case it belongs to: allowed within one commit
        tx.open_case(CASE)
        tx.move(replace(CASE, unit="8094866", state="sent"), [step])
        tx.keep_version(replace(plan, number=1))
        tx.keep_version(plan)
        tx.record(audit)
    with store.transaction() as tx:
        assert tx.case("case-1") == replace(CASE, unit="8094866", state="sent")
        assert tx.current("CarePlan", "plan-1") == plan == tx.version(PLAN)
        assert tx.of_case("case-1") == [plan]
        assert tx.answered("fhir", HOSPITAL, "m-1") == message(case_id="case-1")
        assert tx.message_in_envelope(HOSPITAL, "envelope-m-1") == "m-1"
        nothing = (tx.answered("edi", HOSPITAL, "m-1"), tx.case("x"), tx.current("Task", "x"), tx.delivery(1))
        assert nothing == (None,) * 4
        weight = tx.of_case("case-1")[0].body["weight"]
        assert (str(weight), type(weight)) == ("72.50", Decimal)
    assert store.messages_of("case-1") == [message(case_id="case-1")] == [store.received("received-m-1")]
    assert [v.number for v in store.versions_of("case-1")] == [1, 2]
    assert (store.history_of("case-1"), store.audit_of("case-1")) == ([step], [audit])
    assert store.history_of("case-1")[0].at.utcoffset() == timedelta(0)


def test_a_transaction_is_all_or_nothing(store: Database) -> None:
    """What a flow wrote before it failed is gone."""

    def fails() -> None:
        with store.transaction() as tx:
            tx.open_case(CASE)
            tx.send([mail("a")])
            raise LookupError

    with pytest.raises(LookupError):
        fails()
    assert store.backlog() == {"head": 0, "behind": 0, "held": 0}
    with store.transaction() as tx:
        assert tx.case("case-1") is None


@pytest.mark.parametrize("what", ["message", "case", "version"])
def test_the_same_thing_twice_is_a_collision(cases: Database, what: str) -> None:
    """A key that is taken raises Collision, whose text, cause and context hold no value."""
    version = Version("Task", SECRET, 1, "case-1", NOW, VESTBY, "s", {})
    writes: dict[str, Callable[[Any, str], None]] = {
        "message": lambda tx, other: tx.keep(message(SECRET, id=other)),
        "case": lambda tx, other: tx.open_case(replace(CASE, id=SECRET)),
        "version": lambda tx, other: tx.keep_version(version),
    }
    with cases.transaction() as tx:
        writes[what](tx, "first")
    with pytest.raises(Collision) as caught, cases.transaction() as tx:
        writes[what](tx, "second")
    assert SECRET not in str(caught.value)
    assert (caught.value.__cause__, caught.value.__context__) == (None, None)


def test_a_row_without_its_case_is_our_fault(store: Database) -> None:
    """Mail of an unknown case, a time without zone: StoreFailed, not an answer that somebody retries."""
    with pytest.raises(StoreFailed), store.transaction() as tx:
        tx.send([mail("a")])
    with pytest.raises(StoreFailed), store.transaction() as tx:
        tx.open_case(replace(CASE, opened_at=NOW.replace(tzinfo=None)))
    with pytest.raises(StoreFailed), store.transaction() as tx:
        tx.move(CASE, [])


def test_a_message_that_arrives_twice_at_once_is_kept_once(cases: Database) -> None:
    """Of two requests with the same message one collides; run again, it finds the answer of the other."""

    def accept() -> None:
        with cases.transaction() as tx:
            if not tx.answered("fhir", HOSPITAL, "m-1"):
                tx.keep(message(id=str(threading.get_ident()), case_id="case-1"))

    for error in together(*[accept] * 6):
        assert isinstance(error, Collision)
    assert len(cases.messages_of("case-1")) == 1


def test_reading_a_case_locks_it(cases: Database) -> None:
    """Eight flows that each add one step to what they read lose none."""

    def follow() -> None:
        with cases.transaction() as tx:
            case = tx.case("case-1")
            assert case
            tx.move(replace(case, state=case.state + "+"), [])

    assert together(*[follow] * 8) == []
    with cases.transaction() as tx:
        assert tx.case("case-1") == replace(CASE, state="routed" + "+" * 8)


def test_a_lane_is_sent_in_order_one_at_a_time(cases: Database) -> None:
    """Only the oldest open delivery of recipient and case is a head; asking twice makes one."""
    send(cases, mail("a"), mail("b"), mail("a"), mail("c", AAS), mail("d", case="case-2"))
    send(cases, mail("b"), mail("e"))
    assert lane(cases) == [("a", "head"), ("b", "behind"), ("c", "head"), ("e", "behind")]
    assert cases.due_recipients(NOW) == [VESTBY, AAS]
    assert cases.due_recipients(NOW - timedelta(days=3650)) == [VESTBY, AAS]  # never tried: due at once
    first = heads(cases)[0]
    assert first == Delivery(first.id, mail("a"), "queued", "head", NOW, NOW, 0, "")
    later = outcome(first, "retry", "queued", "head", due=NOW + timedelta(minutes=2))
    settle(cases, later)
    assert [d.outgoing.message_id for d in heads(cases)] == ["d"]
    again = cases.due(VESTBY, NOW + timedelta(hours=1), 16)
    assert [d.outgoing.message_id for d in again] == ["a", "d"]  # a second try before what was never tried
    settle(cases, *(accepted(d) for d in again))
    assert lane(cases) == [("a", "done"), ("b", "head"), ("c", "head"), ("e", "behind")]
    assert [(n, r) for n, _, r in cases.receipts_of(first.id)] == [(n, later.receipt) for n in (1, 2)]


def test_a_parked_head_holds_its_lane_until_a_person_moves_it(cases: Database) -> None:
    """Requeue makes it head again and its clock starts anew; skip ends it and calls the next one."""
    send(cases, mail("a"), mail("b"))
    settle(cases, parked(heads(cases)[0]))
    assert heads(cases) == []
    assert cases.parked()[0].because == "no-answer"
    quiet = {"receipt": None, "tried": False}
    held = cases.parked()[0]
    renewed = replace(held, clock=NOW + timedelta(days=4))
    assert settle(cases, outcome(renewed, "requeue", "queued", "head", **quiet)) == [held.id]
    too_late = outcome(held, "skip", "superseded", "done", **quiet)  # read before the requeue
    assert settle(cases, too_late) == []
    assert lane(cases) == [("a", "head"), ("b", "behind")]
    assert heads(cases)[0].clock == NOW + timedelta(days=4)
    settle(cases, parked(heads(cases)[0]))
    skip = outcome(cases.parked()[0], "skip", "superseded", "done", **quiet)
    settle(cases, replace(skip, at=NOW + timedelta(days=5)))
    assert lane(cases) == [("a", "done"), ("b", "head")]
    second = heads(cases)[0]
    assert (second.due, second.clock, second.tries) == (NOW, NOW + timedelta(days=5), 0)


def test_a_person_renews_the_clock_of_what_waits_and_a_try_under_way_does_not_set_it_back(
    cases: Database,
) -> None:
    """The time until parking begins where the requeue says, whatever a postman read before it."""
    send(cases, mail("a"))
    head = heads(cases)[0]
    renewed = replace(head, clock=NOW + timedelta(hours=1))
    assert settle(cases, outcome(renewed, "requeue", "queued", "head", receipt=None, tried=False)) == [
        head.id
    ]
    assert settle(cases, outcome(head, "later", "waiting", "head")) == [head.id]
    assert (heads(cases)[0].clock, heads(cases)[0].tries) == (NOW + timedelta(hours=1), 1)


def test_a_withdrawal_stops_what_is_open_and_only_that(cases: Database) -> None:
    """Stopped: this case, recipient and category. The next of the lane goes on; accepted mail stays true."""
    send(cases, mail("a"), mail("b", category="law"), mail("c"), mail("d", AAS), mail("e", case="case-2"))
    sent = heads(cases)[0]
    with cases.transaction() as tx:
        stopped = tx.stop("case-1", VESTBY, "plan", NOW, "consent-9")
    assert list(stopped) == [d.id for d in cases.deliveries_of("case-1") if d.state == "stopped-by-consent"]
    assert lane(cases) == [("a", "done"), ("b", "head"), ("c", "done"), ("d", "head")]
    assert settle(cases, outcome(sent, "retry", "queued", "head")) == []
    assert lane(cases)[0] == ("a", "done")
    assert settle(cases, accepted(sent)) == [sent.id]
    after = cases.deliveries_of("case-1")[0]
    assert (after.state, after.place, after.tries) == ("accepted", "done", 2)
    with cases.transaction() as tx:
        assert len(tx.stop("case-1", "", "plan", NOW, "consent-9")) == 1  # every recipient: what is left is d
    assert lane(cases, "case-2") == [("e", "head")]


def test_stopping_what_waits_leaves_a_parked_head_where_it_is(cases: Database) -> None:
    """A lane whose head waits for a person is not started by a withdrawal further behind."""
    send(cases, mail("a", category="law"), mail("b"), mail("c", category="law"))
    settle(cases, parked(heads(cases)[0]))
    with cases.transaction() as tx:
        tx.stop("case-1", VESTBY, "plan", NOW, "consent-9")
    assert lane(cases) == [("a", "held"), ("b", "done"), ("c", "behind")]


def test_a_paused_recipient_is_not_due(cases: Database) -> None:
    """Its pause ends by time, and others are not concerned."""
    send(cases, mail("a"), mail("b", AAS))
    assert cases.pause_of(VESTBY) == Pause(VESTBY, 0, None)
    pause = Pause(VESTBY, 3, NOW + timedelta(seconds=30))
    settle(cases, pause=pause)
    assert cases.pause_of(VESTBY) == pause
    assert cases.due_recipients(NOW) == [AAS]
    assert cases.due_recipients(NOW + timedelta(seconds=30)) == [VESTBY, AAS]
    with cases.transaction() as tx:
        tx.unpause(
            VESTBY
        )  # a person knows that it answers again; if it does not, the next wait is the fourth
    assert cases.due_recipients(NOW) == [VESTBY, AAS]
    assert cases.pause_of(VESTBY) == Pause(VESTBY, 3, None)


def test_a_case_waits_once_per_list_and_reason(cases: Database) -> None:
    """The same reason keeps its age and another stands beside it; resolving closes all lists."""
    first = Waiting("case-1", "routing", "no-unit", NOW)
    with cases.transaction() as tx:
        tx.wait_for_person(first)
        tx.wait_for_person(replace(first, reason="split", since=NOW + timedelta(days=1)))
    with cases.transaction() as tx:
        tx.wait_for_person(replace(first, since=NOW + timedelta(days=2)))
        tx.wait_for_person(replace(first, list="consent", since=NOW - timedelta(days=1)))
    open_rows = [(w.list, w.reason, w.since.day) for w in cases.waiting()]
    assert open_rows == [("consent", "no-unit", 21), ("routing", "no-unit", 22), ("routing", "split", 23)]
    with cases.transaction() as tx:
        assert (tx.resolve("case-1", NOW, "person-1"), tx.resolve("case-1", NOW, "person-1")) == (3, 0)
    assert cases.waiting() == []


def test_one_reason_is_seen_to_and_the_other_stays(cases: Database) -> None:
    """Also where both were put on the list of a case in one commit."""
    late = Waiting("case-1", "conversation", "complaint-late", NOW)
    with cases.transaction() as tx:
        tx.wait_for_person(replace(late, reason="plans-of-one-person"))
        tx.wait_for_person(late)
    with cases.transaction() as tx:
        assert tx.resolve("case-1", NOW, "person-1", ("complaint-late",)) == 1
    assert [w.reason for w in cases.waiting()] == ["plans-of-one-person"]


def test_what_came_under_a_former_key_is_found_under_the_key_of_today(cases: Database) -> None:
    """Two steps on; taken back from the second one on, the first still stands, and a purge forgets it."""
    with cases.transaction() as tx:
        case = tx.case("case-1")
        assert case
        for key, days in (("d-number", 0), ("mistyped", 1)):
            tx.keep_former_key(FormerKey(key, case.id, NOW + timedelta(days=days)))
        assert [tx.known_as(key) for key in ("d-number", "mistyped")] == [case.subject_key] * 2
        tx.forget_former_keys(case.id, NOW + timedelta(days=1))
        assert [f.subject_key for f in tx.former_keys([case.id])] == ["d-number"]
        assert tx.known_as("mistyped") == "mistyped"
    with cases.transaction() as tx:
        tx.purge("case-1", NOW, "person-1", "wrong-person")
        assert (tx.known_as("d-number"), list(tx.former_keys(["case-1"]))) == ("d-number", [])
