"""What goes on outside the adapter in a year: lives of cases, each a generator that says how long until it goes on."""

import asyncio
import heapq
import json
import random
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count

from adapter.domain.delivery import Letter, Outgoing
from adapter.domain.identifiers import case_id
from adapter.domain.message import Answer, Caller
from adapter.flows import consent, follow, phone, plan, team
from adapter.flows.accept import accept
from adapter.flows.clock_round import keep_clocks
from adapter.flows.deliver import deliver_round
from adapter.flows.participants import team_organisations
from adapter.flows.parts import Parts
from adapter.flows.resources import id_of
from tests.day.case import Case, changed
from tests.day.letters import PLAIN, fhir, hodemelding, message_id, named

from .clock import DAY, QUARTER, Clock
from .letters import BY_HOSPITAL, BY_UNIT, STAYS, call, deceased, xml
from .people import organisation
from .post import Post
from .words import said

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
    "open": ("opened",),
    "accept": ("opened",),
    "ask": ("opened",),
    "interim": ("opened",),
    "offer": ("opened",),
    "decide": ("opened", "decided"),
    "refuse": ("opened", "decided"),
    "conclude": ("opened", "decided"),
    "appoint": ("opened", "appointed"),
    "plan": ("in-force",),
}
"""How far a case has come by a step (`milestones`)."""


@dataclass(slots=True)
class World:
    """`milestones` has when each case (by its need) came how far, as the world saw it; `unexplained` each answer that
    nothing in the script explains; `messages` counts what was sent, by what it was meant to lead to; `taken` has the
    messages (door, id) that must have been kept; `strangers` who was
    reminded and takes no part; `dead` has the needs of people who have died."""

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
    strangers: list[str] = field(default_factory=list)
    dead: set[str] = field(default_factory=set)
    _due: list[tuple[datetime, int, Life]] = field(default_factory=list)
    _number: Iterator[int] = field(default_factory=count)
    _needs: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.post.told, self.post.confirmed = self._came, self._confirmed

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
        if delivery and delivery.outgoing.category.startswith("reminder"):
            self._reminded(delivery.outgoing)
        if delivery and delivery.outgoing.category == "need":
            case = self.cases[self._needs[delivery.outgoing.case_id]]
            if case.owner != organisation(to):
                case.owner = organisation(to)
                self.sent_on(case)

    def _reminded(self, told: Outgoing) -> None:
        """Nobody is reminded but the owner, the requester, and who is in the team."""
        with self.parts.store.transaction() as tx:
            case, versions = tx.case(told.case_id), tx.of_case(told.case_id)
        team = team_organisations(versions, self.clock(), self.parts)
        if case and told.recipient not in (case.owner, case.requester, *team):
            self.strangers.append(f"{told.category} to {told.recipient}, who does not take part")

    def _confirmed(self, letter: Letter) -> None:
        """A need that a unit has said it has."""
        delivery = self._delivery(letter.message_id)
        if delivery and delivery.outgoing.category == "need":
            need = self._needs[delivery.outgoing.case_id]
            self.milestones[need].setdefault("delivered", self.clock())

    def sent_on(self, case: Case) -> None:
        """It counts from here: how far it came with a unit that was not the right one counts no more."""
        need = case.letter.need
        self.milestones[need] = {"notified": self.milestones[need]["notified"]}

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

    def rings(self, case: Case) -> Answer:
        """The hospital reports a need by telephone, and somebody here writes it down."""
        now = self.clock()
        id_, need, form = call(case.letter, now)
        case.letter = replace(case.letter, need=need)
        self.taken.add(("hand", id_))
        self.cases[need] = case
        self._needs[self.id_of(case)] = need
        self.milestones.setdefault(need, {"notified": now})
        answer = phone.register(form, "desk", self.parts)
        if answer.status != 200:
            self._amiss("telephone", answer)
        return answer

    def tells(self, case: Case, what: str, number: int = 0) -> Answer:
        """A message about a case: a stay or a death, a note, a question, an answer; `number` tells one from another."""
        unit, by = case.owner or case.letter.receiver, case.letter.sender
        file, answers = {**STAYS, **BY_HOSPITAL, **BY_UNIT}[what], ""
        if what in BY_UNIT:
            by, answers = unit, self._letter_to(case, unit.number)
        id_, body = xml(file, case.letter, unit, named(what, case.letter.need, number), self.clock(), answers)
        self.taken.add(("edi", id_))
        return self.send("edi", body, by.number)

    def says_deceased(self, case: Case, dead: bool, number: int = 0) -> Answer:
        """The same of a death in FHIR."""
        id_, body = deceased(case.letter, dead, number, self.clock())
        self.taken.add(("fhir", id_))
        return self.send("fhir", body, case.letter.sender.number)

    def _letter_to(self, case: Case, unit: str) -> str:
        """The last letter of a case that came to a unit."""
        sent = self.parts.store.deliveries_of(self.id_of(case))
        came = self.post.came.get(unit, {})
        return next((d.outgoing.message_id for d in reversed(sent) if d.outgoing.message_id in came), "")

    def step(self, case: Case, name: str, wanted: dict[str, object] | None = None) -> int:
        """What the unit does to the case: the next version of what stands, by a step of the story or as given."""
        assert case.owner
        case.ids = {kind: id_of(self.id_of(case), short) for kind, short in _NAMES.items()}
        what = wanted or said(name, case, self.clock())
        kind, _, id_ = str(what["resource"]).partition("/")
        by = Caller(str(what.get("by", case.owner.number)), frozenset())
        with self.parts.store.transaction() as tx:
            current = tx.current(kind, id_)
        body = what["new"] if "new" in what else changed(current.body if current else {}, what)
        if_match = f'W/"{current.number}"' if current else None
        answer = _PUTS[kind](by, id_, if_match, json.dumps(body, default=float).encode(), self.parts)
        self._noted(case, name, answer)
        return answer.status

    def _noted(self, case: Case, name: str, answer: Answer) -> None:
        self.puts[answer.status] += 1
        if answer.status in (200, 201):
            for stage in _TOLD.get(name, ()):
                self.milestones[case.letter.need].setdefault(stage, self.clock())
            if name in ("reject-addressee", "accept-hand-over"):
                self.sent_on(case)
            if name == "accept-hand-over":  # who takes a case over has it, and has looked at it
                self.milestones[case.letter.need] |= {"delivered": self.clock(), "opened": self.clock()}
        elif not case.over:
            self._amiss(f"{name} in {self.state_of(case)}: {answer.status}", answer)

    def _amiss(self, what: str, answer: Answer) -> None:
        text = answer.body.decode("utf-8", "replace")[:700]
        self.unexplained.append(f"{self.clock():%Y-%m-%d %H:%M} {what}: {text}")

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
