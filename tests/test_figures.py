"""The loop in numbers agrees with a count made by hand from the rows, and shows nobody."""
# ruff: noqa: S608, S311 - statements and chance of a test

import csv
import io
import json
import math
import random
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from cases import FIXTURES, empty_database
from hypothesis import given
from hypothesis import strategies as st
from kept import by_hand
from stored import CASE, mail

from adapter.cli.commands import app
from adapter.domain.case import Step, Version
from adapter.domain.delivery import Receipt, Settled
from adapter.domain.figures import OTHERS, STAGES, Course, figures, percentile
from adapter.flows.figures import KEYS, figures_of
from adapter.outside.store import Database, open_store
from adapter.replay import open_stage

MODEL = FIXTURES / "notify" / "xml-need-is-routed"
HOSPITALS = ("999900011", "983975240")
UNITS = {"3216": ("999900022", "8090022"), "0301": ("999900099", "8090099")}
LEAST = 5
NOW = datetime(2026, 3, 1, 8, tzinfo=UTC)
FIRST, LAST = date(2026, 3, 1), date(2026, 12, 31)
ON = {"accept": "opened", "decide": "decided", "refuse": "decided", "appoint": "coordinator"}


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Two hundred cases that went so far and no further, some to a wrong unit first."""
    url = f"sqlite:///{empty_database(tmp_path_factory.mktemp('figures') / 'case.db')}"
    with closing(open_store(url)) as store:
        chance = random.Random(6)
        for number in range(200):
            _one(store, number, chance)
    return url


def _one(store: Database, number: int, chance: random.Random) -> None:
    opened = NOW + timedelta(hours=number)
    hospital = HOSPITALS[chance.random() < 0.02]
    owner, unit = UNITS["3216"] if chance.random() < 0.7 else UNITS["0301"]
    case = replace(CASE, id=f"case-{number}", requester=hospital, owner=owner, unit=unit, opened_at=opened)
    events = ["route"]
    if chance.random() < 0.2:
        events += ["accept", "reject-addressee", "route"]
    going = ["accept", "decide", "appoint", "activate"]
    events += going[: chance.randrange(5)]
    if chance.random() < 0.1:
        events = [*events[:2], "refuse"] if "accept" in events else [*events, "cancel"]
    steps, at = [], opened
    for event in events:
        at += timedelta(minutes=chance.randrange(1, 5000))
        lifecycle = "plan" if event == "activate" else "case"
        steps.append(Step(case.id, lifecycle, event, "before", event, at, "x", "y"))
    state = {"refuse": "refused", "cancel": "cancelled"}.get(events[-1], "routed")
    routed = [step.at for step in steps if step.event == "route"][-1]
    with store.transaction() as tx:
        tx.open_case(replace(case, state=state))
        tx.move(replace(case, state=state), steps)
        if chance.random() < 0.8:
            tx.keep_version(Version("CarePlan", f"plan-{number}", 1, case.id, at, "x", "y", {"id": "p"}))
        letter = mail(f"m-{number}", owner, case.id, "need")
        tx.send([replace(letter, event="need-notified", created_at=routed)])
    if chance.random() < 0.9:
        (sent,) = store.deliveries_of(case.id)
        heard = Receipt("answered", 200, "ok")
        came = routed + timedelta(minutes=chance.randrange(600))
        with store.transaction() as tx:
            tx.settle(
                [Settled(sent, "accepted", "accepted", "done", came, "", came, heard, tried=True)], None
            )


def naive(url: str) -> dict[str, dict[str, list[float]]]:
    """By municipality and stage: hours, from the rows alone."""
    hours: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for id_, unit, opened in by_hand(url, "SELECT id, unit, opened_at FROM case_"):
        municipality = next(m for m, (_, her_id) in UNITS.items() if her_id == unit)
        hours[municipality]["notified"].append(0)
        steps = by_hand(url, f"SELECT event, at FROM history WHERE case_id = '{id_}' ORDER BY id")
        last = max(place for place, (event, _) in enumerate(steps) if event == "route")
        met: dict[str, float] = {}
        for event, at in steps[last:]:
            stage = {**ON, "activate": "plan"}.get(event)
            if stage:
                met.setdefault(stage, _hours(opened, at))
                if event in ("decide", "refuse", "appoint"):
                    met.setdefault("opened", _hours(opened, at))
        for (at,) in by_hand(
            url,
            f"SELECT r.at FROM receipt r JOIN delivery d ON d.id = r.delivery WHERE d.case_id = '{id_}'",
        ):
            met["delivered"] = _hours(opened, at)
        for stage, took in met.items():
            hours[municipality][stage].append(took)
    return hours


def _hours(before: str, after: str) -> float:
    between = datetime.fromisoformat(after) - datetime.fromisoformat(before)
    return between.total_seconds() / 3600


@pytest.fixture(scope="module")
def counted(url: str) -> Iterator[Any]:
    with closing(open_store(url)) as store:
        parts = open_stage(MODEL, store).parts
        units = tuple(
            replace(parts.directory.units[0], municipality=number, organisation=owner, her_id=her_id)
            for number, (owner, her_id) in UNITS.items()
        )
        parts = replace(parts, directory=replace(parts.directory, units=units))
        yield figures_of(FIRST, LAST, KEYS["municipality"], LEAST, parts)


@pytest.mark.parametrize("municipality", UNITS)
def test_times_are_those_of_the_rows(municipality: str, url: str, counted: Any) -> None:
    """Median and 90th percentile of each stage, by a second way of counting."""
    by_rows = naive(url)[municipality]
    group = next(g for g in counted[1] if g.key == (municipality,))
    assert group.notified == len(by_rows["notified"])
    for one in group.stages:
        took = sorted(by_rows[one.stage])
        for told, share in ((one.median, 0.5), (one.p90, 0.9)):
            least = next(t for t in took if sum(other <= t for other in took) >= share * len(took) - 1e-9)
            if sum(other > least for other in took) < LEAST:
                assert told is None
            else:
                assert told is not None
                assert math.isclose(told.total_seconds() / 3600, least)
    assert group.stages[0].p90 or municipality != "3216"


def test_the_groups_are_all_there_is(counted: Any) -> None:
    total, groups = counted
    assert sum(group.notified for group in groups) == total.notified == 200


def test_a_hospital_of_few_is_not_shown_apart(url: str) -> None:
    """Two hospitals, one with fewer than five: neither can be told, by itself or by what is missing."""
    with closing(open_store(url)) as store:
        _, groups = figures_of(FIRST, LAST, KEYS["hospital"], 5, open_stage(MODEL, store).parts)
    ((few,),) = by_hand(url, f"SELECT count(*) FROM case_ WHERE requester = '{HOSPITALS[1]}'")
    assert 0 < few < 5
    assert [group.key for group in groups] == [OTHERS]


def _course(group: int, minutes: int | None) -> Course:
    at = {} if minutes is None else {STAGES[0]: NOW + timedelta(minutes=minutes)}
    return Course(str(group), "m", NOW, at, ended=False, plan_wanted=True)


@given(
    st.lists(st.tuples(st.integers(0, 6), st.none() | st.integers(0, 9000)), max_size=60),
    st.integers(3, 8),
)
def test_no_group_and_no_time_is_of_fewer_than_allowed(
    cases: list[tuple[int, int | None]], least: int
) -> None:
    """Whatever the sizes, and what is left of the whole when all shown groups are taken from it is none either."""
    courses = [_course(*one) for one in cases]
    total, groups = figures(courses, lambda course: (course.hospital,), least)
    assert (total is None) == (len(courses) < least)
    assert all(group.notified >= least for group in groups)
    assert sum(group.notified for group in groups) == (total.notified if total else 0)
    for group in groups:
        for one in group.stages:
            assert one.reached is None or one.reached == 0 or one.reached >= least


@given(st.lists(st.integers(0, 10_000), min_size=1), st.integers(1, 100), st.integers(0, 9))
def test_a_percentile_is_the_least_that_so_many_do_not_exceed(
    seconds: list[int], of: int, least: int
) -> None:
    """Where it is told: so many at least stand behind it."""
    took = sorted(timedelta(seconds=s) for s in seconds)
    found = percentile(took, of, least)
    if found is None:
        assert least > len(took) * (100 - of) // 100
        return
    assert sum(t >= found for t in took) > least
    assert sum(t <= found for t in took) * 100 >= of * len(took)
    assert sum(t < found for t in took) * 100 < of * len(took)


def test_the_command_tells_the_same_in_each_form(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    days = ["--from", FIRST.isoformat(), "--to", LAST.isoformat(), "--by", "hospital"]
    told = json.loads(run(["figures", *days, "--json"], url, capsys))
    table = [*csv.DictReader(io.StringIO(run(["figures", *days, "--csv"], url, capsys)))]
    assert [one["name"] for one in told["groups"]] == [row["name"] for row in table] == ["all", "others"]
    for one, row in zip(told["groups"], table, strict=True):
        assert row["delivered_median_hours"] == str(one["stages"]["delivered"]["median_hours"])
    assert "others (groups too small to be shown apart): 200 notified" in run(["figures", *days], url, capsys)


def run(command: list[str], url: str, capsys: pytest.CaptureFixture[str]) -> str:
    with pytest.raises(SystemExit):
        app([*command, "--database", url], prog_name="ip-adapter")
    return capsys.readouterr().out
