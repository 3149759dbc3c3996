"""What is kept no longer goes, and nothing else: not of an open case, not before its time, not without its archive."""
# ruff: noqa: S608 - names of tables and ids of ours in statements of a test

import threading
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from kept import by_hand, kept, played, violations

from adapter.domain.case import Audit
from adapter.domain.message import Answer, Caller
from adapter.domain.retention import Class, Retention
from adapter.flows.accept import accept
from adapter.flows.archive import archive_of, archived
from adapter.flows.tidy import tidy
from adapter.flows.verify import verify
from adapter.mapping import retention
from adapter.outside.store.keeping import Housekeeping
from adapter.outside.store.tables import received
from adapter.replay.stage import Stage
from adapter.settings import carried

_OVER, _OPEN, _REFUSED = (
    "notify/cancellation-follows-the-need",
    "plan/activated-plan-reaches-the-hospital",
    "refuse/consent-not-asked",
)
_HOSPITAL = "999900011"
_YEARS = timedelta(days=366)
_NEW = "00000000-0000-4000-8000-00000000000f"
_BUNDLE = "b0000000-0000-4000-8000-000000000001"


@pytest.fixture
def over(database_url: str) -> Iterator[Stage]:
    """A case that was taken back, and is over."""
    with played(database_url, _OVER) as stage:
        yield stage


@pytest.fixture
def store(database_url: str) -> Iterator[Housekeeping]:
    with kept(database_url) as opened:
        yield opened


def rules(stage: Stage) -> Retention:
    return retention.load(carried("mappings"), stage.parts.tables.lifecycles)


def tidied(store: Housekeeping, stage: Stage, *, dry_run: bool = False, limit: int = 50) -> Counter[Class]:
    """What one run removes, by class."""
    counted: Counter[Class] = Counter()
    for done in tidy(store, rules(stage), stage.clock, "test", limit=limit, dry_run=dry_run):
        counted[done.name] += done.items
    return +counted


def archive(store: Housekeeping, stage: Stage) -> str:
    with store.snapshot() as snapshot:
        (record,) = snapshot.records(stage.cases)
    sha256, audit = archived(record, archive_of(record, stage.parts.base), "test", stage.clock())
    store.archived(record, sha256, audit)
    return sha256


def sent_again(stage: Stage, *changed: tuple[str, str]) -> Answer:
    """The first message of the case once more, as it was or with other content."""
    raw = (stage.folder / "in.json").read_text("utf-8")
    for old, new in changed:
        assert old in raw
        raw = raw.replace(old, new)
    return accept("fhir", raw.encode(), Caller(_HOSPITAL, frozenset()), stage.parts)


def test_nothing_of_an_open_case_goes(database_url: str, store: Housekeeping) -> None:
    """Forty years later a case that is not over has all it had; its unit may still send it back, so its message too."""
    with played(database_url, _OPEN) as stage, store.snapshot() as snapshot:
        before = snapshot.records(stage.cases)
        stage.clock.now += 40 * _YEARS
        assert tidied(store, stage) == {}
        assert snapshot.records(stage.cases) == before
        assert violations(database_url, stage.parts) == []


def test_bytes_go_and_a_repeat_is_answered_as_ever(
    over: Stage, database_url: str, store: Housekeeping
) -> None:
    """After 90 days: the same letter gets its own answer, the same id with other content is refused as before."""
    first, other = sent_again(over), ("8307", "8308")
    assert sent_again(over, other).status == 409
    over.clock.now += timedelta(days=89)
    assert tidied(store, over) == {}
    over.clock.now += timedelta(days=2)
    assert tidied(store, over) == {"payload": 2}
    assert by_hand(database_url, "SELECT count(*) FROM received WHERE raw IS NOT NULL") == [(0,)]
    assert sent_again(over) == first
    assert sent_again(over, other).status == 409
    assert tidied(store, over) == {}
    assert violations(database_url, over.parts) == []


def test_versions_that_have_a_successor_lose_their_content(
    over: Stage, database_url: str, store: Housekeeping
) -> None:
    """After five years who made them and when is left, marked as less than there was; what stands is whole."""
    over.clock.now += 4 * _YEARS
    tidied(store, over)
    with store.snapshot() as snapshot:
        (before,) = snapshot.records(over.cases)
    over.clock.now += _YEARS
    assert tidied(store, over) == {"superseded": 1}
    assert tidied(store, over) == {}
    with store.snapshot() as snapshot:
        (after,) = snapshot.records(over.cases)
    last = {v.reference: v.number for v in before.versions}
    for was, now in zip(before.versions, after.versions, strict=True):
        if was.number == last[was.reference]:
            assert now == was
        else:
            assert now.body.keys() == {"resourceType", "id", "meta"}
            assert now.body["meta"]["tag"][0]["code"] == "SUBSETTED"
            assert (now.author, now.at, now.source) == (was.author, was.at, was.source)
    assert len(last) < len(before.versions)
    assert violations(database_url, over.parts) == []


