"""What goes on outside the adapter in a year: lives of cases, each a generator that says how long until it goes on."""

import asyncio
import heapq
import json
import random
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count

from adapter.domain.delivery import Letter
from adapter.domain.identifiers import case_id
from adapter.domain.message import Answer, Caller
from adapter.flows import consent, follow, plan, team
from adapter.flows.accept import accept
from adapter.flows.clock_round import keep_clocks
from adapter.flows.deliver import deliver_round
from adapter.flows.parts import Parts
from adapter.flows.resources import id_of
from tests.day.case import Case, changed
from tests.day.letters import PLAIN, fhir, hodemelding, message_id

from .clock import DAY, QUARTER, Clock
from .people import organisation
from .post import Post

CLOCKS_AT_ONCE = 100
Life = Iterator[timedelta]
_PUTS: Mapping[str, Callable[[Caller, str, str | None, bytes, Parts], Answer]] = {
    "Task": follow.put_task,
    "CarePlan": plan.put_care_plan,
    "CareTeam": team.put_care_team,
    "Consent": consent.put_consent,
}
_NAMES = {"Task": "task", "Patient": "patient", "CarePlan": "plan", "CareTeam": "team"}
_TOLD = {
    "open": "opened",
    "decide": "decided",
    "appoint": "appointed",
    "plan": "in-force",
    "refuse": "decided",
}


@dataclass(slots=True)
class World:
    """`milestones` has when each case (by its need) came how far, as the world saw it; `unexplained` each answer that
    nothing in the script explains; `messages` counts what was sent, by what it was meant to lead to; `taken` has the
    messages (door, id) that must have been kept."""

    parts: Parts
    clock: Clock
    post: Post
    chance: random.Random
    cases: dict[str, Case] = field(default_factory=dict)
    milestones: dict[str, dict[str, datetime]] = field(default_factory=dict)
    messages: Counter[str] = field(default_factory=Counter)
    taken: set[tuple[str, str]] = field(default_factory=set)
    puts: Counter[int] = field(default_factory=Counter)
    unexplained: list[str] = field(default_factory=list)
    _due: list[tuple[datetime, int, Life]] = field(default_factory=list)
    _number: Iterator[int] = field(default_factory=count)
    _needs: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.post.told = self._came

    def begins(self, at: datetime, life: Life) -> None:
        heapq.heappush(self._due, (at, next(self._number), life))

    def run(self, until: datetime, daily: Callable[[], None]) -> None:
        """Let time pass, a quarter of a day at a time; `daily` is called when a day has gone."""
        with asyncio.Runner() as runner:
            while self.clock.now < until:
                end, day = self.clock.now + QUARTER, self.clock.now.date()
                self._lived(end)
                self.clock.now = end
                self._carried(runner)
                if end.date() != day:
                    daily()

    def _lived(self, end: datetime) -> None:
        while self._due and self._due[0][0] < end:
            at, _, life = heapq.heappop(self._due)
            self.clock.now = max(self.clock.now, at)
            wait = next(life, None)
            if wait is not None:
                self.begins(self.clock.now + wait, life)

    def _carried(self, runner: asyncio.Runner) -> None:
        """The keeper of clocks and the postmen, until nothing is due at this moment."""
        store = self.parts.store
        while keep_clocks(self.parts, CLOCKS_AT_ONCE):
            pass
        while due := store.due_recipients(self.clock()):
            for recipient in due:
                runner.run(deliver_round(recipient, self.post, self.parts))

    def _came(self, to: str, letter: Letter) -> None:
        """A need that has come to a unit: from now on its people may act."""
        delivery = self._delivery(letter.message_id)
        if delivery and delivery.outgoing.category == "need":
            case = self.cases[self._needs[delivery.outgoing.case_id]]
            case.owner = organisation(to)
            notified = self.milestones[case.letter.need]["notified"]
            self.milestones[case.letter.need] = {"notified": notified, "delivered": self.clock()}

    def _delivery(self, message_id: str):  # type: ignore[no-untyped-def]
        with self.parts.store.transaction() as tx:
            return tx.delivery_of_message(message_id)

    # doors

    def notify(self, case: Case, like: str = PLAIN, event: str = "need-notified", door: str = "") -> Answer:
        """The hospital sends; what is sent again at the same time is the same bytes."""
        letter, now = case.letter, self.clock()
        door = door or case.door
        at = case.sent_at or now
        written = at if event == "need-notified" else now
        body = hodemelding(letter, at, like) if door == "edi" else fhir(letter, event, written)
        self.taken.add((door, message_id(letter, event, door)))
        if event == "need-notified":
            case.sent_at = at
            self.cases[letter.need] = case
            self._needs[case_id(letter.sender.number, letter.need)] = letter.need
            self.milestones.setdefault(letter.need, {"notified": now})
        return self.send(door, body, letter.sender.number)

    def send(self, door: str, body: bytes, by: str, expect: Collection[int] = (200,)) -> Answer:
        answer = accept(door, body, Caller(by, frozenset()), self.parts)  # type: ignore[arg-type]
        if answer.status not in expect:
            self._amiss(f"{door} by {by}: {answer.status}", answer)
        return answer

    def step(self, case: Case, name: str, wanted: dict[str, object] | None = None) -> int:
        """What the unit does to the case: the next version of what stands, by a step of the story or as given."""
        assert case.owner
        case.ids = {kind: id_of(self.id_of(case), short) for kind, short in _NAMES.items()}
        said = wanted or case.filled(name, self.clock())
        kind, _, id_ = str(said["resource"]).partition("/")
        by = Caller(case.owner.number, frozenset())
        with self.parts.store.transaction() as tx:
            current = tx.current(kind, id_)
        body = said["new"] if "new" in said else changed(current.body if current else {}, said)
        if_match = f'W/"{current.number}"' if current else None
        answer = _PUTS[kind](by, id_, if_match, json.dumps(body, default=float).encode(), self.parts)
        self._noted(case, name, answer)
        return answer.status

    def _noted(self, case: Case, name: str, answer: Answer) -> None:
        self.puts[answer.status] += 1
        if answer.status in (200, 201):
            if name in _TOLD:
                self.milestones[case.letter.need].setdefault(_TOLD[name], self.clock())
        elif not case.over:
            self._amiss(f"{name} in {self.state_of(case)}: {answer.status}", answer)

    def _amiss(self, what: str, answer: Answer) -> None:
        said = answer.body.decode("utf-8", "replace")[:700]
        self.unexplained.append(f"{self.clock():%Y-%m-%d %H:%M} {what}: {said}")

    # how it stands

    def id_of(self, case: Case) -> str:
        return case_id(case.letter.sender.number, case.letter.need)

    def state_of(self, case: Case) -> str:
        with self.parts.store.transaction() as tx:
            found = tx.case(self.id_of(case))
        return found.state if found else "none"

    def here(self, case: Case) -> bool:
        """Whether the need has come to a unit that still has it."""
        return case.owner is not None and not case.over


def days(chance: random.Random, least: float, most: float) -> timedelta:
    """A while between so many days, at any time of the day."""
    return chance.uniform(least, most) * DAY
