"""What a pretend partner has received, and what it answered: the same answer to the same message, always."""

import json
import uuid
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

_NAMES = uuid.UUID("4d8f3c52-1f0a-5a53-9d2e-6b1d3f0c7a41")

Resource = dict[str, Any]


@dataclass(frozen=True)
class Entry:
    """One message taken: a repeat has an entry of its own, with `repeated` set.

    `need`: the identifier the sender of the need gave it, "" where the message carries none.
    """

    id: str
    event: str
    bundle: str
    focus: str
    need: str
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

    @property
    def need(self) -> str:
        """The first identifier of the need it carries."""
        needs = (r for r in self.resources if r.get("resourceType") == "ServiceRequest")
        numbers = (i.get("value", "") for r in needs for i in r.get("identifier", ()))
        return str(next(numbers, ""))


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
    """All that has come, as bytes in memory. Thread safe: people act while messages arrive.

    `journal`: a file that gets a line of JSON for each arrival before it is answered, so that what came is known
    whatever happens to this program.
    """

    def __init__(self, endpoint: str, journal: Path | None = None) -> None:
        self._endpoint = endpoint
        self._lock = Lock()
        self._journal: list[Entry] = []
        self._messages: dict[str, bytes] = {}
        self._file = journal.open("a", encoding="utf-8") if journal else None

    def take(self, message: Message) -> bytes:
        """Keep a message, or recognise it; the answer is the same either way."""
        with self._lock:
            repeated = message.id in self._messages
            self._messages.setdefault(message.id, message.raw)
            self._note(
                Entry(
                    id=message.id,
                    event=message.event,
                    bundle=message.bundle["id"],
                    focus=message.focus,
                    need=message.need,
                    received=len(self._journal) + 1,
                    repeated=repeated,
                )
            )
        return answer_to(message, "ok", self._endpoint)

    def _note(self, entry: Entry) -> None:
        self._journal.append(entry)
        if self._file:
            self._file.write(json.dumps(vars(entry)) + "\n")
            self._file.flush()

    def refuse(self, message: Message, code: str) -> bytes:
        """An error to a message that is not kept."""
        return answer_to(message, code, self._endpoint)

    def journal(self) -> list[dict[str, Any]]:
        with self._lock:
            return [vars(entry) for entry in self._journal]

    def bytes_of(self, id_: str) -> bytes | None:
        """A message as it first came, or None."""
        with self._lock:
            return self._messages.get(id_)

    def of_event(self, event: str) -> list[Message]:
        """The messages of one event, oldest first."""
        with self._lock:
            known = [e.id for e in self._journal if e.event == event and not e.repeated]
            found = [self._messages[id_] for id_ in known]
        return [Message.read(raw) for raw in found]