def test_a_case_is_purged_only_as_it_was_archived(
    over: Stage, database_url: str, store: Housekeeping
) -> None:
    """Ten years after its end: not without an archive, not after a change since; then a tombstone is left."""
    over.clock.now += 11 * _YEARS
    assert "case" not in tidied(store, over)
    archive(store, over)
    store.record([Audit(over.clock(), "test", "resource-updated", over.cases[0], {})])
    assert tidied(store, over) == {}
    sha256 = archive(store, over)
    assert tidied(store, over) == {"case": 1, "answers": 2}
    with store.snapshot() as snapshot:
        (record,) = snapshot.records(over.cases)
    assert record.tombstone is not None
    assert (record.tombstone.archive, record.tombstone.because) == (sha256, "time-over")
    assert [*record.versions, *record.history, *record.deliveries, *record.waiting] == []
    assert violations(database_url, over.parts) == []
    by_hand(database_url, "UPDATE case_ SET need = 'x'")
    assert [v.invariant for v in violations(database_url, over.parts)] == ["tombstone-holds-nothing"]
    by_hand(database_url, "UPDATE case_ SET need = ''", "DELETE FROM audit WHERE action = 'case-purged'")
    assert [v.invariant for v in violations(database_url, over.parts)] == ["purge-is-audited"]


def test_an_archive_counts_for_its_own_case_only(over: Stage, database_url: str, store: Housekeeping) -> None:
    """Of two cases that are over the archived one goes, whatever was written of the other since."""
    assert sent_again(over, ("0000-4000-8000-000000000001", "0000-4000-8000-00000000000d")).status == 200
    with store.snapshot() as snapshot:
        ids = snapshot.case_ids("", 10)
    assert len(ids) == 2
    archive(store, over)
    by_hand(database_url, "UPDATE case_ SET state = 'cancelled'", "UPDATE delivery SET place = 'done'")
    over.clock.now += 11 * _YEARS
    assert tidied(store, over)["case"] == 1
    with store.snapshot() as snapshot:
        assert [r.case.id for r in snapshot.records(ids) if r.tombstone] == over.cases


def test_a_purged_case_is_never_opened_again(over: Stage, database_url: str, store: Housekeeping) -> None:
    """The repeat of a message gets its stored answer; the need in a new message, and without answers, a refusal."""
    first = sent_again(over)
    by_hand(database_url, "UPDATE case_ SET moved_at = '2001-01-01 00:00:00.000000'")
    archive(store, over)
    assert tidied(store, over) == {"superseded": 1, "case": 1}
    assert sent_again(over) == first
    (message_id,) = by_hand(database_url, "SELECT message_id FROM received WHERE kind = 'need-notified'")[0]
    new = sent_again(over, (message_id, _NEW), (_BUNDLE, _NEW[:-1] + "e"))
    assert (new.status, b"case-over" in new.body) == (409, True)
    over.clock.now += 11 * _YEARS
    assert tidied(store, over)["answers"] == 2
    assert sent_again(over).body != first.body
    with store.snapshot() as snapshot:
        assert snapshot.count() == 1
        assert not snapshot.records(over.cases)[0].versions
    assert violations(database_url, over.parts) == []


def test_the_audit_outlives_everything(over: Stage, database_url: str, store: Housekeeping) -> None:
    """It goes thirty years after it was written, and only of a purged case; each removal has its own row of counts."""
    over.clock.now += 11 * _YEARS
    archive(store, over)
    tidied(store, over)
    of_case = f"SELECT count(*) FROM audit WHERE case_id = '{over.cases[0]}' AND action LIKE 'message-%'"
    assert by_hand(database_url, of_case) == [(2,)]
    told = [
        row[0]
        for row in by_hand(database_url, "SELECT details FROM audit WHERE action = 'tidied' ORDER BY id")
    ]
    assert '"class":"case"' in told[2]
    over.clock.now += 20 * _YEARS
    assert tidied(store, over)["audit"] > 0
    assert by_hand(database_url, of_case) == [(0,)]


