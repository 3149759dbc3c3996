"""Two releases on one database: what a newer one adds does not disturb the older one that is still at work."""

import threading
from collections.abc import Callable
from dataclasses import replace

import pytest
from alembic import command
from sqlalchemy import text
from stored import CASE, NOW, VESTBY, accepted, mail, message, settle

from adapter.cli.failed import Failed
from adapter.cli.opening import require_head
from adapter.outside.store import Database, at_head, migrate, open_store, standing
from adapter.outside.store.engine import WRITING
from adapter.outside.store.schema import _config
from adapter.ports import Collision, StoreBusy
from adapter.settings import Settings

EXPANDS = (
    "CREATE TABLE next_years (id TEXT PRIMARY KEY)",
    "ALTER TABLE case_ ADD COLUMN next_year TEXT",
    "ALTER TABLE delivery ADD COLUMN next_year TEXT",
    "ALTER TABLE received ADD COLUMN next_year TEXT",
    "CREATE INDEX ix_next_year ON case_ (next_year)",
    "UPDATE alembic_version SET version_num = '9998'",
)
CONTRACTS = ("UPDATE serves SET oldest = '9999'", "UPDATE alembic_version SET version_num = '9999'")


def applied(store: Database, statements: tuple[str, ...]) -> None:
    """Each by itself, as a migration that locks for moments only."""
    with store._connections.turns.turn() if store._connections.turns else threading.Lock():
        for statement in statements:
            with store._connections.engine.connect().execution_options(**WRITING) as connection:
                connection.execute(text(statement))
                connection.commit()


def at_work(
    store: Database, stop: threading.Event, done: list[str], failed: list[type[Exception]]
) -> Callable[[], None]:
    """Takes needs, moves their cases, sends and settles, until it is stopped."""

    def take(name: str) -> None:
        with store.transaction() as tx:
            assert not tx.case(name)
            tx.open_case(replace(CASE, id=name))
            tx.keep(message(name, case_id=name))
            tx.send([mail(name, VESTBY, name)])
        with store.transaction() as tx:
            case = tx.case(name)
            assert case
            tx.move(replace(case, state="sent"), [])
        settle(store, *(accepted(one) for one in store.due(VESTBY, NOW, 16)))
        assert [d.place for d in store.deliveries_of(name)] == ["done"]

    def work() -> None:
        while not stop.is_set():
            name = f"need-{len(done)}"
            try:
                take(name)
            except (StoreBusy, Collision, RuntimeError, AssertionError) as error:
                failed.append(type(error))
            done.append(name)

    return work


def test_a_newer_release_that_only_adds_disturbs_nobody(store: Database, database_url: str) -> None:
    """Tables and columns come while needs are taken and mail is settled: not one failure, and ready all the time."""
    stop, done, failed = threading.Event(), list[str](), list[type[Exception]]()
    worker = threading.Thread(target=at_work(store, stop, done, failed))
    worker.start()
    ready = [store.ready()]
    for statement in EXPANDS:
        before = len(done)
        applied(store, (statement,))
        ready.append(store.ready())
        while len(done) < before + 2:
            worker.join(0.001)
    stop.set()
    worker.join()
    assert failed == []
    assert set(ready) == {True}
    assert len(store.case_ids()) == len(done) >= 2 * len(EXPANDS)
    assert standing(database_url) == "fits"


def test_an_older_release_starts_on_what_a_newer_one_added(store: Database, database_url: str) -> None:
    """Also its own migrate leaves the newer tables as they are."""
    applied(store, EXPANDS)
    require_head(Settings(database=database_url))
    migrate(database_url)
    second = open_store(database_url)
    assert second.ready()
    assert not at_head(database_url)
    second.close()


def test_a_newer_release_that_takes_away_stops_the_older_one(store: Database, database_url: str) -> None:
    """It is not ready any more, and does not start: it says why."""
    assert store.ready()
    applied(store, (*EXPANDS, *CONTRACTS))
    assert not store.ready()
    assert standing(database_url) == "newer"
    with pytest.raises(Failed, match="newer release"):
        require_head(Settings(database=database_url))


@pytest.mark.server
def test_a_migration_that_finds_a_table_locked_tries_again(empty_postgresql_url: str) -> None:
    """It does not stand in front of everybody else while it waits, and goes on where it was."""
    store = open_store(empty_postgresql_url)
    engine = store._connections.engine
    with engine.connect() as connection:
        first = _config()
        first.attributes["connection"] = connection
        command.upgrade(first, "0001")
    with engine.connect() as connection:
        connection.execute(
            text("INSERT INTO case_ VALUES ('c', 'n', 'k', 'r', NULL, NULL, 's', '2026-01-02Z')")
        )
        connection.commit()
        connection.execute(text("SELECT 1 FROM case_ FOR UPDATE"))
        migration = threading.Thread(target=migrate, args=(empty_postgresql_url,))
        migration.start()
        migration.join(1.5)
        assert migration.is_alive()
        connection.rollback()
    migration.join(60)
    assert at_head(empty_postgresql_url)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT moved_at = opened_at FROM case_")).scalar()
        names = connection.execute(
            text("SELECT indexname FROM pg_indexes WHERE tablename = 'case_'")
        ).scalars()
        assert {"ix_case_opened", "ix_case_state"} <= set(names)
    store.close()
