"""Every file of the official examples and of the constructed messages, at the doors: what is answered, and why.

What is to come stands in official_files.csv, and `pytest -s` prints what came. Each file meets an adapter that knows
the parties it names, so its content is judged too.
"""

import csv
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

import httpx
import pytest
from api_client import XML, problems, token
from cases import empty_database, fresh
from official_parties import FILES, FOLDER, house_of, is_receipt
from shared_data import needs_shared

from adapter.ports import Store
from adapter.wire import apprec

pytestmark = needs_shared

STRUCTURE = {"T01", "T02", "T10", "T99", "not-xml", "wrong-namespace", "missing-element", "malformed-value"}
"""What refuses a file for its form."""
ASKED = [(p, door) for p in FILES for door in ("messages", "receipts") if door == "messages" or is_receipt(p)]


@dataclass(frozen=True)
class Row:
    """What a file leads to at a door."""

    file: str
    door: str
    status: int
    answer: str
    stands: str
    why: str


def _rows() -> list[Row]:
    text = (Path(__file__).parent / "official_files.csv").read_text(encoding="utf-8")
    cells = csv.DictReader((line for line in text.splitlines() if not line.startswith("#")), strict=True)
    return [Row(**{**row, "status": int(row["status"])}) for row in cells]  # type: ignore[arg-type]


ROWS = _rows()


def row_of(path: Path, door: str) -> Row:
    """The first row about the file at this door."""
    name = str(path.relative_to(FOLDER))
    return next(row for row in ROWS if row.door == door and fnmatchcase(name, row.file))


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return empty_database(tmp_path_factory.mktemp("empty") / "empty.db")


def said_by(answer: httpx.Response) -> str:
    """An AppRec in its version, status and codes; problems by their names."""
    if answer.headers.get("content-type", "").startswith("application/xml"):
        said = apprec.read(answer.content)
        version = next(
            v for v, namespace in apprec.NAMESPACES.items() if namespace.encode() in answer.content
        )
        return f"{version} {said.status} {said.codes}".strip()
    return " ".join(sorted(set(problems(answer)))) if answer.content else ""


def standing(store: Store, receipt: bool) -> str:
    """Of a message the state of its case; of a receipt the state of the letter it is about, why, and who must look."""
    (case,) = store.case_ids() or [""]
    if not case:
        return "-"
    if not receipt:
        with store.transaction() as tx:
            found = tx.case(case)
        return found.state if found else "-"
    (letter,) = store.deliveries_of(case)
    because = letter.because if letter.state == "rejected" else ""
    return " ".join([letter.state, because, *(w.reason for w in store.waiting())]).replace("  ", " ").strip()


@pytest.mark.parametrize(("path", "door"), ASKED, ids=lambda x: x.name if isinstance(x, Path) else x)
def test_a_file_is_answered_as_the_table_says(path: Path, door: str, empty: Path, tmp_path: Path) -> None:
    """And the same again when it comes again."""
    row = row_of(path, door)
    with house_of(path, fresh(empty, tmp_path)) as (api, sender):
        answers = [
            api("POST", f"/edi/{door}", content=path.read_bytes(), headers=token(sender) | XML)
            for _ in range(2)
        ]
        came = (answers[0].status_code, said_by(answers[0]))
        stands = standing(api.parts.store, is_receipt(path))
    told = (str(path.relative_to(FOLDER)), f"/edi/{door}", f"{came[0]} {came[1]}".strip(), stands, row.why)
    sys.stdout.write(f"\n| {' | '.join(told)} |")
    assert came == (row.status, row.answer)
    assert fnmatchcase(stands, row.stands)
    assert (answers[1].status_code, said_by(answers[1])) == came


def valid_files() -> Iterator[Path]:
    """Those that the official schemas take, as whoever fetched them has found; but for a DOCTYPE, which validates, and
    a status outside its code list.
    """
    for line in (FOLDER / "VALIDATION.txt").read_text(encoding="utf-8").splitlines():
        name, _, rest = line.partition("\t")
        if rest.startswith("VALID") and "doctype" not in name and "unknown-status" not in name:
            yield FOLDER / name


def test_what_is_valid_is_never_refused_for_its_form() -> None:
    """By the table, which the test before holds against what comes."""
    valid = set(valid_files()) & set(FILES)
    assert len(valid) >= 24
    for path in valid:
        row = row_of(path, "receipts" if is_receipt(path) else "messages")
        assert not STRUCTURE & set(row.answer.split()), path.name


def test_every_file_has_its_row_and_every_row_a_file() -> None:
    used = {row_of(path, door) for path, door in ASKED}
    assert used == set(ROWS)
    assert all(row.status < 500 for row in ROWS)
