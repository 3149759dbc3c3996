"""The tables that migrations make are the tables that the store speaks to."""

import threading

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, text

from adapter.outside.store import at_head, migrate, open_store
from adapter.outside.store.engine import open_engine, read_url
from adapter.outside.store.tables import metadata
from adapter.ports import StoreBusy

INDEXES = {
    "sqlite": "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL",
    "postgresql": "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
}


def indexes(engine: Engine) -> dict[str, str]:
    with engine.connect() as connection:
        found = connection.execute(text(INDEXES[engine.dialect.name])).all()
    return {name: " ".join(sql.split()) for name, sql in found if "alembic" not in name}


def engine_of(url: str) -> Engine:
    return open_engine(read_url(url), patience=5.0)


def test_migrations_and_table_definitions_agree(database_url: str) -> None:
    """Alembic, comparing a migrated database with our definitions, finds nothing to change."""
    engine = engine_of(database_url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
    engine.dispose()


def test_migrated_indexes_are_the_defined_ones_word_for_word(database_url: str) -> None:
    """Alembic does not compare the conditions of partial indexes; the database's own text of them does."""
    engine = engine_of(database_url)
    migrated = indexes(engine)
    with engine.begin() as connection:
        metadata.drop_all(connection)
        metadata.create_all(connection)
    assert migrated == indexes(engine)
    assert sum(" WHERE " in sql for sql in migrated.values()) == 15
    engine.dispose()


def test_migrating_twice_is_harmless(empty_url: str) -> None:
    """A second migrate finds nothing to do, and the store is ready only from the first one on."""
    store = open_store(empty_url, patience=1.0)
    assert not store.ready()
    migrate(empty_url)
    migrate(empty_url)
    assert at_head(empty_url)
    assert store.ready()
    store.close()


def test_nodes_that_start_together_migrate_once(empty_url: str) -> None:
    """Four migrations at the same moment all end well, on one set of tables."""
    start, failed = threading.Barrier(4), []

    def node() -> None:
        start.wait()
        try:
            migrate(empty_url)
        except (StoreBusy, RuntimeError) as error:
            failed.append(type(error))

    nodes = [threading.Thread(target=node) for _ in range(4)]
    for thread in nodes:
        thread.start()
    for thread in nodes:
        thread.join()
    assert not failed
    assert at_head(empty_url)


def test_an_older_database_is_not_at_head(database_url: str) -> None:
    """Tables of another release make the store not ready."""
    engine = engine_of(database_url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0000'"))
    engine.dispose()
    store = open_store(database_url)
    assert not at_head(database_url)
    assert not store.ready()
    store.close()


def test_a_file_that_cannot_be_made_is_a_busy_store(tmp_path_factory: pytest.TempPathFactory) -> None:
    """A missing folder is reported without its driver's words."""
    with pytest.raises(StoreBusy):
        migrate(f"sqlite:///{tmp_path_factory.mktemp('none') / 'missing' / 'adapter.db'}")
