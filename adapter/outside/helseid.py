"""Access tokens for what we ask of others, as HelseID gives them to a machine.

OAuth 2 client credentials with a signed assertion instead of a secret (RFC 7523, `private_key_jwt`), bound to a key of
this process by DPoP (RFC 9449).
"""

import asyncio
import json
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry, Key

from adapter.outside.asking import Answered, ask
from adapter.outside.dpop import Proofs
from adapter.ports import Clock, ServiceAway

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ASSERTION_SECONDS = 30
MOST_BYTES = 100_000
EARLY = timedelta(seconds=30)
"""A token is not used in its last half minute (or fifth, if that is less): it must outlive the call."""
_ALGORITHMS = {"RSA": "PS256", "EC": "ES256"}


@dataclass(frozen=True, slots=True)
class Client:
    """Who we are to the issuer. `issuer` is whom the assertion is for, `endpoint` where tokens are asked for."""

    issuer: str
    endpoint: str
    id: str
    key: Key
    scopes: str


@dataclass(frozen=True, slots=True)
class _Held:
    token: str
    until: datetime


def read_key(file: Path) -> Key:
    """The private key in a JWK file. Raises ValueError without a word of its content."""
    try:
        read = json.loads(file.read_text("utf-8"))
        key = JWKRegistry.import_key(read) if isinstance(read, dict) else None
    except (OSError, ValueError, JoseError):
        key = None
    if key is None or not key.is_private or key.key_type not in _ALGORITHMS:
        raise ValueError("IP_ADAPTER_HELSEID_KEY: not a file with a private RSA or EC key as JWK")
    return key


class AccessTokens:
    """The token that is in force, asked for when there is none. For one event loop; concurrent callers share one."""

    def __init__(
        self, client: Client, proofs: Proofs, http: httpx.AsyncClient, clock: Clock, *, seconds: float = 10.0
    ) -> None:
        self._client, self._proofs, self._http, self._clock = client, proofs, http, clock
        self._seconds = seconds
        self._lock = asyncio.Lock()
        self._held: _Held | None = None
        self._nonce = ""

    async def token(self, refused: str = "") -> str:
        """A token to use now, and not the one that a service refused. Raises ServiceAway (no-token)."""
        if held := self._usable(refused):
            return held
        async with self._lock:
            if held := self._usable(refused):
                return held
            self._held = await self._fetched()
            return self._held.token

    def _usable(self, refused: str) -> str | None:
        held = self._held
        fits = held and held.token != refused and self._clock() < held.until
        return held.token if held and fits else None

    async def _fetched(self) -> _Held:
        asked_at = self._clock()
        answer = await self._asked()
        if answer.status == 400 and self._wants_nonce(answer):
            answer = await self._asked()
        read = _object(answer)
        token, lifetime = read.get("access_token"), read.get("expires_in")
        bound = str(read.get("token_type", "")).lower() == "dpop"
        if answer.status != 200 or not bound or not isinstance(token, str) or not isinstance(lifetime, int):
            raise ServiceAway("no-token", answer.status)
        whole = timedelta(seconds=min(max(lifetime, 0), 86_400))
        return _Held(token, asked_at + whole - min(EARLY, whole / 5))

    async def _asked(self) -> Answered:
        form = {
            "grant_type": "client_credentials",
            "client_id": self._client.id,
            "scope": self._client.scopes,
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": self._assertion(),
        }
        proof = self._proofs.proof("POST", self._client.endpoint, nonce=self._nonce)
        headers = {"DPoP": proof, "Accept": "application/json", "Accept-Encoding": "identity"}
        request = self._http.build_request("POST", self._client.endpoint, data=form, headers=headers)
        try:
            return await ask(self._http, request, most=MOST_BYTES, seconds=self._seconds)
        except ServiceAway as away:
            raise ServiceAway("no-token", away.http) from None

    def _wants_nonce(self, answer: Answered) -> bool:
        """Whether the issuer only asks for a proof with its own nonce in it (RFC 9449 § 8)."""
        self._nonce = answer.headers.get("DPoP-Nonce", "")
        return bool(self._nonce) and _object(answer).get("error") == "use_dpop_nonce"

    def _assertion(self) -> str:
        key, now = self._client.key, int(self._clock().timestamp())
        algorithm = _ALGORITHMS[key.key_type]
        head = {"alg": algorithm, "typ": "client-authentication+jwt", **({"kid": key.kid} if key.kid else {})}
        claims = {
            "iss": self._client.id,
            "sub": self._client.id,
            "aud": self._client.issuer,
            "iat": now,
            "nbf": now,
            "exp": now + ASSERTION_SECONDS,
            "jti": str(uuid.uuid4()),
        }
        return jwt.encode(head, claims, key, algorithms=[algorithm])


def _object(answer: Answered) -> dict[str, Any]:
    try:
        read = json.loads(answer.body)
    except (ValueError, RecursionError):
        return {}
    return read if isinstance(read, dict) else {}
