"""EDI 2.0, version 3: everything that happens comes as a notification behind an offset."""

from collections.abc import Sequence

from adapter.domain.delivery import Letter
from adapter.domain.mailbox import AppRecGiven, Notice, Page, Sent, Slip
from adapter.outside.calls import Calls, Query, read_json
from adapter.outside.edi20 import reading
from adapter.outside.edi20.reading import expected
from adapter.service_ports import MessageService

MOST_NOTICES = 1000
_MOST_PAGES = 100
_STATUS = {"1": "Ok", "2": "Rejected"}


class Edi20V3:
    """`her_ids`: whose mail is looked after. `application`: our name and version. `most`: bytes of an answer with a
    business document."""

    def __init__(self, calls: Calls, her_ids: Sequence[str], application: tuple[str, str], most: int) -> None:
        self._calls, self._her_ids, self._most = calls, list(her_ids), most
        self._application = {"applicationName": application[0], "applicationVersion": application[1]}

    async def configure(self) -> None:
        """Each HER-id must be configured before anything is asked in its name. Not locked to this client: NHN's lock
        would shut out the other systems of the same organisation."""
        each = [{"herId": int(her_id), "receiveNotificationChannel": "Api"} for her_id in self._her_ids]
        await self._calls.put("mshconfigurations", {"configurations": each})

    async def notices(self, after: int) -> Page:
        query: Query = {"HerIds": self._her_ids, "Offset": after, "NotificationsToFetch": MOST_NOTICES}
        read = expected(dict, await self._calls.get("notifications", query, most=4_000_000))
        entries = expected(list, read.get("notifications"))
        found = [reading.notice(entry) for entry in entries]
        known = tuple(one for one in found if one)
        offsets = [e["offset"] for e in entries if isinstance(e, dict) and isinstance(e.get("offset"), int)]
        return Page(
            known, max([after, *offsets]), len(entries) >= MOST_NOTICES, unread=len(found) - len(known)
        )

    async def standing(self, after: int) -> Sequence[Notice]:
        """v3 has no list of what waits: the notifications are read once more."""
        found: list[Notice] = []
        for _ in range(_MOST_PAGES):
            page = await self.notices(after)
            found += page.notices
            if not page.full or page.last <= after:
                break
            after = page.last
        return found

    async def slip(self, message: str, her_id: str) -> Slip:
        read = expected(dict, await self._calls.get(f"messages/{message}"))
        kind = str(read.get("businessDocumentMsgType") or "").upper()
        return Slip(
            message,
            reading.her_id(read.get("senderHerId")),
            tuple(str(one) for one in read.get("receiverHerIds") or ()),
            str(read.get("businessDocumentId") or ""),
            apprec=kind == "APPREC",
        )

    async def document(self, message: str) -> bytes:
        path = f"messages/{message}/business-document"
        return reading.document(await self._calls.get(path, most=self._most))

    async def downloaded(self, message: str, her_id: str) -> None:
        await self._calls.put(f"messages/{message}/downloaded", {"receiverHerId": int(her_id)})

    async def send(self, letter: Letter) -> str:
        body = {
            "senderHerId": int(letter.sender),
            "receiverHerIds": [int(letter.receiver)],
            "messageTypeIdentificator": letter.kind,
            **reading.written(letter.body),
            **self._application,
        }
        answer = await self._calls.post("messages", body)
        return reading.message_id(expected(dict, read_json(answer)).get("id"))

    async def state(self, message: str, receiver: str) -> Sent | None:
        read = expected(dict, await self._calls.get(f"messages/{message}/status"))
        return reading.sent(expected(list, read.get("statusList")), receiver)

    async def post_apprec(self, message: str, given: AppRecGiven) -> None:
        body = {
            "appRecSenderHerId": int(given.sender),
            "appRecStatus": _STATUS[given.status],
            "appRecErrorList": reading.errors(given.errors),
            **self._application,
        }
        await self._calls.post(f"messages/{message}/apprec", body)

    async def apprec_of(self, message: str, her_id: str) -> bool | None:
        found = await self.state(message, her_id)
        return bool(found.apprec) if found else None


_CONTRACT: type[MessageService] = Edi20V3
