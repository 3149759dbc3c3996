"""G5: one core of letters: the adapter's transport beside the plainest clients, 12.7 kB, 16 at once."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack

from adapter.app import transport
from adapter.domain.delivery import Letter
from adapter.settings import Settings
from tests.bench.figures import Figure, Sample, Target
from tests.bench.floors.fanout import over_aiohttp, over_streams, sent
from tests.bench.inside import parts_on
from tests.bench.places import floor
from tests.bench.profiling import top
from tests.bench.quiet_store import ForgetfulStore
from tests.bench.registry import measures
from tests.bench.run import Run

_AT_ONCE, _SIZE = 16, 12_700
_ID = "00000000-0000-4000-8000-000000000001"
_HEAD = (
    '{"resourceType":"Bundle","type":"message","entry":[{"resource":{"resourceType":"MessageHeader",'
    f'"id":"{_ID}","eventCoding":{{"code":"need-notified"}},"text":"'
)
_LETTER = (_HEAD + "x" * (_SIZE - len(_HEAD) - 6) + '"}}]}').encode()
Client = Callable[[str, bytes, int, int], Awaitable[None]]


@measures("G5")
def fanout(run: Run) -> Iterator[Figure]:
    """Letters a second of one core, from the sender's CPU; the receiver runs beside it and is not counted."""
    with ExitStack() as stack:
        receiver = f"{floor(stack, run, 'receiver').url}/fhir/$process-message"
        count, runs = max(100, run.size.messages), max(3, run.size.runs)
        measured = {name: _of(client, receiver, count, runs) for name, client in _CLIENTS.items()}
        ours, least = measured["HttpTransport.post"], measured["aiohttp"]
        figure = Figure(
            "G5", "HttpTransport.post", ours, least, "aiohttp, answers unread", Target("at least", 0.25)
        )
        if figure.met is False:
            limits = top(lambda: asyncio.run(_ours()(receiver, _LETTER, 200, _AT_ONCE)), 2)  # type: ignore[arg-type]
            figure = Figure("G5", figure.what, ours, least, figure.against, figure.target, "", limits)
        yield figure
        streams = measured["asyncio streams"]
        yield Figure("G5", "floor: asyncio streams, HTTP by hand", streams, least, "aiohttp, answers unread")


def _ours() -> Client:
    """A transport made beforehand: its TLS context is made once in a process, not once a letter."""
    way_out = transport(Settings(), parts_on(ForgetfulStore()))

    async def client(url: str, body: bytes, count: int, side_by_side: int) -> None:
        way_out._allowed = frozenset({url})

        async def post() -> None:
            receipt = await way_out.post(Letter("fhir", url, _ID, body))
            if receipt.said != "ok":
                raise RuntimeError(f"the receiver said {receipt.said}")

        try:
            await sent(post, count, side_by_side)
        finally:
            await way_out.aclose()

    return client


_CLIENTS: dict[str, Callable[[], Client]] = {
    "HttpTransport.post": _ours,
    "aiohttp": lambda: over_aiohttp,
    "asyncio streams": lambda: over_streams,
}


def _of(make: Callable[[], Client], url: str, count: int, runs: int) -> Sample:
    """Letters a second of CPU, all under uvloop, and after a first run that does not count."""
    import uvloop  # noqa: PLC0415 - only where it is measured

    values: list[float] = []
    for number in range(runs + 1):
        client = make()
        begun = time.process_time()
        uvloop.run(client(url, _LETTER, count, _AT_ONCE))  # type: ignore[arg-type]
        values.append(count / (time.process_time() - begun))
        if not number:
            values.clear()
    return Sample(tuple(values), "/s of a core")
