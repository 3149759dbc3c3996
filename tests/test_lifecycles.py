"""The tables of states and events: total, decided by persons where it matters, and never backwards."""

import csv
import json
import re
from pathlib import Path
from typing import Any

import pytest
from cases import FOLDERS
from hypothesis import given
from hypothesis import strategies as st

from adapter.domain.lifecycle import LifeCycle
from adapter.domain.steps import names_professional, rule_of
from adapter.mapping.tables import load
from adapter.settings import carried

TABLES = load(carried("mappings"), "https://ip-adapter.example/fhir")
FILES = sorted((carried("mappings") / "lifecycles").glob("*.csv"))

DECISIONS = {
    "case": {
        *("wrong-addressee", "decided", "refused", "concluded", "coordinator-appointed", "dismissed"),
        "closed",
    },
    "complaint": {"reversed", "forwarded", "upheld", "changed", "quashed", "dismissed"},
    "plan": {"active", "on-hold", "revoked", "completed", "entered-in-error"},
}
"""States that say something about a person's rights or plan."""

RANKS = {
    "case": [
        {"new"},
        {"held-for-consent", "held-for-review", "held-for-routing"},
        {"routed"},
        {"received"},
        {"opened"},
        {"accepted", "needs-information"},
        {"wrong-addressee"},
        {"decided"},
        {"coordinator-offered", "coordinator-declined"},
        {"refused", "concluded", "coordinator-appointed"},
        {"cancelled", "dismissed", "closed"},
    ],
    "plan": [{"draft"}, {"active", "on-hold"}, {"revoked", "completed"}, {"entered-in-error"}],
    "consent": [{"none"}, {"proposed"}, {"active"}, {"rejected", "inactive"}, {"entered-in-error"}],
    "participation": [
        {"none"},
        {"proposed"},
        {"consented"},
        {"invited"},
        {"accepted"},
        {"active", "paused", "suspended"},
        {"refused", "declined", "ended", "removed"},
        {"entered-in-error"},
    ],
    "complaint": [
        {"none"},
        {"received"},
        {"forwarded"},
        {"reversed", "upheld", "changed", "quashed", "dismissed", "withdrawn"},
        {"entered-in-error"},
    ],
    "purge-there": [{"none"}, {"asked"}, {"confirmed", "withdrawn"}],
    "hand-over": [{"none"}, {"requested"}, {"accepted", "rejected", "cancelled"}],
    "exchange": [
        {"queued"},
        {"waiting"},
        {"sent"},
        {"rejected", "parked"},
        {"stopped-by-consent", "skipped"},
        {"accepted"},
    ],
}
"""How far each state is, from the beginning of its life cycle; states of one set are equally far."""

RETURNS = {"case": {"correct", "route", "hand-over", "reopen"}, "exchange": {"requeue"}}
"""Events that take up again what had come to rest: the sender's answer to a question, a person's word, a
unit that takes a case over, what was decided taken up anew."""


def rank(name: str, state: str) -> int:
    return next(number for number, states in enumerate(RANKS[name]) if state in states)


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_every_state_and_event_is_decided(path: Path) -> None:
    """Read by another reader: each cell is blank, `=` or a state of the same table; none is missing or left over."""
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    header, *rows = list(csv.reader(lines))
    states = [row[0] for row in rows]
    assert header[0] == "state"
    assert len(set(states)) == len(states)
    assert len(set(header)) == len(header)
    for row in rows:
        assert len(row) == len(header)
        assert set(row[1:]) <= {"", "=", *states}
    assert TABLES.lifecycles[path.stem].initial == states[0]
    assert TABLES.lifecycles[path.stem].reachable() == set(states)


@pytest.mark.parametrize("name", RANKS)
def test_the_table_answers_for_every_pair(name: str) -> None:
    """A state, or None for forbidden, whatever happens in whatever state; and every state has its rank here."""
    cycle = TABLES.lifecycles[name]
    assert set(cycle.cells) == set().union(*RANKS[name])
    for state in cycle.cells:
        for event in cycle.events:
            assert cycle.after(state, event) in {None, *cycle.cells}


def test_what_is_told_by_a_status_is_an_event_of_its_table() -> None:
    """Each row of steps.csv names an event, and no two rows of a life cycle are told by the same status."""
    for rule in TABLES.steps:
        assert rule.event in TABLES.lifecycles[rule.lifecycle].events
    told = [(r.lifecycle, r.status, r.business_status) for r in TABLES.steps]
    assert len(set(told)) == len(told)


@pytest.mark.parametrize("name", DECISIONS)
def test_nothing_is_decided_without_a_person(name: str) -> None:
    """Every event that leads to a decision has a step that names who took it, and is not the adapter's."""
    cycle = TABLES.lifecycles[name]
    decisive = {e for e in cycle.events if cycle.leads_to(e) & DECISIONS[name]}
    assert decisive
    for event in decisive:
        rule = rule_of(TABLES.steps, name, event)
        assert rule.person, event
        by_operator = name == "case" and event in ("dismiss", "close")
        assert rule.actor == ("operator" if by_operator else "owner"), event


def test_the_adapter_itself_only_holds_routes_and_cancels() -> None:
    """What no partner tells leads to no state of the municipality's handling."""
    own = {r.event for r in TABLES.steps if (r.lifecycle, r.actor) == ("case", "adapter")}
    reached = set().union(*(TABLES.lifecycles["case"].leads_to(event) for event in own))
    assert reached == {"held-for-consent", "held-for-review", "held-for-routing", "routed", "cancelled"}


