"""Checks DPoP proofs (RFC 9449) and signed client assertions (RFC 7523) for real, for the pretend services."""

import base64
import hashlib
from collections.abc import Callable, Mapping
from typing import Any

from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry, Key

ALGORITHMS = ["ES256", "PS256", "RS256"]
FRESH_SECONDS = 60


class NotProven(Exception):  # noqa: N818 - said to the client in words of its own
    """The proof or the assertion does not hold."""


class Proofs:
    """Remembers each proof's jti, so that none counts twice. `clock` gives seconds since 1970 (UTC)."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._seen: set[str] = set()

    def checked(self, proof: str, method: str, address: str, token: str = "") -> tuple[str, str]:
        """The thumbprint of the key that made it, and the nonce in it. Raises NotProven."""
        claims, key = _opened(proof)
        fits = claims.get("htm") == method and claims.get("htu") == address
        fresh = abs(self._clock() - float(claims.get("iat", 0))) <= FRESH_SECONDS
        bound = not token or claims.get("ath") == thumb(token)
        jti = str(claims.get("jti", ""))
        if not (fits and fresh and bound and jti) or jti in self._seen:
            raise NotProven
        self._seen.add(jti)
        return key.thumbprint(), str(claims.get("nonce", ""))


class Assertions:
    """Of one client: issued and signed by itself, for us, in force, and never seen before."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._seen: set[str] = set()

    def check(self, assertion: str, client: str, key: Mapping[str, Any], audience: str) -> None:
        """Raises NotProven."""
        try:
            claims = jwt.decode(assertion, JWKRegistry.import_key(dict(key)), algorithms=ALGORITHMS).claims
        except (JoseError, ValueError):
            raise NotProven from None
        now, jti = self._clock(), str(claims.get("jti", ""))
        named = claims.get("iss") == claims.get("sub") == client and claims.get("aud") == audience
        lasts = float(claims.get("nbf", 0)) - 5 <= now <= float(claims.get("exp", 0)) <= now + 120
        if not (named and lasts and jti) or jti in self._seen:
            raise NotProven
        self._seen.add(jti)


def thumb(token: str) -> str:
    """The `ath` of a token."""
    digest = hashlib.sha256(token.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _opened(proof: str) -> tuple[dict[str, Any], Key]:
    try:
        head = jws.extract_compact(proof.encode()).headers()
        if head.get("typ") != "dpop+jwt" or "d" in head.get("jwk", {}):
            raise NotProven
        key = JWKRegistry.import_key(dict(head["jwk"]))
        return dict(jwt.decode(proof, key, algorithms=ALGORITHMS).claims), key
    except (JoseError, ValueError, KeyError, TypeError):
        raise NotProven from None
