"""The README is true: its charts come from the tables, its commands exist, its first screen is the agreed one."""

import os
import re
from pathlib import Path

from charts import MADE, filled

README = Path(__file__).resolve().parents[1] / "README.md"


def test_charts_and_tables_are_those_of_the_program() -> None:
    """What is made from mappings/ stands in the README as it is made now. ACCEPT=1 writes it."""
    made = filled(README)
    if os.environ.get("ACCEPT") == "1":
        README.write_text(made, encoding="utf-8")
    text = README.read_text(encoding="utf-8")
    assert all(f"<!-- made: {name} -->" in text for name in MADE)
    assert text == made


def test_the_first_screen_has_exactly_the_two_commands() -> None:
    """What it is, how to see it, how to test it: in that order, in the first forty lines."""
    top = "\n".join(README.read_text(encoding="utf-8").splitlines()[:40])
    blocks = re.findall(r"```sh\n(.*?)```", top, re.DOTALL)
    assert [b.strip() for b in blocks] == [
        "pip install -e . && ip-adapter demo",
        "pip install -e '.[test]' && pytest",
    ]


def test_files_named_in_the_readme_exist() -> None:
    """Every path in code font that looks like one of ours is there."""
    named = set(
        re.findall(
            r"`((?:adapter|mappings|fixtures|tests|docker)/[\w./-]*)`", README.read_text(encoding="utf-8")
        )
    )
    assert named
    assert [n for n in sorted(named) if not (README.parent / n).exists()] == []
