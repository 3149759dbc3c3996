"""Whatever comes in whatever order: real flows on a real SQLite file, and what must hold holds after every step.

The orders are drawn by hypothesis; `pytest tests/test_random_orders.py --faults-full` draws many and longer ones.
"""

import random
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cases import empty_database
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from adapter.app import build
from adapter.domain.case import Case as Kept
from adapter.domain.problems import Refused
from adapter.flows import operate
from adapter.flows.closing import close
from adapter.flows.reconciliation import reconcile
from adapter.flows.verify import verify
from adapter.outside.store import open_store
from adapter.outside.store.keeping import open_keeping
from adapter.settings import Settings
from tests.day.case import Case
from tests.day.letters import PLAIN, UNCERTAIN, WITHOUT_CONSENT, Letter, named
from tests.day.people import person
from tests.day.run import HOSPITALS, UNITS
from tests.year.clock import BEGIN, DAY, Clock
from tests.year.clocks import begun_when_over, doubled_rows, late_though_stopped
from tests.year.people import write_partners
from tests.year.post import Post
from tests.year.reckoning import OVER, nobody_owns, unaccounted_mail, unwarned
from tests.year.turns import asked_of
from tests.year.words import NEXT_UNIT, purged
from tests.year.world import World

OWN = (
    *("receive", "open", "accept", "ask", "reject-addressee", "decide", "refuse", "appoint"),
    *("consent-plan", "consent-sharing", "withdraw-sharing", "team", "plan", "update-plan"),
    *("interim", "offer", "decline-offer", "conclude", "reopen", "join"),
    *("consent-hand-over", "propose-hand-over", "complain"),
)
"""What the owner begins, and nobody else."""
ANSWERS = ("accept-hand-over", "decline-hand-over", "withdraw-hand-over")
ENDS = ("forward-complaint", "uphold-complaint", "reverse-complaint")
STEPS = (*OWN, *ANSWERS, *ENDS)
USUAL = (
    *("open", "accept", "consent-plan", "consent-sharing", "decide", "appoint", "team", "plan"),
    *("consent-hand-over", "propose-hand-over"),
)
TOLD = ("admitted", "ready", "discharged", "died", "not-died", "note", "reply", "question", "word")
"""Messages about a case: stays, a death and that it was an error, notes and questions in both directions."""
NEEDS = st.integers(0, 2)
COMMANDS = ("release", "dismiss", "seen", "died", "requeue", "skip")
TAKEN_UP_AGAIN = {"refused", "concluded"}
"""States that are over and may be left again: by people (reopen)."""