def test_a_purge_is_audited_as_long_as_the_audit_is_kept(
    over: Stage, database_url: str, store: Housekeeping
) -> None:
    """Its absence is found as long as the row is due, and not after; what belongs to no case stays."""
    over.clock.now += 11 * _YEARS
    archive(store, over)
    tidied(store, over)
    for years, purges in ((29, 1), (2, 0)):
        over.clock.now += years * _YEARS
        tidied(store, over)
        assert by_hand(database_url, "SELECT count(*) FROM audit WHERE action = 'case-purged'") == [(purges,)]
        assert found(store, over) == []
        by_hand(database_url, "DELETE FROM audit WHERE action = 'case-purged'")
        assert found(store, over) == ["purge-is-audited"] * purges
    assert by_hand(database_url, "SELECT count(*) > 0 FROM audit WHERE action = 'tidied'")[0][0]


def found(store: Housekeeping, stage: Stage) -> list[str]:
    """The invariants that do not hold, with the audit kept as long as the rules say."""
    keep = rules(stage).rules["audit"].keep
    since = keep.before(stage.clock()) if keep else None
    return [v.invariant for v in verify(store, stage.parts, None, lambda *_: None, since)]


def test_answers_to_what_was_refused_go_after_a_year(database_url: str, store: Housekeeping) -> None:
    """Nothing else was ever kept of them."""
    with played(database_url, _REFUSED) as stage:
        stage.clock.now += timedelta(days=364)
        assert tidied(store, stage) == {}
        stage.clock.now += timedelta(days=3)
        assert tidied(store, stage) == {"refused": 1}


def test_a_dry_run_counts_and_changes_nothing(over: Stage, database_url: str, store: Housekeeping) -> None:
    """The same counts as the run after it, and no row of evidence that something went."""
    over.clock.now += 11 * _YEARS
    archive(store, over)
    counted = tidied(store, over, dry_run=True)
    assert by_hand(database_url, "SELECT count(*) FROM audit WHERE action = 'tidied'") == [(0,)]
    done = tidied(store, over)
    assert done.pop("answers") == 2  # due only after the case is gone
    assert counted == done == {"payload": 2, "superseded": 1, "case": 1}


def test_one_that_was_cut_off_is_taken_up_again_and_two_share_the_work(
    database_url: str, store: Housekeeping
) -> None:
    """After the first transaction of one run, two runs at once finish: everything goes once."""
    copies = 40
    with played(database_url, _REFUSED) as stage:
        names = ", ".join(c.name for c in received.columns if c.name not in ("id", "message_id"))
        by_hand(
            database_url,
            *(
                f"INSERT INTO received (id, message_id, {names}) "
                f"SELECT '{n}', '{n}', {names} FROM received ORDER BY id DESC LIMIT 1"
                for n in range(copies)
            ),
        )
        stage.clock.now += 2 * _YEARS
        first = tidy(store, rules(stage), stage.clock, "test", limit=3, dry_run=False)
        cut_off = next(done for done in first if done.items)
        first.close()
        gone: list[int] = []

        def work() -> None:
            with kept(database_url) as mine:
                gone.append(tidied(mine, stage, limit=3)["refused"])

        runs = [threading.Thread(target=work) for _ in range(2)]
        for run in runs:
            run.start()
        for run in runs:
            run.join()
        rest = tidied(store, stage)["refused"]
    assert cut_off.items == 3
    assert cut_off.items + sum(gone) + rest == copies + 1
    assert len(gone) == 2


def test_a_table_that_would_remove_too_much_is_refused(tmp_path: Path, over: Stage) -> None:
    """A laxer condition, a missing row, evidence that goes first, a state that goes on: each is named, none taken."""
    whole = (carried("mappings") / "retention.yaml").read_text("utf-8")
    for old, new, said in (
        ("case: archived", "case: over", "at least"),
        ("  audit:", "  audits:", "no class audits"),
        ("keep: P30Y", "keep: P9Y", "audit: nothing is kept longer"),
        ("keep: P90D", "keep: 90 days", "a period is written"),
        ("keep: P90D", "keep: P11Y", "case: a part of a case"),
        ("[cancelled,", "[routed,", "a case goes on from"),
        ("[revoked,", "[ended,", "no states"),
        ("keep: P10Y", "keep: with-the-case", "a period is needed"),
    ):
        (tmp_path / "retention.yaml").write_text(whole.replace(old, new, 1), "utf-8")
        with pytest.raises(ValueError, match=f"retention.yaml: .*{said}"):
            retention.load(tmp_path, over.parts.tables.lifecycles)
