"""The shape of the house: what may import what, how long a file may be, what stands at the top."""

import ast
import re
import statistics
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
CODE = sorted(p for folder in ("adapter", "docker") for p in (ROOT / folder).rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))
TOP = {
    "pyproject.toml",
    "adapter",
    "mappings",
    "fixtures",
    "tests",
    "docker",
    "README.md",
    ".ci",
    ".gitignore",
}
DRAWERS = re.compile(r"(utils?|helpers?|common|base|managers?|misc)\.py$")


def tracked() -> list[str]:
    found = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S607
    if found.returncode:
        pytest.skip("not a git checkout")
    return found.stdout.splitlines()


def lines(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def test_imports_point_inwards() -> None:
    """The layers of pyproject.toml hold, for every module."""
    command = (
        "import sys; from importlinter.cli import lint_imports_command; sys.exit(lint_imports_command())"
    )
    checked = subprocess.run(
        [sys.executable, "-c", command], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stdout


def test_no_file_is_long() -> None:
    """At most 300 lines in any file of code or tests, and half of the code files have at most 95.

    The design aims at 80.
    """
    assert [p.name for p in (*CODE, *TESTS) if lines(p) > 300] == []
    assert statistics.median(lines(p) for p in CODE) <= 95


def test_functions_are_short() -> None:
    """At least nine of ten functions have a body of at most 25 lines."""
    lengths = [
        node.end_lineno - node.body[0].lineno + 1
        for path in CODE
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno
    ]
    assert sum(length <= 25 for length in lengths) / len(lengths) >= 0.9


def test_the_top_level_is_the_agreed_one() -> None:
    """Nothing else stands at the top of the project, and no file is a drawer for what had no name."""
    files = tracked()
    assert {name.split("/")[0] for name in files} <= TOP
    assert [name for name in files if DRAWERS.search(name)] == []


def test_exceptions_are_caught_narrowly() -> None:
    """Everything is caught in one place only: the outer door of the HTTP service."""
    broad = [
        p.name for p in CODE if re.search(r"except (Base)?Exception\b|except:", p.read_text(encoding="utf-8"))
    ]
    assert broad == ["outer_door.py"]


def test_nothing_is_left_for_later() -> None:
    """No mark of unfinished work in code, tables or tests."""
    words = ("TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK", "Not" + "Implemented")
    mark = re.compile(rf"\b({'|'.join(words)})\b")
    places = [
        ROOT / name for name in tracked() if name.startswith(("adapter/", "mappings/", "tests/", "docker/"))
    ]
    texts = (p for p in places if p.suffix in (".py", ".yaml", ".csv", ".md"))
    assert [p.name for p in texts if p.is_file() and mark.search(p.read_text(encoding="utf-8"))] == []