class Orders(RuleBasedStateMachine):
    """Three needs: two of one person from two hospitals to two units, one in each format, and one of another person."""

    @initialize(seed=st.integers(0, 2**16))
    def begin(self, seed: int) -> None:
        self.folder = tempfile.TemporaryDirectory()
        folder = Path(self.folder.name)
        url = f"sqlite:///{empty_database(folder / 'case.db')}"
        self.store, self.keeping = open_store(url), open_keeping(url)
        clock = Clock()
        parts = build(Settings(database=url, partners=write_partners(folder)), self.store, clock)
        self.away: dict[str, list[Any]] = {}
        post = Post(parts.partners, clock, self.away, random.Random(seed))  # noqa: S311 - to be repeatable
        self.world = World(parts, clock, post, random.Random(seed))  # noqa: S311
        self.needs = [
            Case(
                Letter(named("order", n), person(7 + n // 2), HOSPITALS[n % 2], UNITS[n % 2]),
                ("fhir", "edi")[n % 2],
            )
            for n in range(3)
        ]
        self.ends: dict[str, str] = {}
        self.stopped: dict[Any, Any] = {}

    def teardown(self) -> None:
        if hasattr(self, "store"):
            assert [*unaccounted_mail(self.world)] == []
            self.store.close()
            self.keeping.close()
            self.folder.cleanup()

    @rule(
        n=NEEDS,
        like=st.sampled_from([PLAIN, PLAIN, UNCERTAIN, WITHOUT_CONSENT]),
        door=st.sampled_from(["", "fhir"]),
    )
    def report(self, n: int, like: str, door: str) -> None:
        """A need, or the same again: in other words it is refused."""
        self.said(self.needs[n], "need-notified", like, door)

    @rule(n=NEEDS, event=st.sampled_from(["need-corrected", "need-cancelled"]))
    def change(self, n: int, event: str) -> None:
        self.said(self.needs[n], event, PLAIN, "fhir")

    @rule(n=NEEDS, name=st.sampled_from(STEPS))
    def step(self, n: int, name: str) -> None:
        """What the unit that has the case, or had it, does; allowed or not."""
        case = self.needs[n]
        if case.owner and self.known(case):
            status = self.quiet(case).step(case, name)
            assert status < 500
            if name == "accept-hand-over" and status == 200:
                case.owner = NEXT_UNIT

    @rule(n=NEEDS, far=st.integers(2, len(USUAL)), days=st.sampled_from([0, 1, 12]))
    def usual_way(self, n: int, far: int, days: int) -> None:
        """So far as most cases go, so that what is drawn next finds something to disturb."""
        if not self.known(self.needs[n]):
            self.report(n, PLAIN, "")
            self.wait(0.3)
        for name in USUAL[:far]:
            self.step(n, name)
        self.wait(days)

    @rule(n=NEEDS, name=st.sampled_from(OWN), unit=st.sampled_from(UNITS[:3]))
    def step_of_another(self, n: int, name: str, unit: Any) -> None:
        """A unit that was never asked may do nothing, and learns nothing."""
        case = self.needs[n]
        got = {to for to, letters in self.world.post.came.items() if letters}
        if case.owner and unit.number not in got:
            owner, case.owner = case.owner, unit
            # 400: a change to what was never there names no resource
            assert self.quiet(case).step(case, name) in (400, 403, 404)
            case.owner = owner

    @rule(
        n=NEEDS, command=st.sampled_from(COMMANDS), unit=st.sampled_from([None, *(u.unit for u in UNITS[:3])])
    )
    def operate(self, n: int, command: str, unit: str | None) -> None:
        """A person here; refused or not."""
        id_ = self.world.id_of(self.needs[n])
        with suppress(Refused):
            self.commanded(id_, command, unit)

    @rule(n=NEEDS, what=st.sampled_from(TOLD), number=st.integers(0, 1))
    def tell(self, n: int, what: str, number: int) -> None:
        """A message in its name or the unit's about a need, known or not, whoever's it is."""
        assert self.world.tells(self.needs[n], what, number).status < 500

    @rule(n=NEEDS, dead=st.booleans(), number=st.integers(0, 1))
    def says_deceased(self, n: int, dead: bool, number: int) -> None:
        assert self.world.says_deceased(self.needs[n], dead, number).status < 500

    @rule(n=NEEDS)
    def ring(self, n: int) -> None:
        """The need is reported by telephone, where nothing was said of it before."""
        if self.needs[n].letter.need not in self.world.cases:
            assert self.world.rings(self.needs[n]).status < 500

    @rule(n=NEEDS, unit=st.sampled_from(UNITS[:3]))
    def purge(self, n: int, unit: Any) -> None:
        """Who was asked to purge says that it has, as often as it likes."""
        case = self.needs[n]
        for task in asked_of(self.world, case, unit.number) if case.owner else ():
            assert self.quiet(case).step(case, "purged", purged(task, unit.number, self.world.clock())) < 500

    @rule(days=st.sampled_from([0.1, 1, 4, 12, 40, 200]))
    def wait(self, days: float) -> None:
        """Time passes, and everything that is due is done on the way."""
        self.world.run(self.world.clock() + days * DAY, lambda: None)
        books = reconcile(BEGIN.date(), self.world.clock().date(), self.world.parts)
        assert [one.day for one in books if not one.holds] == []

    @rule(n=st.integers(0, 2), days=st.sampled_from([1, 5]))
    def goes_away(self, n: int, days: int) -> None:
        now = self.world.clock()
        self.away[(*UNITS[:2], HOSPITALS[0])[n].number] = [(now, now + timedelta(days=days))]

    @invariant()
    def holds(self) -> None:
        """What `verify` asks of a live database; somebody owns every case; nothing was overdue unwarned."""
        if hasattr(self, "world"):
            assert [*verify(self.keeping, self.world.parts, None, lambda _done, _of: None)] == []
            assert [*nobody_owns(self.world)] == []
            assert [*unwarned(self.world)] == []
            assert [line for line in self.world.unexplained if ": 5" in line] == []
            self.world.unexplained.clear()

    @invariant()
    def clocks_and_teams_are_right(self) -> None:
        """No clock turns when it is stopped, or begins for nobody; who takes no part is not reminded."""
        if hasattr(self, "world"):
            assert [*late_though_stopped(self.world)] == []
            assert [*begun_when_over(self.world)] == []
            assert [*doubled_rows(self.world)] == []
            assert self.world.strangers == []

    @invariant()
    def a_clock_that_was_stopped_is_never_overdue(self) -> None:
        for kept in self.kept():
            for clock in self.store.deadlines_of(kept.id):
                assert self.stopped.get(clock.key, clock.overdue_at) == clock.overdue_at
                if clock.state == "stopped":
                    self.stopped[clock.key] = clock.overdue_at

    @invariant()
    def what_is_over_stays_over(self) -> None:
        for kept in self.kept():
            before = self.ends.get(kept.id)
            assert before in {None, kept.state, *TAKEN_UP_AGAIN} or kept.state == "closed"
            if kept.state in OVER:
                self.ends[kept.id] = kept.state

    @invariant()
    def one_plan_of_a_person_and_none_without_consent(self) -> None:
        plans: dict[str, int] = {}
        for kept in self.kept():
            with self.store.transaction() as tx:
                versions = tx.of_case(kept.id)
            given = [v for v in self.store.versions_of(kept.id) if v.type == "Consent"]
            consents = [v for v in given if "PLAN" in str(v.body["category"])]
            for plan in (
                v for v in versions if v.type == "CarePlan" and v.body["status"] in ("active", "on-hold")
            ):
                plans[kept.subject_key] = plans.get(kept.subject_key, 0) + 1
                assert any(v.at <= plan.at for v in consents)
        assert all(number == 1 for number in plans.values())

    # how

    def kept(self) -> Iterator[Kept]:
        if hasattr(self, "store"):
            with self.store.transaction() as tx:
                found = [tx.case(id_) for id_ in self.store.case_ids()]
            yield from (kept for kept in found if kept)

    def known(self, case: Case) -> bool:
        """Whether its case is still there: a person may have had it removed."""
        return self.world.state_of(case) != "none"

    def quiet(self, case: Case) -> World:
        """Refusals are answers here, not faults."""
        case.over = True
        return self.world

    def said(self, case: Case, event: str, like: str, door: str) -> None:
        answer = self.world.notify(case, like, event, door or case.door)
        assert answer.status < 500

    def commanded(self, id_: str, command: str, unit: str | None) -> None:
        parts = self.world.parts
        if command == "release":
            operate.release(id_, unit, "desk", "Drawn", parts)
        elif command == "dismiss":
            operate.dismiss(id_, "desk", "Drawn", parts)
        elif command == "seen":
            operate.seen(id_, "desk", "Drawn", parts)
        elif command == "died":
            close(id_, "died", "desk", "Drawn", parts)
        else:
            for delivery in self.store.parked():
                (operate.requeue if command == "requeue" else operate.skip)(
                    delivery.id, "desk", "Drawn", parts
                )


def test_whatever_the_order_what_must_hold_holds(pytestconfig: pytest.Config) -> None:
    long = bool(pytestconfig.getoption("--faults-full"))
    drawn = settings(
        max_examples=200 if long else 10,
        stateful_step_count=60 if long else 25,
        deadline=None,
        derandomize=not long,
        # Finding the shortest order takes many times as long.
        phases=tuple(Phase) if long else (Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(Orders, settings=drawn)  # type: ignore[no-untyped-call]
