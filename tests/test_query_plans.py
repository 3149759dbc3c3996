"""However many cases there are, nothing that is asked all day reads a whole table of PostgreSQL."""

import inspect
import re
from collections.abc import Callable, Iterator

import pytest
from databases import Administer
from questions import GIVEN, LOOKS, OF_CLOCKS, OF_MAILBOX
from sqlalchemy import Connection, event, text
from stored import VESTBY

from adapter.outside.store import Database, clock_statements, mailbox, open_store
from adapter.outside.store.operators import Operators
from adapter.outside.store.statements import HOT

pytestmark = pytest.mark.server

CASES = 50_000
SMALL = {"recipient", "mailbox", "serves", "alembic_version"}
_ROWS = (
    "INSERT INTO recipient SELECT n::text, 0, NULL FROM generate_series(1, 300) n",
    "INSERT INTO case_ SELECT 'case-' || n, 'need-' || n, md5(n::text), (n % 60)::text, (n % 300)::text, NULL,"
    " CASE n % 50 WHEN 0 THEN 'routed' ELSE 'closed' END, now() - n * interval '1 minute', now(),"
    " CASE n % 50 WHEN 0 THEN now() + n * interval '1 minute' END"
    " FROM generate_series(1, :cases) n",
    "INSERT INTO received SELECT 'received-' || n, 'fhir', (n % 60)::text, 'message-' || n, 'envelope-' || n, 'k', 'd',"
    " NULL, now(), 200, 'm', '', NULL, NULL, NULL, 'case-' || n, '[]', '' "
    " FROM generate_series(1, :cases) n",
    "INSERT INTO version SELECT t, t || n, 1 + n % 2, 'case-' || n, now(), 'a', 's', '{}'"
    " FROM generate_series(1, :cases) n, unnest(ARRAY['Task', 'CarePlan', 'Consent']) t",
    "INSERT INTO former_key SELECT md5((n + 1)::text), 'case-' || n, now() FROM generate_series(1, :cases) n",
    "INSERT INTO history (case_id, lifecycle, event, before, after, at, actor, because)"
    " SELECT 'case-' || n, 'case', 'e', 'b', 'a', now(), 'a', 'b' FROM generate_series(1, :cases) n",
    "INSERT INTO audit (at, actor, action, case_id, details)"
    " SELECT now(), 'a', 'read', 'case-' || n, '{}' FROM generate_series(1, :cases) n",
    "INSERT INTO waiting (case_id, list, reason, since, resolved_at, resolved_by) SELECT 'case-' || n, 'routing', 'r',"
    " now(), CASE n % 100 WHEN 0 THEN NULL ELSE now() END, '' FROM generate_series(1, :cases) n",
    "INSERT INTO delivery (message_id, recipient, case_id, event, category, focus, carries, created_at, state,"
    " place, due, clock, tries, because) SELECT 'mail-' || n, (n % 300)::text, 'case-' || n, 'e', 'need', 'T/1/1',"
    " '[]', now(), 'accepted', CASE n % 100 WHEN 0 THEN 'head' WHEN 1 THEN 'held' WHEN 2 THEN 'behind' ELSE 'done' END,"
    " now(), now(), 1, '' FROM generate_series(1, :cases) n",
    "INSERT INTO deadline SELECT 'case-' || n, 'r', '', now(), now(), now() + n * interval '1 minute',"
    " CASE n % 50 WHEN 0 THEN 'running' WHEN 1 THEN 'overdue' ELSE 'stopped' END, NULL, NULL, NULL, ''"
    " FROM generate_series(1, :cases) n",
    "INSERT INTO receipt (delivery, number, at, transport, http, said) SELECT id, 1, now(), 'answered', 200, 'ok'"
    " FROM delivery",
)
_FETCHED = (
    "INSERT INTO fetched SELECT md5(n::text), '8900029', CASE n % 4 WHEN 0 THEN 'message' ELSE 'state' END, n,"
    " CASE n % 99 WHEN 0 THEN 'announced' WHEN 1 THEN 'parked' ELSE 'done' END, 1, '', now() - n * interval '1 s',"
    " now(), now(), (n % 60)::text FROM generate_series(1, :cases) n"
)


@pytest.fixture(scope="module")
def large(postgresql: str, migrated_template: str, administer: Administer) -> Iterator[Database]:
    administer(f'CREATE DATABASE large TEMPLATE "{migrated_template}"')
    store = open_store(re.sub(r"/[^/?]*\?", "/large?", postgresql), patience=60.0)
    with store._connections.engine.begin() as connection:
        connection.execute(
            text("SET LOCAL session_replication_role = replica")
        )  # foreign keys are not the matter here
        for rows in (*_ROWS, _FETCHED):
            connection.execute(text(rows), {"cases": CASES} if ":cases" in rows else {})
    with store._connections.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))
    yield store
    store.close()
    administer("DROP DATABASE large WITH (FORCE)")


