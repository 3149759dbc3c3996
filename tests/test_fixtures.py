"""Every folder under fixtures/ is a claim about the adapter, held whole: each answer, each message, the end.

What holds of every case is held here too: no private value stands outside clinical content, every kept message is
accounted for, and the database agrees with itself.
"""

import io
import logging
import re
from collections.abc import Iterator
from contextlib import closing, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import pytest
from cases import FIXTURES, FOLDERS, empty_database, name_of
from kept import violations
from lists_told import lists_told
from not_clinical import answers, columns

from adapter.domain.person import classify
from adapter.flows.explain import explain
from adapter.flows.parts import Parts
from adapter.mapping.tables import load
from adapter.outside.store import Database, open_store
from adapter.replay import Played, open_stage, play, read_case, read_cast
from adapter.settings import SAMPLE_BASE, carried

PROBLEMS = load(carried("mappings"), SAMPLE_BASE).problems.problems
ELSEWHERE = {
    "wrong-media-type": ("a matter of HTTP headers", "test_api_messages.py"),
    "no-token": ("callers in a case folder are proven", "test_api_access.py"),
    "token-refused": ("callers in a case folder are proven", "test_api_access.py"),
    "scope-missing": ("callers in a case folder have every scope", "test_api_access.py"),
    "method-not-allowed": ("a matter of HTTP methods", "test_api_resources.py"),
    "store-busy": ("the database of a case folder always answers", "test_api_messages.py"),
    "overloaded": ("a case folder plays one request after the other", "test_api_limits.py"),
    "too-many-requests": ("a case folder plays one request after the other", "test_api_limits.py"),
    "disk-low": ("the disk of a case folder has room", "test_api_limits.py"),
    "backlog-full": ("a case folder delivers what is due after every step", "test_api_limits.py"),
    "read-only": ("the database of a case folder always answers", "test_api_limits.py"),
    "maintenance": ("a setting of the process, not of a message", "test_api_limits.py"),
    "body-too-slow": ("a matter of HTTP: a case folder has whole bodies", "test_api_limits.py"),
    "issuer-unreachable": ("callers in a case folder are proven", "test_api_access.py"),
    "internal": ("a fault of ours; no message is known to meet it", "test_api_operations.py"),
    "own-resource-invalid": ("a fault of ours; no message is known to meet it", "test_own_faults.py"),
    "not-delivered-in-time": ("named in no answer: the command `parked` tells it", "test_cli.py"),
    "unreadable-notice": ("a case folder has no notices of a message service", "test_edi20_tracing.py"),
    "too-late": ("two at the same moment; a case folder plays one after the other", "test_operate.py"),
}
"""Problems that no case folder can meet: why not, and the test that shows each of them."""

_REQUIREMENT = re.compile(r"R-\d{3}|F\d{1,2}|P\d|CL-\d{2}|edge-([1-9]|[1-3]\d|4[0-5])")
_ELEVEN_DIGITS = re.compile(rb"(?<!\d)\d{11}(?!\d)")  # in a hash too, where the check digits are wrong


@dataclass(frozen=True)
class Whole:
    """A case that was played: what came of it, its database, and what was logged and printed meanwhile."""

    played: Played
    database: Path
    store: Database
    parts: Parts
    said: str


