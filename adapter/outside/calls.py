"""Requests to a service of NHN: each with an access token and a proof of its own, bounded, and repeated inside one call
only where that can do nothing twice.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any

import httpx
from tenacity import (
    AsyncRetrying,
    RetryCallState,
    retry_if_exception,
    stop_after_attempt,
    wait_random_exponential,
)

from adapter.outside.asking import Answered, ask
from adapter.outside.dpop import Proofs
from adapter.outside.helseid import AccessTokens
from adapter.outside.reading import retry_after
from adapter.ports import Clock, ServiceAway, ServiceRefuses

ATTEMPTS = 3
MOST_BYTES = 2_000_000
"""Of an answer that is a list or a state; a business document has a limit of its own."""
_NOT_SENT = frozenset({"unreachable"})
_AGAIN = frozenset({"unreachable", "timed-out", "cut-off", "fails"})
_AWAY = {408: "fails", 423: "locked", 425: "fails", 429: "busy"}

Query = dict[str, str | int | list[str]]


class Calls:
    """`address` is the service's, without a path after its root; `headers` go with every request to it.

    `seconds`: for one request; a call with repeats takes three times that at most.
    """

    def __init__(
        self,
        address: str,
        headers: Mapping[str, str],
        tokens: AccessTokens,
        proofs: Proofs,
        http: httpx.AsyncClient,
        clock: Clock,
        *,
        seconds: float = 30.0,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._address = address.rstrip("/")
        self._headers = {**headers, "Accept": "application/json", "Accept-Encoding": "identity"}
        self._tokens, self._proofs, self._http, self._clock = tokens, proofs, http, clock
        self._seconds, self._sleep = seconds, sleep
        self._nonce = ""

    async def get(self, path: str, query: Query | None = None, *, most: int = MOST_BYTES) -> Any:
        """The JSON of an answer, read as it stands; repeated when it fails."""
        return read_json(await self._repeated("GET", path, query=query, most=most))

    async def put(self, path: str, body: Any = None) -> None:
        """A change that is the same when it is made twice; repeated when it fails."""
        await self._repeated("PUT", path, body=body)

    async def post(self, path: str, body: Any) -> Answered:
        """What would be done twice if it were repeated: only once, unless it was not even sent."""
        return await self._repeated("POST", path, body=body)

    async def _repeated(
        self, method: str, path: str, *, query: Query | None = None, body: Any = None, most: int = MOST_BYTES
    ) -> Answered:
        because = _NOT_SENT if method == "POST" else _AGAIN
        again = AsyncRetrying(
            stop=stop_after_attempt(ATTEMPTS),
            wait=wait_random_exponential(multiplier=0.2, max=2.0),
            retry=retry_if_exception(lambda error: _may_go_again(error, because)),
            retry_error_callback=_last_error,
            sleep=self._sleep,
        )
        answer: Answered = await again(self._once, method, path, query, body, most)
        return answer

    async def _once(self, method: str, path: str, query: Query | None, body: Any, most: int) -> Answered:
        """With a new token if the one that was held is refused, and with the nonce that is asked for: each once."""
        token, renewed, noted = await self._tokens.token(), False, False
        while True:
            answer = await self._sent(method, path, query, body, token, most)
            if answer.status != 401:
                return _judged(answer, self._clock())
            if self._asks_for_nonce(answer) and not noted:
                noted = True
            elif not renewed:
                token, renewed = await self._tokens.token(refused=token), True
            else:
                raise ServiceAway("no-token", 401)

    async def _sent(
        self, method: str, path: str, query: Query | None, body: Any, token: str, most: int
    ) -> Answered:
        address = f"{self._address}/{path}"
        proof = self._proofs.proof(method, address, token=token, nonce=self._nonce)
        headers = {**self._headers, "Authorization": f"DPoP {token}", "DPoP": proof}
        content = None
        if body is not None:
            headers["Content-Type"] = "application/json"
            content = json.dumps(body).encode()
        request = self._http.build_request(method, address, params=query, headers=headers, content=content)
        answer = await ask(self._http, request, most=most, seconds=self._seconds)
        # A new nonce may come with any answer (RFC 9449 § 8.2).
        self._nonce = answer.headers.get("DPoP-Nonce", self._nonce)
        return answer

    def _asks_for_nonce(self, answer: Answered) -> bool:
        return "use_dpop_nonce" in answer.headers.get("WWW-Authenticate", "")


def read_json(answer: Answered) -> Any:
    """The JSON of an answer, or None if it has no body. Raises ServiceAway (nonsense)."""
    if not answer.body:
        return None
    try:
        return json.loads(answer.body)
    except (ValueError, RecursionError):
        pass
    raise ServiceAway("nonsense", answer.status)


def _judged(answer: Answered, now: datetime) -> Answered:
    status = answer.status
    if 200 <= status < 300:
        return answer
    wait = retry_after(answer.headers.get("Retry-After"), now)
    if status in _AWAY or status >= 500:
        raise ServiceAway(_AWAY.get(status, "fails"), status, wait)
    if 400 <= status < 500:
        raise ServiceRefuses(status)
    raise ServiceAway("nonsense", status)  # a redirect is not followed


def _may_go_again(error: BaseException, because: frozenset[str]) -> bool:
    """Who says how long to wait is not asked again in the same call."""
    return isinstance(error, ServiceAway) and error.because in because and error.retry_after is None


def _last_error(state: RetryCallState) -> Answered:
    assert state.outcome is not None  # noqa: S101 - tenacity calls this after an attempt; for the type checker
    answer: Answered = state.outcome.result()
    return answer
