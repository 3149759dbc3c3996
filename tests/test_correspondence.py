"""Letters in XML to one recipient: where an answer goes, for as long as there are answers, and what it may cost."""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from cases import FIXTURES, empty_database

from adapter.domain.delivery import Letter, Receipt
from adapter.flows.deliver import deliver_round
from adapter.flows.parts import Parts
from adapter.outside.store import open_store
from adapter.replay import open_stage, read_case
from adapter.replay.stage import Stage

FOLDER = FIXTURES / "letter" / "every-step-reaches-an-xml-hospital"
HOSPITAL, WARD, OTHER_WARD = "999900011", "8900011", "8900012"


class Recording:
    """A way out that keeps what it was given, and answers so."""

    def __init__(self, says: Receipt) -> None:
        self.says, self.given = says, list[Letter]()

    async def post(self, letter: Letter) -> Receipt:
        self.given.append(letter)
        return self.says


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return empty_database(tmp_path / "letters.db")


@pytest.fixture
def stage(database: Path) -> Iterator[Stage]:
    """A need that a ward reported in XML, and news of it that is due to its hospital in XML."""
    store = open_store(f"sqlite:///{database}")
    stage = open_stage(FOLDER, store)
    for step in read_case(FOLDER).steps[:2]:
        stage.act_first(step)
        stage.act(step)
    yield stage
    store.close()


def with_another_ward_first(parts: Parts) -> Parts:
    """The hospital lists another service before the one that wrote."""
    known = parts.partners.by_organisation
    services = {OTHER_WARD: "Koordinerende enhet", **known[HOSPITAL].services}
    hospital = replace(known[HOSPITAL], services=services)
    return replace(parts, partners=replace(parts.partners, by_organisation={**known, HOSPITAL: hospital}))


def sent(parts: Parts, says: Receipt) -> list[Letter]:
    way_out = Recording(says)
    asyncio.run(deliver_round(HOSPITAL, way_out, parts))
    return way_out.given


def changed(database: Path, sql: str) -> None:
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute(sql)


def test_the_same_letter_goes_to_who_wrote_also_when_the_message_is_removed(
    stage: Stage, database: Path
) -> None:
    """What retention takes away is the content: neither the address nor a byte of a later try differs."""
    parts = with_another_ward_first(stage.parts)
    (first,) = sent(parts, Receipt("unreachable"))
    changed(database, "UPDATE received SET raw = NULL")
    changed(database, "UPDATE recipient SET paused_until = NULL")
    (second,) = sent(parts, Receipt("answered", 200, "apprec-ok"))
    assert first.receiver == WARD
    assert second == first


def test_a_message_that_an_older_release_kept_is_answered_from_its_content(
    stage: Stage, database: Path
) -> None:
    parts = with_another_ward_first(stage.parts)
    (first,) = sent(parts, Receipt("unreachable"))
    changed(database, "UPDATE received SET reply_to = ''")
    changed(database, "UPDATE recipient SET paused_until = NULL")
    (second,) = sent(parts, Receipt("answered", 200, "apprec-ok"))
    assert second == first


def test_a_postman_takes_one_connection_at_a_time(stage: Stage, database: Path) -> None:
    """With one that waits for a second, as many postmen as there are connections would wait for each other."""
    narrow = open_store(f"sqlite:///{database}", patience=0.5, pool_size=1)
    assert len(sent(replace(stage.parts, store=narrow), Receipt("answered", 200, "apprec-ok"))) == 1
    narrow.close()
