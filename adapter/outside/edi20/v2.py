"""EDI 2.0, version 2: messages that were not read yet are listed; nothing is told of what we sent, so it is asked."""

from collections.abc import Sequence

from adapter.domain.delivery import Letter
from adapter.domain.mailbox import AppRecGiven, Notice, Page, Sent, Slip
from adapter.outside.calls import Calls, Query, read_json
from adapter.outside.edi20 import reading
from adapter.outside.edi20.reading import expected
from adapter.ports import ServiceAway
from adapter.service_ports import MessageService

MOST_MESSAGES = 100
_STATUS = {"1": "Ok", "2": "Rejected"}


class Edi20V2:
    """As Edi20V3. The list of unread messages has no offset to read from: a message's position is its place in it."""

    def __init__(self, calls: Calls, her_ids: Sequence[str], application: tuple[str, str], most: int) -> None:
        self._calls, self._her_ids, self._most = calls, list(her_ids), most
        self._ebxml = {"applicationName": application[0], "applicationVersion": application[1]}

    async def configure(self) -> None:
        """v2 knows no configuration."""

    async def notices(self, after: int) -> Page:
        """The first hundred that are unread, oldest first: what is read makes room for the next."""
        return await self._unread("Ascending", after)

    async def standing(self, after: int) -> Sequence[Notice]:
        """From the other end, so that messages which wait for a person never hide those behind them."""
        return (await self._unread("Descending", after)).notices

    async def _unread(self, order: str, after: int) -> Page:
        query: Query = {"ReceiverHerIds": self._her_ids, "MessagesToFetch": MOST_MESSAGES, "OrderBy": order}
        entries = expected(list, await self._calls.get("Messages", query))
        oldest_first = entries if order == "Ascending" else entries[::-1]
        found = [_unread(entry, place) for place, entry in enumerate(oldest_first, 1)]
        known = tuple(one for one in found if one)
        return Page(known, after, full=False, unread=len(found) - len(known))

    async def slip(self, message: str, her_id: str) -> Slip:
        read = expected(dict, await self._calls.get(f"Messages/{message}"))
        return Slip(
            message,
            reading.her_id(read.get("senderHerId")),
            (str(read.get("receiverHerId")),),
            str(read.get("businessDocumentId") or ""),
            apprec=read.get("isAppRec") is True,
        )

    async def document(self, message: str) -> bytes:
        path = f"Messages/{message}/business-document"
        return reading.document(await self._calls.get(path, most=self._most))

    async def downloaded(self, message: str, her_id: str) -> None:
        await self._calls.put(f"Messages/{message}/read/{her_id}")

    async def send(self, letter: Letter) -> str:
        body = {
            **reading.written(letter.body),
            "ebXmlOverrides": self._ebxml,
            "receiverHerIdsSubset": [int(letter.receiver)],
        }
        return reading.message_id(read_json(await self._calls.post("Messages", body)))

    async def state(self, message: str, receiver: str) -> Sent | None:
        read = await self._calls.get(f"Messages/{message}/status")
        return reading.sent(expected(list, read), receiver)

    async def post_apprec(self, message: str, given: AppRecGiven) -> None:
        body = {"appRecStatus": _STATUS[given.status], "appRecErrorList": reading.errors(given.errors)}
        path = f"Messages/{message}/apprec/{given.sender}"
        await self._calls.post(path, body | {"ebXmlOverrides": self._ebxml})

    async def apprec_of(self, message: str, her_id: str) -> bool | None:
        read = expected(list, await self._calls.get(f"Messages/{message}/apprec"))
        for entry in read:
            if isinstance(entry, dict) and str(entry.get("receiverHerId")) == her_id:
                return bool(entry.get("appRecStatus"))
        return None


def _unread(read: object, place: int) -> Notice | None:
    try:
        entry = expected(dict, read)
        id_, receiver = reading.message_id(entry.get("id")), reading.her_id(entry.get("receiverHerId"))
    except ServiceAway:
        return None
    return Notice(id_, receiver, "message", place)


_CONTRACT: type[MessageService] = Edi20V2
