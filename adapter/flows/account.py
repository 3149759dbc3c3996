"""What can be told of a case: places, codes, names of facts and ids; never a value of a person."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from adapter.domain.case import Step, Waiting
from adapter.domain.consent import Ground
from adapter.domain.delivery import Receipt
from adapter.domain.problems import Finding


@dataclass(frozen=True, slots=True)
class Element:
    """An element of a stored version that holds a fact. `unchanged`: an earlier message had written the same."""

    element: str
    version: str
    unchanged: bool


@dataclass(frozen=True, slots=True)
class Leaf:
    """One leaf of a message. `outcome` is read, ignored or unread; `because` says why it is not passed on."""

    place: str
    outcome: str
    facts: tuple[str, ...] = ()
    went_to: tuple[Element, ...] = ()
    because: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """A message and the account of its leaves, in its own order; `unaccounted` says why there is none."""

    id: str
    door: str
    sender: str
    message_id: str
    kind: str
    at: datetime
    status: int
    mapping: str
    findings: tuple[Finding, ...]
    leaves: tuple[Leaf, ...] = ()
    unaccounted: str = ""

    @property
    def totals(self) -> Mapping[str, int]:
        return {o: sum(x.outcome == o for x in self.leaves) for o in ("read", "ignored", "unread")}


@dataclass(frozen=True, slots=True)
class Route:
    """`rule`: addressed-by-sender, found-by-place, chosen-by-person or not-routed; `unit` is a HER-id."""

    rule: str
    organisation: str | None
    unit: str | None


@dataclass(frozen=True, slots=True)
class Tried:
    """One decision on a delivery at the moment of sending, and the consents (ids) it rests on."""

    at: datetime
    because: str
    consents: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Shown:
    """An element of a plan or its team, by its place: `sent` or `withheld`, why, and by which consents (ids)."""

    place: str
    outcome: str
    because: str
    consents: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sent:
    """A delivery with all that came of it. `now`: for one still open, what consent would say at this moment.

    `elements`: of a plan that was sent or may be, what its recipient gets to see, and what not. `grounds`: what each
    consent comes to that bears on it: at this moment for one still open, and for one that was stopped, when it was.
    """

    id: int
    message_id: str
    recipient: str
    event: str
    category: str
    focus: str
    carries: tuple[str, ...]
    state: str
    place: str
    because: str
    due: datetime
    tried: tuple[Tried, ...]
    receipts: tuple[tuple[int, datetime, Receipt], ...]
    now: str
    elements: tuple[Shown, ...] = ()
    grounds: tuple[Ground, ...] = ()


@dataclass(frozen=True, slots=True)
class Account:
    """All there is to say. Without a case (a refused message) there is only the message."""

    case: str | None
    state: str
    messages: tuple[Message, ...]
    route: Route | None
    steps: tuple[Step, ...]
    deliveries: tuple[Sent, ...]
    waiting: tuple[Waiting, ...]
