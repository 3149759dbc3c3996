"""The bench measures what it says, on a small scale. No timing decides anything here: only that figures are there."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
SHAPE = {"what", "ours", "floor", "against", "ratio", "target", "met", "note", "limits"}
GOALS = {"G1", "G2", "G3", "G4", "G5", "G6", "G7", "G8", "G10", "G11", "G12"}

pytestmark = pytest.mark.bench


def bench(*options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.bench", *options]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The report of a run that starts no other process."""
    file = tmp_path_factory.mktemp("bench") / "report.json"
    ran = bench("--smoke", "--cpu-only", "--json", str(file))
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return dict(json.loads(file.read_text(encoding="utf-8")))


def test_nothing_was_left_unmeasured(report: dict[str, Any]) -> None:
    """The parts that need no process all come back with figures."""
    assert report["failures"] == []
    assert set(report["goals"]) == {"G2", "G3"}


def test_every_figure_is_a_number_with_its_spread(report: dict[str, Any]) -> None:
    """Each line has its shape, at least one run, and a median above nothing."""
    for figure in figures(report):
        assert set(figure) == SHAPE
        assert figure["ours"]["n"] >= 1
        assert figure["ours"]["median"] > 0
        assert figure["ours"]["spread"] >= 0


def test_every_goal_stands_beside_a_floor_of_the_same_run(report: dict[str, Any]) -> None:
    """What is judged is a ratio to something that was measured, not recorded, beside it."""
    for goal in report["goals"].values():
        judged = [figure for figure in goal["figures"] if figure["target"]]
        assert judged
        assert any(figure["floor"] and not figure["floor"]["recorded"] for figure in judged)
        for figure in judged:
            assert figure["ratio"] == pytest.approx(figure["ours"]["median"] / figure["floor"]["median"])
            assert figure["met"] in (True, False)


def test_peers_are_marked_as_recorded(report: dict[str, Any]) -> None:
    """Nobody can take a figure of another run for one of this."""
    peers = [peer for goal in report["goals"].values() for peer in goal["peers"]]
    assert peers
    assert {peer["mark"] for peer in peers} == {"recorded, other run"}


def test_what_is_not_met_says_where_the_time_goes(report: dict[str, Any]) -> None:
    """A goal that is missed comes with the top of a profile."""
    missed = [figure for figure in figures(report) if figure["met"] is False]
    assert all(figure["limits"] for figure in missed)


def test_every_goal_has_a_part_that_measures_it() -> None:
    """A goal nobody measures would be silently met. G9 joins when what it measures is there."""
    listed = bench("--list")
    assert listed.returncode == 0, listed.stderr
    assert set(listed.stdout.split()) >= GOALS


def figures(report: dict[str, Any]) -> list[dict[str, Any]]:
    return [figure for goal in report["goals"].values() for figure in goal["figures"]]
