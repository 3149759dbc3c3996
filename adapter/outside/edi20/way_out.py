"""Carries letters through the message service (`adapter.ports.Transport`): handed in once, then asked about."""

import asyncio

from adapter.domain.delivery import Letter, Receipt
from adapter.domain.mailbox import said_of
from adapter.ports import ServiceAway, ServiceRefuses, Transport
from adapter.service_ports import MessageService

_SAID = {"locked": "service-locked", "busy": "service-busy", "nonsense": "nonsense", "too-long": "nonsense"}


class Edi20Transport:
    """`seconds`: for the whole of one call.

    A message whose handing in was not answered may have been taken. The service lists nothing that we sent, so it is
    not asked for: a notification about it may bring its reference (`Mailbox.adopt`); otherwise it is handed in again
    with the same MsgId, and the receiver's own check of MsgIds keeps it from being taken twice.
    """

    def __init__(self, service: MessageService, seconds: float) -> None:
        self._service, self._seconds = service, seconds

    async def post(self, letter: Letter) -> Receipt:
        """Hands it in, or asks what became of it once it bears a reference."""
        try:
            async with asyncio.timeout(self._seconds):
                return await (self._asked(letter) if letter.reference else self._handed_in(letter))
        except TimeoutError:
            return Receipt("timed-out")
        except ServiceAway as away:
            if away.http == 0:
                return Receipt(away.because)
            said = _SAID.get(away.because, "nothing")
            return Receipt("answered", away.http, said, away.retry_after)

    async def _handed_in(self, letter: Letter) -> Receipt:
        try:
            return Receipt("carried", 202, "handed-in", reference=await self._service.send(letter))
        except ServiceRefuses as refuses:
            return Receipt("answered", refuses.http, "service-refuses")

    async def _asked(self, letter: Letter) -> Receipt:
        try:
            found = await self._service.state(letter.reference, letter.receiver)
        except ServiceRefuses as refuses:
            return Receipt("carried", refuses.http, "no-state", reference=letter.reference)
        return said_of(found, letter.reference)


_CONTRACT: type[Transport] = Edi20Transport
