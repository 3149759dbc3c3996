"""A conversation about one need, in whatever order its messages come: legal, told once, and never against consent."""

import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from cases import FIXTURES, empty_database, fresh
from hypothesis import given, settings
from hypothesis import strategies as st

from adapter.domain.message import Answer, Caller
from adapter.flows.accept import accept
from adapter.flows.verify import of_case
from adapter.outside.store import open_store
from adapter.outside.store.keeping import open_keeping
from adapter.replay import open_stage
from adapter.replay.said import event_of
from adapter.replay.stage import Stage

TALK = FIXTURES / "talk"
HOSPITAL = Caller("999900011", frozenset())
FILES = {
    "new": "changed-follows-the-need/need.xml",
    "changed": "changed-follows-the-need/changed.xml",
    "changed again": "changed-follows-the-need/changed-again.xml",
    "no longer clear": "changed-and-no-longer-clear/changed.xml",
    "cancelled": "cancelled-by-plo/cancelled.xml",
    "added": "added-is-a-note/added.xml",
    "refused": "changed-with-the-consent-taken-back/changed.xml",
    "note": "addition-is-told-once/addition.xml",
    "refused in a note": "note-refuses-the-consent/note.xml",
    "report of a fault": "fault-holds-what-is-queued/fault.xml",
    "admitted": "stay-is-told-to-the-unit/admitted.xml",
    "dead": "death-is-told-to-a-person-here/died.xml",
}
_ID = re.compile(rb"<MsgId>([^<]+)</MsgId>")


def one_conversation() -> dict[str, bytes]:
    """The messages of several folders, all in the conversation of the first."""
    first = _first(TALK / FILES["new"])
    made = {}
    for name, file in FILES.items():
        raw = (TALK / file).read_bytes()
        own = _first(next((TALK / file).parent.glob("need.xml")))
        made[name] = raw.replace(own, first)
    return made


def _first(file: Path) -> bytes:
    found = _ID.search(file.read_bytes())
    assert found
    return found[1]


MESSAGES = one_conversation()


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return empty_database(tmp_path_factory.mktemp("empty") / "empty.db")


@contextmanager
def stage_on(empty: Path) -> Iterator[tuple[Stage, str]]:
    with TemporaryDirectory() as scratch:
        url = f"sqlite:///{fresh(empty, Path(scratch))}"
        with closing(open_store(url)) as store:
            yield open_stage(TALK / "changed-follows-the-need", store), url


def told(stage: Stage, name: str) -> Answer:
    """One message, a minute later, and everything that is due after it."""
    stage.clock.now += timedelta(minutes=1)
    answer = accept("edi", MESSAGES[name], HOSPITAL, stage.parts)
    stage.deliver()
    return answer


@settings(max_examples=60, deadline=None)
@given(order=st.lists(st.sampled_from(sorted(MESSAGES)), max_size=12))
def test_any_order_is_legal_and_nothing_is_told_twice(order: list[str], empty: Path) -> None:
    """Whatever comes when, however often: every invariant holds, a repeat gets its answer again, no letter goes twice,
    there is one case at most, and what is cancelled stays so."""
    answers: dict[str, bytes] = {}
    with stage_on(empty) as (stage, url):
        cancelled = False
        for name in order:
            answer = told(stage, name)
            assert answers.setdefault(name, answer.body) == answer.body
            cancelled = cancelled or (name == "cancelled" and answer.status == 200)
            states = _states(stage)
            assert len(states) <= 1
            assert states == ["cancelled"] or not cancelled
        with closing(open_keeping(url)) as keeping, keeping.snapshot() as snapshot:
            ids = snapshot.case_ids("", 10)
            found = [v for record in snapshot.records(ids) for v in of_case(record, stage.parts)]
        assert found == []
        letters = [sent.message_id for sent in stage.script.sent]
        assert len(set(letters)) == len(letters)


@settings(max_examples=60, deadline=None)
@given(
    before=st.lists(st.sampled_from(sorted(MESSAGES)), max_size=4),
    refusal=st.sampled_from(["refused", "refused in a note"]),
    after=st.lists(st.sampled_from(sorted(MESSAGES)), max_size=6),
)
def test_after_a_refusal_only_its_end_is_told(
    before: list[str], refusal: str, after: list[str], empty: Path
) -> None:
    """Once the consent is taken back, nothing goes to the unit but that, and that the need is cancelled. (What states a
    consent anew is left out: it is a new consent. A refusal that came before is too: its repeat takes back nothing.)"""
    with stage_on(empty) as (stage, _):
        for name in ["new", *before]:
            if name != refusal:
                told(stage, name)
        answer = told(stage, refusal)
        known = len(stage.script.sent)
        for name in after:
            if name in ("new", "changed", "changed again"):
                continue
            told(stage, name)
        events = {event_of(sent.body) for sent in stage.script.sent[known:]}
        assert answer.status in (200, 409)
        assert events <= {"consent-changed", "need-cancelled"}


def _states(stage: Stage) -> list[str]:
    with stage.parts.store.transaction() as tx:
        cases = (tx.case(id_) for id_ in stage.parts.store.case_ids())
        return [case.state for case in cases if case]
