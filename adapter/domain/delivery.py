"""One delivery: a set of resource versions on its way to one recipient."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Place = Literal["head", "behind", "held", "done"]
Channel = Literal["fhir", "edi", "edi20"]


@dataclass(frozen=True, slots=True)
class Pinned:
    """A resource in exactly one version."""

    type: str
    id: str
    number: int

    def __str__(self) -> str:
        return f"{self.type}/{self.id}/{self.number}"

    @classmethod
    def parse(cls, text: str) -> "Pinned":
        kind, id_, number = text.split("/")
        return cls(kind, id_, int(number))


@dataclass(frozen=True, slots=True)
class Outgoing:
    """What a decision wants sent.

    `message_id` is derived from case, recipient, event and focus: asking twice makes one delivery.
    `event` is the FHIR message event; `category` a row of mappings/consent.yaml, which decides whether
    consent is needed at the moment of sending. `focus` is what the message is about, `carries` all it holds.
    """

    message_id: str
    recipient: str
    case_id: str
    event: str
    category: str
    focus: Pinned
    carries: tuple[Pinned, ...]
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Delivery:
    """An outgoing message with its place in line. A lane is recipient + case; ids grow in commit order.

    `place`: `head` may be sent when due; `behind` waits for the head of its lane; `held` is a parked head
    that keeps its lane waiting; `done` is over. `state` stands in lifecycles/exchange.csv.
    `clock` is when the time until parking began. `reference` is what a message service calls it. `begun` is when a try
    began of which nobody knows what came: it is under way, or who made it died.
    """

    id: int
    outgoing: Outgoing
    state: str
    place: Place
    due: datetime
    clock: datetime
    tries: int
    because: str
    reference: str = ""
    begun: datetime | None = None


@dataclass(frozen=True, slots=True)
class Letter:
    """What is carried to a partner in one try; `message_id` (UUID) is the same at each.

    `address` is where it is posted. For XML: `kind` is the type of Volven 8279, `sender` and `receiver` are HER-ids,
    and `reference` is what the message service has called it since an earlier try. `late`: it says that it is late.
    """

    channel: Channel
    address: str
    message_id: str
    body: bytes
    kind: str = ""
    sender: str = ""
    receiver: str = ""
    reference: str = ""
    late: bool = False


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the partner said to one try, unjudged.

    `transport`: "answered"; "carried" where the partner has it and its receipt is still to come; "receipt" for one that
    came by itself; or why there was no answer (unreachable, timed-out, cut-off, redirected, not-allowed).
    `http` is the status (0 without an answer); `said` the FHIR response code, "duplicate", "nothing" or "nonsense",
    or what an AppRec says: "apprec-ok", "apprec-rejected", "apprec-partly", and `codes` its errors (Volven 8221), apart
    by commas. `reference` is the id that a message service gave the letter.
    """

    transport: str
    http: int = 0
    said: str = "nothing"
    retry_after: int | None = None
    reference: str = ""
    codes: str = ""


@dataclass(frozen=True, slots=True)
class Settled:
    """What one try led to, written back by the postman in one transaction with its siblings.

    Also what a person or a consent decides without a try (`tried` false): then `delivery.clock` is the new clock.
    """

    delivery: Delivery
    event: str
    state: str
    place: Place
    due: datetime
    because: str
    at: datetime
    receipt: Receipt | None
    tried: bool


@dataclass(frozen=True, slots=True)
class Pause:
    """A recipient that does not answer is paused as a whole; no delivery is blamed for it."""

    recipient: str
    failures: int
    until: datetime | None
