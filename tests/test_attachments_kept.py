"""What came along with a message lives as long as its case, is archived with it, and goes with it."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from kept import by_hand, kept, played, violations

from adapter.flows.archive import archive_of, archived
from adapter.flows.tidy import tidy
from adapter.mapping import retention
from adapter.outside.store.keeping import Housekeeping
from adapter.replay.case_file import CaseStep, Operate
from adapter.replay.stage import Stage
from adapter.settings import carried
from adapter.wire.archive import unpack

_WAITING = "operate/release-takes-the-attachment-along"
_DOCUMENTS = "SELECT count(*) FROM version WHERE type = 'DocumentReference'"
_YEARS = timedelta(days=366)


@pytest.fixture
def store(database_url: str) -> Iterator[Housekeeping]:
    with kept(database_url) as opened:
        yield opened


def removed(store: Housekeeping, stage: Stage) -> set[str]:
    """The classes of which something went in one run."""
    rules = retention.load(carried("mappings"), stage.parts.tables.lifecycles)
    return {
        done.name for done in tidy(store, rules, stage.clock, "test", limit=50, dry_run=False) if done.items
    }


def test_it_stays_with_its_case_and_goes_with_it(database_url: str, store: Housekeeping) -> None:
    """Dismissed, eleven years pass: without an archive nothing goes, with one that holds the bytes all."""
    with played(database_url, _WAITING, steps=1) as stage:
        stage.play(CaseStep(operate=Operate(do="dismiss", why="Not for the unit")))
        stage.clock.now += 11 * _YEARS
        assert "case" not in removed(store, stage)
        assert by_hand(database_url, _DOCUMENTS) == [(1,)]
        with store.snapshot() as snapshot:
            (record,) = snapshot.records(stage.cases)
        bundle = archive_of(record, stage.parts.base)
        (data,) = {
            content["attachment"]["data"]
            for version in record.versions
            if version.type == "DocumentReference"
            for content in version.body["content"]
        }
        assert data.encode() in unpack(bundle)["versions.json"]
        sha256, audit = archived(record, bundle, "test", stage.clock())
        store.archived(record, sha256, audit)
        assert "case" in removed(store, stage)
        assert by_hand(database_url, _DOCUMENTS) == [(0,)]
        assert violations(database_url, stage.parts) == []
