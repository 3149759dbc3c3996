"""A message as it stands at the door: who sends, to whom, which kind; its content is still unread."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal

from adapter.domain.problems import Finding

Door = Literal["edi", "fhir", "hand"]
"""`hand`: what was said on the telephone, written down in a form by a person (R-012)."""
Acknowledge = Literal["always", "never", "on-error"]


@dataclass(frozen=True, slots=True)
class Party:
    """An organisation as a message names it.

    `organisation` is the number in Enhetsregisteret ("" where the message has none); `her_ids` are
    addresses in Adresseregisteret, outermost organisation first, the service last.
    """

    organisation: str = ""
    her_ids: tuple[str, ...] = ()
    name: str = ""
    service: str = ""


@dataclass(frozen=True, slots=True)
class Envelope:
    """The head of a message.

    `message_id`: MsgInfo/MsgId or MessageHeader.id, the same at every resend.
    `envelope_id`: Bundle.id, new at every send (FHIR R4 messaging); equal to message_id for XML.
    `kind`: code of Volven 8279, or the FHIR message event. `payload`: namespace of the XML payload, or "fhir".
    `digest`: SHA-256 (hex) of the content without what changes at a resend.
    `generated`: GenDate or Bundle.timestamp as it stands in the message. `test`: ProcessingStatus D.
    `parent`, `conversation`: the MsgIds that ConversationRef names (Hodemelding 1.2), or what a Communication in a FHIR
    message answers and is about; "" where it is not there.
    The door gives each of them as it stands. Once the sender is known, MsgIds are UUIDs (`identifiers.message_uuid`),
    and `written` is the MsgId as it stood, which an AppRec repeats.
    """

    door: Door
    message_id: str
    envelope_id: str
    kind: str
    payload: str
    sender: Party
    receiver: Party
    generated: str
    digest: str
    test: bool = False
    acknowledge: Acknowledge = "always"
    kind_display: str = ""
    parent: str = ""
    conversation: str = ""
    written: str = ""


EMERGENCIES: Final = frozenset({"BTG", "ETREAT"})
"""Purposes of v3-ActReason: access policy overridden in an emergency, and treatment in one."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, as the access token proves it: organisation number, and the scopes granted.

    `purposes` are the codes of v3-ActReason by which the token says what the call is for; mostly it does not.
    """

    organisation: str
    scopes: frozenset[str]
    purposes: frozenset[str] = frozenset()

    @property
    def emergencies(self) -> frozenset[str]:
        """The purposes that claim access beyond what is granted, as for an emergency."""
        return self.purposes & EMERGENCIES


@dataclass(frozen=True, slots=True)
class Answer:
    """What the caller gets back, ready to send. `status` is the HTTP status; `etag` a FHIR version."""

    status: int
    media_type: str
    body: bytes
    etag: str | None = None
    location: str | None = None
    retry_after: int | None = None


@dataclass(frozen=True, slots=True)
class ReplyTo:
    """What an answer to an XML message needs of it, also when its content is removed. Nothing of it is about a person.

    `message_id` and `conversation` are the MsgIds as they stand in it ("": it begins one); `her_id` and `service` (its
    name) are where it came from; `asked` is TypeForesp, if it is a request: code, text and OID of the list.
    """

    message_id: str
    conversation: str
    her_id: str
    service: str
    asked: tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Received:
    """A message that was answered: the answer is given again, word for word, when the message comes again.

    `raw` is None for what was refused: the sender has it, and we have no basis to keep it. `content` is the digest by
    which the same need is known when it comes as another message, "" where it is not to be known again.
    """

    id: str
    door: Door
    sender: str
    message_id: str
    envelope_id: str
    kind: str
    digest: str
    raw: bytes | None
    at: datetime
    answer: Answer
    case_id: str | None = None
    findings: tuple[Finding, ...] = ()
    mapping: str = field(default="")
    content: str = ""
    reply_to: ReplyTo | None = None
