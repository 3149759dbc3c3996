"""The one client that the pretend issuer knows: it must prove by signatures who it is, and with which key it asks."""

import json
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from proof import Assertions, NotProven, Proofs

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
CLAIMS = "helseid://claims/client/claims/"


class Registered:
    """From a file {"id", "jwk" (public), "organisation", "audience", "scopes" ([…])}. `clock`: seconds since 1970.

    "audiences" has by scope whom a token is for that is asked for with it, where that is another one.
    """

    def __init__(self, file: Path, issuer: str, clock: Callable[[], float]) -> None:
        self._client: dict[str, Any] = json.loads(file.read_text("utf-8"))
        self._issuer = issuer
        self._proofs, self._assertions = Proofs(clock), Assertions(clock)
        self._nonce = ""
        self.granted = 0

    def granted_claims(self, form: Mapping[str, str], proof: str) -> dict[str, Any]:
        """What the token says of the client. Raises Unproven with the code of OAuth and, perhaps, a nonce to use."""
        known = self._client
        try:
            jkt, nonce = self._proofs.checked(proof, "POST", f"{self._issuer}/token")
        except NotProven:
            raise Unproven("invalid_dpop_proof") from None
        if not self._nonce or nonce != self._nonce:
            self._nonce = self._nonce or str(uuid.uuid4())
            raise Unproven("use_dpop_nonce", self._nonce)
        try:
            if form.get("client_id") != known["id"] or form.get("client_assertion_type") != ASSERTION_TYPE:
                raise NotProven
            self._assertions.check(form.get("client_assertion", ""), known["id"], known["jwk"], self._issuer)
        except NotProven:
            raise Unproven("invalid_client") from None
        scopes = form.get("scope", "").split()
        if not scopes or not set(scopes) <= set(known["scopes"]):
            raise Unproven("invalid_scope")
        self.granted += 1
        return {
            "aud": known.get("audiences", {}).get(scopes[0], known["audience"]),
            "client_id": known["id"],
            "scope": scopes,
            "cnf": {"jkt": jkt},
            CLAIMS + "orgnr_parent": known["organisation"],
        }


class Unproven(Exception):  # noqa: N818 - the error codes of RFC 6749 § 5.2 and RFC 9449
    """Why there is no token; `nonce` to use in the next proof."""

    def __init__(self, error: str, nonce: str = "") -> None:
        super().__init__(error)
        self.nonce = nonce
