"""Who calls: access tokens as HelseID issues them, checked against the keys that the issuer publishes.

Standards: RFC 6750 (Bearer), RFC 7519 and 8725 (JWT), RFC 9068 (at+jwt), OpenID Connect Discovery 1.0 § 4.
"""

import hashlib
import ipaddress
import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from typing import Any, Literal
from urllib.parse import urlsplit

from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import JWKRegistry, Key, KeySet

from adapter.domain.message import Caller
from adapter.domain.problems import Finding, Refused
from adapter.outside.purposes import purposes
from adapter.ports import Clock, IssuerUnreachable

# Asymmetric only: with HS256 a public key would be a shared secret (RFC 8725 § 2.1).
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
TYPES = ("at+jwt", "JWT")
LEEWAY_SECONDS = 5
ORGNR_PARENT = "helseid://claims/client/claims/orgnr_parent"
ORGNR_CHILD = "helseid://claims/client/claims/orgnr_child"

BETWEEN_FETCHES = timedelta(minutes=1)
BETWEEN_FIRST_FETCHES = timedelta(seconds=1)
KEYS_ARE_OLD_AFTER = timedelta(hours=12)
MAX_TOKEN = 16_384
MAX_DOCUMENT = 1_000_000
MOST_REMEMBERED = 4_096

_ORGANISATION = re.compile(r"[0-9]{9}")
_NOT_PUBLIC = ("localhost", "test", "example", "invalid", "local", "internal")  # RFC 2606, 6761, 6762

Fetch = Callable[[str], bytes]
"""The body at an address. Raises IssuerUnreachable, and nothing else, when it cannot be had."""


def acceptable_issuer(issuer: str, environment: Literal["test", "production"]) -> bool:
    """Whether tokens of this issuer may be trusted in this environment.

    Production takes https at a public name only: neither the pretend issuer (loopback, a bare container
    name, a reserved name) nor HelseID's own test issuer, which both vouch for anybody.
    """
    if environment == "test":
        return issuer.startswith(("https://", "http://"))
    host = _host(issuer)
    labels = host.split(".")
    return len(labels) > 1 and labels[-1] not in _NOT_PUBLIC and "test" not in labels and not _is_number(host)


def _host(issuer: str) -> str:
    """The host of an https address that is nothing but scheme, host and path; "" for any other text."""
    try:
        parts = urlsplit(issuer)
        host = parts.hostname or ""
    except ValueError:
        return ""
    plain = parts.scheme == "https" and "@" not in parts.netloc and not (parts.query or parts.fragment)
    return host.rstrip(".") if plain else ""


