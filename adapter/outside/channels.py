"""One way out for all letters: each goes by its own channel (`adapter.ports.Transport`)."""

from collections.abc import Awaitable, Callable, Mapping

from adapter.domain.delivery import Channel, Letter, Receipt
from adapter.ports import Transport


class Channels:
    """A letter whose channel has no transport is not sent anywhere. `close` ends the connections of them all."""

    def __init__(self, by_channel: Mapping[Channel, Transport], close: Callable[[], Awaitable[None]]) -> None:
        self._by_channel, self._close = by_channel, close

    async def post(self, letter: Letter) -> Receipt:
        """By the letter's channel."""
        transport = self._by_channel.get(letter.channel)
        return await transport.post(letter) if transport else Receipt("not-allowed")

    async def aclose(self) -> None:
        """Ends the connections."""
        await self._close()


_CONTRACT: type[Transport] = Channels
