"""Receipts (applikasjonskvittering) as rules: whether a sender gets one, in which version, and what one leads to."""

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Literal

from adapter.domain.message import Acknowledge

Version = Literal["1.0", "1.1"]


@dataclass(frozen=True, slots=True)
class AppRecRule:
    """One row of mappings/apprec.csv: `kind` is a code of Volven 8279, `payload` the namespace of the content.

    Both may hold `*`, which stands for anything.
    """

    kind: str
    payload: str
    version: Version


@dataclass(frozen=True, slots=True)
class RejectionRule:
    """One row of mappings/rejections.csv: an error code (Volven 8221) of a recipient that a person must look at.

    `reason` is a problem's name.
    """

    code: str
    list: Literal["routing", "detection", "consent"]
    reason: str


def version_for(rules: Iterable[AppRecRule], kind: str, payload: str) -> Version:
    """The version of AppRec that answers such a message: the first rule that fits. The last one takes every message."""
    return next(r.version for r in rules if fnmatchcase(kind, r.kind) and fnmatchcase(payload, r.payload))


def wants_receipt(asked: Acknowledge, *, refused: bool) -> bool:
    """Whether the sender wants an AppRec: MsgInfo/Ack of Hodemelding, Volven 7304 (J always, N never, F on error)."""
    return asked == "always" or (asked == "on-error" and refused)


def about(rules: Iterable[RejectionRule], codes: str) -> RejectionRule | None:
    """The first rule about any of these codes (apart by commas)."""
    given = codes.split(",")
    return next((rule for rule in rules if rule.code in given), None)
