"""From what a partner said to what we do next: three kinds of status that are never mixed.

What was said is a Receipt; what we conclude is a row of mappings/answers.csv; whether the step is legal stands in
lifecycles/exchange.csv.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from adapter.domain.delivery import Pause, Receipt

LONGEST_ASKED = timedelta(days=1)
"""A partner may ask us to stay away for so long and no longer: nobody would notice a year."""
LEAST_TRIES = 3
"""Before a delivery is given up, its own or its recipient's in a row."""
LONGEST_ROUND = timedelta(minutes=10)
"""Far more than a batch is ever out: calls and the database have time-outs of seconds."""

MAY_DIFFER = timedelta(seconds=5)
"""Clocks of machines that ask a time server differ by milliseconds; a wait between two tries is seconds at least."""


@dataclass(frozen=True, slots=True)
class AnswerRule:
    """One row of answers.csv; `said` may be "*". HTTP statuses from `low` to `high`, inclusive.

    `receipts`: for partners that answer XML with AppRec ("yes"), for those that do not ("no"), or for all ("*").
    """

    transport: str
    low: int
    high: int
    said: str
    receipts: Literal["yes", "no", "*"]
    conclusion: Literal["accepted", "awaiting", "later", "rejected"]
    blames: Literal["delivery", "recipient"]
    because: str


@dataclass(frozen=True, slots=True)
class Schedule:
    """Waits between tries, the last one repeated, and how long a delivery may stay undelivered before it is parked.

    `receipt_wait`: how long the recipient's receipt of what was carried may take, before it is carried again.
    """

    waits: Sequence[timedelta]
    park_after: timedelta
    receipt_wait: timedelta = timedelta(hours=12)

    def next_try(self, failures: int, at: datetime, retry_after: int | None) -> datetime:
        """When to try again after the n-th failure (from 1); never sooner than the partner asked for, up to a day."""
        wait = self.waits[min(failures, len(self.waits)) - 1]
        asked = min(timedelta(seconds=retry_after or 0), LONGEST_ASKED)
        return at + max(wait, asked)

    def latest_meant(self, now: datetime) -> datetime:
        """No try is put off until after this by a clock that is right; what is was written by one that stood wrong, or
        is read by one.
        """
        return now + max(LONGEST_ASKED, self.receipt_wait, *self.waits) + MAY_DIFFER

    def nobody_meant(self, pause: Pause, now: datetime) -> bool:
        """Whether a pause is longer than any can be."""
        return pause.until is not None and pause.until > self.latest_meant(now)

    def gives_up(self, tries: int, since: datetime, now: datetime) -> bool:
        """Whether a person is to look: it has been tried for long enough, and more than once or twice. Time alone is
        not enough: for a clock that jumped ahead, days have passed at the first failure.
        """
        return now - since >= self.park_after and tries >= LEAST_TRIES


def settled_at(looked: datetime, now: datetime) -> datetime:
    """The time a batch is settled at: now, unless the clock was set meanwhile; then the earlier of the two.

    No batch is out for `LONGEST_ROUND`. From the earlier time a wait is at worst too short, once; from a later one it
    could be hours or years too long, and what was tried for minutes would be parked as if it had been for days.
    """
    return looked if now - looked > LONGEST_ROUND else now


def is_left_alone(failures: int, since: datetime, now: datetime) -> bool:
    """Whether a process keeps away from a recipient after its n-th own failure: 1 s, doubling to a minute.

    `since` is when it failed; a clock that was set back since then ends it, as one that was set forward does.
    """
    wait = min(timedelta(seconds=2 ** min(failures - 1, 6)), timedelta(minutes=1))
    return failures > 0 and timedelta() <= now - since < wait


def conclude(rules: Iterable[AnswerRule], receipt: Receipt, *, receipts: bool = True) -> AnswerRule:
    """The first rule that fits. The table is total: its last row takes every answer.

    `receipts`: whether the partner answers XML with AppRec.
    """
    asked = "yes" if receipts else "no"
    return next(
        rule
        for rule in rules
        if rule.transport == receipt.transport
        and rule.low <= receipt.http <= rule.high
        and rule.said in ("*", receipt.said)
        and rule.receipts in ("*", asked)
    )


def because(rule: AnswerRule, receipt: Receipt) -> str:
    """Why a delivery stands where it does: what was concluded, and for a rejection the codes of the receipt."""
    told = rule.conclusion == "rejected" and receipt.codes
    return f"{rule.because}:{receipt.codes}" if told else rule.because
