"""One day from its first need to the reckoning."""

import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, func, select

from adapter.app import build
from adapter.outside.store import migrate, open_store
from adapter.outside.store.engine import read_url
from adapter.outside.store.tables import delivery
from adapter.settings import Settings

from .agenda import BEFORE, BEGIN, END, Agenda
from .clock import SharedClock
from .letters import Organisation
from .memory import MEGABYTE, burst, growth, too_much
from .nodes import Node
from .partners import Arrival, Issuer, Partner
from .reckoning import Reckoning, taken_by
from .troubles import Troubles
from .volume import read_volume
from .world import World

WARM = 0.15
"""Share of the day's requests after which memory is expected to be flat; it is more than its first two hours have."""
ENOUGH = 3000
"""Requests of a day from which its memory is judged: before, a process is still loading what it needs."""
SEND_TIMEOUT = 1.0
"""Seconds of real time: partners stand on the same machine, and a slow one is slow on purpose."""
HOSPITALS = (
    Organisation("999900011", "8900001", "8900011", "TESTSYKEHUSET HF (FIKTIV)"),
    Organisation("999900033", "8900003", "8900031", "PRØVEBY SYKEHUS HF (FIKTIV)"),
)
UNITS = (
    Organisation("999900022", "8900002", "8900022", "TESTKOMMUNEN KOMMUNE (FIKTIV)"),
    *(
        Organisation(f"9999010{n:02}", f"89510{n:02}", f"89010{n:02}", f"PRØVEBYDEL {n} (FIKTIV)")
        for n in range(1, 11)
    ),
    Organisation("999902001", "8952001", "8902001", "PRØVEKOMMUNE BÆRUM (FIKTIV)"),
)


@dataclass(slots=True)
class Moment:
    """What stood every ten simulated minutes. `oldest`: seconds since the oldest open delivery was due to leave."""

    at: datetime
    requests: int
    arrivals: int
    open: int
    oldest: float
    resident: dict[str, int]
    seconds: float


@dataclass(slots=True)
class Report:
    """`alarms` has everything that no event of the day explains."""

    alarms: list[str]
    moments: list[Moment]
    figures: dict[str, Any] = field(default_factory=dict)


Tell = Callable[[Moment], None]


def _silent(_: Moment) -> None: ...


@dataclass(slots=True)
class Day:
    """A day that has passed: the world, what was planned in it, and what was found at its end."""

    agenda: Agenda
    troubles: Troubles
    report: Report


async def run(
    times: float, url: str, folder: Path, *, step: timedelta = timedelta(minutes=1), tell: Tell = _silent
) -> Day:
    """A day of `times` Norway's volume on an empty database. `folder` takes logs, the clock and the partner table.

    `tell` hears how far it has come, every ten simulated minutes.
    """
    clock = SharedClock.begin(folder / "clock", BEFORE)
    world = World(
        clock,
        [Partner(o, clock, _nothing) for o in HOSPITALS],
        [Partner(o, clock, _nothing) for o in UNITS],
        Issuer(clock),
    )
    migrate(url)
    async with AsyncExitStack() as stack:
        table = await world.open(stack, folder)
        settings = {
            "DATABASE": url,
            "ISSUER": world.issuer.url,
            "PARTNERS": str(table),
            "SEND_TIMEOUT": str(SEND_TIMEOUT),
            "LOOK_EVERY": "0.05",
            "PUBLIC_ADDRESS": "https://adapter.example/fhir",
        }
        for name, command in _forms(url).items():
            node = await Node.start(name, folder, command, settings)
            world.nodes.append(node)
            stack.push_async_callback(node.end)
        store = open_store(url)
        stack.callback(store.close)
        world.due_now = lambda: store.due_recipients(clock())
        agenda = Agenda(world, read_volume(), times)
        troubles = Troubles(agenda, build(Settings(database=url, partners=table), store, clock))
        agenda.fill()
        troubles.fill()
        engine = create_engine(read_url(url))
        stack.callback(engine.dispose)
        return Day(agenda, troubles, await _day(world, agenda, troubles, engine, step, tell))


def _forms(url: str) -> dict[str, list[str]]:
    """SQLite has one process; PostgreSQL two that serve and two that work."""
    serve = ["serve", "--port", "0"]
    if url.startswith("sqlite"):
        return {"adapter": serve}
    return {"api-1": serve, "api-2": serve, "worker-1": ["work"], "worker-2": ["work"]}


def _nothing(_: Partner, __: Arrival) -> None: ...


async def _day(
    world: World, agenda: Agenda, troubles: Troubles, engine: Engine, step: timedelta, tell: Tell
) -> Report:
    began, passed = time.perf_counter(), list[Moment]()

    def note(now: datetime) -> None:
        if now.minute % 10 == 0:
            passed.append(_moment(world, engine, now, time.perf_counter() - began))
            tell(passed[-1])

    await world.run(BEGIN, note, step)
    await world.run(END, note, step)
    with engine.connect() as connection:
        reckoning = Reckoning(connection, agenda, troubles)
        report = Report(reckoning.all(), passed, reckoning.figures())
    _weigh(report)
    return report


def _moment(world: World, engine: Engine, now: datetime, seconds: float) -> Moment:
    with engine.connect() as connection:
        is_open = delivery.c.place != "done"
        asked = select(func.count(), func.min(delivery.c.created_at)).select_from(delivery).where(is_open)
        number, oldest = connection.execute(asked).one()
    return Moment(
        at=now,
        requests=world.requests,
        arrivals=taken_by((*world.hospitals, *world.units)),
        open=number,
        oldest=(now - oldest.replace(tzinfo=now.tzinfo)).total_seconds() if oldest else 0.0,
        resident={node.name: node.resident() for node in world.nodes},
        seconds=round(seconds, 1),
    )


def _weigh(report: Report) -> None:
    """Memory, and the rates of the busiest hour, of the whole day, and of this machine."""
    day = [hour for hour in report.moments if hour.at >= BEGIN]
    first, last = day[0], day[-1]
    whole = last.requests - first.requests
    weighed = {
        name: [((hour.requests - first.requests) / whole, hour.resident[name]) for hour in day]
        for name in first.resident
    }
    if whole >= ENOUGH:
        report.alarms += [f"memory of {name} is not flat" for name in too_much(weighed, WARM)]
    pairs = list(zip(day, day[6:], strict=False))
    busiest = max(
        after.requests + after.arrivals - before.requests - before.arrivals for before, after in pairs
    )
    done = last.requests + last.arrivals - first.requests - first.arrivals
    report.figures |= {
        "memory": {
            name: {
                "MB at the end": round(samples[-1][1] / MEGABYTE, 1),
                "highest MB": round(max(held for _, held in samples) / MEGABYTE, 1),
                "MB a day": round(growth([s for s in samples if s[0] >= WARM]) / MEGABYTE, 2),
                "MB of the highest burst": round(burst([s for s in samples if s[0] >= WARM]) / MEGABYTE, 2),
            }
            for name, samples in weighed.items()
        },
        "requests and deliveries": done,
        "in the busiest hour, a second": round(busiest / 3600, 3),
        "here, a second": round(done / (last.seconds - first.seconds), 1),
        "room, so many busiest hours": round(
            done / (last.seconds - first.seconds) / max(busiest / 3600, 1e-9)
        ),
        "oldest delivery of the day, seconds": max(hour.oldest for hour in day),
        "real seconds": last.seconds,
    }
