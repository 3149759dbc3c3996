"""The README is true: its charts come from the tables, its commands exist, its first screen is the agreed one."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from charts import MADE, filled
from test_cli_processes import started

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
        "pip install -e '.[test]' && pytest -n auto",
    ]


@pytest.mark.processes
@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
def test_the_first_fhir_message_is_taken(tmp_path: Path) -> None:
    """The commands of the README, run as they stand there but for the ports, against `ip-adapter serve`."""
    _, _, section = README.read_text(encoding="utf-8").partition("## Send your first FHIR message\n")
    found = re.search(r"```sh\n(.*?)```", section, re.DOTALL)
    assert found
    with started(tmp_path, "serve", "--port", "0", "--issuer-port", "0") as (_, ready):
        commands = found[1].replace("http://127.0.0.1:8080", ready["url"])
        commands = commands.replace("http://127.0.0.1:8089", ready["issuer"])
        ended = subprocess.run(
            ["bash", "-eu", "-o", "pipefail", "-c", commands],  # noqa: S607 - whichever bash the reader has
            cwd=README.parent, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
    head, _, body = ended.stdout.partition("\n\n")
    assert head.startswith("HTTP/1.1 200")
    header = json.loads(body)["entry"][0]["resource"]
    assert header["response"]["code"] == "ok"
    assert header["focus"][0]["type"] == "Task"


def test_files_named_in_the_readme_exist() -> None:
    """Every path in code font that looks like one of ours is there."""
    named = set(
        re.findall(
            r"`((?:adapter|mappings|fixtures|tests|docker)/[\w./-]*)`", README.read_text(encoding="utf-8")
        )
    )
    assert named
    assert [n for n in sorted(named) if not (README.parent / n).exists()] == []


def test_no_place_is_left_to_be_filled_in() -> None:
    """What is in capitals between braces was meant to become a figure."""
    assert re.findall(r"\{[A-Z_]+\}", README.read_text(encoding="utf-8")) == []
