"""What a pretend message service keeps: messages, notifications, and what its pretended receivers do with them.

Everything is counted, for whoever wants to know afterwards.
"""

import base64
import random
import re
import time
import uuid
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

_MSG_ID = re.compile(rb"<(?:\w+:)?MsgId>\s*([^<\s]+)\s*<")
_ID = re.compile(rb"</GenDate><Id>([^<]+)<")
_KIND = re.compile(rb"<(?:\w+:)?(?:MsgInfo>\s*<(?:\w+:)?Type|MsgType)\s[^>]*?V=\"([^\"]+)\"")


@dataclass
class Message:
    """One message. `posts`: every AppRec that was posted to it, by whom; `downloaded`: how often it was called so."""

    id: str
    sender: int
    receivers: list[int]
    document: str
    msg_id: str
    kind: str
    state: str = "Unconfirmed"
    sent: bool = False
    apprecs: dict[int, dict[str, Any]] = field(default_factory=dict)
    posts: list[dict[str, Any]] = field(default_factory=list)
    downloaded: Counter[int] = field(default_factory=Counter)
    steps: int = 0


@dataclass
class Conduct:
    """How often, from 0 to 1, receivers give a message up (`abandoned`) or refuse it (`rejected`), and how often the
    service forgets to tell of an AppRec (`lost_receipts`), tells late (`late`) or what nobody knows (`unknown`).
    `late_seconds`: how late. `documents`: AppRecs come as documents to fetch, too, as they do in version 2."""

    abandoned: float = 0.0
    rejected: float = 0.0
    lost_receipts: float = 0.0
    late: float = 0.0
    unknown: float = 0.0
    late_seconds: float = 1.0
    documents: bool = False


