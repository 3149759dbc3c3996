"""A signature is judged once, when its message is taken: not at a repeat, nor when a person releases the case."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from cases import FIXTURES, empty_database

from adapter.domain.message import Caller, Door
from adapter.flows.accept import accept
from adapter.outside.store import Database, open_store
from adapter.replay import open_stage, read_case
from adapter.replay.stage import Stage

HOLDS = FIXTURES / "notify" / "signature-holds"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Database]:
    opened = open_store(f"sqlite:///{empty_database(tmp_path / 'case.db')}")
    yield opened
    opened.close()


def received(stage: Stage, file: Path) -> tuple[int, bytes]:
    caller = Caller(stage.cast.organisations["hospital"], frozenset())
    door: Door = "fhir" if file.suffix == ".json" else "edi"
    answer = accept(door, file.read_bytes(), caller, stage.parts)
    return answer.status, answer.body


def test_a_repeat_gets_its_answer_when_the_certificate_is_over(store: Database) -> None:
    """The sender that lost the answer must not believe that the message was refused; a new message would be."""
    stage = open_stage(HOLDS, store)
    first = received(stage, HOLDS / "in.xml")
    stage.clock.now += timedelta(days=1000)
    assert first[0] == 200
    assert received(stage, HOLDS / "in.xml") == first


def test_a_refusal_is_repeated_too(store: Database) -> None:
    """One message id has one AppRec, also if the certificate is listed meanwhile: the sender sends a new message."""
    folder = FIXTURES / "refuse" / "signature-certificate-not-trusted"
    stage = open_stage(folder, store)
    first = received(stage, folder / "in.xml")
    trusting = replace(stage.parts, judge_signature=None)
    assert first[0] == 422
    assert received(replace(stage, parts=trusting), folder / "in.xml") == first


def test_a_held_case_is_released_when_the_certificate_is_over(store: Database) -> None:
    """The message is read once more then, and its signature is none of a later day's business."""
    folder = FIXTURES / "edge" / "two-units-addressed"
    stage = open_stage(folder, store)
    judged: list[str] = []

    def judge(_: bytes, sender: str, __: object) -> tuple[()]:
        judged.append(sender)
        return ()

    stage.parts = replace(stage.parts, judge_signature=judge)
    for step in read_case(folder).steps:
        stage.play(step)
    assert len(judged) == sum(step.receive is not None for step in read_case(folder).steps)


def test_fhir_messages_carry_no_xml_signature(store: Database) -> None:
    """They are taken where every Hodemelding must be signed."""
    folder = FIXTURES / "notify" / "fhir-need-is-routed"
    stage = open_stage(folder, store)
    judge = open_stage(HOLDS, store).parts.judge_signature
    stage.parts = replace(stage.parts, judge_signature=judge)
    assert judge is not None
    assert received(stage, folder / "in.json")[0] == 200
