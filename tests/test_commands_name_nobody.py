"""What commands print, and what the doors log and count, names nobody: no name, no number, no word of a plan."""

import json
import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from api_client import api_on, logged, open_database, token
from cases import FIXTURES, FOLDERS, empty_database

from adapter.cli.commands import app
from adapter.domain.person import classify
from adapter.outside.store import open_store
from adapter.replay import play, read_case, read_cast

PRIVATE = read_cast(FIXTURES).private
PERSON = "21905297101"
_ELEVEN_DIGITS = re.compile(r"(?<!\d)\d{11}(?!\d)")
_FRACTION = re.compile(r"\b\d+\.\d+(e-?\d+)?\b")
WITH_PEOPLE = (
    "letter/every-step-reaches-an-xml-hospital",
    "protected/no-place-in-odd-elements",
    "team/no-plan-but-a-coordinator",
    "view/everything-but-mental-health",
)


def _named(text: str) -> list[str]:
    """What stands in a text of these people. Fractions are left out: a time in seconds may have any digits."""
    text = _FRACTION.sub("", text)
    numbers = [number for number in _ELEVEN_DIGITS.findall(text) if classify(number)]
    return [*(value for value in PRIVATE if value in text), *numbers]


@pytest.mark.parametrize("folder", WITH_PEOPLE)
def test_a_command_prints_nothing_of_a_person(
    folder: str, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of `overview`, which is there to name who helps, that holds for what it writes beside its answer."""
    monkeypatch.delenv("ACCEPT", raising=False)
    database = empty_database(tmp_path / "case.db")
    play(FIXTURES / folder, database)
    with closing(open_store(f"sqlite:///{database}")) as store:
        case = next(iter(store.case_ids()))
    asked = [
        ["lapsing", "--within", "P36500D"],
        ["teams", "--days", "36500"],
        ["parked"],
        ["find"],
        ["deadlines"],
    ]
    for command in (
        *asked,
        ["plan", case],
        ["explain", case],
        ["follow", case],
        ["overview", case, "--why", "hvem ringer man"],
    ):
        for form in ([], ["--json"]):
            said = _run([*command, *form], database, capfd)
            assert _named(said[1]) == []
            assert command[0] == "overview" or _named(said[0]) == []


def test_the_doors_log_and_count_nothing_of_a_person(tmp_path: Path) -> None:
    """Every message in XML, receipt or not, through HTTP as it came, and what callers may put into an address."""
    with closing(open_database(tmp_path)) as store:
        api = api_on(store)
        with logged() as log:
            for raw in _in_xml():
                api.edi(raw)
                api(
                    "POST",
                    "/edi/receipts",
                    content=raw,
                    headers=token() | {"Content-Type": "application/xml"},
                )
            for path in (f"Patient/{PERSON}", f"Patient?identifier={PERSON}", "Patient?name=TESTPASIENT"):
                api.read(path)
            counted = api("GET", "/metrics").text
    lines = log.getvalue().splitlines()
    assert len(lines) > 100
    assert all(json.loads(line) for line in lines)
    assert _named(log.getvalue() + counted) == []


def _in_xml() -> Iterator[bytes]:
    for folder in FOLDERS:
        for step in read_case(folder).steps:
            if step.receive and step.receive.via == "edi":
                yield (folder / step.receive.file).read_bytes()


def _run(command: list[str], database: Path, capfd: pytest.CaptureFixture[str]) -> tuple[str, str]:
    with pytest.raises(SystemExit):
        app([*command, "--database", f"sqlite:///{database}"], prog_name="ip-adapter")
    told = capfd.readouterr()
    return told.out, told.err
