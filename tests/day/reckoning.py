"""The end of the day: what the database holds against what the world sent and got. Each difference is told."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select

from adapter.outside.store.tables import case_, delivery, received, waiting

from .agenda import Agenda
from .letters import OSLO, message_id
from .partners import Partner
from .troubles import Troubles

_LOUD = {"warning", "error", "critical", "exception"}


class Reckoning:
    """Rows of one database, and the journals of one world. Every method yields what cannot be explained."""

    def __init__(self, connection: Connection, agenda: Agenda, troubles: Troubles) -> None:
        self._db, self._agenda, self._explained = connection, agenda, troubles.explained
        self._ends_at_midnight = troubles.ends_at_midnight
        self._world = agenda.world
        self._partners = (*self._world.hospitals, *self._world.units)

    def all(self) -> list[str]:
        checks = (self.messages, self.work, self.lists, self.orders, self.consents, self.logs)
        return [*self._world.unexplained, *(told for check in checks for told in check())]

    def messages(self) -> Iterator[str]:
        """received = taken + refused; one case for each need, whatever was repeated or crossed."""
        rows = self._db.execute(select(received.c.message_id, received.c.raw.is_not(None)))
        kept, refused = set[str](), set[str]()
        for id_, whole in rows:
            (kept if whole else refused).add(id_)
        if kept != self._agenda.taken:
            yield f"kept but not answered: {len(kept - self._agenda.taken)}; lost: {len(self._agenda.taken - kept)}"
        if len(refused) != self._explained.refused_kept:
            yield f"refusals kept: {len(refused)}, foreseen {self._explained.refused_kept}"
        needs, cases = len(self._world.cases), self._number(case_)
        if cases != needs:
            yield f"cases: {cases}, needs reported: {needs}"

    def work(self) -> Iterator[str]:
        """deliveries = accepted + stopped + skipped + waiting for who is away, as the partners' journals have it."""
        rows = self._db.execute(
            select(delivery.c.message_id, delivery.c.recipient, delivery.c.state, delivery.c.place)
        )
        by_state = defaultdict[str, set[str]](set)
        for id_, to, state, place in rows:
            by_state[state if place == "done" else "open"].add(id_)
            if place != "done" and to not in self._explained.away:
                yield f"a delivery stands still ({state}, {place}) and nobody is away"
        came = {arrival.id for partner in self._partners for arrival in partner.journal}
        if by_state["accepted"] != came:
            missing, more = len(by_state["accepted"] - came), len(came - by_state["accepted"])
            yield f"accepted, but not in a journal: {missing}; in a journal, but not accepted: {more}"
        if len(by_state["skipped"]) != self._explained.skipped:
            yield f"left out: {len(by_state['skipped'])}, by a person: {self._explained.skipped}"
        if self._explained.operated != 4:
            yield f"commands of a person that were carried out: {self._explained.operated} of 4"
        if unknown := set(by_state) - {"accepted", "open", "skipped", "stopped-by-consent"}:
            yield f"deliveries in states nobody foresaw: {sorted(unknown)}"
        if self._explained.withdrawn_in_outage and not by_state["stopped-by-consent"]:
            yield "consents were taken back while mail waited, and none was stopped"

    def lists(self) -> Iterator[str]:
        """What waits for a person is what a trouble put there, for its reason."""
        first = {
            c.letter.need: message_id(c.letter, "need-notified", c.door) for c in self._world.cases.values()
        }
        foreseen = Counter((first[need], why) for need, why in self._explained.waiting.items())
        of_case = received.c.case_id == waiting.c.case_id
        asked = select(received.c.message_id, waiting.c.reason).join(received, of_case)
        rows = self._db.execute(asked.where(waiting.c.resolved_at.is_(None), received.c.raw.is_not(None)))
        found = Counter((id_, why) for id_, why in rows)
        for (_, why), number in ((found - foreseen) + (foreseen - found)).items():
            yield f"on a list, or missing there: {number} {why}"

    def orders(self) -> Iterator[str]:
        """Each partner got the messages of each case first in the order in which they were decided."""
        number = dict(self._db.execute(select(delivery.c.message_id, delivery.c.id)).all())
        case = dict(self._db.execute(select(delivery.c.message_id, delivery.c.case_id)).all())
        for partner in self._partners:
            last: dict[str, int] = {}
            for arrival in partner.journal:
                if arrival.repeated or arrival.id not in number:
                    continue
                if number[arrival.id] < last.get(case[arrival.id], 0):
                    yield f"out of order at {partner.organisation.number}: {arrival.event}"
                last[case[arrival.id]] = number[arrival.id]

    def consents(self) -> Iterator[str]:
        """No plan came to a hospital after the consent to share it was taken back, or had run out."""
        for hospital in self._world.hospitals:
            for arrival in hospital.journal:
                if arrival.event != "plan-updated" or arrival.repeated:
                    continue
                case = self._world.by_resource[arrival.focus]
                if case.withdrawn_at and arrival.at > case.withdrawn_at:
                    yield f"a plan came at {arrival.at:%H:%M}, consent withdrawn at {case.withdrawn_at:%H:%M}"
                if case.sharing_ends and _day(arrival.at) > case.sharing_ends:
                    yield "a plan came after the last day of its consent"
        focus = f"CarePlan/{self._ends_at_midnight.ids.get('CarePlan')}"
        if not any(a.focus == focus for h in self._world.hospitals for a in h.journal):
            yield "no plan came on the last day of its consent"

    def logs(self) -> Iterator[str]:
        """No loud line; and the nodes logged exactly those answers that the world got."""
        logged: Counter[int] = Counter()
        for node in self._world.nodes:
            for line in node.lines():
                if line.get("event") == "request":
                    logged[line["status"]] += 1
                elif line.get("level") in _LOUD:
                    yield f"{node.name} says {line.get('level')}: {line}"
        if logged != self._world.answers:
            yield f"answers logged {dict(logged)}, got {dict(self._world.answers)}"

    def figures(self) -> dict[str, Any]:
        """What a day was made of."""
        states = self._db.execute(
            select(delivery.c.state, func.count().label("number")).group_by(delivery.c.state)
        ).all()
        return {
            "received": self._number(received),
            "cases": self._number(case_),
            "deliveries": {row.state: row.number for row in states},
            "arrived again": sum(a.repeated for p in self._partners for a in p.journal),
            "requests": self._world.requests,
            "answers": {str(k): v for k, v in sorted(self._world.answers.items())},
            "foreseen": dict(sorted(self._world.foreseen.items())),
            "waiting": dict(Counter(self._explained.waiting.values())),
        }

    def _number(self, table: Any) -> int:
        return int(self._db.execute(select(func.count()).select_from(table)).scalar_one())


def _day(at: datetime) -> str:
    return at.astimezone(OSLO).date().isoformat()


def taken_by(partners: Sequence[Partner]) -> int:
    """How many messages came to them, repeats included."""
    return sum(len(partner.journal) for partner in partners)
