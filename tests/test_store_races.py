"""What happens to the store when others work at the same time, or when its database goes away."""

import random
import sqlite3
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from databases import TERMINATE, Administer, database_of
from stored import (
    AAS,
    CASE,
    HOSPITAL,
    NOW,
    VESTBY,
    accepted,
    heads,
    lane,
    mail,
    outcome,
    parked,
    send,
    settle,
    together,
    until,
)

from adapter.domain.case import Version, edition
from adapter.domain.delivery import Pause
from adapter.outside.store import Database, migrate, open_store
from adapter.outside.store.turns import Turns
from adapter.ports import Collision, StoreBusy


@pytest.fixture
def waits_for_lock(cases: Database, database_url: str, request: pytest.FixtureRequest) -> Callable[[], bool]:
    """Tells whether some thread stands in line for a lock of this database."""
    if turns := cases._connections.turns:
        return lambda: bool(turns._line)
    administer: Administer = request.getfixturevalue("administer")
    question = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = "
    return lambda: bool(administer(f"{question}'{database_of(database_url)}'")[0][0])


@pytest.mark.parametrize("first", ["settle", "send"])
def test_no_mail_is_left_without_a_head(
    cases: Database, waits_for_lock: Callable[[], bool], first: str
) -> None:
    """New mail arrives while the last head of its lane is about to be done: it is called forward."""
    send(cases, mail("a"))
    head = heads(cases)[0]
    with cases.transaction() as tx:
        if first == "settle":
            other = threading.Thread(target=lambda: send(cases, mail("b")))
            tx.settle([accepted(head)], None)
        else:
            other = threading.Thread(target=lambda: settle(cases, accepted(head)))
            tx.send([mail("b")])
        other.start()
        until(other, waits_for_lock)
    other.join()
    assert lane(cases) == [("a", "done"), ("b", "head")]
    assert cases.deliveries_of("case-1")[0].state == "accepted"


def test_what_was_judged_before_a_case_changed_does_not_begin(
    cases: Database, waits_for_lock: Callable[[], bool]
) -> None:
    """The postman comes while the change is being committed, waits for it, and sees it."""
    send(cases, mail("a"))
    (head,) = heads(cases)
    unmoved: list[bool] = []
    added = Version("Consent", "c", 1, "case-1", NOW, HOSPITAL, "s", {"resourceType": "Consent"})

    def begins() -> None:
        with cases.transaction() as tx:
            unmoved.append("case-1" in tx.unchanged({"case-1": edition([])}))

    postman = threading.Thread(target=begins)
    with cases.transaction() as tx:
        tx.case("case-1")
        tx.keep_version(added)
        postman.start()
        until(postman, waits_for_lock)
    postman.join()
    with cases.transaction() as tx:
        assert tx.unchanged({"case-1": edition([added])}) == {"case-1"}
        assert tx.begin([head.id], NOW) == {head.id}
    assert unmoved == [False]
    assert cases.deliveries_of("case-1")[0].begun == NOW


def test_a_try_written_back_does_not_undo_a_withdrawal(
    cases: Database, waits_for_lock: Callable[[], bool]
) -> None:
    """The postman wants another try while the withdrawal is being committed: the mail stays stopped."""
    send(cases, mail("a"), mail("b", category="law"))
    retry = outcome(heads(cases)[0], "retry", "queued", "head")
    postman = threading.Thread(target=lambda: settle(cases, retry))
    with cases.transaction() as tx:
        tx.stop("case-1", VESTBY, "plan", NOW, "consent-9")
        postman.start()
        until(postman, waits_for_lock)
    postman.join()
    assert lane(cases) == [("a", "done"), ("b", "head")]
    assert cases.deliveries_of("case-1")[0].state == "stopped-by-consent"


@pytest.mark.server
def test_flows_that_wait_for_each_other_end_in_one_collision(
    postgresql_url: str, administer: Administer
) -> None:
    """PostgreSQL ends one of two that wait in a ring; that flow is told to run again."""
    store = open_store(postgresql_url)
    with store.transaction() as tx:
        tx.open_case(CASE)
        tx.open_case(replace(CASE, id="case-2"))
    both = threading.Barrier(2)

    def flow(first: str, second: str) -> Callable[[], None]:
        def work() -> None:
            with store.transaction() as tx:
                tx.case(first)
                both.wait()
                tx.case(second)

        return work

    raised = together(flow("case-1", "case-2"), flow("case-2", "case-1"))
    assert [type(error) for error in raised] == [Collision]
    store.close()


def test_a_withdrawal_and_a_need_with_the_same_recipients_both_go_through(cases: Database) -> None:
    """One stops Ås and then writes to Vestby, another writes to both, a postman settles both: no ring of waiting."""
    first = {AAS: mail("a", AAS), VESTBY: mail("b", VESTBY)}
    send(cases, *first.values())
    sent = [head for to in first for head in heads(cases, to)]
    elsewhere = [replace(one, message_id=f"{one.message_id}-2", case_id="case-2") for one in first.values()]
    stopped, tried = threading.Event(), threading.Event()

    def withdraw() -> None:
        with cases.transaction() as tx:
            tx.case("case-1")
            tx.stop("case-1", AAS, "plan", NOW, "consent-9")
            stopped.set()
            if not cases._connections.turns:  # SQLite has one writer: the others wait for this to end
                tried.wait(5)
            tx.send([mail("c", VESTBY)])

    def report() -> None:
        stopped.wait()
        with cases.transaction() as tx:
            tx.case("case-2")
            tx.send(elsewhere)
        tried.set()

    def carry() -> None:
        stopped.wait()
        settle(cases, *(accepted(one) for one in sent), pause=Pause(AAS, 0, None))

    assert together(withdraw, report, carry) == []
    assert lane(cases) == [("a", "done"), ("b", "done"), ("c", "head")]
    assert sorted(lane(cases, "case-2")) == [("a-2", "head"), ("b-2", "head")]