class Office:
    """`gaps`: how far apart two offsets may be at most. The same seed makes the same choices."""

    def __init__(self, seed: int = 1, gaps: int = 40) -> None:
        self._chance = random.Random(seed)  # noqa: S311 - to be repeatable
        self._gaps = gaps
        self.conduct = Conduct()
        self.messages: dict[str, Message] = {}
        self.configured: set[int] = set()
        self.taken: Counter[str] = Counter()
        self._offset = 0
        self._notices: list[tuple[float, dict[str, Any]]] = []
        self._under_way: list[str] = []

    def deliver(self, sender: int, receivers: list[int], document: str) -> Message:
        """A message from elsewhere for receivers that fetch it here."""
        message = self._new(sender, receivers, document)
        message.state, message.sent = "Acknowledged", True
        for receiver in receivers:
            self._tell("NewMessage", message, receiver, sender)
        return message

    def submit(self, sender: int, receivers: list[int], document: str) -> Message:
        """A message handed in here, on its way from now on."""
        message = self._new(sender, receivers, document)
        self._under_way.append(message.id)
        return message

    def notices(self, her_ids: set[int], offset: int, most: int) -> list[dict[str, Any]]:
        """Those for these receivers behind the offset that are told by now."""
        now = time.monotonic()
        told = [n for at, n in self._notices if at <= now and n["offset"] > offset]
        mine = [n for n in told if n["notificationReceiverHerId"] in her_ids]
        return sorted(mine, key=lambda n: int(n["offset"]))[:most]

    def unread(self, her_ids: set[int]) -> list[tuple[Message, int]]:
        """What was not called downloaded (v2: read), oldest first."""
        return [
            (m, r)
            for m in self.messages.values()
            for r in m.receivers
            if r in her_ids and not m.downloaded[r]
        ]

    def post_apprec(self, message: Message, sender: int, status: str, errors: list[Any]) -> str:
        """An AppRec by a receiver of the message; its sender is told."""
        message.posts.append({"sender": sender, "status": status, "errors": errors})
        message.apprecs.setdefault(sender, {"appRecStatus": status, "appRecErrorList": errors})
        return str(uuid.uuid4())

    def go_on(self) -> None:
        """Every message that is under way makes one step: sent, transport receipt, AppRec."""
        for id_ in [*self._under_way]:
            message = self.messages[id_]
            message.steps += 1
            if message.steps == 1:
                message.sent = True
            elif message.steps == 2 and self._end_badly(message):
                self._under_way.remove(id_)
            elif message.steps == 2:
                message.state = "Acknowledged"
            elif message.steps == 3:
                self._under_way.remove(id_)
                self._receive(message)
                continue
            self._tell("MessageSentStateUpdated", message, message.sender, message.receivers[0])

    def _end_badly(self, message: Message) -> bool:
        drawn = self._chance.random()
        if drawn < self.conduct.abandoned:
            message.state = "Abandoned"
        elif drawn < self.conduct.abandoned + self.conduct.rejected:
            message.state = "Rejected"
        return message.state != "Unconfirmed"

    def _receive(self, message: Message) -> None:
        """A receiver takes each MsgId once and gives the same AppRec for a repeat."""
        for receiver in message.receivers:
            self.taken[f"{receiver} {message.msg_id}"] += 1
            message.apprecs[receiver] = {"appRecStatus": "Ok", "appRecErrorList": []}
            if self._chance.random() >= self.conduct.lost_receipts:
                self._tell("MessageApprecInfoUpdated", message, message.sender, receiver)
            if self.conduct.documents:
                self.deliver(receiver, [message.sender], _apprec(message, receiver))

    def _new(self, sender: int, receivers: list[int], document: str) -> Message:
        raw = base64.b64decode(document) if _is_base64(document) else b""
        id_ = str(uuid.UUID(int=self._chance.getrandbits(128), version=4))
        message = Message(id_, sender, receivers, document, _first(_MSG_ID, raw), _first(_KIND, raw))
        if not message.msg_id and message.kind == "APPREC":
            message.msg_id = _first(_ID, raw)
        self.messages[id_] = message
        return message

    def _tell(self, type_: str, message: Message, receiver: int, by: int) -> None:
        late = self._chance.random() < self.conduct.late
        at = time.monotonic() + (self.conduct.late_seconds if late else 0.0)
        types = [type_]
        if self._chance.random() < self.conduct.unknown:
            types.append("SomethingNobodyKnows")
        for each in types:
            self._offset += self._chance.randint(1, self._gaps)
            notice = {
                "id": str(uuid.UUID(int=self._chance.getrandbits(128), version=4)),
                "relatedMessageId": message.id,
                "type": each,
                "notificationReceiverHerId": receiver,
                "notificationTriggeredByHerId": by,
                "description": each,
                "offset": self._offset,
                "aPropertyOfALaterRelease": True,
            }
            self._notices.append((at, notice))


def _apprec(message: Message, receiver: int) -> str:
    """An AppRec 1.1 that says OK, in base64."""
    xml = (
        '<?xml version="1.0" encoding="UTF-8"?><AppRec xmlns="http://www.kith.no/xmlstds/apprec/2012-02-15">'
        '<MsgType V="APPREC"/><MIGversion>v1.1 2012-02-15</MIGversion><GenDate>2026-03-10T10:06:00Z</GenDate>'
        f"<Id>{uuid.uuid4()}</Id><Sender><HCP><Inst><Name>KE</Name><Id>{receiver}</Id>"
        '<TypeId V="HER"/></Inst></HCP></Sender><Receiver><HCP><Inst><Name>IP-ADAPTER</Name>'
        f'<Id>{message.sender}</Id><TypeId V="HER"/></Inst></HCP></Receiver><Status V="1" DN="OK"/>'
        f'<OriginalMsgId><MsgType V="{message.kind}"/><IssueDate>2026-03-10T10:05:00</IssueDate>'
        f"<Id>{message.msg_id}</Id></OriginalMsgId></AppRec>"
    )
    return base64.b64encode(xml.encode()).decode()


def _is_base64(text: str) -> bool:
    return re.fullmatch(r"[A-Za-z0-9+/]*={0,2}", text) is not None and len(text) % 4 == 0


def _first(pattern: re.Pattern[bytes], raw: bytes) -> str:
    found = pattern.search(raw)
    return found[1].decode() if found else ""
