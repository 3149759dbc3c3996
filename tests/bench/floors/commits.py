"""How often this database can commit at all: 7 kB and 3 rows a message, one by one or several in a commit."""

import threading
import time
import uuid
from collections.abc import Callable

from sqlalchemy.engine import make_url

from tests.bench.figures import rate
from tests.bench.floors.durable import KEEP, grouped_rows, open_sqlite, prepare_postgresql, write_sqlite

Writer = Callable[[int], None]
_OUTBOX = 3


def commit_rate(url: str, raw: bytes, *, connections: int, group: int, messages: int) -> float:
    """Messages a second that are durably kept, `group` of them in a commit, on so many connections side by side."""
    if url.startswith("sqlite"):
        connections = 1  # one writer at a time is all SQLite has
    else:
        prepare_postgresql(url)
    each = max(1, messages // connections // group)
    writers = [_writer(url, raw) for _ in range(connections)]
    barrier = threading.Barrier(connections + 1)

    def work(writer: Writer) -> None:
        writer(group)
        barrier.wait()
        for _ in range(each):
            writer(group)

    threads = [threading.Thread(target=work, args=(writer,)) for writer in writers]
    for thread in threads:
        thread.start()
    barrier.wait()
    begun = time.perf_counter()
    for thread in threads:
        thread.join()
    return rate(each * connections * group, time.perf_counter() - begun)


def _writer(url: str, raw: bytes) -> Writer:
    batch = grouped_rows(raw, b"")
    if url.startswith("sqlite"):
        file = open_sqlite(str(make_url(url).database))
        return lambda count: write_sqlite(file, batch(count), _OUTBOX)
    import psycopg  # noqa: PLC0415 - only for this database

    connection = psycopg.connect(url, autocommit=True)

    def write(count: int) -> None:
        ids = [uuid.uuid4() for _ in range(count)]
        connection.execute(KEEP, [ids, [raw] * count, [b""] * count, _OUTBOX], prepare=True)

    return write
