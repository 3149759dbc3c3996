"""However many cases there are, nothing that is asked all day reads a whole table of SQLite.

Its planner has no statistics, unless somebody has it make some.
"""
# ruff: noqa: S608 - statements of a test

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path

import pytest
from cases import empty_database
from kept import by_hand
from questions import GIVEN, LOOKS, OF_CLOCKS, OF_MAILBOX, SEARCHES
from sqlalchemy import Connection, Engine, event, text

from adapter.outside.store import Database, clock_statements, mailbox, open_store
from adapter.outside.store.search import cases
from adapter.outside.store.statements import HOT

SMALL = {"recipient", "mailbox", "serves", "alembic_version"}
OF_THE_SERVER = {"MAIL_IS_THERE"}
"""Asked of PostgreSQL alone."""
_CASES = "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c LIMIT 10000)"
_ALL_ALIKE = (
    f"INSERT INTO case_ {_CASES} SELECT 'other-' || n, 'need-' || n, n, 'r', 'o', NULL, 'closed', '', '', NULL FROM c",
    f"""INSERT INTO delivery (message_id, recipient, case_id, event, category, focus, carries, created_at, state,
    place, due, clock, tries, because) {_CASES} SELECT 'mail-' || n, 'o', 'other-' || n, 'e', 'need', 'f', '[]', '',
    'accepted', 'done', '', '', 1, '' FROM c""",
    f"""INSERT INTO waiting (case_id, list, reason, since, resolved_at, resolved_by) {_CASES}
    SELECT 'other-' || n, 'routing', 'r', '', '', '' FROM c""",
    "ANALYZE",
)
"""Statistics by which no state, unit or hospital is rarer than another."""


@pytest.fixture(params=["no statistics", "statistics"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    database = empty_database(tmp_path / "cases.db")
    if request.param == "statistics":
        by_hand(f"sqlite:///{database}", *_ALL_ALIKE)
    with closing(open_store(f"sqlite:///{database}")) as store:
        yield store


def plans(engine: Engine, ask: Callable[[Connection], object]) -> list[str]:
    """How SQLite would answer each statement that is asked: a line for each table or sorting."""
    asked: list[tuple[str, object]] = []

    def note(_: object, __: object, statement: str, given: object, *___: object) -> None:
        if not statement.startswith("BEGIN"):
            asked.append((statement, given))

    event.listen(engine, "before_cursor_execute", note)
    try:
        with engine.connect() as connection:
            ask(connection)
            connection.rollback()
    finally:
        event.remove(engine, "before_cursor_execute", note)
    assert asked
    with engine.connect() as connection:
        return [
            row[3]
            for statement, given in asked
            for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", given)  # type: ignore[arg-type]
        ]


def whole_tables(plan: list[str], partial: set[str]) -> list[str]:
    """The steps that read a large table from one end to the other; all of a partial index is what is open."""
    steps = [
        found
        for line in plan
        if (
            found := re.match(
                r"SCAN (?!CONSTANT ROW|\d+ CONSTANT)(\w+)(?: USING (?:COVERING )?INDEX (\w+))?", line
            )
        )
    ]
    large = [step for step in steps if step[1] not in SMALL and not step[1].startswith("anon_")]
    return [step.string for step in large if step[2] not in partial]


@pytest.fixture
def partial(store: Database) -> set[str]:
    """The names of partial indexes."""
    with store._connections.engine.connect() as connection:
        rows = connection.execute(text("SELECT name FROM sqlite_master WHERE sql LIKE '% WHERE %'"))
        return {row[0] for row in rows}


@pytest.mark.parametrize(
    ("asked", "given"),
    [(HOT, GIVEN), (mailbox.HOT, OF_MAILBOX), (clock_statements.HOT, OF_CLOCKS)],
    ids=["hot", "mailbox", "clocks"],
)
def test_every_hot_statement_is_answered_by_an_index(
    asked: Mapping[str, object], given: Mapping[str, Mapping[str, object]], store: Database, partial: set[str]
) -> None:
    engine = store._connections.engine
    for name, statement in asked.items():
        if name not in OF_THE_SERVER:
            plan = plans(engine, lambda c, name=name, statement=statement: c.execute(statement, given[name]))  # type: ignore[misc]
            assert whole_tables(plan, partial) == [], name


@pytest.mark.parametrize("name", LOOKS)
def test_every_question_of_an_operator_is_answered_by_an_index(
    name: str, store: Database, partial: set[str]
) -> None:
    plan = plans(store._connections.engine, lambda _: getattr(store, name)(*LOOKS[name]))
    assert whole_tables(plan, partial) == [], plan


@pytest.mark.parametrize(
    ("name", "index"),
    [
        ("a person's", "ix_case_subject"),
        ("a rare state", "ix_case_state_id"),
        ("a unit's", "ix_case_owner_id"),
        ("a hospital's", "ix_case_requester_id"),
        ("a page in the middle", "sqlite_autoindex_case__1"),
    ],
)
def test_a_search_reads_what_it_looks_for(name: str, index: str, store: Database) -> None:
    """And not all cases in the order of their ids, until it has met enough that fit."""
    (step, *_) = plans(store._connections.engine, lambda c: c.execute(cases(SEARCHES[name])))
    assert re.match(rf"SEARCH case_ USING INDEX {index} \(", step), step
