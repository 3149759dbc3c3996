"""One way out for all letters: each goes by its own channel (`adapter.ports.Transport`)."""

from collections.abc import Mapping

from adapter.domain.delivery import Channel, Letter, Receipt
from adapter.ports import Transport


class Channels:
    """A letter whose channel has no transport is not sent anywhere."""

    def __init__(self, by_channel: Mapping[Channel, Transport]) -> None:
        self._by_channel = by_channel

    async def post(self, letter: Letter) -> Receipt:
        """By the letter's channel."""
        transport = self._by_channel.get(letter.channel)
        return await transport.post(letter) if transport else Receipt("not-allowed")


_CONTRACT: type[Transport] = Channels
