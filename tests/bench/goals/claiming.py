"""G6: taking what is due, with few and with very many deliveries waiting for one recipient."""

import asyncio
from collections.abc import Iterator
from typing import Any

from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from adapter.flows.deliver import deliver_round
from adapter.flows.parts import Parts
from adapter.outside.store import Database
from tests.bench.bulk import copies_of, fill
from tests.bench.figures import Figure, Sample, Target, each_ms
from tests.bench.inside import on_database, taken
from tests.bench.messages import MUNICIPALITY, Need
from tests.bench.places import database, drop
from tests.bench.profiling import top
from tests.bench.quiet_store import EverAccepting
from tests.bench.registry import measures
from tests.bench.run import Run

_BATCH = 16
_BY_HAND = text(
    "SELECT id FROM delivery WHERE recipient = :recipient AND place = 'head' AND due <= :now ORDER BY due, id LIMIT 16"
)


@measures("G6")
def claiming(run: Run) -> Iterator[Figure]:
    """The first to be due are whole cases; the many behind them have what a claim looks at."""
    for kind in ("sqlite", "postgresql"):
        url = database(run, kind)
        with on_database(url) as (parts, store):
            yield from _claims(run, kind, url, parts, store)
        drop(run, url)


def _claims(run: Run, kind: str, url: str, parts: Parts, store: Database) -> Iterator[Figure]:
    few, many = run.size.claims
    rounds = max(1, min(20, few // _BATCH // 2))
    taken(parts, Need(1).xml())
    taken(parts, Need(2).xml())
    first, second = store.case_ids()[:2]
    whole = copies_of(url, first, second, apart=10.0)
    run.tell(f"G6 {kind}, {few:,} waiting: making them")
    fill(url, whole, 0, few - 2)
    run.tell(f"G6 {kind}, {few:,} waiting: measuring")
    before = _measured(run, url, parts, store, rounds)
    run.tell(f"G6 {kind}, {many:,} waiting: making them")
    whole = copies_of(url, first, second, apart=10.0)  # row numbers go on after those written meanwhile
    fill(url, whole, few - 2, rounds * _BATCH)
    behind = copies_of(url, first, second, only=("case_", "delivery"), apart=1e-6)
    fill(url, behind, few + rounds * _BATCH, many - few)
    run.tell(f"G6 {kind}, {many:,} waiting: measuring")
    after = _measured(run, url, parts, store, rounds)
    for name, sample in after.items():
        judged = kind == "postgresql" and not name.startswith("floor")
        against = f"the same with {few:,} waiting"
        figure = Figure("G6", f"{name}: {kind}, {many:,} waiting", sample, before[name], against)
        if judged:
            figure = Figure("G6", figure.what, sample, before[name], against, Target("at least", 0.8))
        if figure.met is False:
            limits = top(lambda: _rounds(parts, 2), 1)
            figure = Figure("G6", figure.what, sample, before[name], against, figure.target, "", limits)
        yield figure


def _measured(run: Run, url: str, parts: Parts, store: Database, rounds: int) -> dict[str, Sample]:
    """Rows a second of each way to claim, and letters a second of whole rounds."""
    calls, found = range(max(10, run.size.calls)), {}
    engine = create_engine(make_url(url).set(drivername="postgresql+psycopg") if "postgresql" in url else url)
    with engine.connect() as connection:
        given = {"recipient": MUNICIPALITY, "now": _moment(url, parts)}
        by_hand = each_ms(lambda _: connection.execute(_BY_HAND, given).all(), calls)
    engine.dispose()
    found["floor: claim by hand, 16 at a time"] = by_hand.per_second(_BATCH)
    claim: Any = getattr(store, "due", None)
    if claim:
        found["due(), 16 at a time"] = each_ms(
            lambda _: claim(MUNICIPALITY, parts.clock(), _BATCH), calls
        ).per_second(_BATCH)
    who: Any = getattr(store, "due_recipients", None)
    if who:
        found["due_recipients()"] = each_ms(lambda _: who(parts.clock()), calls).per_second()
    found["claimed, composed, settled (deliver_round)"] = each_ms(
        lambda _: _rounds(parts, 1), range(rounds)
    ).per_second(_BATCH)
    return found


def _moment(url: str, parts: Parts) -> object:
    now = parts.clock()
    return now if "postgresql" in url else now.strftime("%Y-%m-%d %H:%M:%S.%f")


def _rounds(parts: Parts, rounds: int) -> None:
    async def carry() -> None:
        for _ in range(rounds):
            if not await deliver_round(MUNICIPALITY, EverAccepting(), parts):
                raise RuntimeError("nothing was due")

    asyncio.run(carry())
