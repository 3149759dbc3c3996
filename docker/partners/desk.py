"""The requests that a pretend message service knows, in version 3 and version 2 of its interface."""

import base64
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from office import Message, Office

_HER_IDS = re.compile(rb"<(?:\w+:)?Id>([0-9]+)</(?:\w+:)?Id>\s*<(?:\w+:)?TypeId [^>]*V=\"HER\"")


class NotServed(Exception):  # noqa: N818 - what the service answers
    """No; with this HTTP status."""

    def __init__(self, status: int) -> None:
        super().__init__(str(status))
        self.status = status


@dataclass(frozen=True)
class Asked:
    """One request. `query`: every value of each name, in lower case."""

    version: str
    method: str
    path: str
    query: Mapping[str, Sequence[str]]
    body: bytes

    @property
    def json(self) -> Any:
        try:
            return json.loads(self.body)
        except ValueError:
            raise NotServed(400) from None


class Desk:
    """Answers requests: a status and what is said with it, None for nothing."""

    def __init__(self, office: Office) -> None:
        self._office = office
        one = r"messages/([0-9a-f-]{36})"
        self._ways: list[tuple[str, str, str, Callable[..., tuple[int, Any]]]] = [
            ("3", "PUT", r"mshconfigurations", self._configure),
            ("3", "GET", r"notifications", self._notifications),
            ("3", "POST", r"messages", self._send_v3),
            ("3", "GET", one, self._slip_v3),
            ("3", "GET", f"{one}/status", self._status_v3),
            ("3", "POST", f"{one}/apprec", self._apprec_v3),
            ("3", "PUT", f"{one}/downloaded", self._downloaded),
            ("2", "GET", r"messages", self._unread),
            ("2", "POST", r"messages", self._send_v2),
            ("2", "GET", one, self._slip_v2),
            ("2", "GET", f"{one}/status", self._status_v2),
            ("2", "GET", f"{one}/apprec", self._apprecs_v2),
            ("2", "POST", f"{one}/apprec/([0-9]+)", self._apprec_v2),
            ("2", "PUT", f"{one}/read/([0-9]+)", self._read),
            ("*", "GET", f"{one}/business-document", self._document),
        ]

    def answer(self, asked: Asked) -> tuple[int, Any]:
        """Raises NotServed."""
        for version, method, path, serve in self._ways:
            found = re.fullmatch(path, asked.path.lower())
            if found and method == asked.method and version in ("*", asked.version):
                return serve(asked, *found.groups())
        raise NotServed(404)

    def _configure(self, asked: Asked) -> tuple[int, Any]:
        self._office.configured |= {c["herId"] for c in asked.json["configurations"]}
        return 204, None

    def _notifications(self, asked: Asked) -> tuple[int, Any]:
        her_ids = {int(h) for h in asked.query.get("herids", ())}
        if not her_ids <= self._office.configured:
            raise NotServed(403)
        self._office.go_on()
        most = int(asked.query.get("notificationstofetch", ["100"])[0])
        found = self._office.notices(her_ids, int(asked.query["offset"][0]), most)
        return 200, {"notifications": found}

    def _send_v3(self, asked: Asked) -> tuple[int, Any]:
        body = asked.json
        if body["senderHerId"] not in self._office.configured:
            raise NotServed(403)
        message = self._office.submit(body["senderHerId"], body["receiverHerIds"], body["businessDocument"])
        return 202, {"id": message.id}

    def _send_v2(self, asked: Asked) -> tuple[int, Any]:
        body = asked.json
        raw = base64.b64decode(body["businessDocument"])
        sender = int(_HER_IDS.findall(raw.partition(b"</Sender>")[0])[-1])
        message = self._office.submit(sender, body["receiverHerIdsSubset"], body["businessDocument"])
        return 201, message.id

    def _slip_v3(self, asked: Asked, id_: str) -> tuple[int, Any]:
        message = self._message(id_)
        return 200, {
            "id": message.id,
            "senderHerId": message.sender,
            "receiverHerIds": message.receivers,
            "businessDocumentId": message.msg_id,
            "businessDocumentMsgType": message.kind,
            "contentType": "application/xml",
            "unknownProperty": "value",
        }

    def _slip_v2(self, asked: Asked, id_: str) -> tuple[int, Any]:
        message = self._message(id_)
        return 200, {
            "id": message.id,
            "senderHerId": message.sender,
            "receiverHerId": message.receivers[0],
            "businessDocumentId": message.msg_id,
            "isAppRec": message.kind == "APPREC",
        }

    def _status_v3(self, asked: Asked, id_: str) -> tuple[int, Any]:
        message = self._message(id_)
        each = [
            {
                "receiverHerId": receiver,
                "transportDeliveryState": message.state,
                "sent": message.sent,
                "apprecInfo": message.apprecs.get(receiver),
            }
            for receiver in message.receivers
        ]
        return 200, {"statusList": each}

    def _status_v2(self, asked: Asked, id_: str) -> tuple[int, Any]:
        message = self._message(id_)
        return 200, [
            {
                "receiverHerId": receiver,
                "transportDeliveryState": message.state,
                "appRecStatus": message.apprecs.get(receiver, {}).get("appRecStatus"),
            }
            for receiver in message.receivers
        ]

    def _apprecs_v2(self, asked: Asked, id_: str) -> tuple[int, Any]:
        message = self._message(id_)
        nothing = {"appRecStatus": None, "appRecErrorList": None}
        return 200, [{"receiverHerId": r} | message.apprecs.get(r, nothing) for r in message.receivers]

    def _apprec_v3(self, asked: Asked, id_: str) -> tuple[int, Any]:
        body = asked.json
        return 202, {"id": self._given(id_, body["appRecSenderHerId"], body)}

    def _apprec_v2(self, asked: Asked, id_: str, sender: str) -> tuple[int, Any]:
        return 201, self._given(id_, int(sender), asked.json)

    def _given(self, id_: str, sender: int, body: Mapping[str, Any]) -> str:
        """EDI 2.0 makes the AppRec from what it has read of the message: of what it could not read it makes none."""
        message = self._message(id_)
        errors = body.get("appRecErrorList") or []
        faulty = body["appRecStatus"] == "Rejected" and not errors
        if sender not in message.receivers or not message.msg_id or faulty:
            raise NotServed(400)
        return self._office.post_apprec(message, sender, body["appRecStatus"], errors)

    def _downloaded(self, asked: Asked, id_: str) -> tuple[int, Any]:
        return self._read(asked, id_, str(asked.json["receiverHerId"]))

    def _read(self, asked: Asked, id_: str, her_id: str) -> tuple[int, Any]:
        self._message(id_).downloaded[int(her_id)] += 1
        return 204, None

    def _unread(self, asked: Asked) -> tuple[int, Any]:
        self._office.go_on()
        her_ids = {int(h) for h in asked.query.get("receiverherids", ())}
        found = self._office.unread(her_ids)
        if asked.query.get("orderby", ["Ascending"])[0] == "Descending":
            found.reverse()
        most = int(asked.query.get("messagestofetch", ["10"])[0])
        return 200, [{"id": m.id, "receiverHerId": r} for m, r in found[:most]]

    def _document(self, asked: Asked, id_: str) -> tuple[int, Any]:
        message = self._message(id_)
        return 200, {
            "businessDocument": message.document,
            "contentType": "application/xml",
            "contentTransferEncoding": "base64",
        }

    def _message(self, id_: str) -> Message:
        if id_ not in self._office.messages:
            raise NotServed(404)
        return self._office.messages[id_]