def test_every_interleaving_leaves_one_front_per_lane(cases: Database) -> None:
    """Senders and postmen at once: an open lane has exactly one head or parked one, and it is the oldest."""
    dice = random.Random(7)  # noqa: S311 - dice, not a secret

    def sender(name: str) -> Callable[[], None]:
        sent = [mail(f"{name}-{n}", dice.choice([VESTBY, AAS])) for n in range(12)]

        def accept() -> None:
            for n in range(0, 12, 2):
                send(cases, *sent[n : n + 2])

        return accept

    def postman(to: str) -> Callable[[], None]:
        def carry() -> None:
            for turn in range(12):
                settle(cases, *((parked if turn == 11 else accepted)(one) for one in heads(cases, to)))

        return carry

    assert together(sender("x"), sender("y"), sender("z"), postman(VESTBY), postman(AAS)) == []
    all_mail = cases.deliveries_of("case-1")
    assert len(all_mail) == 36
    for to in (VESTBY, AAS):
        places = [d.place for d in all_mail if d.outgoing.recipient == to and d.place != "done"]
        assert places[1:] == ["behind"] * len(places[1:])
        assert places[:1] in ([], ["head"], ["held"])


def test_writers_are_served_in_the_order_of_arrival() -> None:
    """Who releases the turn and wants it again stands behind who waited."""
    turns, order = Turns(patience=5.0), []

    def accept() -> None:
        with turns.turn():
            order.append("accept")

    other = threading.Thread(target=accept)
    with turns.turn():
        other.start()
        until(other, lambda: bool(turns._line))
    with turns.turn():
        order.append("send again")
    other.join()
    assert order == ["accept", "send again"]


def test_a_locked_sqlite_is_busy(tmp_path: Path) -> None:
    """Another process that writes too long: StoreBusy, nothing written, and fine again afterwards."""
    url = f"sqlite:///{tmp_path / 'a.db'}"
    migrate(url)
    store = open_store(url, patience=0.05)
    other = sqlite3.connect(tmp_path / "a.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreBusy), store.transaction() as tx:
        tx.open_case(CASE)
    assert not store.ready()
    assert store.due_recipients(NOW) == []  # readers are not concerned
    turns = store._connections.turns
    assert turns
    with turns.turn(), pytest.raises(StoreBusy), store.transaction() as tx:
        tx.open_case(CASE)  # nor does a writer here wait for ever
    other.close()
    assert store.ready()
    store.close()


def test_a_deleted_sqlite_file_is_busy_and_not_made_anew(tmp_path: Path) -> None:
    """Nothing is committed to a file that nobody can find again."""
    url = f"sqlite:///{tmp_path / 'a.db'}"
    migrate(url)
    assert (tmp_path / "a.db").stat().st_mode & 0o077 == 0  # health data: for the owner only
    store = open_store(url)
    assert store.ready()
    (tmp_path / "a.db").unlink()
    with pytest.raises(StoreBusy), store.transaction() as tx:
        tx.open_case(CASE)
    with pytest.raises(StoreBusy):
        store.parked()
    assert not (tmp_path / "a.db").exists()
    store.close()


@pytest.mark.server
def test_a_postgresql_that_is_gone_is_busy(tmp_path: Path) -> None:
    """No server behind the URL: every call says StoreBusy, and the URL's password stands nowhere."""
    store = open_store(f"postgresql://me:hush@/none?host={tmp_path}", patience=1.0)
    with pytest.raises(StoreBusy) as caught, store.transaction() as tx:
        tx.open_case(CASE)
    assert "hush" not in str(caught.value)
    assert caught.value.__cause__ is None
    with pytest.raises(StoreBusy):
        store.backlog()
    round_ = store.round()
    with pytest.raises(StoreBusy):
        round_.take(VESTBY)
    round_.close()
    assert not store.ready()
    store.close()


@pytest.mark.server
def test_a_connection_that_breaks_in_a_flow_is_busy_once(postgresql_url: str, administer: Administer) -> None:
    """The flow in it wrote nothing; more broken flows than the pool has places leave it as good as new."""
    store = open_store(postgresql_url, patience=2.0)
    with store.transaction() as tx:
        tx.open_case(CASE)

    def breaks() -> None:
        with store.transaction() as tx:
            tx.case("case-1")
            tx.move(replace(CASE, state="lost"), [])
            administer(TERMINATE.format(database_of(postgresql_url)))
            tx.open_case(replace(CASE, id="case-2"))

    for _ in range(12):
        with pytest.raises(StoreBusy):
            breaks()
    for _ in range(2):  # broken between two flows, it is replaced without a word
        with store.transaction() as tx:
            assert tx.case("case-1") == CASE
            assert tx.case("case-2") is None
        administer(TERMINATE.format(database_of(postgresql_url)))
    store.close()
