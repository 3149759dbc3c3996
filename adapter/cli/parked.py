"""`ip-adapter parked`"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from adapter.cli.opening import Opened, opened
from adapter.cli.options import Database, Json
from adapter.cli.setting import settings_with
from adapter.cli.telling import age, tell, tell_json
from adapter.cli.unit_lines import beside_line
from adapter.domain.case import DEAD
from adapter.domain.delivery import Delivery
from adapter.domain.register import AMISS
from adapter.domain.way_round import WayRound
from adapter.flows.parked_mail import called
from adapter.flows.unit_ways import beside_delivery, beside_waiting


@dataclass(frozen=True, slots=True)
class Standing:
    """Something that stands still. `id` is what requeue and skip take: a delivery's number, a case, or the message
    service's id of a message. `beside`: what a person may do where it is a unit that cannot be reached."""

    id: str
    list: str
    since: datetime
    age: str
    reason: str
    text: str
    case: str
    to: str = ""
    beside: WayRound | None = None


def command(database: Database = None, json: Json = False) -> None:
    """List what waits for a person, oldest first.

    Deliveries that hold their lane (parked or rejected), and cases that no rule can bring further: the unit is
    uncertain, the text is, or the consent. Also messages at the message service that could not be taken. Where nothing
    reaches the unit of a case, its telephone and its fallback are named, as the table of units has them.

    \b
    Example:
      ip-adapter parked
      ip-adapter requeue 17 --why "The recipient is up again"
    \b
    Exit codes: 0 listed (also when nothing waits), 2 the database could not be read.
    """
    with opened(settings_with(database=database)) as now:
        standing = sorted(_all(now), key=lambda s: (s.since, s.id))
    if json:
        tell_json(standing)
        return
    for one in standing:
        to = f" to {one.to}" if one.to else ""
        beside = beside_line(one.beside) if one.beside else ""
        said = f"{one.reason}. {one.text}{f' ({beside})' if beside else ''}"
        tell(f"{one.age:>9}  {one.list:<9}  {one.id}{to}: {said}")
    if not standing:
        tell("Nothing waits for a person.")


def _all(now: Opened) -> Iterator[Standing]:
    clock = now.parts.clock()
    for d in now.store.parked():
        reason = _reason(d, now)
        since = d.clock
        yield Standing(
            str(d.id),
            "delivery",
            since,
            age(since, clock),
            reason,
            _text(reason, now),
            d.outgoing.case_id,
            d.outgoing.recipient,
            beside_delivery(d.outgoing.case_id, d.outgoing.recipient, now.parts),
        )
    for w in now.store.waiting():
        text = _text(w.reason, now)
        beside = beside_waiting(w.case_id, w.reason, now.parts)
        old = age(w.since, clock)
        yield Standing(w.case_id, w.list, w.since, old, w.reason, text, w.case_id, beside=beside)
    mail = now.store.mailbox().parked()
    for m in mail:
        text = _text(m.because, now)
        yield Standing(
            called(m, mail), "mailbox", m.first, age(m.first, clock), m.because, text, "", m.her_id
        )


def _reason(delivery: Delivery, now: Opened) -> str:
    """The problem's name: what the recipient answered, why it is held, or that time ran out while it was tried."""
    because = delivery.because.partition(":")[0]  # behind it stand the codes of a receipt
    told = delivery.state == "rejected" or because in (DEAD, *AMISS)
    known = told and because in now.parts.tables.problems.problems
    return because if known else "not-delivered-in-time"


def _text(problem: str, now: Opened) -> str:
    known = now.parts.tables.problems.problems.get(problem)
    return known.text["nb"] if known else ""
