"""Whatever stands in a part of the plan that the person has denied to others comes to none of them, in any case folder,
and nobody can tell that it is there.

Each folder with a plan or a team is played twice after the person has denied a part of the plan to all: once with
words planted in that part (tests/planting.py), once without. The words must be nowhere outside, and but for the mark
of a part (SUBSETTED) both must look the same to everybody else: the same messages, in the same order, with the same
bytes.
"""

import json
import logging
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from cases import FOLDERS, empty_database, name_of
from lists_told import lists_told
from planting import Planting, planting, words_in

from adapter.outside.store import open_store
from adapter.replay import Played, open_stage, play, read_case, read_cast
from adapter.replay.stage import Came

ELSEWHERE = {
    "follow/wrong-addressee-reads-nothing-more": "who puts the plan has sent the case back, and records nothing",
    "hand-over/": "a participant whom the new unit may not know of keeps the plan where it is, as folders there show",
}
WITH_PLANS = [
    folder
    for folder in FOLDERS
    if not name_of(folder).startswith(tuple(ELSEWHERE))
    and any(s.put and s.put.resource in ("CarePlan", "CareTeam") for s in read_case(folder).steps)
]


@pytest.mark.parametrize("folder", WITH_PLANS, ids=name_of)
def test_what_is_denied_to_all_comes_to_nobody_and_leaves_no_trace(
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.delenv("ACCEPT", raising=False)
    caplog.set_level(logging.DEBUG)
    with planting(monkeypatch, plants=True) as made:
        planted = play(folder, empty_database(tmp_path / "planted.db"))
    with planting(monkeypatch, plants=False):
        plain = play(folder, empty_database(tmp_path / "plain.db"))
    outside = [text for came in _outside(folder, planted, made) for text in came]
    url = f"sqlite:///{tmp_path / 'planted.db'}"
    with closing(open_store(url)) as store:
        told = lists_told(open_stage(folder, store).parts, url)
    said = capfd.readouterr()
    assert made.denied
    assert set().union(*map(words_in, [*outside, *told, caplog.text, said.out, said.err])) == set()
    assert list(_outside(folder, planted, made)) == list(_outside(folder, plain, made))


def test_the_words_come_to_who_may_have_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nobody has denied the part, all of them are found in what leaves: so the search can find them."""
    monkeypatch.delenv("ACCEPT", raising=False)
    folder = next(f for f in FOLDERS if name_of(f) == "protected/open-address-keeps-its-places")
    monkeypatch.setattr(Planting, "_denied", lambda *_: True)
    with planting(monkeypatch, plants=True) as made:
        played = play(folder, empty_database(tmp_path / "case.db"))
    found = set().union(*(words_in(text) for came in _outside(folder, played, made) for text in came))
    assert len(found) == 18


def _outside(folder: Path, played: Played, made: Planting) -> Iterator[list[str]]:
    """Step by step what came to others than the municipalities: sent, or read."""
    organisations = read_cast(folder.parents[1]).organisations
    owners = {organisations[name] for name in ("municipality", "neighbour")}
    for step in played.steps:
        came = [f"{s.recipient} {_text(s.body)}" for s in step.came.sent if s.recipient not in owners]
        if step.step.read and organisations[step.step.read.by] not in owners:
            came.append(_answer(step.came))
        yield came


def _answer(came: Came) -> str:
    return f"{came.answer.status} {_text(came.answer.body)}" if came.answer else ""


def _text(raw: bytes) -> str:
    text = raw.decode()
    return json.dumps(_unmarked(json.loads(text)), ensure_ascii=False) if text.startswith("{") else text


def _unmarked(tree: Any) -> Any:
    """Without the mark that says that something is a part."""
    if isinstance(tree, list):
        return [_unmarked(item) for item in tree]
    if not isinstance(tree, dict):
        return tree
    return {
        name: left for name, value in tree.items() if (left := _left(name, _unmarked(value))) not in ([], {})
    }


def _left(name: str, value: Any) -> Any:
    if name in ("tag", "security") and isinstance(value, list):
        return [mark for mark in value if mark.get("code") != "SUBSETTED"]
    return value
