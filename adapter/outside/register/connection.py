"""The address register with all that a call to it needs: connections, tokens, proofs."""

import httpx

from adapter.outside.calls import Calls
from adapter.outside.dpop import Proofs
from adapter.outside.helseid import AccessTokens, Client
from adapter.outside.register.v1 import RegisterV1
from adapter.ports import Clock
from adapter.service_ports import RegisterService

_CONNECTIONS = httpx.Limits(max_connections=4, max_keepalive_connections=4, keepalive_expiry=4.0)


class Connection:
    """`service` is the port. `seconds` for a request.

    No proxy or password of the environment is used, and nothing is followed elsewhere.
    """

    def __init__(self, address: str, system: str, client: Client, clock: Clock, *, seconds: float) -> None:
        self._http = httpx.AsyncClient(trust_env=False, limits=_CONNECTIONS, timeout=seconds)
        proofs = Proofs(clock)
        tokens = AccessTokens(client, proofs, self._http, clock, seconds=seconds)
        headers = {"nhn-source-system": system}
        calls = Calls(address, headers, tokens, proofs, self._http, clock, seconds=seconds)
        self.service: RegisterService = RegisterV1(calls)

    async def aclose(self) -> None:
        """End the connections."""
        await self._http.aclose()
