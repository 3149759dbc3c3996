"""Carries FHIR messages to partners over HTTP, and says what became of each try without judging it.

httpx over aiohttp: one long-lived client per recipient host, all on one TLS context.
"""

import asyncio
import json
import re
import ssl
from collections.abc import Awaitable, Callable, Container
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import cast
from urllib.parse import urlsplit

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport
from tenacity import AsyncRetrying, Future, RetryCallState, retry_if_result, stop_after_attempt, wait_random

from adapter.domain.delivery import Receipt
from adapter.ports import Clock

MEDIA_TYPE = "application/fhir+json"
MAX_ANSWER = 1_000_000
LONGEST_RETRY_AFTER = 86_400
CONNECTIONS_PER_HOST = 16
# Shorter than the five seconds after which common servers close an idle connection: a POST that meets
# a connection just closed is lost, and HTTP does not let the client repeat it by itself.
IDLE_SECONDS = 4.0

ReadResponse = Callable[[bytes, str], str]
"""What an answer's body says to the message with this id: a FHIR response code, "nothing" or "nonsense"."""


class HttpTransport:
    """The port `Transport`, for FHIR messages.

    `allowed`: the addresses of the partner table, the only ones ever posted to. `timeout`: seconds for the
    whole call, retries included. `attempts`: how often a connection is tried in one call; a message that may
    have reached the partner is never repeated here. `connect` makes the layer under a client.
    """

    def __init__(
        self,
        allowed: Container[str],
        read_response: ReadResponse,
        clock: Clock,
        *,
        timeout: float = 10.0,
        attempts: int = 3,
        longest_wait: float = 0.3,
        connect: Callable[[], httpx.AsyncBaseTransport] | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._allowed, self._read_response, self._clock = allowed, read_response, clock
        self._timeout, self._attempts, self._longest_wait = timeout, attempts, longest_wait
        self._connect = connect or _over_aiohttp(ssl.create_default_context())
        self._sleep = sleep
        self._clients: dict[tuple[str, str], httpx.AsyncClient] = {}

    async def post(self, address: str, body: bytes, *, message_id: str) -> Receipt:
        """Sends `body` once, if a connection can be had. `message_id` (UUID) is the same on every try."""
        if address not in self._allowed:
            return Receipt("not-allowed")
        retrying = AsyncRetrying(
            stop=stop_after_attempt(self._attempts),
            wait=wait_random(0, self._longest_wait),
            retry=retry_if_result(_no_connection),
            retry_error_callback=_last_receipt,
            sleep=self._sleep,
        )
        try:
            async with asyncio.timeout(self._timeout):
                return await retrying(self._try, address, body, message_id)
        except TimeoutError:
            return Receipt("timed-out")

    async def aclose(self) -> None:
        """Closes the connections to all recipients."""
        clients, self._clients = self._clients, {}
        for client in clients.values():
            await client.aclose()

    async def _try(self, address: str, body: bytes, message_id: str) -> Receipt:
        headers = {"X-Request-ID": message_id}
        try:
            async with self._client(address).stream("POST", address, content=body, headers=headers) as answer:
                if 300 <= answer.status_code < 400:
                    return Receipt("redirected", answer.status_code)
                return await self._receipt(answer, message_id)
        except (httpx.HTTPError, httpx.InvalidURL, aiohttp.ClientError, TimeoutError) as error:
            return Receipt(_what_broke(error))
        except UnicodeError:  # httpx-aiohttp trips over a reason phrase that is not text
            return Receipt("cut-off")

    async def _receipt(self, answer: httpx.Response, message_id: str) -> Receipt:
        body = await _limited(answer)
        if body is None:
            said = "nonsense"
        elif not body:
            said = "nothing"
        elif answer.status_code == 409 and _says_duplicate(body):
            said = "duplicate"
        else:
            said = self._read_response(body, message_id)
        wait = retry_after(answer.headers.get("Retry-After"), self._clock())
        return Receipt("answered", answer.status_code, said, wait)

    def _client(self, address: str) -> httpx.AsyncClient:
        host = urlsplit(address)[:2]
        if host not in self._clients:
            self._clients[host] = httpx.AsyncClient(
                transport=self._connect(),
                # Every attempt to connect may time out before the call as a whole does.
                timeout=httpx.Timeout(self._timeout, connect=self._timeout / (self._attempts + 1)),
                trust_env=False,
                cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
                headers={
                    "Content-Type": MEDIA_TYPE,
                    "Accept": MEDIA_TYPE,
                    "Accept-Encoding": "identity",
                    "User-Agent": "ip-adapter",
                },
            )
        return self._clients[host]


def retry_after(header: str | None, now: datetime) -> int | None:
    """Seconds to wait, 0 to a day, from a Retry-After header (RFC 9110 § 10.2.3); None if it says nothing."""
    text = (header or "").strip()
    if re.fullmatch(r"[0-9]+", text):
        digits = text.lstrip("0") or "0"
        return LONGEST_RETRY_AFTER if len(digits) > 5 else min(int(digits), LONGEST_RETRY_AFTER)
    try:
        until = parsedate_to_datetime(text)
        seconds = ((until if until.tzinfo else until.replace(tzinfo=UTC)) - now).total_seconds()
    except (ValueError, OverflowError):
        return None
    return max(0, min(int(seconds), LONGEST_RETRY_AFTER))


def _over_aiohttp(tls: ssl.SSLContext) -> Callable[[], httpx.AsyncBaseTransport]:
    def session() -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(ssl=tls, limit=CONNECTIONS_PER_HOST, keepalive_timeout=IDLE_SECONDS)
        return aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())

    return lambda: AiohttpTransport(verify=tls, client=session)


def _no_connection(receipt: Receipt) -> bool:
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


async def _limited(answer: httpx.Response) -> bytes | None:
    """The body as it came, never decompressed; None if it is longer than we read."""
    body = bytearray()
    async for chunk in answer.aiter_raw():
        body += chunk
        if len(body) > MAX_ANSWER:
            return None
    return bytes(body)


def _says_duplicate(body: bytes) -> bool:
    """An OperationOutcome with issue.code `duplicate`: the partner has had this message before (NHS BaRS)."""
    try:
        outcome = json.loads(body)
    except (ValueError, RecursionError):
        return False
    if not isinstance(outcome, dict) or outcome.get("resourceType") != "OperationOutcome":
        return False
    issues = outcome.get("issue")
    codes = [i.get("code") for i in issues if isinstance(i, dict)] if isinstance(issues, list) else []
    return "duplicate" in codes
