"""What leaves late says so at all tries or at none: the copies of one letter never differ in it."""

from pathlib import Path
from typing import Any

import pytest
from cases import FIXTURES, empty_database
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kept import played

from adapter.domain.message import Envelope, Party
from adapter.flows.late import came_late
from adapter.replay.case_file import CaseStep
from adapter.replay.script import ANSWERS
from adapter.replay.stage import Stage

FOLDER = "notify/fhir-need-is-routed"
NOT_THERE = {"down", "refuses"}
"""Answers after which the partner surely has nothing."""
TRIES = st.lists(
    st.tuples(
        st.sampled_from(["down", "refuses", "slow", "cut", "transient", "fails", "nonsense", "busy"]),
        st.sampled_from(["PT2H", "PT3H", "PT5H"]),
    ),
    min_size=1,
    max_size=6,
)


def sent(stage: Stage, tries: list[tuple[str, str]]) -> list[tuple[str, bytes]]:
    """Each try: what the partner answered, and the bytes; the first at once, each other after a while."""
    raw = {"partner": {"who": "municipality", "answers": tries[0][0]}}
    came = [*stage.play(CaseStep.model_validate(raw)).sent]
    came += stage.play(CaseStep.model_validate({"receive": {"file": "in.json", "via": "fhir"}})).sent
    for answers, wait in [*tries[1:], ("ok", "PT5H")]:
        step = {"partner": {"who": "municipality", "answers": answers}, "wait": wait}
        came += stage.play(CaseStep.model_validate(step)).sent
    to = stage.cast.organisations["municipality"]
    return [
        (one.answered, one.body) for one in came if one.recipient == to and b'"need-notified"' in one.body
    ]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(TRIES)
def test_no_copy_differs_from_one_that_may_have_come(
    tmp_path_factory: pytest.TempPathFactory, tries: list[tuple[str, str]]
) -> None:
    """Whatever partners answer, and whenever: held against the whole sequence of what left."""
    database = empty_database(tmp_path_factory.mktemp("late") / "case.db")
    with played(f"sqlite:///{database}", FOLDER, 0) as stage:
        found = [(answered, b"message-tag" in body) for answered, body in sent(stage, tries)]
    database.unlink()
    assert found[0][1] is False
    may_be_there = [late for answered, late in found if answered not in NOT_THERE]
    assert len(set(may_be_there)) <= 1
    after = [late for _, late in found]
    assert after == sorted(after)


@pytest.mark.parametrize(
    ("generated", "late"),
    [
        ("2026-03-09T10:05:30+01:00", False),
        ("2026-03-09T10:05:29+01:00", True),
        ("2026-03-09T10:05:29", True),
        ("2026-03-11T10:05:29+01:00", False),
        ("", False),
        ("i går", False),
    ],
)
def test_a_day_makes_a_message_late(generated: str, late: bool, tmp_path: Path) -> None:
    """To the second; without a zone it is a time in Norway, and what is no time says nothing."""
    said: dict[str, Any] = {"envelope_id": "e", "kind": "k", "payload": "p", "digest": "d"}
    envelope = Envelope(
        door="edi", message_id="m", sender=Party(), receiver=Party(), generated=generated, **said
    )
    with played(f"sqlite:///{empty_database(tmp_path / 'case.db')}", FOLDER, 0) as stage:
        at = stage.clock.now
        assert bool(list(came_late(envelope, at, stage.parts))) is late


def test_the_words_are_those_of_the_script() -> None:
    """So that the property above says something of each of them."""
    assert (FIXTURES / FOLDER).is_dir()
    assert ANSWERS.keys() >= NOT_THERE
