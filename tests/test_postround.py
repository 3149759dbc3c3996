"""The right to be a recipient's one postman, among all processes on a database."""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import pytest
from databases import TERMINATE, Administer, database_of
from stored import AAS, CASE, VESTBY, mail, send, until

from adapter.outside.store import Database, open_store, postround
from adapter.ports import PostRound


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


@pytest.mark.server
def test_who_gives_no_sign_of_life_loses_what_it_holds(
    postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another takes it, and the first hears so at its next question; who asks now and then keeps what it has."""
    monkeypatch.setattr(postround, "_SILENT_MS", 400)
    store = open_store(postgresql_url)
    silent, asking, other = store.round(), store.round(), store.round()
    assert silent.take(VESTBY)
    assert asking.take(AAS)
    pause = threading.Event()
    for _ in range(100):
        if other.take(VESTBY):
            break
        assert asking.still_held()
        pause.wait(0.05)
    else:
        raise AssertionError("the silent one keeps its recipient")
    assert not silent.still_held()
    assert not other.take(AAS)
    for round_ in (silent, asking, other):
        round_.close()
    store.close()


@pytest.mark.server
def test_a_quiet_round_is_not_ended_for_its_silence(
    postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first mail after a quiet night finds the connection there, as long as somebody asks now and then."""
    monkeypatch.setattr(postround, "_SILENT_MS", 300)
    store = open_store(postgresql_url)
    round_ = store.round()
    assert round_.take(VESTBY)
    round_.give_back(VESTBY)
    pause = threading.Event()
    for _ in range(12):
        assert round_.still_held()
        pause.wait(0.05)
    assert round_.take(VESTBY)
    round_.close()
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


def test_a_wait_ends_when_mail_is_queued(rounds: tuple[PostRound, PostRound], cases: Database) -> None:
    """A postman who would wait for a minute goes as soon as the mail is committed, also by mail queued before."""
    one, _ = rounds
    one.wait(0.0)  # from here on it listens
    started = threading.Event()

    def wait() -> None:
        started.set()
        one.wait(60.0)

    waiting = threading.Thread(target=wait)
    waiting.start()
    started.wait()
    send(cases, mail("a"))
    waiting.join(30)
    assert not waiting.is_alive()
    send(cases, mail("b", AAS))
    one.wait(60.0)


def test_a_wait_ends_when_its_process_stops(rounds: tuple[PostRound, PostRound]) -> None:
    """Whether it stops while the postman waits or just before."""
    one, _ = rounds
    one.wait(0.0)
    one.wake()
    one.wait(60.0)
    waiting = threading.Thread(target=lambda: one.wait(60.0))
    waiting.start()
    one.wake()
    waiting.join(30)
    assert not waiting.is_alive()


@pytest.mark.server
def test_waiting_outlives_the_database(postgresql_url: str, administer: Administer) -> None:
    """A broken connection ends no wait early and raises nothing; the next wait listens again.

    How long it waits is the claim, and the server's socket is what it waits on, so a clock judges it: from below only,
    which no slow machine can fail.
    """
    store = open_store(postgresql_url)
    round_ = store.round()
    round_.wait(0.0)
    administer(TERMINATE.format(database_of(postgresql_url)))
    began = time.monotonic()
    round_.wait(0.3)
    assert time.monotonic() - began >= 0.29
    round_.wait(0.0)
    with store.transaction() as tx:
        tx.open_case(CASE)
    send(store, mail("a"))
    round_.wait(60.0)
    round_.close()
    store.close()
