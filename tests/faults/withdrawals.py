"""Hospitals that record, at a random moment, that somebody has taken back the consent to be reported.

What they know afterwards is evidence: when their answer came, and what their municipality had in its journal then.
"""

import asyncio
import random
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass

import aiohttp
from hospitals import Hospitals
from premises import House
from stories import Story

from adapter.domain.case import Resource
from adapter.domain.identifiers import case_id
from adapter.outside.store import open_store
from adapter.wire import json

_BETWEEN_TRIES = 0.2


@dataclass(frozen=True)
class Withdrawn:
    """`consent`: the version that ended it, `Consent/id/number`. `arrived`: message ids that had come by the answer."""

    case: str
    consent: str
    arrived: frozenset[str]


class Withdrawals:
    """One for each story, up to `spread` seconds after its need was acknowledged."""

    def __init__(self, house: House, hospitals: Hospitals, seed: int, spread: float) -> None:
        self._house, self._hospitals, self._spread = house, hospitals, spread
        self._chance = random.Random(seed)  # noqa: S311 - to be repeatable
        self.done: list[Withdrawn] = []

    async def all_of(self, stories: Sequence[Story]) -> None:
        """Returns when each is acknowledged."""
        waits = [self._chance.uniform(0, self._spread) for _ in stories]
        async with aiohttp.ClientSession() as http:
            pairs = zip(stories, waits, strict=True)
            await asyncio.gather(*(self._withdraw(http, story, wait) for story, wait in pairs))

    async def _withdraw(self, http: aiohttp.ClientSession, story: Story, wait: float) -> None:
        while story.messages[0].id not in self._hospitals.acknowledged:
            await asyncio.sleep(0.01)
        await asyncio.sleep(wait)
        case = case_id(story.hospital, story.need)
        while not (ended := await self._ended(http, story, case)):
            await asyncio.sleep(_BETWEEN_TRIES)
        arrived = frozenset(entry["id"] for entry in self._house.arrived(story.municipality))
        self.done.append(Withdrawn(case, ended, arrived))

    async def _ended(self, http: aiohttp.ClientSession, story: Story, case: str) -> str:
        """The version in which it ended, once that is acknowledged; "" if it has to be tried again."""
        consent = await asyncio.to_thread(self._standing, case)
        number = int(consent["meta"]["versionId"])
        headers = {
            "Authorization": f"Bearer {await asyncio.to_thread(self._house.token, story.hospital)}",
            "Content-Type": "application/fhir+json",
            "If-Match": f'W/"{number}"',
        }
        url = f"{self._chance.choice(self._house.urls)}/fhir/Consent/{consent['id']}"
        body = json.dumps({**consent, "status": "inactive"})
        try:
            async with http.put(url, data=body, headers=headers) as answer:
                said = await answer.json(content_type=None)
        except (aiohttp.ClientError, TimeoutError, OSError):
            return ""
        if answer.status != 200:
            return ""
        return f"Consent/{consent['id']}/{said['meta']['versionId']}"

    def _standing(self, case: str) -> Resource:
        with closing(open_store(self._house.database)) as store:
            return [v.body for v in store.versions_of(case) if v.type == "Consent"][-1]
