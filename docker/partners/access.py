"""Who may come in to a pretend service of NHN: who shows a token of the issuer, bound to the key of its DPoP proof."""

import time

import httpx
from fastapi import Request, Response
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from proof import NotProven, Proofs


class Access:
    """Who may come in. The issuer's keys are fetched once."""

    def __init__(self, issuer: str, url: str, audience: str) -> None:
        self._issuer, self._url, self._audience = issuer, url, audience
        self._proofs = Proofs(time.time)
        self._keys: KeySet | None = None
        self.nonce = ""

    def check(self, request: Request) -> None:
        """Raises NotProven; with a text where only the nonce is wrong."""
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        address = f"{self._url}{request.url.path}"
        jkt, nonce = self._proofs.checked(request.headers.get("DPoP", ""), request.method, address, token)
        try:
            claims = jwt.decode(token, self._published(), algorithms=["RS256"]).claims
        except (JoseError, ValueError):
            raise NotProven from None
        ours = claims.get("iss") == self._issuer and claims.get("aud") == self._audience
        if kind != "DPoP" or not ours or claims["exp"] <= time.time() or claims["cnf"]["jkt"] != jkt:
            raise NotProven
        if self.nonce and nonce != self.nonce:
            raise NotProven("use_dpop_nonce")

    def _published(self) -> KeySet:
        if self._keys is None:
            self._keys = KeySet.import_key_set(httpx.get(f"{self._issuer}/jwks", trust_env=False).json())
        return self._keys


def unauthorized(why: str, access: Access) -> Response:
    """The refusal, with the nonce to use where that is what was wrong."""
    headers = {"WWW-Authenticate": f'DPoP error="{why or "invalid_token"}"'}
    return Response(status_code=401, headers=headers | ({"DPoP-Nonce": access.nonce} if access.nonce else {}))
