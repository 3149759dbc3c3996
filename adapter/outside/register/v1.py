"""CommunicationParty API v1: looked up by HER-id, and a sequence of what was made or changed."""

from collections.abc import Sequence

from adapter.domain.register import Certificate, Events, Party
from adapter.outside.calls import Calls
from adapter.outside.register import reading
from adapter.ports import ServiceAway, ServiceRefuses
from adapter.service_ports import RegisterService

MOST_EVENTS = 1000
"""As many as the service gives at once."""
_NOT_THERE = 404


class RegisterV1:
    """See `adapter.service_ports.RegisterService`."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    async def party(self, her_id: str) -> Party | None:
        try:
            read = await self._calls.get(f"api/v1/communicationparty/{int(her_id)}")
        except ServiceRefuses as refuses:
            if refuses.http == _NOT_THERE:
                return None
            raise
        return reading.party(read, her_id)

    async def certificates(self, her_id: str) -> Sequence[Certificate]:
        path = f"api/v1/certificate/{int(her_id)}"
        return reading.certificates(await self._calls.get(path, {"includeHistoric": "true"}))

    async def latest(self) -> int:
        try:
            read = await self._calls.get("api/v1/event/latest")
        except ServiceRefuses as refuses:
            if refuses.http == _NOT_THERE:
                return 0
            raise
        number = read.get("sequenceNumber") if isinstance(read, dict) else None
        if not reading.is_number(number) or number is None:
            raise ServiceAway("nonsense", 200)
        return int(number)

    async def events(self, after: int) -> Events:
        query: dict[str, str | int | list[str]] = {"fromSequenceNumber": after + 1, "maxEvents": MOST_EVENTS}
        return reading.events(await self._calls.get("api/v1/event", query), after, MOST_EVENTS)


_CONTRACT: type[RegisterService] = RegisterV1
