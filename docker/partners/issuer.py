"""A pretend HelseID. IT GIVES A TOKEN TO ANYBODY WHO ASKS, IN THE NAME OF ANY ORGANISATION.

For synthetic data only: it checks no secret and knows nobody; the adapter refuses it in production.
Its tokens have the form of HelseID's machine-to-machine tokens, so that the adapter checks them as it
checks real ones. The signing key is made at start and lives in memory: a restart is a key rotation.

    python issuer.py --port 0        prints {"ready": true, "url": "http://127.0.0.1:…"} when it listens
    POST /token  grant_type=client_credentials & client_id=<organisation number> [& scope] [& orgnr_child]

One client can be registered (--client FILE, see clients.py). Who asks in its name with a signed assertion is checked as
HelseID does, gets a token bound to the key of its DPoP proof, and must use the nonce it is told.
"""

import argparse
import json
import re
import socket
import sys
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from joserfc import jwt
from joserfc.jwk import RSAKey

if TYPE_CHECKING:
    from clients import Registered

SCOPES = ("ip-adapter/messages", "ip-adapter/cases.read", "ip-adapter/cases.write")
CLAIMS = "helseid://claims/client/claims/"
LIFETIME_SECONDS = 600
NOT_KEPT = {"Cache-Control": "no-store"}


class Refusal(Exception):  # noqa: N818 - the error codes of RFC 6749 § 5.2
    """A token request that cannot be granted; carries the OAuth error code."""


def granted(form: dict[str, str]) -> tuple[dict[str, Any], str]:
    """The claims about the client, and the scopes as one text. Raises Refusal."""
    if form.get("grant_type") != "client_credentials":
        raise Refusal("unsupported_grant_type")
    numbers = {"orgnr_parent": form.get("client_id", ""), "orgnr_child": form.get("orgnr_child")}
    organisations = {CLAIMS + name: number for name, number in numbers.items() if number is not None}
    if not all(re.fullmatch(r"[0-9]{9}", number) for number in organisations.values()):
        raise Refusal("invalid_client")
    scope = form.get("scope", "").split() or list(SCOPES)
    if not set(scope) <= set(SCOPES):
        raise Refusal("invalid_scope")
    return {"client_id": form["client_id"], "scope": scope, **organisations}, " ".join(scope)


def make_app(
    issuer_url: str,
    audience: str = "ip-adapter",
    clock: Callable[[], float] = time.time,
    registered: "Registered | None" = None,
    lifetime: int = LIFETIME_SECONDS,
) -> FastAPI:
    """The issuer that calls itself `issuer_url`, with a new key. `clock` gives seconds since 1970 (UTC).

    `lifetime`: seconds that a token of the registered client is good for.
    """
    app = FastAPI(title="Pretend HelseID (synthetic data only)")
    key = RSAKey.generate_key(2048, {"use": "sig", "alg": "RS256"}, auto_kid=True)

    @app.get("/.well-known/openid-configuration")
    def discovery() -> dict[str, Any]:
        return {
            "issuer": issuer_url,
            "jwks_uri": f"{issuer_url}/jwks",
            "token_endpoint": f"{issuer_url}/token",
            "grant_types_supported": ["client_credentials"],
            "scopes_supported": list(SCOPES),
        }

    @app.get("/jwks")
    def jwks() -> dict[str, Any]:
        return {"keys": [key.as_dict(private=False)]}

    def signed(claims: dict[str, Any], seconds: int) -> str:
        now = int(clock())
        times = {"iat": now, "nbf": now, "exp": now + seconds, "jti": str(uuid.uuid4())}
        head = {"alg": "RS256", "typ": "at+jwt", "kid": key.kid}
        return jwt.encode(
            head, {"iss": issuer_url, "aud": audience, **times, **claims}, key, algorithms=["RS256"]
        )

    @app.post("/token")
    async def token(request: Request) -> JSONResponse:
        form = dict(parse_qsl((await request.body()).decode("ascii", "replace")))
        if registered and "client_assertion" in form:
            return bound(form, request.headers.get("DPoP", ""))
        try:
            claims, scope = granted(form)
        except Refusal as refusal:
            return JSONResponse({"error": str(refusal)}, 400, NOT_KEPT)
        answer = {"access_token": signed(claims, LIFETIME_SECONDS), "token_type": "Bearer"}
        return JSONResponse(answer | {"expires_in": LIFETIME_SECONDS, "scope": scope}, headers=NOT_KEPT)

    def bound(form: dict[str, str], proof: str) -> JSONResponse:
        """For the registered client, by its proofs."""
        from clients import Unproven  # noqa: PLC0415 - beside this file; not needed without such a client

        assert registered  # noqa: S101 - asked before; for the type checker
        try:
            claims = registered.granted_claims(form, proof)
        except Unproven as refusal:
            nonce = {"DPoP-Nonce": refusal.nonce} if refusal.nonce else {}
            return JSONResponse({"error": str(refusal)}, 400, NOT_KEPT | nonce)
        answer = {"access_token": signed(claims, lifetime), "token_type": "DPoP", "expires_in": lifetime}
        return JSONResponse(answer, headers=NOT_KEPT)

    return app


class Announcing(uvicorn.Server):
    """Prints one line of JSON as soon as it listens."""

    def __init__(self, config: uvicorn.Config, url: str) -> None:
        super().__init__(config)
        self.url = url

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        sys.stdout.write(json.dumps({"ready": True, "url": self.url}) + "\n")
        sys.stdout.flush()


def main() -> None:
    parser = argparse.ArgumentParser(
        description="Pretend HelseID: gives a token to anybody; synthetic data only."
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8089, help="0 picks a free port")
    parser.add_argument("--url", help="the issuer's name in its tokens, where callers know it by another one")
    parser.add_argument("--audience", default="ip-adapter")
    parser.add_argument("--client", type=Path, help="a file with the one client that proves who it is")
    parser.add_argument("--lifetime", type=int, default=LIFETIME_SECONDS, help="seconds of its tokens")
    given = parser.parse_args()
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((given.host, given.port))
        url = given.url or f"http://{given.host}:{listener.getsockname()[1]}"
        app = make_app(
            url, given.audience, registered=_registered(given.client, url), lifetime=given.lifetime
        )
        config = uvicorn.Config(app, log_level="warning", access_log=False, lifespan="off")
        with suppress(KeyboardInterrupt):
            Announcing(config, url).run([listener])


def _registered(file: Path | None, url: str) -> "Registered | None":
    from clients import Registered  # noqa: PLC0415 - as above

    return Registered(file, url, time.time) if file else None


if __name__ == "__main__":
    main()
