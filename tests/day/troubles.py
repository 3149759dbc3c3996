"""What goes wrong on the day, and what each trouble makes of the state at its end.

Times are UTC; noon in Norway is 11:00 after the clocks went back.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial

from adapter.domain.identifiers import derived
from adapter.flows import operate
from adapter.flows.parts import Parts

from .agenda import BEGIN, END, MINUTE, Agenda
from .case import Case
from .letters import FIXTURES, UNCERTAIN, WITHOUT_CONSENT, message_id
from .partners import Partner

NOON = datetime(2026, 10, 25, 11, tzinfo=UTC)
MORNING = datetime(2026, 10, 25, 8, tzinfo=UTC)
_STRANGER = "999999999"
SLOW_SECONDS = 1.5
# File, door, who sends (None: the hospital of the folder), the answer, and whether the refusal is kept: it is where the
# head can be read and its sender trusted.
REFUSED = (
    ("refuse/not-json/in.txt", "fhir", None, 400, False),
    ("refuse/not-xml/in.xml", "edi", None, 400, False),
    ("refuse/doctype/in.xml", "edi", None, 400, False),
    ("refuse/unknown-sender/in.xml", "edi", _STRANGER, 403, False),
    ("refuse/sender-is-not-caller/in.xml", "edi", "999900033", 403, False),
    ("refuse/wrong-check-digit/in.xml", "edi", None, 422, True),
)


@dataclass(slots=True)
class Explained:
    """What may stand still at the end, each by its trouble: needs on a person's list, and recipients that are away."""

    waiting: dict[str, str] = field(default_factory=dict)
    away: set[str] = field(default_factory=set)
    skipped: int = 0
    withdrawn_in_outage: list[Case] = field(default_factory=list)
    refused_kept: int = 0
    operated: int = 0


