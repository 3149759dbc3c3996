"""What a case folder says is denied to somebody stands in no byte that this one is sent or reads."""

import base64
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from cases import FIXTURES, FOLDERS, empty_database, fresh, name_of

from adapter.replay import Played, play, read_case, read_cast
from adapter.replay.case_file import Cast

DENYING = [folder for folder in FOLDERS if read_case(folder).denied]
_BASE64 = re.compile(rb"[A-Za-z0-9+/]{40,}={0,2}")


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return empty_database(tmp_path_factory.mktemp("empty") / "empty.db")


@pytest.mark.parametrize("folder", DENYING, ids=name_of)
def test_nothing_denied_leaves(
    folder: Path, empty: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Searched in all that is sent to an organisation or read by it, also as JSON escapes it and in attachments."""
    monkeypatch.delenv("ACCEPT", raising=False)
    played = play(folder, fresh(empty, tmp_path))
    cast = read_cast(FIXTURES)
    found = [
        (who, value)
        for who, values in played.case.denied.items()
        for text in _came_to(who, played, cast)
        for value in values
        if value in text
    ]
    assert found == []


@pytest.mark.parametrize("folder", DENYING, ids=name_of)
def test_what_is_denied_was_there_to_be_sent(folder: Path) -> None:
    """Each denied value stands in what the municipality put or the hospital sent: or the search could find nothing."""
    steps = read_case(folder).steps
    put = json.dumps([step.put.change for step in steps if step.put], ensure_ascii=False)
    put += "".join((folder / step.receive.file).read_text("utf-8") for step in steps if step.receive)
    values = {value for denied in read_case(folder).denied.values() for value in denied}
    assert values
    assert [value for value in values if value not in put] == []


def _came_to(who: str, played: Played, cast: Cast) -> Iterator[str]:
    """What came to an organisation by its name in the cast, or to anybody: sent, or read by who did not write it."""
    for step in played.steps:
        for sent in step.came.sent:
            if who == "anybody" or sent.recipient == cast.organisations[who]:
                yield from _readings(sent.body)
        reads = step.step.read
        if reads and step.came.answer and (who in ("anybody", reads.by)):
            yield from _readings(step.came.answer.body)


def _readings(raw: bytes) -> Iterator[str]:
    """The bytes as text: as they are, with what JSON escapes, and what stands in base64."""
    text = raw.decode("utf-8")
    yield text
    if text.startswith("{"):
        yield json.dumps(json.loads(text), ensure_ascii=False)
    whole = (held for held in _BASE64.findall(raw) if len(held.rstrip(b"=")) % 4 != 1)
    for held in whole:  # what has another length is a piece of a URL
        yield base64.b64decode(held + b"=" * (-len(held) % 4)).decode("utf-8", errors="replace")
