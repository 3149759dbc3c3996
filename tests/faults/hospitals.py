"""Hospitals that send until they are answered: the same bytes again, to the other service, whatever is broken."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Iterable

import aiohttp
from premises import House
from stories import DOORS, Message, Story

_ANSWER_WITHIN = aiohttp.ClientTimeout(total=20)
_BETWEEN_TRIES = 0.5
_GIVE_UP_AFTER = 240.0


class Hospitals:
    """The senders' own record, which is evidence: what was acknowledged, with which answers, and what was not."""

    def __init__(self, house: House, lanes: int = 12) -> None:
        self._house, self._lanes = house, lanes
        self._tokens: dict[str, str] = {}
        self.acknowledged: dict[str, set[bytes]] = defaultdict(set)
        self.without_answer: set[str] = set()
        self.refused: list[tuple[str, int]] = []
        self.sent = self.answers = self.tries_again = self.busy = 0

    async def send_all(self, stories: Iterable[Story]) -> None:
        """Every story, so many side by side; returns when all of it is answered or given up."""
        left = iter(stories)
        connector = aiohttp.TCPConnector(limit=self._lanes * 2)
        async with aiohttp.ClientSession(connector=connector, timeout=_ANSWER_WITHIN) as http:

            async def lane(number: int) -> None:
                for story in left:
                    await self._tell(http, story, number)

            await asyncio.gather(*(lane(number) for number in range(self._lanes)))

    async def _tell(self, http: aiohttp.ClientSession, story: Story, first: int) -> None:
        for message in story.messages:
            sendings = [self._send(http, message, first, once=story.given_up)]
            if message.repeat == "at-once":
                sendings.append(self._send(http, message, first + 1))
            await asyncio.gather(*sendings)
        for message in story.messages:
            if message.repeat == "later":
                await self._send(http, message, first + 1)

    async def _send(
        self, http: aiohttp.ClientSession, message: Message, first: int, *, once: bool = False
    ) -> None:
        self.sent += 1
        deadline = time.monotonic() + _GIVE_UP_AFTER
        turn = first
        while not await self._tried(http, message, self._house.urls[turn % len(self._house.urls)]):
            if once:
                self.without_answer.add(message.id)
                return
            assert time.monotonic() < deadline, "nobody answers any more"
            self.tries_again += 1
            turn += 1
            await asyncio.sleep(_BETWEEN_TRIES)

    async def _tried(self, http: aiohttp.ClientSession, message: Message, service: str) -> bool:
        """Whether there was an answer that ends the matter."""
        path, media_type = DOORS[message.door]
        headers = {"Authorization": f"Bearer {self._token(message.hospital)}", "Content-Type": media_type}
        try:
            async with http.post(f"{service}{path}", data=message.body, headers=headers) as answer:
                body = await answer.read()
        except (aiohttp.ClientError, TimeoutError, OSError):
            return False
        if answer.status == 401:  # its ten minutes are over
            self._tokens.pop(message.hospital, None)
            return False
        if answer.status >= 500:
            self.busy += 1
            return False
        self._note(message, answer.status, body)
        return True

    def _note(self, message: Message, status: int, body: bytes) -> None:
        self.answers += 1
        if status == 200:
            self.acknowledged[message.id].add(body)
        else:
            self.refused.append((message.id, status))

    def _token(self, hospital: str) -> str:
        if hospital not in self._tokens:
            self._tokens[hospital] = self._house.token(hospital)
        return self._tokens[hospital]