def _is_number(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def fetch_over_http(address: str) -> bytes:
    """GET within 5 s, no redirects, at most 1 MB. Raises IssuerUnreachable."""
    import httpx  # noqa: PLC0415 - a quarter of a second at start, needed at the first fetch only

    try:
        with httpx.stream("GET", address, timeout=5.0, trust_env=False) as answer:
            if answer.status_code != 200:
                raise IssuerUnreachable
            body = b""
            for chunk in answer.iter_bytes():
                body += chunk
                if len(body) > MAX_DOCUMENT:
                    raise IssuerUnreachable
            return body
    except (httpx.HTTPError, httpx.InvalidURL):
        raise IssuerUnreachable from None


@dataclass(frozen=True, slots=True, eq=False)
class _Held:
    keys: KeySet
    since: datetime


class PublishedKeys:
    """The issuer's signing keys, fetched when first needed, kept, and shared by all threads.

    They are fetched again for a key id that is not among them, and every 12 hours so that a key which the
    issuer has withdrawn loses its force; at most once a minute, by one thread: others wait only while there
    are no keys. If the issuer is down, the old keys stay.
    """

    def __init__(self, issuer: str, clock: Clock, fetch: Fetch) -> None:
        self._issuer, self._clock, self._fetch = issuer, clock, fetch
        self._lock = Lock()
        self._held: _Held | None = None
        self._tried: datetime | None = None
        self._down = False

    def verified(self, token: str) -> tuple[jwt.Token, object]:
        """The token, its signature checked, and the keys (as `in_force`) that it was checked with.

        Raises IssuerUnreachable, JoseError or ValueError.
        """
        held = self._current()
        try:
            return jwt.decode(token, held.keys, algorithms=ALGORITHMS), held
        except InvalidKeyIdError:
            if not self._renew() and self._held is held:
                raise IssuerUnreachable from None
            renewed = self._now_held()
            return jwt.decode(token, renewed.keys, algorithms=ALGORITHMS), renewed

    def in_force(self) -> object | None:
        """What stands for the keys held now, another object after every fetch; None while they must be fetched.

        With the issuer down for 12 hours it is None: until it answers, each request's token is checked in full.
        """
        held = self._held
        return held if held and self._clock() - held.since < KEYS_ARE_OLD_AFTER else None

    def _current(self) -> _Held:
        held = self._held
        if held is None or self._clock() - held.since >= KEYS_ARE_OLD_AFTER:
            self._renew()
        return self._now_held()

    def _now_held(self) -> _Held:
        if self._held is None:
            raise IssuerUnreachable
        return self._held

    def _renew(self) -> bool:
        """Get newer keys, if an attempt is due. False when the issuer did not answer, or another thread is asking."""
        if not self._lock.acquire(blocking=self._held is None):
            return False
        try:
            if self._may_try():
                self._try_again()
            return not self._down
        finally:
            self._lock.release()

    def _may_try(self) -> bool:
        pause = BETWEEN_FETCHES if self._held else BETWEEN_FIRST_FETCHES
        return self._tried is None or self._clock() - self._tried >= pause

    def _try_again(self) -> None:
        self._tried = self._clock()
        try:
            self._held = _Held(self._published(), self._tried)
            self._down = False
        except IssuerUnreachable:
            self._down = True

    def _published(self) -> KeySet:
        discovery = _document(self._fetch(self._issuer.rstrip("/") + "/.well-known/openid-configuration"))
        address = discovery.get("jwks_uri")
        # A document that names another issuer, or sends us to another host, is not the issuer's word.
        if discovery.get("issuer") != self._issuer or not isinstance(address, str):
            raise IssuerUnreachable
        if not address.startswith("{0.scheme}://{0.netloc}/".format(urlsplit(self._issuer))):
            raise IssuerUnreachable
        listed = _document(self._fetch(address)).get("keys")
        keys = list(_signing_keys(listed if isinstance(listed, list) else []))
        if not keys:
            raise IssuerUnreachable
        return KeySet(keys)


def _document(body: bytes) -> dict[str, Any]:
    try:
        document = json.loads(body)
    except ValueError:
        raise IssuerUnreachable from None
    if not isinstance(document, dict):
        raise IssuerUnreachable
    return document


def _signing_keys(listed: list[Any]) -> Iterable[Key]:
    """The keys that can check a signature; RFC 7517 § 5 has the rest of the set ignored."""
    for jwk in listed:
        try:
            if jwk["kty"] in ("RSA", "EC") and jwk.get("use", "sig") == "sig":
                yield JWKRegistry.import_key(jwk)
        except (JoseError, ValueError, TypeError, KeyError, AttributeError):  # a key of any other shape
            continue


@dataclass(frozen=True, slots=True)
class _Known:
    """A token that was checked: whose it is, until when it holds (seconds since 1970), and by which keys."""

    caller: Caller
    until: float
    keys: object


class Identity:
    """Reads the caller out of an `Authorization` header. Thread safe; asks the issuer for keys only.

    A token is checked in full when it is first seen and known again by its SHA-256 until it expires
    or the keys are fetched anew; the token itself is not kept.
    """

    def __init__(self, issuer: str, audience: str, clock: Clock, fetch: Fetch = fetch_over_http) -> None:
        self._keys = PublishedKeys(issuer, clock, fetch)
        self._issuer, self._audience, self._clock = issuer, audience, clock
        self._known: dict[bytes, _Known] = {}
        self._writing = Lock()

    def known(self, authorization: str | None) -> Caller | None:
        """The caller of a token that was checked before and holds still. Never blocks. Raises Refused(no-token)."""
        known = self._known.get(_name_of(_bearer(authorization)))
        holds = known and known.keys is self._keys.in_force() and self._clock().timestamp() < known.until
        return known.caller if known and holds else None

    def caller(self, authorization: str | None) -> Caller:
        """The organisation that HelseID has verified (orgnr_parent) and the scopes of the token.

        orgnr_child is checked for form and not used: HelseID does not verify it for clients of several
        tenants. Raises Refused (no-token, token-refused) without a reason, and IssuerUnreachable.
        """
        token = _bearer(authorization)
        try:
            verified, keys = self._keys.verified(token)
            self._check(verified)
            caller = _caller(verified.claims)
        except (JoseError, ValueError, TypeError):  # joserfc raises TypeError for a head that is no object
            raise Refused(Finding("token-refused")) from None
        self._remember(_name_of(token), _Known(caller, float(verified.claims["exp"]), keys))
        return caller

    def _remember(self, name: bytes, known: _Known) -> None:
        """The oldest goes when there are too many. Nobody else takes anything out."""
        with self._writing:
            self._known.pop(name, None)
            if len(self._known) >= MOST_REMEMBERED:
                del self._known[next(iter(self._known))]
            self._known[name] = known

    def _check(self, token: jwt.Token) -> None:
        rules = jwt.JWTClaimsRegistry(
            now=int(self._clock().timestamp()),
            leeway=LEEWAY_SECONDS,
            iss={"essential": True, "value": self._issuer},
            aud={"essential": True, "value": self._audience},
            exp={"essential": True},
        )
        rules.validate(token.claims)
        alone = token.claims["aud"] in (self._audience, [self._audience])
        if token.header.get("typ") not in TYPES or not alone:
            raise ValueError
        # A sender-constrained token (DPoP, mutual TLS) is worth nothing as a Bearer token (RFC 9449 § 7.1).
        if "cnf" in token.claims:
            raise ValueError


def _bearer(authorization: str | None) -> str:
    scheme, _, token = (authorization or "").strip().partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Refused(Finding("no-token"))
    if len(token) > MAX_TOKEN:
        raise Refused(Finding("token-refused"))
    return token.strip()


def _name_of(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def _caller(claims: dict[str, Any]) -> Caller:
    child = claims.get(ORGNR_CHILD)
    for number in (claims.get(ORGNR_PARENT), *([child] if child is not None else [])):
        if not isinstance(number, str) or not _ORGANISATION.fullmatch(number):
            raise ValueError
    scope = claims.get("scope", [])
    scopes = scope.split(" ") if isinstance(scope, str) else scope
    if not isinstance(scopes, list) or not all(isinstance(name, str) for name in scopes):
        raise ValueError
    return Caller(claims[ORGNR_PARENT], frozenset(scopes) - {""}, frozenset(purposes(claims)))
