"""What happens to the store when others work at the same time, or when its database goes away."""

import random
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url
from stored import AAS, CASE, NOW, VESTBY, accepted, heads, lane, mail, parked, send, settle, together

from adapter.outside.store import Database, migrate, open_store
from adapter.outside.store.engine import open_engine, read_url
from adapter.outside.store.turns import Turns
from adapter.outside.store.work import due_heads
from adapter.ports import PostRound, StoreBusy

Administer = Callable[[str], list[Any]]
TERMINATE = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '{}'"


def database_of(url: str) -> str:
    return str(make_url(url).database)


def until(thread: threading.Thread, condition: Callable[[], bool]) -> None:
    """Wait until the thread has come as far as it can."""
    for _ in range(1000):
        if condition():
            return
        thread.join(0.01)
    raise AssertionError("the thread never came to wait")


@pytest.fixture
def waits_for_lock(cases: Database, database_url: str, request: pytest.FixtureRequest) -> Callable[[], bool]:
    """Tells whether some thread stands in line for a lock of this database."""
    if cases._turns:
        return lambda: bool(cases._turns and cases._turns._line)
    administer: Administer = request.getfixturevalue("administer")
    question = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = "
    return lambda: bool(administer(f"{question}'{database_of(database_url)}'")[0][0])


@pytest.mark.parametrize("first", ["settle", "send", "stop"])
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
        elif first == "send":
            other = threading.Thread(target=lambda: settle(cases, accepted(head)))
            tx.send([mail("b")])
        else:
            other = threading.Thread(target=lambda: settle(cases, accepted(head)))
            tx.stop("case-1", "", "plan", NOW, "consent-9")
            tx.send([mail("b", category="law")])
        other.start()
        until(other, waits_for_lock)
    other.join()
    assert lane(cases) == [("a", "done"), ("b", "head")]
    assert cases.deliveries_of("case-1")[0].state == "accepted"


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
    with pytest.raises(StoreBusy), store.transaction():
        pass
    assert not store.ready()
    assert store.due_recipients(NOW) == []  # readers are not concerned
    turns = store._turns
    assert turns
    with turns.turn(), pytest.raises(StoreBusy), store.transaction():  # nor does a writer here wait for ever
        pass
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
    with pytest.raises(StoreBusy), store.transaction():
        pass
    with pytest.raises(StoreBusy):
        store.parked()
    assert not (tmp_path / "a.db").exists()
    store.close()


@pytest.mark.server
def test_a_postgresql_that_is_gone_is_busy(tmp_path: Path) -> None:
    """No server behind the URL: every call says StoreBusy, and the URL's password stands nowhere."""
    store = open_store(f"postgresql://me:hush@/none?host={tmp_path}", patience=1.0)
    with pytest.raises(StoreBusy) as caught, store.transaction():
        pass
    assert "hush" not in str(caught.value)
    assert caught.value.__cause__ is None
    with pytest.raises(StoreBusy):
        store.backlog()
    with pytest.raises(StoreBusy):
        store.round().take(VESTBY)
    assert not store.ready()
    store.close()


@pytest.mark.server
def test_a_connection_that_breaks_in_a_flow_is_busy_once(postgresql_url: str, administer: Administer) -> None:
    """The flow in it wrote nothing; more broken flows than the pool has places leave it as good as new."""
    store = open_store(postgresql_url, patience=2.0)

    def breaks() -> None:
        with store.transaction() as tx:
            tx.open_case(CASE)
            administer(TERMINATE.format(database_of(postgresql_url)))
            tx.open_case(replace(CASE, id="case-2"))

    for _ in range(12):
        with pytest.raises(StoreBusy):
            breaks()
    with store.transaction() as tx:
        assert tx.case("case-1") is None
    store.close()


@pytest.fixture
def rounds(store: Database, database_url: str) -> Iterator[tuple[PostRound, PostRound]]:
    """The rounds of two processes on one database."""
    second = open_store(database_url)
    one, two = store.round(), second.round()
    yield one, two
    one.close()
    two.close()
    second.close()


def test_a_recipient_has_one_postman(rounds: tuple[PostRound, PostRound], store: Database) -> None:
    """What one round has taken, neither it nor another can take, until it is given back."""
    one, two = rounds
    assert one.take(VESTBY)
    assert not one.take(VESTBY)
    assert not two.take(VESTBY)
    two.give_back(VESTBY)
    assert not two.take(VESTBY)
    assert one.still_held()
    one.give_back(VESTBY)
    assert two.take(VESTBY)
    two.close()  # type: ignore[attr-defined]
    assert one.take(VESTBY)


@pytest.mark.server
def test_a_broken_lock_connection_ends_every_round_on_it(postgresql_url: str, administer: Administer) -> None:
    """Others go on at once; the old postmen must all have stopped before it takes anything anew."""
    store = open_store(postgresql_url)
    one, two = store.round(), store.round()
    assert one.take(VESTBY)
    assert one.take(AAS)
    administer(TERMINATE.format(database_of(postgresql_url)))
    assert two.take(VESTBY)
    assert not one.still_held()
    one.give_back(VESTBY)
    assert not one.take("974767880")
    assert not one.still_held()
    one.give_back(AAS)
    assert one.take(AAS)
    assert one.still_held()
    assert not one.take(VESTBY)
    one.close()
    two.close()
    store.close()


@pytest.mark.processes
def test_a_killed_process_leaves_its_round(database_url: str, store: Database) -> None:
    """While another process works we do not; when it is killed we do, without any clean-up."""
    program = (
        "import sys; from adapter.outside.store import open_store; "
        "r = open_store(sys.argv[1]).round(); print(r.take(sys.argv[2]), flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", program, database_url, VESTBY]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stdout.readline() == b"True\n"
        mine = store.round()
        assert not mine.take(VESTBY)
        process.kill()
    taken = threading.Thread(target=lambda: None)
    taken.start()
    until(taken, lambda: mine.take(VESTBY))
    mine.close()


@pytest.mark.server
def test_what_is_due_is_found_by_the_index_of_heads(postgresql_url: str) -> None:
    """Also behind 40,000 deliveries that are done, and with a prepared plan that serves every recipient."""
    engine = open_engine(read_url(postgresql_url), patience=20.0)
    many = (
        "INSERT INTO delivery (message_id, recipient, case_id, event, category, focus, carries, created_at,"
        " state, place, due, clock, tries, because) SELECT n, :to, 'case-1', 'e', 'c', 'T/1/1', '[]', now(),"
        " 'accepted', CASE n WHEN 40000 THEN 'head' ELSE 'done' END, now(), now(), 1, ''"
        " FROM generate_series(1, 40000) n"
    )
    with engine.begin() as connection:
        connection.execute(text("SET CONSTRAINTS ALL DEFERRED"))
        connection.execute(text("INSERT INTO recipient VALUES (:to, 0, NULL)"), {"to": VESTBY})
        connection.execute(text("INSERT INTO case_ VALUES ('case-1','n','k','r',NULL,NULL,'s',now())"))
        connection.execute(text(many), {"to": VESTBY})
    with engine.connect() as connection:
        connection.execute(text("ANALYZE delivery"))
        connection.execute(text("SET plan_cache_mode = force_generic_plan"))
        asked = due_heads(VESTBY, NOW, 16).compile(dialect=engine.dialect)
        driver = connection.connection.driver_connection
        assert driver
        plan = driver.execute(f"EXPLAIN {asked}", asked.params, prepare=True).fetchall()
    engine.dispose()
    assert "ix_delivery_head" in str(plan)
    assert "Seq Scan" not in str(plan)