class Troubles:
    """Puts troubles into an agenda. `parts`: those of a person who gives commands beside the nodes."""

    def __init__(self, agenda: Agenda, parts: Parts) -> None:
        self._agenda, self._world, self._parts = agenda, agenda.world, parts
        self.explained = Explained()

    def fill(self) -> None:
        self._down_at_noon()
        self._slow_for_an_hour()
        self._rehearsal()
        self._refusing_units()
        self._wrong_addressees()
        self._held()
        self._clocks()
        self._garbage()
        self._closes_for_the_night()
        self._withdrawals()
        self._crossing()

    def _down_at_noon(self) -> None:
        """A hospital is away for ten minutes; plans are changed meanwhile, and some consents taken back."""
        hospital = self._world.hospitals[0]
        self._world.later(NOON, hospital.close)
        self._world.later(NOON + 10 * MINUTE, hospital.open)
        number = max(2, self._agenda.numbers["withdrawals"] // 4)
        self._world.later(NOON + 2 * MINUTE, partial(self._change_and_withdraw, hospital, number))

    async def _change_and_withdraw(self, hospital: Partner, number: int) -> None:
        free = [c for c in self._agenda.planned if self._may_withdraw(c)]
        mine = [c for c in free if c.letter.sender == hospital.organisation][:number]
        for case in mine:
            await self._world.step(case, "update-plan")
            self.explained.withdrawn_in_outage.append(case)
            self._world.after(3 * MINUTE, partial(self._agenda.withdraw, case))

    @staticmethod
    def _may_withdraw(case: Case) -> bool:
        return case.withdrawn_at is None and not case.sharing_ends and not case.over

    def _slow_for_an_hour(self) -> None:
        """The other hospital answers later than the adapter waits: what it took comes to it again."""
        hospital = self._world.hospitals[1]
        self._world.later(NOON + 180 * MINUTE, partial(self._set, hospital, "slow", SLOW_SECONDS))
        self._world.later(NOON + 240 * MINUTE, partial(self._set, hospital, "slow", 0.0))

    def _rehearsal(self) -> None:
        """The same for ten minutes before the day, so that what side by side calls need is there when it begins."""
        for partner in (*self._world.hospitals, self._world.units[0]):
            self._world.later(BEGIN - 70 * MINUTE, partial(self._set, partner, "slow", SLOW_SECONDS))
            self._world.later(BEGIN - 60 * MINUTE, partial(self._set, partner, "slow", 0.0))

    async def _set(self, partner: Partner, name: str, value: float) -> None:
        setattr(partner, name, value)

    def _refusing_units(self) -> None:
        """Two units refuse one message each; a person sends the one again and leaves the other out."""
        for unit, move in zip(self._world.units[2:4], (operate.requeue, operate.skip), strict=True):
            self._world.later(MORNING, partial(self._set, unit, "refuse", 1))
            case = self._agenda.new_case("edi", unit)
            self._agenda.need(MORNING + MINUTE, case)
            self._world.later(MORNING + 40 * MINUTE, partial(self._decide_refused, unit, move))

    async def _decide_refused(self, unit: Partner, move: Callable[[int, str, str, Parts], None]) -> None:
        parked = await asyncio.to_thread(self._parts.store.parked)
        mine = [d for d in parked if d.outgoing.recipient == unit.organisation.number]
        for delivery in mine:
            await asyncio.to_thread(
                move, delivery.id, "operator", "the unit was asked by telephone", self._parts
            )
            self.explained.skipped += move is operate.skip
            self.explained.operated += 1

    def _wrong_addressees(self) -> None:
        """A unit sends two cases back and names the right one; whether an address is protected none of them says, so a
        person sends one on, and one still waits at the end."""
        for number in range(2):
            case = self._agenda.new_case("fhir", self._world.units[4])
            case.steps = ("receive", "reject-addressee")
            self._agenda.need(MORNING + 2 * MINUTE, case)
            if number:
                self._world.later(MORNING + 150 * MINUTE, partial(self._send_on, case))
            else:
                self.explained.waiting[case.letter.need] = "protection-unknown"

    async def _send_on(self, case: Case) -> None:
        unit = self._world.units[-1].organisation
        case.steps = ("receive", "open", "accept")
        await self._release(case, unit.unit)

    async def _release(self, case: Case, her_id: str | None) -> None:
        id_ = message_id(case.letter, "need-notified", case.door)
        received_id = derived("received", case.door, case.letter.sender.number, id_)
        received = await asyncio.to_thread(self._parts.store.received, received_id)
        assert received
        assert received.case_id
        await asyncio.to_thread(
            operate.release, received.case_id, her_id, "operator", "read by a person", self._parts
        )
        self.explained.operated += 1

    def _held(self) -> None:
        """Two letters of which nobody can say whether they are about a plan, and one that is silent about consent."""
        for number, like in enumerate((UNCERTAIN, UNCERTAIN, WITHOUT_CONSENT)):
            case = self._agenda.new_case("edi")
            self._agenda.need(MORNING + 3 * MINUTE, case, like)
            case.steps = ("receive", "open", "accept")
            if number == 0:
                self._world.later(MORNING + 70 * MINUTE, partial(self._release, case, None))
            else:
                reason = "need-uncertain" if like == UNCERTAIN else "consent-not-stated"
                self.explained.waiting[case.letter.need] = reason

    def _clocks(self) -> None:
        """Half past two comes twice; a consent that ends with the day ends at Norwegian midnight."""
        for hour in (0, 1):
            self._agenda.need(datetime(2026, 10, 25, hour, 30, tzinfo=UTC), self._agenda.new_case("edi"))
        case = self._agenda.new_case("fhir")
        case.sharing_ends = "2026-10-24"
        self._agenda.need(BEGIN - 119 * MINUTE, case)
        midnight = datetime(2026, 10, 24, 22, tzinfo=UTC)
        # What begins on the last day may arrive after it, where a slow machine is behind its clock.
        for at in (midnight - 180 * MINUTE, midnight + 10 * MINUTE):
            self._world.later(at, partial(self._world.step, case, "update-plan"))
        self.ends_at_midnight = case

    def _garbage(self) -> None:
        """What nobody should send, all day long."""
        numbers = self._agenda.moments(max(len(REFUSED), self._agenda.numbers["needs"] // 20))
        for number, at in enumerate(numbers):
            file, door, by, status, _ = REFUSED[number % len(REFUSED)]
            self._world.later(at, partial(self._refused, file, door, by or "999900011", status))
        self.explained.refused_kept = sum(kept for *_, kept in REFUSED)

    async def _refused(self, file: str, door: str, by: str, status: int) -> None:
        body = (FIXTURES / file).read_bytes()
        await self._world.send(door, body, by, (status,), file.split("/")[1])

    def _closes_for_the_night(self) -> None:
        """A unit's system is taken down before the day ends: what is for it waits."""
        unit = self._world.units[5]
        self._world.later(END - 30 * MINUTE, unit.close)
        self._agenda.need(END - 25 * MINUTE, self._agenda.new_case("edi", unit))
        self.explained.away.add(unit.organisation.number)

    def _withdrawals(self) -> None:
        for at in self._agenda.moments(self._agenda.numbers["withdrawals"]):
            self._world.later(at, self._withdraw_one)

    async def _withdraw_one(self) -> None:
        free = [c for c in self._agenda.planned[1::7] if self._may_withdraw(c)]
        if free and free[-1] not in self.explained.withdrawn_in_outage:
            await self._agenda.withdraw(free[-1])

    def _crossing(self) -> None:
        """The unit takes a case on in the moment in which the hospital takes it back."""
        for number in range(max(1, self._agenda.numbers["cancellations"] // 5)):
            case = self._agenda.new_case()
            case.crossed = case.crossed_by_cancel = True
            case.steps = ("receive",)
            at = MORNING + (10 + number) * MINUTE
            self._agenda.need(at, case)
            self._world.later(at + 50 * MINUTE + timedelta(seconds=1), partial(self._agenda.cancel, case))
            self._world.later(at + 50 * MINUTE + timedelta(seconds=1), partial(self._accept_crossing, case))

    async def _accept_crossing(self, case: Case) -> None:
        why = "crossed with the cancellation"
        await self._world.step(case, "accept", (404, 409, 412, 422), why)
