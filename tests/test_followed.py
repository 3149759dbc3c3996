"""How far a case has come, and who owes what: held against what each folder is known to lead to."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import date
from pathlib import Path

import pytest
from cases import FIXTURES, FOLDERS, empty_database

from adapter.cli.follow import lines
from adapter.domain.problems import Refused
from adapter.flows.followed import HERE, Followed, followed
from adapter.flows.parts import Parts
from adapter.outside.store import open_store
from adapter.replay import open_stage, play, read_cast

MUNICIPALITY, SECOND, NEIGHBOUR = "999900022", "999900033", "999902001"
MILESTONES = ["delivered", "opened", "acted-upon", "decided", "coordinator-appointed"]


@contextmanager
def played(folder: str, scratch: Path) -> Iterator[Parts]:
    """The parts on the database of a folder that was played, at the time at which it ended."""
    database = empty_database(scratch / "case.db")
    came = play(FIXTURES / folder, database)
    with closing(open_store(f"sqlite:///{database}")) as store:
        stage = open_stage(FIXTURES / folder, store)
        for step in came.case.steps:
            stage.act_first(step.model_copy(update={"partner": None}))
        yield stage.parts


def of_only_case(folder: str, scratch: Path) -> Followed:
    with played(folder, scratch) as parts:
        (case,) = parts.store.case_ids()
        return followed(case, parts)


@pytest.fixture(autouse=True)
def no_accepting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ACCEPT", raising=False)


def test_what_a_case_comes_past_is_told_in_order(tmp_path: Path) -> None:
    """Each a minute or more after the one before it, but for what one step is at once; nothing is owed at the end."""
    found = of_only_case("follow/whole-way", tmp_path)
    assert [one.milestone for one in found.passed] == MILESTONES
    assert [one.at for one in found.passed] == sorted(one.at for one in found.passed)
    assert {one.by for one in found.passed} == {MUNICIPALITY}
    assert found.passed[1].at < found.passed[2].at
    assert found.owed == ()


@pytest.mark.parametrize(
    ("folder", "by", "what"),
    [
        ("notify/xml-need-is-routed", MUNICIPALITY, "open"),
        ("follow/interim-reply-and-a-second-one", MUNICIPALITY, "appoint"),
        ("follow/only-the-unit-gives-an-interim-reply", MUNICIPALITY, "decide"),
        ("hold/municipality-not-stated", HERE, "routing: municipality-not-stated"),
        ("receipt/taken-but-for-a-part", HERE, "delivery 1: partly-rejected"),
        ("team/invited-without-consent", SECOND, "answer-the-invitation"),
    ],
)
def test_who_owes_the_next_step(folder: str, by: str, what: str, tmp_path: Path) -> None:
    owed = [(one.by, one.what) for one in of_only_case(folder, tmp_path).owed]
    assert (by, what) in owed


def test_a_question_is_owed_an_answer_once(tmp_path: Path) -> None:
    """Of a question that the unit has asked, whether in its Task or by a message, one answer is owed."""
    found = of_only_case("letter/questions-and-answers-in-xml", tmp_path)
    answers = [one.by for one in found.owed if one.what == "answer"]
    assert len(answers) == len(set(answers))


def test_the_day_of_an_interim_reply_is_shown(tmp_path: Path) -> None:
    found = of_only_case("follow/interim-reply-says-why-and-when", tmp_path)
    assert found.expected_on == date(2026, 3, 10)
    assert found.state == "accepted"


def test_each_clock_says_when_it_began(tmp_path: Path) -> None:
    """But not one whose beginning could tell a birthday."""
    found = of_only_case("notify/xml-need-is-routed", tmp_path)
    told = [line for line in lines(found, {}, found.since) if line.startswith("clock ")]
    assert told
    assert all(", begun 2026-03-10" in line for line in told)
    (tmp_path / "other").mkdir()
    found = of_only_case("deadline/eighteen-soon-with-a-child-coordinator", tmp_path / "other")
    (dayless,) = (line for line in lines(found, {}, found.since) if line.startswith("clock turns-18"))
    assert "begun" not in dayless


def test_a_case_that_is_not_there_is_not_found(tmp_path: Path) -> None:
    with played("notify/xml-need-is-routed", tmp_path) as parts, pytest.raises(Refused):
        followed("00000000-0000-4000-8000-000000000000", parts)


@pytest.mark.parametrize("folder", [f for f in FOLDERS if f.parent.name in ("follow", "phone", "protected")])
def test_nothing_of_a_person_is_told(folder: Path, tmp_path: Path) -> None:
    """Of no case of these folders, and each can be followed to its end."""
    private = read_cast(FIXTURES).private
    with played(str(folder.relative_to(FIXTURES)), tmp_path) as parts:
        for case in parts.store.case_ids():
            told = "\n".join(lines(followed(case, parts), {}, parts.clock()))
            assert [value for value in private if value in told] == []


def test_who_takes_a_case_over_has_it_and_has_acted(tmp_path: Path) -> None:
    """To accept is to open and to act: these are the new unit's, and it is reminded of neither."""
    found = of_only_case("hand-over/need-comes-along", tmp_path)
    assert [(one.milestone, one.by) for one in found.passed] == [
        (milestone, NEIGHBOUR) for milestone in ("delivered", "opened", "acted-upon")
    ]
    running = {clock.rule for clock in found.clocks if clock.state != "stopped"}
    assert "interim-reply" in running
    assert not running & {"unit-opens", "unit-acts"}
