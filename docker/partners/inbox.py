"""What a pretend partner has received, and what it answered: the same answer to the same message, always."""

import json
import uuid
from dataclasses import asdict, dataclass
from threading import Lock
from typing import Any

_NAMES = uuid.UUID("4d8f3c52-1f0a-5a53-9d2e-6b1d3f0c7a41")

Resource = dict[str, Any]


@dataclass(frozen=True)
class Entry:
    """One message taken: a repeat has an entry of its own, with `repeated` set."""

    id: str
    event: str
    bundle: str
    focus: str
    received: int
    repeated: bool


class NotAMessage(Exception):  # noqa: N818 - what the sender did, not a fault of ours
    """The bytes are not a message Bundle that can be answered."""


@dataclass(frozen=True)
class Message:
    """A FHIR message as it came. `header` is its MessageHeader, `resources` what it carries."""

    raw: bytes
    bundle: Resource
    header: Resource
    resources: list[Resource]

    @classmethod
    def read(cls, raw: bytes) -> "Message":
        """Raises NotAMessage."""
        try:
            bundle = json.loads(raw)
            header, *resources = [entry["resource"] for entry in bundle["entry"]]
            if header["resourceType"] != "MessageHeader" or not (bundle["id"] and header["id"]):
                raise NotAMessage
            header["eventCoding"]["code"]
        except (ValueError, KeyError, TypeError):
            raise NotAMessage from None
        return cls(raw, bundle, header, resources)

    @property
    def id(self) -> str:
        return str(self.header["id"])

    @property
    def event(self) -> str:
        return str(self.header["eventCoding"]["code"])

    @property
    def focus(self) -> str:
        """ "Type/id" of what the message is about."""
        reference = next((f.get("reference", "") for f in self.header.get("focus", ())), "")
        return "/".join(reference.split("/")[-2:])


def answer_to(message: Message, code: str, endpoint: str) -> bytes:
    """A response message (FHIR R4 messaging). `code`: ok, transient-error or fatal-error."""
    header = {
        "resourceType": "MessageHeader",
        "id": str(uuid.uuid5(_NAMES, f"{message.id} {code}")),
        "eventCoding": message.header["eventCoding"],
        "destination": [{"endpoint": message.header.get("source", {}).get("endpoint", endpoint)}],
        "source": {"endpoint": endpoint},
        "response": {"identifier": message.id, "code": code},
    }
    entry = {"fullUrl": f"urn:uuid:{header['id']}", "resource": header}
    envelope = str(uuid.uuid5(_NAMES, f"envelope {message.id} {code}"))
    bundle = {"resourceType": "Bundle", "id": envelope, "type": "message", "entry": [entry]}
    return json.dumps(bundle).encode()


class Mailbox:
    """All that has come, in memory. Thread safe: people act while messages arrive."""

    def __init__(self, endpoint: str) -> None:
        self._endpoint = endpoint
        self._lock = Lock()
        self._journal: list[Entry] = []
        self._messages: dict[str, Message] = {}

    def take(self, message: Message) -> bytes:
        """Keep a message, or recognise it; the answer is the same either way."""
        with self._lock:
            repeated = message.id in self._messages
            self._messages.setdefault(message.id, message)
            number = len(self._journal) + 1
            self._journal.append(
                Entry(message.id, message.event, message.bundle["id"], message.focus, number, repeated)
            )
        return answer_to(message, "ok", self._endpoint)

    def refuse(self, message: Message, code: str) -> bytes:
        """An error to a message that is not kept."""
        return answer_to(message, code, self._endpoint)

    def journal(self) -> list[dict[str, Any]]:
        with self._lock:
            return [asdict(entry) for entry in self._journal]

    def bytes_of(self, id_: str) -> bytes | None:
        """A message as it first came, or None."""
        with self._lock:
            message = self._messages.get(id_)
        return message.raw if message else None

    def of_event(self, event: str) -> list[Message]:
        """The messages of one event, oldest first."""
        with self._lock:
            return [m for m in self._messages.values() if m.event == event]
