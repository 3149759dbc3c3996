"""DPoP (RFC 9449): proof, with every request, that who shows a token is who it was given to."""

import base64
import hashlib
import uuid

from joserfc import jwt
from joserfc.jwk import ECKey

from adapter.ports import Clock

ALGORITHM = "ES256"


class Proofs:
    """Proofs by a key that this process makes and that never leaves it. `clock` gives their time (iat)."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._key = ECKey.generate_key("P-256")
        self._public = self._key.as_dict(private=False)

    @property
    def thumbprint(self) -> str:
        """Of the public key (RFC 7638): what a token bound to it says in cnf.jkt."""
        return self._key.thumbprint()

    def proof(self, method: str, address: str, *, token: str = "", nonce: str = "") -> str:
        """For one request: `address` counts without query and fragment; `token` where one goes with it (ath), `nonce`
        where the server asked for one."""
        claims: dict[str, str | int] = {
            "htm": method,
            "htu": address.partition("#")[0].partition("?")[0],
            "jti": str(uuid.uuid4()),
            "iat": int(self._clock().timestamp()),
        }
        if token:
            claims["ath"] = _unpadded(hashlib.sha256(token.encode("ascii")).digest())
        if nonce:
            claims["nonce"] = nonce
        head = {"typ": "dpop+jwt", "alg": ALGORITHM, "jwk": self._public}
        return jwt.encode(head, claims, self._key, algorithms=[ALGORITHM])


def _unpadded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")
