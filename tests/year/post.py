"""The post between the adapter and its partners: it loses, repeats and is away, by chance and by seed."""

import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from adapter.domain.delivery import Letter, Receipt
from adapter.domain.partners import Partner, Partners
from adapter.replay.script import ANSWERS, IN_XML

from .clock import Clock

LOST, ANSWER_LOST, BUSY = 0.01, 0.01, 0.01
"""Of a hundred letters one never comes, of one the answer is lost, and one is told to come again later."""
Away = Sequence[tuple[datetime, datetime]]


@dataclass(slots=True)
class Post:
    """A `ports.Transport`. `away` has the times in which nobody answers at a partner (organisation number).

    `came` has when each letter came to each partner first; `repeats` counts what came again under the same id.
    """

    partners: Partners
    clock: Clock
    away: Mapping[str, Away]
    chance: random.Random
    came: dict[str, dict[str, datetime]] = field(default_factory=dict)
    repeats: Counter[str] = field(default_factory=Counter)
    happened: Counter[str] = field(default_factory=Counter)
    by_endpoint: dict[str, Partner] = field(default_factory=dict)
    told: Callable[[str, Letter], None] = lambda _to, _letter: None
    confirmed: Callable[[Letter], None] = lambda _letter: None

    def __post_init__(self) -> None:
        self.by_endpoint = {p.endpoint: p for p in self.partners.by_organisation.values() if p.endpoint}

    async def post(self, letter: Letter) -> Receipt:
        """One try, with what becomes of it."""
        partner = self.by_endpoint[letter.address]
        what = self._drawn(partner)
        self.happened[what] += 1
        if what == "away":
            return Receipt("unreachable")
        if what == "lost":
            return Receipt("cut-off")
        if what == "busy":
            return ANSWERS["busy"]
        self._comes(partner.organisation, letter)
        if what == "answer lost":
            return Receipt("timed-out")
        self.confirmed(letter)
        return ANSWERS["ok"] if letter.channel == "fhir" else IN_XML["ok"]

    def _drawn(self, partner: Partner) -> str:
        now = self.clock()
        if any(start <= now < end for start, end in self.away.get(partner.organisation, ())):
            return "away"
        drawn = self.chance.random()
        for what, share in (("lost", LOST), ("answer lost", ANSWER_LOST), ("busy", BUSY)):
            if drawn < share:
                return what
            drawn -= share
        return "carried"

    def _comes(self, to: str, letter: Letter) -> None:
        before = self.came.setdefault(to, {})
        if letter.message_id in before:
            self.repeats[to] += 1
            return
        before[letter.message_id] = self.clock()
        self.told(to, letter)
