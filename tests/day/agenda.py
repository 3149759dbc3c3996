"""What happens on the day: letters by the hour, what units do with them, and everything that goes wrong on purpose.

The day is 24 hours from eight in the evening before the clocks of Europe/Oslo go back (25 October 2026), so that it has
an evening, midnight, the hour that comes twice, a night with almost nothing, and the peak of a weekday. The curve is
that of a weekday although the date is a Sunday: the load is the heavier one, the date has the change of the clock.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import cycle

from .case import Case
from .letters import OSLO, PLAIN, Letter, fhir, hodemelding, message_id, named
from .partners import Arrival, Partner
from .people import person
from .volume import Volume
from .world import World

BEGIN = datetime(2026, 10, 24, 18, tzinfo=UTC)
END = BEGIN + timedelta(hours=24)
BEFORE = BEGIN - timedelta(hours=2)
WHOLE = ("receive", "open", "accept", "consent-plan", "consent-sharing", "decide", "appoint", "team", "plan")
MINUTE = timedelta(minutes=1)


class Agenda:
    """Puts a day into a world. `kept` has what the adapter must have kept, `taken` the messages it took."""

    def __init__(self, world: World, volume: Volume, times: float) -> None:
        self.world, self.volume, self.numbers = world, volume, volume.times(times)
        self.taken: set[str] = set()
        self.planned: list[Case] = []
        self._turn = 0
        self._count = 0
        self._hospitals, self._units = cycle(world.hospitals), cycle(world.units[:-1])
        world.told = self.arrived
        for partner in (*world.hospitals, *world.units):
            partner.told = self.arrived

    def moments(self, number: int) -> list[datetime]:
        """So many moments of the day, spread as the hours have it."""
        hours = [BEGIN + timedelta(hours=n) for n in range(24)]
        weights = [self.volume.hours[hour.astimezone(OSLO).hour] for hour in hours]
        whole, found, passed, index = sum(weights), list[datetime](), 0.0, 0
        for one in range(number):
            wanted = (one + 0.5) / number * whole
            while passed + weights[index] < wanted:
                passed += weights[index]
                index += 1
            found.append(hours[index] + (wanted - passed) / weights[index] * timedelta(hours=1))
        return found

    def fill(self) -> None:
        """A usual day. What is unusual stands in `troubles`."""
        numbers = self.numbers
        seeds = max(12, min(300, numbers["plan_versions"] // 12))
        for n in range(seeds):
            self.need(BEFORE + n * timedelta(minutes=30) / seeds)
        usual = [self.need(at) for at in self.moments(numbers["needs"])]
        for case, at in _every(usual, numbers["repeats"], 1):
            self.world.later(at, partial(self._repeat, case))
        for case, at in _every(usual, numbers["corrections"], 2):
            case.crossed = True
            self.world.later(at + 45 * MINUTE, partial(self._more, case, "need-corrected"))
        for case, at in _every(usual, numbers["cancellations"], 3):
            self.world.later(at + 50 * MINUTE, partial(self.cancel, case))
        for at in self.moments(numbers["plan_versions"]):
            self.world.later(at, self._plan_version)

    def new_case(self, door: str = "", unit: Partner | None = None, hospital: Partner | None = None) -> Case:
        self._count += 1
        sender = (hospital or next(self._hospitals)).organisation
        receiver = (unit or next(self._units)).organisation
        letter = Letter(named("need", self._count), person(self._count), sender, receiver)
        case = Case(letter, door or ("edi", "fhir")[self._count % 2], steps=WHOLE)
        self.world.cases[letter.need] = case
        return case

    def need(self, at: datetime, case: Case | None = None, like: str = PLAIN) -> tuple[Case, datetime]:
        case = case or self.new_case()
        self.world.later(at, partial(self._notify, case, at, like))
        return case, at

    async def _notify(self, case: Case, at: datetime, like: str = PLAIN) -> None:
        first = await self._send(case, "need-notified", at, like)
        self.taken.add(message_id(case.letter, "need-notified", case.door))
        case.first_answer = first

    async def _send(self, case: Case, event: str, at: datetime, like: str = PLAIN) -> bytes:
        letter = case.letter
        door = case.door if event == "need-notified" else "fhir"
        body = hodemelding(letter, at, like) if door == "edi" else fhir(letter, event, at)
        case.sent_at = at if event == "need-notified" else case.sent_at
        return (await self.world.send(door, body, letter.sender.number, why=event)).body

    async def _repeat(self, case: Case) -> None:
        """At the same time as the first, or a little later: the same answer."""
        before = case.first_answer
        at = case.sent_at or self.world.clock()
        again = await self._send(case, "need-notified", at)
        if before and again != before:
            self.world.unexplained.append("a repeat got another answer than the first")
        if before is None:
            self.world.after(2 * MINUTE, partial(self._repeat, case))

    async def _more(self, case: Case, event: str) -> None:
        await self._send(case, event, self.world.clock())
        self.taken.add(message_id(case.letter, event, "fhir"))

    async def cancel(self, case: Case) -> None:
        case.over = True
        await self._more(case, "need-cancelled")

    async def _plan_version(self) -> None:
        """The next plan in turn that is in force."""
        self._turn += 1
        if self.planned:
            await self.world.step(self.planned[self._turn % len(self.planned)], "update-plan")

    def arrived(self, partner: Partner, arrival: Arrival) -> None:
        """What a partner does because of a message that came."""
        world = self.world
        if arrival.event == "need-notified":
            case = world.cases[arrival.need]
            case.ids, case.owner = {**case.ids, **arrival.ids}, partner.organisation
            for type_ in ("Task", "CarePlan", "CareTeam"):
                world.by_resource[f"{type_}/{case.ids.get(type_)}"] = case
            world.after(self._gap(len(case.steps)), partial(self._step, case, partner, 0))
        elif arrival.focus.startswith("CarePlan/") and arrival.event == "plan-updated":
            case = world.by_resource[arrival.focus]
            for wait in (5 * MINUTE, 40 * MINUTE):
                world.after(wait, partial(self.read, case))

    def _gap(self, steps: int) -> timedelta:
        """Between two steps of a case. Its weeks are laid into one day: as many steps as a day begins."""
        now = self.world.clock()
        if now < BEGIN:
            return 5 * MINUTE
        return max(MINUTE, min(25 * MINUTE, (END - 30 * MINUTE - now) / max(1, steps)))

    async def _step(self, case: Case, unit: Partner, number: int) -> None:
        if case.over or case.owner != unit.organisation or number >= len(case.steps):
            return
        name = case.steps[number]
        expect = (404, 409, 412, 422) if case.crossed_by_cancel else ()
        status = await self.world.step(case, name, expect, "crossed with the cancellation" if expect else "")
        if name == "plan" and status == 200:
            self.planned.append(case)
        left = len(case.steps) - number - 1
        self.world.after(self._gap(left), partial(self._step, case, unit, number + 1))

    async def read(self, case: Case) -> None:
        """The hospital opens the plan; where it may not any more it is refused."""
        now = self.world.clock()
        ended = bool(case.sharing_ends) and now.astimezone(OSLO).date().isoformat() > case.sharing_ends
        refused = ended or case.withdrawn_at is not None
        expect = (403,) if refused and not case.just_withdrawn(now) else (200, 403) if refused else (200,)
        path = f"/fhir/CarePlan/{case.ids['CarePlan']}"
        await self.world.call(
            "GET", path, case.letter.sender.number, expect=expect, why="read without consent"
        )

    async def withdraw(self, case: Case) -> None:
        """The person takes back the consent to sharing."""
        case.withdrawn_at = self.world.clock()
        await self.world.step(case, "withdraw-sharing")


def _every(
    cases: Sequence[tuple[Case, datetime]], number: int, offset: int
) -> Sequence[tuple[Case, datetime]]:
    """So many of them, evenly apart, and others for every offset."""
    apart = max(4, len(cases) // max(1, number))
    return cases[offset::apart][:number]
