"""What must hold of every clock and of every team, whatever has happened and in whatever order."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

import yaml

from adapter.domain.case import Case, Step

from .reckoning import OVER, every_case
from .world import World

_TABLE = Path(__file__).resolve().parents[2] / "mappings" / "deadlines.yaml"
_OUTLIVES = frozenset(
    name for name, row in yaml.safe_load(_TABLE.read_text("utf-8"))["rules"].items() if row.get("outlives")
)
_ANSWERS = frozenset({"unit-opens", "unit-acts", "interim-reply"})
"""Clocks that wait for the unit to answer."""
_ANSWERED = frozenset({"decide", "refuse", "conclude", "appoint"})
_TAKEN_UP = frozenset({"route", "reopen", "hand-over", "release"})


def late_though_stopped(world: World) -> Iterator[str]:
    """Clocks that were stopped and became overdue all the same."""
    for case in every_case(world):
        for d in world.parts.store.deadlines_of(case.id):
            if d.stopped_at and d.overdue_at and d.stopped_at < d.overdue_at and d.stopped_at < d.due_at:
                yield f"{d.rule} was overdue after it was stopped"


def begun_when_over(world: World) -> Iterator[str]:
    """Clocks that began in a case that was over, or of a person who is said to be dead."""
    for case in every_case(world):
        steps = world.parts.store.history_of(case.id)
        ends = [(_over_since(case, steps), "over"), (_dead_since(steps), "of one who is dead")]
        for d in world.parts.store.deadlines_of(case.id):
            for since, what in ends:
                if since and d.started_at > since and d.rule not in _OUTLIVES:
                    yield f"{d.rule} began in a case that was {what}"


def _over_since(case: Case, steps: Sequence[Step]) -> datetime | None:
    if case.state not in OVER:
        return None
    return max((s.at for s in steps if s.lifecycle == "case" and s.after in OVER), default=None)


def _dead_since(steps: Sequence[Step]) -> datetime | None:
    said = {s.actor: s for s in steps if s.lifecycle == "stay" and s.event in ("died", "not-died")}
    return min((s.at for s in said.values() if s.event == "died"), default=None)


def asked_again(world: World) -> Iterator[str]:
    """Clocks that wait for an answer and began when it had been given: a false reminder would follow."""
    for case in every_case(world):
        answered: datetime | None = None
        for step in world.parts.store.history_of(case.id):
            if step.lifecycle == "case" and step.event in _ANSWERED:
                answered = answered or step.at
            elif step.lifecycle == "case" and step.event in _TAKEN_UP:
                answered = None
        for d in world.parts.store.deadlines_of(case.id):
            if answered and d.started_at > answered and d.rule in _ANSWERS:
                yield f"{d.rule} began when the unit had answered"


def doubled_rows(world: World) -> Iterator[str]:
    """More than one open row of a team for one who takes part in one role."""
    for case in every_case(world):
        with world.parts.store.transaction() as tx:
            versions = tx.of_case(case.id)
        for team in (v.body for v in versions if v.type == "CareTeam"):
            rows = Counter(
                (str(row.get("member")), str(role["coding"][0]["code"]))
                for row in team.get("participant", ())
                if "end" not in row.get("period", {})
                for role in row.get("role", ())
            )
            if max(rows.values(), default=0) > 1:
                yield "somebody takes part twice in one role"