def ends() -> list[dict[str, Any]]:
    """How every case of every folder ends, as its golden has it."""
    files = [folder / "out" / "end.json" for folder in FOLDERS]
    return [case for f in files if f.is_file() for case in json.loads(f.read_text(encoding="utf-8")).values()]


def closers(case: dict[str, Any]) -> set[str]:
    """Who closed a case, or what was left to end in one that was over."""
    return {
        line.rsplit(" by ")[1] for line in case["history"] if "--close-->" in line or "--lapse-->" in line
    }


def test_who_acts_on_plans_and_consents_is_who_the_table_says() -> None:
    """In every case folder: plans move by the owner's hand, consents by those who take part; both end when a person
    here closes the case."""
    assert {r.actor for r in TABLES.steps if r.lifecycle == "plan"} == {"owner"}
    assert {r.actor for r in TABLES.steps if r.lifecycle == "consent"} == {"participant"}
    moved = [(line, case) for case in ends() for line in case["history"]]
    plans = [(line, case) for line, case in moved if line.startswith("plan:")]
    consents = [(line, case) for line, case in moved if line.startswith("consent:")]
    assert plans
    assert consents
    for line, case in plans:
        assert line.rsplit(" by ")[1] in {*owners(case), *closers(case)}
    for line, case in consents:
        assert line.rsplit(" by ")[1] in {*takers(case), *closers(case)}


def test_who_hears_of_plans_and_consents_is_who_the_table_says() -> None:
    """In every case folder: a plan goes to participants; a consent's news to the owner, and to whom it concerned."""
    assert {r.tells for r in TABLES.steps if r.lifecycle == "plan"} == {"participants"}
    assert {r.tells for r in TABLES.steps if r.lifecycle == "consent"} == {"concerned"}
    sent = [(d, case) for case in ends() for d in case["deliveries"]]
    heard = {
        e: [(d["to"], c) for d, c in sent if d["event"] == e] for e in ("plan-updated", "consent-changed")
    }
    assert all(heard.values())
    assert all(to in takers(case) - (owners(case) - taken_over(case)) for to, case in heard["plan-updated"])
    for to, case in heard["consent-changed"]:
        got = {d["to"] for d in case["deliveries"] if d["state"] == "accepted"}
        assert to == case["requester"] or to in got


def owners(case: dict[str, Any]) -> set[str]:
    """Whose the case is, and whose it was before somebody took it over."""
    asked = [line for line in case["history"] if line.startswith("hand-over:") and "--propose-->" in line]
    return {case["owner"], *(line.rsplit(" by ")[1] for line in asked)}


def taken_over(case: dict[str, Any]) -> set[str]:
    """Whose the case is, if it took it over: it gets the plan that ended so, as far as consent goes."""
    return {case["owner"]} if any("--hand-over-->" in line for line in case["history"]) else set()


def takers(case: dict[str, Any]) -> set[str]:
    """Owner, requester, and those whose numbers stand in some version of the care team."""
    teams = json.dumps([r for r in case["resources"] if r["resourceType"] == "CareTeam"])
    return {
        *owners(case),
        case["requester"],
        *re.findall(r'"value": "(\d{9})"', teams),
    }


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ({"type": "Practitioner", "display": "A"}, True),
        ({"reference": "https://x.example/fhir/PractitionerRole/1/_history/2", "identifier": "1"}, True),
        ({"type": "Practitioner", "reference": "urn:uuid:1", "display": "A"}, True),
        ({"type": "Practitioner"}, False),
        ({"type": "Practitioner", "display": " "}, False),
        ({"reference": "Practitioner/1"}, False),
        ({"display": "A"}, False),
        ({"identifier": "1"}, False),
        ({"reference": "#one", "display": "A"}, False),
        ({"type": "Practitioner", "reference": "Device/1", "display": "A"}, False),
        *(
            ({"type": t, "display": "A"}, False)
            for t in ("Device", "Patient", "RelatedPerson", "Organization")
        ),
    ],
)
def test_who_can_decide(reference: dict[str, str], expected: bool) -> None:
    """A professional by kind, with a name or an identifier."""
    assert names_professional(reference) is expected


@pytest.mark.parametrize("name", RANKS)
def test_no_event_leads_backwards(name: str) -> None:
    """But for those that take up again what rested, an event leads as far or further."""
    cycle = TABLES.lifecycles[name]
    for state in cycle.cells:
        for event in set(cycle.events) - RETURNS.get(name, set()):
            after = cycle.after(state, event)
            assert after is None or rank(name, after) >= rank(name, state), (state, event)


@given(st.data())
def test_late_and_repeated_events_lose_nothing(data: st.DataObject) -> None:
    """Whatever order events come in, and however often, the end is as far as the furthest state on the way."""
    name = data.draw(st.sampled_from(sorted(RANKS)))
    cycle = TABLES.lifecycles[name]
    usual = sorted(set(cycle.events) - RETURNS.get(name, set()))
    state, furthest = data.draw(st.sampled_from(sorted(cycle.cells))), 0
    for event in data.draw(st.lists(st.sampled_from(usual), max_size=30)):
        state = cycle.after(state, event) or state
        furthest = max(furthest, rank(name, state))
    assert rank(name, state) >= furthest


@given(st.data())
def test_an_event_told_twice_is_told_once(data: st.DataObject) -> None:
    """The same event again, at once, leads nowhere else."""
    cycle: LifeCycle = TABLES.lifecycles[data.draw(st.sampled_from(sorted(RANKS)))]
    state = data.draw(st.sampled_from(sorted(cycle.cells)))
    event = data.draw(st.sampled_from(sorted(cycle.events)))
    once = cycle.after(state, event)
    if once is not None:
        assert cycle.after(once, event) in (once, None)
