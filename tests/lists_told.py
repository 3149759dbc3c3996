"""What the commands that list and explain tell of everything in a database, for people and for programs."""

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from adapter.cli import explain as explaining
from adapter.cli import plan as planning
from adapter.domain.problems import Refused
from adapter.flows.explain import explain
from adapter.flows.lapsing import lapsing
from adapter.flows.parts import Parts
from adapter.flows.plan_report import plan_report
from adapter.flows.teams import lacking
from adapter.outside.store.keeping import open_keeping

_AHEAD = timedelta(days=36_500)


def lists_told(parts: Parts, url: str) -> list[str]:
    """`lapsing`, `teams`, `parked`, and of each case `plan` and `explain`, of a database (`url`) and parts on it."""
    store = parts.store
    with closing(open_keeping(url)) as keeping:
        told = [_as_json(one) for one in lapsing(_AHEAD, frozenset(), keeping, parts)]
    told += [_as_json(one) for one in (*lacking(_AHEAD, parts), *store.waiting(), *store.parked())]
    for case in store.case_ids():
        told += [*_explained(case, parts), *_plan(case, parts)]
    return told


def _explained(case: str, parts: Parts) -> Iterator[str]:
    account = explain(case, parts)
    yield from explaining.lines(account)
    yield json.dumps(explaining.as_object(account), ensure_ascii=False, default=str)


def _plan(case: str, parts: Parts) -> Iterator[str]:
    try:
        report = plan_report(case, parts)
    except Refused:
        return
    yield from planning.lines(report)
    yield _as_json(report)


def _as_json(said: Any) -> str:
    return json.dumps(asdict(said), ensure_ascii=False, default=str)
