"""What the message service wrote down, held against the adapter's database."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from message_service import DOOR, Journal

from adapter.domain.delivery import Delivery
from adapter.domain.mailbox import Fetched
from adapter.domain.message import Received
from adapter.outside.store import open_store


@dataclass(frozen=True)
class Books:
    """Both sides, when nothing moves any more. `received` by MsgId; `deliveries` of all cases."""

    journal: Journal
    received: Mapping[str, Sequence[Received]]
    deliveries: Sequence[Delivery]
    parked: Sequence[Fetched]
    unfinished: Mapping[str, int]

    def hold(self, told: set[str], faulty: Mapping[str, str]) -> None:
        """All claims. `told`: the MsgIds that are to make a case each; `faulty`: the service's ids of what cannot be
        taken, with the reasons for which it waits for a person."""
        self.every_message_made_one_case(told)
        self.every_message_got_one_apprec_and_the_same_for_a_repeat(faulty)
        self.nothing_is_downloaded_that_is_not_here(faulty)
        self.what_cannot_be_taken_waits_for_a_person(faulty)
        self.every_letter_is_accounted_for(len(told))

    def every_message_made_one_case(self, told: set[str]) -> None:
        assert self.received.keys() == told, f"{len(told - self.received.keys())} messages are not here"
        assert all(len(each) == 1 for each in self.received.values())
        cases = Counter(each[0].case_id for each in self.received.values())
        assert len(cases) == len(told)
        assert None not in cases

    def every_message_got_one_apprec_and_the_same_for_a_repeat(self, faulty: Mapping[str, str]) -> None:
        """One post to each of the service's messages, however often the answer to one was lost."""
        for message in self._good(faulty):
            said = [(p["sender"], p["status"], p["errors"]) for p in message["posts"]]
            assert said == [(int(DOOR), "Ok", [])], f"{len(said)} AppRecs to one message"

    def nothing_is_downloaded_that_is_not_here(self, faulty: Mapping[str, str]) -> None:
        downloaded = {m["msg_id"] for m in self.journal.inbound if m["downloaded"]}
        assert downloaded <= self.received.keys()
        assert all(m["downloaded"] for m in self._good(faulty))

    def what_cannot_be_taken_waits_for_a_person(self, faulty: Mapping[str, str]) -> None:
        assert {one.message: one.because for one in self.parked} == faulty
        assert not any(m["downloaded"] for m in self.journal.inbound if m["id"] in faulty)
        assert self.unfinished == {"announced": 0, "answered": 0, "parked": len(faulty)}

    def every_letter_is_accounted_for(self, number: int) -> None:
        """As the receivers took it, or as the service says why not; a repeat has the same MsgId and the same bytes."""
        handed_in: dict[str, list[Mapping[str, Any]]] = {}
        for message in self.journal.outbound:
            handed_in.setdefault(message["msg_id"], []).append(message)
        sent = {d.outgoing.message_id: d for d in self.deliveries}
        assert len(sent) == len(self.deliveries) == number
        assert handed_in.keys() == sent.keys()
        for message_id, each in handed_in.items():
            assert len({m["document"] for m in each}) == 1
            ends = {_end(m) for m in each}
            delivery = sent[message_id]
            said = (
                ("accepted", "confirmed") if delivery.state == "accepted" else ("rejected", delivery.because)
            )
            assert said in ends, f"{said} is none of {ends}"

    @property
    def repeats(self) -> int:
        """Letters handed in once more, as the first answer was lost; known as repeats by who took them."""
        return len(self.journal.outbound) - len(self.deliveries)

    def _good(self, faulty: Mapping[str, str]) -> list[Mapping[str, Any]]:
        return [m for m in self.journal.inbound if m["id"] not in faulty]


def _end(message: Mapping[str, Any]) -> tuple[str, str]:
    if any(a["appRecStatus"] == "Ok" for a in message["apprecs"].values()):
        return "accepted", "confirmed"
    return "rejected", {"Abandoned": "abandoned", "Rejected": "transport-rejected"}.get(message["state"], "")


def books(database: str, journal: Journal) -> Books:
    """As they stand."""
    store = open_store(database)
    try:
        cases = store.case_ids(limit=100_000)
        received: dict[str, list[Received]] = {}
        for message in (m for case in cases for m in store.messages_of(case)):
            received.setdefault(message.message_id, []).append(message)
        deliveries = [d for case in cases for d in store.deliveries_of(case)]
        mailbox = store.mailbox()
        return Books(journal, received, deliveries, mailbox.parked(), mailbox.counts())
    finally:
        store.close()
