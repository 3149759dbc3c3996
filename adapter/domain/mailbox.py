"""Messages that a message service keeps for us, and what is known of each until it is answered for."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from adapter.domain.delivery import Receipt

Kind = Literal["message", "state", "refused", "unknown", "unreadable"]
"""What a notice is about: a message to us that waits; the state of a message of ours; a message that the service
itself refused; something that this release does not know; or it does not say so that it can be read."""

State = Literal["announced", "answered", "done", "parked"]
"""announced: nothing is settled. answered: kept by us and its AppRec posted, or none wanted; the service is still to
be told. done: over. parked: a person looks."""


@dataclass(frozen=True, slots=True)
class Notice:
    """One notification: `message` is the service's own id, `her_id` whom it is for.

    `position` is its place in the service's one sequence, with gaps; where the service counts nothing, in its list.
    """

    message: str
    her_id: str
    kind: Kind
    position: int


@dataclass(frozen=True, slots=True)
class Page:
    """Notices as the service gave them, in whatever order; `last` is the highest position it has been read to.

    `full`: there may be more behind it. `unread`: how many entries had no form that could be read.
    """

    notices: tuple[Notice, ...]
    last: int
    full: bool
    unread: int = 0


@dataclass(frozen=True, slots=True)
class Slip:
    """What the service says of a message beside its content. `message_id` is MsgId, "" where it is not said."""

    message: str
    sender: str
    receivers: tuple[str, ...]
    message_id: str
    apprec: bool


@dataclass(frozen=True, slots=True)
class AppRecGiven:
    """An AppRec as the service takes it: status of Volven 8258, errors of 8221 as (code, text)."""

    sender: str
    status: Literal["1", "2"]
    errors: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Sent:
    """Where a message of ours stands with one receiver, in the service's words; `apprec` "" until there is one, and
    `codes` its errors (Volven 8221), apart by commas."""

    transport: str
    apprec: str = ""
    codes: str = ""


@dataclass(frozen=True, slots=True)
class Fetched:
    """A notice and what became of it. `because`: why it waits, was refused or is parked.

    `first` is when it was first heard of, `at` when it last changed, `due` when it is looked at next. `sender` is the
    HER-id of who sent a message, "" until the service has said it.
    """

    message: str
    her_id: str
    kind: Kind
    position: int
    state: State
    tries: int
    because: str
    first: datetime
    at: datetime
    due: datetime
    sender: str = ""


BEHIND: Final = "behind-another"
"""Why a message waits that has not failed itself: one that its sender sent before it has."""
_OF_APPREC = {"Ok": "apprec-ok", "Rejected": "apprec-rejected", "OkErrorInMessagePart": "apprec-partly"}
_FINAL = {"Rejected": "transport-rejected", "Abandoned": "abandoned"}
_ON_ITS_WAY = {"Unconfirmed": "unconfirmed", "Acknowledged": "acknowledged"}


def said_of(sent: Sent | None, reference: str) -> Receipt:
    """What the state of a message of ours amounts to: `reference` is what the service calls it.

    A word that is not known stays a finding: the message is neither delivered nor refused.
    """
    if sent is None:
        return Receipt("carried", 200, "no-state", reference=reference)
    final = _OF_APPREC.get(sent.apprec) if sent.apprec else _FINAL.get(sent.transport)
    if final:
        return Receipt("answered", 200, final, reference=reference, codes=sent.codes)
    way = "" if sent.apprec else _ON_ITS_WAY.get(sent.transport, "")
    return Receipt("carried", 200, way or "unknown-state", reference=reference)
