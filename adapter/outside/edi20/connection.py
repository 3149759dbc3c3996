"""The message service with all that a call to it needs: connections, tokens, proofs."""

from collections.abc import Sequence

import httpx

from adapter.outside.calls import Calls
from adapter.outside.dpop import Proofs
from adapter.outside.edi20.v2 import Edi20V2
from adapter.outside.edi20.v3 import Edi20V3
from adapter.outside.helseid import AccessTokens, Client
from adapter.ports import Clock
from adapter.service_ports import MessageService

_VERSIONS: dict[str, type[Edi20V3 | Edi20V2]] = {"3": Edi20V3, "2": Edi20V2}
_CONNECTIONS = httpx.Limits(max_connections=16, max_keepalive_connections=16, keepalive_expiry=4.0)


class Connection:
    """`service` is the port. `application`: our name and version; `seconds` for a request; `most`: bytes of a message.

    No proxy or password of the environment is used, and nothing is followed elsewhere.
    """

    def __init__(
        self,
        address: str,
        version: str,
        her_ids: Sequence[str],
        system: str,
        application: tuple[str, str],
        client: Client,
        clock: Clock,
        *,
        seconds: float,
        most: int,
    ) -> None:
        self._http = httpx.AsyncClient(trust_env=False, limits=_CONNECTIONS, timeout=seconds)
        proofs = Proofs(clock)
        tokens = AccessTokens(client, proofs, self._http, clock, seconds=min(seconds, 10.0))
        headers = {"api-version": version, "nhn-source-system": system}
        calls = Calls(address, headers, tokens, proofs, self._http, clock, seconds=seconds)
        # In base64, with room for what stands around it.
        self.service: MessageService = _VERSIONS[version](calls, her_ids, application, most * 4 // 3 + 10_000)

    async def aclose(self) -> None:
        """End the connections."""
        await self._http.aclose()