def plans(store: Database, ask: Callable[[Connection], object]) -> str:
    """How PostgreSQL would answer, whatever the values, each statement that is asked."""
    asked: list[str] = []

    def note(_: object, __: object, statement: str, *___: object) -> None:
        asked.append(statement)

    engine = store._connections.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        with engine.connect() as connection:
            ask(connection)
            connection.rollback()
    finally:
        event.remove(engine, "before_cursor_execute", note)
    assert asked
    with engine.connect() as connection:
        return "\n".join(
            row[0] for statement in asked for row in connection.exec_driver_sql(_generic(statement))
        )


def _generic(statement: str) -> str:
    names: list[str] = []

    def numbered(found: re.Match[str]) -> str:
        if found[1] not in names:
            names.append(found[1])
        return f"${names.index(found[1]) + 1}"

    numbers = re.sub(r"%\((\w+)\)s", numbered, statement)
    return f"EXPLAIN (GENERIC_PLAN) {numbers}"


def whole_tables(plan: str) -> set[str]:
    """The large tables that a plan reads from one end to the other, by whatever way."""
    return set(re.findall(r"Seq Scan on (\w+)", plan)) - SMALL


def test_every_hot_statement_is_answered_by_an_index(large: Database) -> None:
    """Every one that the store's own list names; who adds one there says here what to ask it with."""
    assert GIVEN.keys() == HOT.keys()
    for name, statement in HOT.items():
        plan = plans(large, lambda c, name=name, statement=statement: c.execute(statement, GIVEN[name]))  # type: ignore[misc]
        assert whole_tables(plan) == set(), f"{name}\n{plan}"


def test_every_statement_of_the_mailbox_is_answered_by_an_index(large: Database) -> None:
    """It grows by a row for each notification, for good."""
    assert OF_MAILBOX.keys() == mailbox.HOT.keys()
    for name, statement in mailbox.HOT.items():
        plan = plans(large, lambda c, name=name, statement=statement: c.execute(statement, OF_MAILBOX[name]))  # type: ignore[misc]
        assert whole_tables(plan) == set(), f"{name}\n{plan}"


def test_every_statement_of_the_clocks_is_answered_by_an_index(large: Database) -> None:
    """A look at what is due, or at what is overdue, reads no clock that stopped years ago."""
    assert OF_CLOCKS.keys() == clock_statements.HOT.keys()
    for name, statement in clock_statements.HOT.items():
        plan = plans(large, lambda c, name=name, statement=statement: c.execute(statement, OF_CLOCKS[name]))  # type: ignore[misc]
        assert whole_tables(plan) == set(), f"{name}\n{plan}"


def test_every_question_of_an_operator_is_answered_by_an_index(large: Database) -> None:
    """Also counts, ages and work lists: they read what is open, not what was done in ten years."""
    questions = {n for n, _ in inspect.getmembers(Operators, inspect.isfunction) if not n.startswith("_")}
    assert LOOKS.keys() == questions
    for name, given in LOOKS.items():
        plan = plans(large, lambda _, name=name, given=given: getattr(large, name)(*given))  # type: ignore[misc]
        assert whole_tables(plan) == set(), f"{name}\n{plan}"


def test_cases_are_listed_by_state_person_and_organisation_through_indexes(large: Database) -> None:
    """The indexes that searches over cases rest on."""
    for where in (
        "state = 'routed' ORDER BY moved_at DESC LIMIT 50",
        "subject_key = 'k'",
        "owner = '7'",
        "requester = '7'",
    ):
        plan = plans(large, lambda c, where=where: c.execute(text(f"SELECT id FROM case_ WHERE {where}")))  # type: ignore[misc]  # noqa: S608
        assert whole_tables(plan) == set(), plan


@pytest.mark.parametrize("name", ["DUE_AGAIN", "DUE_FIRST"])
def test_what_is_due_is_found_by_the_index_of_heads_in_its_order(large: Database, name: str) -> None:
    """Not sorted: a batch of 16 costs the same however many wait."""
    plan = plans(large, lambda c: c.execute(HOT[name], GIVEN[name] | {"to": VESTBY}))
    assert "ix_delivery_head" in plan
    assert "Sort" not in plan
