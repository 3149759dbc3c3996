"""One year from its first need to the reckoning."""

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from adapter.app import build
from adapter.flows.reconciliation import make_up_books
from adapter.outside.store import migrate, open_store
from adapter.settings import Settings
from tests.day.case import Case
from tests.day.letters import Letter, named
from tests.day.people import person
from tests.day.run import HOSPITALS, UNITS

from .clock import BEGIN, DAY, END, Clock
from .clocks import asked_again, begun_when_over, doubled_rows, late_though_stopped
from .desk import round_of_the_day
from .figures import miscounted
from .lives import SHARES, unit_of
from .people import outages, write_partners
from .post import Post
from .reckoning import fates, nobody_owns, unaccounted_mail, unbalanced, unwarned
from .turns import TURNS
from .world import Life, World


@dataclass(slots=True)
class Report:
    """`alarms` has everything that nothing in the script explains."""

    alarms: list[str]
    figures: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Played:
    """A year that has passed, as long as its database is open. `file` is the database."""

    world: World
    report: Report
    file: Path

    @contextmanager
    def on(self, file: Path) -> Iterator[World]:
        """The same world with another database."""
        store = open_store(f"sqlite:///{file}")
        try:
            yield replace(self.world, parts=replace(self.world.parts, store=store))
        finally:
            store.close()


@contextmanager
def year(
    cases: int, folder: Path, seed: int = 1, tell: Callable[[str], None] = lambda _: None
) -> Iterator[Played]:
    """A year with so many needs, on an empty SQLite database in `folder`; `tell` hears of each month."""
    began, clock, chance = time.perf_counter(), Clock(), random.Random(seed)  # noqa: S311 - to be repeatable
    file = folder / "year.db"
    url = f"sqlite:///{file}"
    migrate(url)
    store = open_store(url)
    try:
        settings = Settings(database=url, partners=write_partners(folder))
        parts = build(settings, store, clock)
        post = Post(parts.partners, clock, outages(chance), random.Random(seed + 1))  # noqa: S311 - as above
        world = World(parts, clock, post, chance)
        _fill(world, cases)
        books = Books(world, tell, began)
        world.run(END, books.day)
        yield Played(world, books.closed(), file)
    finally:
        store.close()


def _fill(world: World, number: int) -> None:
    """Needs come on working days mostly, as people are discharged."""
    for n in range(number):
        at = BEGIN + (END - BEGIN - 30 * DAY) * (n / number)
        at += timedelta(days=2) if at.weekday() > 4 and n % 4 else timedelta()
        sender, receiver = HOSPITALS[n % len(HOSPITALS)], UNITS[unit_of(world.chance)]
        case = Case(Letter(named("year", n), person(n + 1), sender, receiver), ("edi", "fhir")[n % 3 > 0])
        world.begins(at, _drawn(world.chance)(world, case))


def _drawn(chance: random.Random) -> Callable[[World, Case], Life]:
    """One way to go, by the shares of a usual year."""
    ways = (*SHARES, *TURNS)
    return chance.choices([way for _, way in ways], [share for share, _ in ways])[0]


class Books:
    """Balanced each day, closed at the end of the year."""

    def __init__(self, world: World, tell: Callable[[str], None], began: float) -> None:
        self._world, self._tell, self._began = world, tell, began
        self._alarms: list[str] = []
        self._month = world.clock().month

    def day(self) -> None:
        """The people's round, and the reconciliation of the day that has gone."""
        now = self._world.clock()
        round_of_the_day(self._world)
        found = make_up_books(self._world.parts) or ()
        self._alarms += [f"the books of {one.day} do not balance" for one in found if not one.holds]
        if now.month != self._month:
            self._month = now.month
            self._alarms += nobody_owns(self._world)
            seconds = time.perf_counter() - self._began
            self._tell(
                f"{now:%Y-%m} {len(self._world.cases)} needs, {len(self._alarms)} alarms, {seconds:.0f} s"
            )

    def closed(self) -> Report:
        world = self._world
        checks = (
            *(nobody_owns, unaccounted_mail, unwarned, unbalanced, miscounted),
            *(late_though_stopped, begun_when_over, asked_again, doubled_rows),
        )
        alarms = [
            *self._alarms,
            *world.unexplained,
            *world.strangers,
            *(a for check in checks for a in check(world)),
        ]
        figures = {
            "needs": len(world.cases),
            "letters that came": sum(map(len, world.post.came.values())),
            "came again under their id": sum(world.post.repeats.values()),
            "the post": dict(world.post.happened),
            "states": dict(Counter(world.state_of(case) for case in world.cases.values())),
            "the books": fates(world),
            "updates by status": {str(status): n for status, n in world.puts.items()},
            "seconds": round(time.perf_counter() - self._began, 1),
        }
        return Report(alarms, figures)