@pytest.fixture(scope="module", params=FOLDERS, ids=name_of)
def whole(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    """Each folder is played once, and every claim about all of them looks at that."""
    folder: Path = request.param
    database = empty_database(tmp_path_factory.mktemp("case") / "case.db")
    with _overheard() as said:
        played = play(folder, database)
    with closing(open_store(f"sqlite:///{database}")) as store:
        yield Whole(played, database, store, open_stage(folder, store).parts, said.getvalue())
    database.unlink()


def test_a_case_comes_out_as_its_folder_says(whole: Whole) -> None:
    """What the steps expect holds, and every file in out/ is met byte for byte, with none left over."""
    assert [step.amiss for step in whole.played.steps if step.amiss] == []
    assert whole.played.differs == ()


def test_a_case_leaks_nothing(whole: Whole) -> None:
    """Every private value of the cast is searched for in all columns, answers and logs that are not clinical, and in
    what commands list and explain, for people and for programs."""
    told = lists_told(whole.parts, f"sqlite:///{whole.database}")
    said = [text.encode() for text in (whole.said, *told)]
    said += [text for step in whole.played.steps for text in answers(step.came)]
    private = [value.encode() for value in read_cast(FIXTURES).private]
    for text in (*said, *columns(whole.database)):
        assert [value for value in private if value in text] == []
        assert [number for number in _ELEVEN_DIGITS.findall(text) if classify(number.decode())] == []


def test_a_case_is_accounted_for(whole: Whole) -> None:
    """Whatever it went through, each kept message, step and delivery is told."""
    for case in whole.store.case_ids():
        account = explain(case, whole.parts)
        assert all(m.leaves or m.unaccounted for m in account.messages)
        assert len(account.steps) == len(whole.store.history_of(case))
        assert len(account.deliveries) == len(whole.store.deliveries_of(case))


def test_every_invariant_holds_at_the_end_of_a_case(whole: Whole) -> None:
    assert violations(f"sqlite:///{whole.database}", whole.parts) == []


def test_there_are_enough_cases_and_each_makes_its_own_claim() -> None:
    """At least thirty, and no two show the same."""
    claims = [read_case(folder).shows for folder in FOLDERS]
    assert len(claims) >= 30
    assert len(set(claims)) == len(claims)


def test_the_program_carries_the_same_cases() -> None:
    """`ip-adapter case` and the demo find the folders that are tested here."""
    assert carried("fixtures").is_dir()
    assert sorted(p.parent.name for p in carried("fixtures").rglob("case.yaml")) == sorted(
        f.name for f in FOLDERS
    )


def test_a_case_covers_what_there_is() -> None:
    """Every name under `covers` is a problem of the catalogue or the id of a requirement."""
    covered = {(name_of(folder), name) for folder in FOLDERS for name in read_case(folder).covers}
    strange = {(f, name) for f, name in covered if not _REQUIREMENT.fullmatch(name) and name not in PROBLEMS}
    assert strange == set()


def test_every_problem_is_met_in_a_case_or_shown_elsewhere() -> None:
    """A problem is in what came out of some case, is expected there, or covered under its AppRec code."""
    out = "\n".join(p.read_text("utf-8") for p in FIXTURES.rglob("out/*"))
    expected = {
        name
        for folder in FOLDERS
        for step in read_case(folder).steps
        for name in (
            *(step.expect.problems or ()),
            *(step.expect.waiting or ()),
            *(step.expect.overdue or ()),
        )
    }
    told = {name for name in PROBLEMS if name in expected or re.search(rf'(?:"|: ){name}[" ]', out)}
    coded = {
        name
        for folder in FOLDERS
        for name in read_case(folder).covers
        if name in PROBLEMS and (code := PROBLEMS[name].apprec) and _refuses_with(folder, code)
    }
    assert sorted(PROBLEMS.keys() - told - coded) == sorted(ELSEWHERE)


@pytest.mark.parametrize("problem", ELSEWHERE)
def test_a_problem_shown_elsewhere_is_named_there(problem: str) -> None:
    """The test that the table points to speaks of the problem."""
    reason, test = ELSEWHERE[problem]
    assert reason
    assert f'"{problem}' in (Path(__file__).parent / test).read_text("utf-8")


def _refuses_with(folder: Path, code: str) -> bool:
    """Whether an AppRec among the case's answers carries this code of Volven 8221."""
    return any(f'V="{code}"' in p.read_text("utf-8") for p in (folder / "out").glob("*.xml"))


@contextmanager
def _overheard() -> Iterator[io.StringIO]:
    """What is logged, at any level, or printed meanwhile."""
    root, said = logging.getLogger(), io.StringIO()
    handler, level = logging.StreamHandler(said), root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        with redirect_stdout(said), redirect_stderr(said):
            yield said
    finally:
        root.setLevel(level)
        root.removeHandler(handler)
