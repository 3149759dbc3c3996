"""Carries messages, FHIR or Hodemelding, to partners over HTTP, and says what became of each try without judging it.

httpx over aiohttp: one long-lived pool of connections per partner's host, all on one TLS context. Every call ends
within its time-out, whatever the partner does. After an answer cut short, or one that never ends, its connection is
closed: a late answer is never taken for the next one's.
"""

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Container, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import cast
from urllib.parse import urlsplit

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport
from tenacity import AsyncRetrying, Future, RetryCallState, retry_if_result, stop_after_attempt, wait_random

from adapter.domain.delivery import Channel, Letter, Receipt
from adapter.outside.reading import Readers, read_answer
from adapter.ports import Clock

MEDIA_TYPES: Mapping[Channel, bytes] = MappingProxyType(
    {"fhir": b"application/fhir+json", "edi": b"application/xml"}
)
CONNECTIONS_PER_HOST = 16
# Shorter than the five seconds after which common servers close an idle connection: a POST that meets
# a connection just closed is lost, and HTTP does not let the client repeat it by itself.
IDLE_SECONDS = 4.0
_MUCH = 2**20  # from here on aiohttp wants a stream, and warns of anything else
_HEADERS: Mapping[Channel, tuple[tuple[bytes, bytes], ...]] = MappingProxyType(
    {
        channel: (
            (b"Content-Type", kind),
            (b"Accept", kind),
            (b"Accept-Encoding", b"identity"),
            (b"User-Agent", b"ip-adapter"),
        )
        for channel, kind in MEDIA_TYPES.items()
    }
)


class HttpTransport:
    """The port `Transport`, for the channels `fhir` and `edi`.

    `allowed`: the addresses of the partner table, the only ones ever posted to. `timeout`: seconds for the
    whole call, retries included. `attempts`: how often a connection is tried in one call; a message that may
    have reached the partner is never repeated here. `connect` makes the layer under httpx for one host.
    """

    def __init__(
        self,
        allowed: Container[str],
        readers: Readers,
        clock: Clock,
        *,
        timeout: float = 10.0,
        attempts: int = 3,
        longest_wait: float = 0.3,
        connect: Callable[[], httpx.AsyncBaseTransport] | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._allowed, self._readers, self._clock = allowed, readers, clock
        self._timeout, self._attempts, self._longest_wait = timeout, attempts, longest_wait
        self._connect = connect or _over_aiohttp(ssl.create_default_context())
        self._sleep = sleep
        self._layers: dict[tuple[str, str], httpx.AsyncBaseTransport] = {}
        self._routes: dict[str, _Route] = {}

    async def post(self, letter: Letter) -> Receipt:
        """Sends it once, if a connection can be had."""
        if letter.address not in self._allowed:
            return Receipt("not-allowed")
        try:
            async with asyncio.timeout(self._timeout):
                receipt = await self._try(letter)
                # tenacity costs 60 us a call, as much as writing the request: only who was not reached pays.
                return await self._again(receipt, letter) if _lost(receipt) else receipt
        except TimeoutError:
            return Receipt("timed-out")

    async def aclose(self) -> None:
        """Closes the connections to all recipients."""
        layers, self._layers, self._routes = self._layers, {}, {}
        for layer in layers.values():
            await layer.aclose()

    async def _again(self, first: Receipt, letter: Letter) -> Receipt:
        """More attempts at a connection; `first` says that there was none, and counts as one of them."""
        had = [first]

        async def attempt() -> Receipt:
            return had.pop() if had else await self._try(letter)

        retrying = AsyncRetrying(
            stop=stop_after_attempt(self._attempts),
            wait=wait_random(0, self._longest_wait),
            retry=retry_if_result(_lost),
            retry_error_callback=_last_receipt,
            sleep=self._sleep,
        )
        return await retrying(attempt)

    async def _try(self, letter: Letter) -> Receipt:
        try:
            route = self._routes.get(letter.address) or self._new_route(letter.address)
            answer = await route.layer.handle_async_request(route.request(letter))
            try:
                if 300 <= answer.status_code < 400:
                    return Receipt("redirected", answer.status_code)
                return await read_answer(answer, letter, self._readers, self._clock())
            finally:
                await answer.aclose()
        except (httpx.HTTPError, httpx.InvalidURL, aiohttp.ClientError, TimeoutError) as error:
            return Receipt(_what_broke(error))
        except UnicodeError:  # httpx-aiohttp trips over a reason phrase that is not text
            return Receipt("cut-off")

    def _new_route(self, address: str) -> "_Route":
        """Raises httpx.InvalidURL."""
        url, host = httpx.URL(address), urlsplit(address)[:2]
        if host not in self._layers:
            self._layers[host] = self._connect()
        # Every attempt to connect may time out before the call as a whole does.
        timeout = httpx.Timeout(self._timeout, connect=self._timeout / (self._attempts + 1))
        self._routes[address] = route = _Route(self._layers[host], url, timeout.as_dict())
        return route


@dataclass(frozen=True, slots=True)
class _Route:
    """What all posts to one address share.

    Requests go to httpx's transport layer as they are: an AsyncClient builds URL, headers and cookies anew for each
    (412 us of CPU a post where this takes 173, and aiohttp alone 110), and nothing of that is wanted here.
    """

    layer: httpx.AsyncBaseTransport
    url: httpx.URL
    timeout: dict[str, float | None]

    def request(self, letter: Letter) -> httpx.Request:
        own = [
            (b"Host", self.url.netloc),
            (b"Content-Length", b"%d" % len(letter.body)),
            (b"X-Request-ID", letter.message_id.encode()),
        ]
        request = httpx.Request(
            "POST",
            self.url,
            headers=[*own, *_HEADERS[letter.channel]],
            stream=httpx.ByteStream(letter.body),
            extensions={"timeout": self.timeout},
        )
        if len(letter.body) < _MUCH:
            request.read()  # so that it goes out in one piece, not as a stream
        return request


def _over_aiohttp(tls: ssl.SSLContext) -> Callable[[], httpx.AsyncBaseTransport]:
    def session() -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(ssl=tls, limit=CONNECTIONS_PER_HOST, keepalive_timeout=IDLE_SECONDS)
        return aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())

    return lambda: AiohttpTransport(verify=tls, client=session)


def _lost(receipt: Receipt) -> bool:
    return receipt.transport == "unreachable"


def _last_receipt(state: RetryCallState) -> Receipt:
    receipt: Receipt = cast("Future", state.outcome).result()  # tenacity calls this after an attempt
    return receipt


def _what_broke(error: Exception) -> str:
    # httpx-aiohttp reports every lost connection as ConnectTimeout; aiohttp's own error under it is right.
    cause = error.__cause__ if isinstance(error.__cause__, aiohttp.ClientError | TimeoutError) else error
    match cause:
        case aiohttp.ClientConnectorError() | aiohttp.ConnectionTimeoutError() | aiohttp.InvalidURL():
            return "unreachable"
        case httpx.ConnectError() | httpx.ConnectTimeout() | httpx.UnsupportedProtocol() | httpx.InvalidURL():
            return "unreachable"
        case TimeoutError() | httpx.TimeoutException():
            return "timed-out"
    return "cut-off"
