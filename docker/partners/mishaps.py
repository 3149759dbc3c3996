"""What goes wrong at a pretend message service, by chance and by seed: each kind is something a real one may do."""

import random
from collections import Counter
from collections.abc import Mapping
from typing import Any

BEFORE = ("locked", "busy", "fails", "cut", "expired", "nonce")
"""Nothing is done: 423, 429, 500, a connection cut, a token said to be over, a nonce demanded."""
AFTER = ("lost-answer", "time-out", "slow")
"""It is done, and its answer is cut off, comes too late, or only late."""
LISTED = ("duplicates", "disorder")
"""Of a list of notifications: some stand in it twice, or it is in no order."""
KINDS = (*BEFORE, *AFTER, *LISTED)


class Mishaps:
    """`shares`: how often, from 0 to 1, each kind happens. The same seed draws the same."""

    def __init__(self, seed: int = 1) -> None:
        self._chance = random.Random(seed)  # noqa: S311 - to be repeatable
        self.shares: dict[str, float] = {}
        self.happened: Counter[str] = Counter()

    def draw(self) -> str:
        """What happens to this request: one of the kinds before and after, or ""."""
        drawn, sum_ = self._chance.random(), 0.0
        for kind in (*BEFORE, *AFTER):
            sum_ += self.shares.get(kind, 0.0)
            if drawn < sum_:
                self.happened[kind] += 1
                return kind
        return ""

    def listed(self, said: Any) -> Any:
        """A page of notifications as it is handed out."""
        if not isinstance(said, Mapping) or "notifications" not in said:
            return said
        notices = [*said["notifications"]]
        if notices and self._happens("duplicates"):
            notices += self._chance.sample(notices, min(3, len(notices)))
        if self._happens("disorder"):
            self._chance.shuffle(notices)
        return {**said, "notifications": notices}

    def _happens(self, kind: str) -> bool:
        drawn = self._chance.random() < self.shares.get(kind, 0.0)
        self.happened[kind] += drawn
        return drawn
