"""The clocks of a case in one line each, and which message is a reminder of which."""

from collections.abc import Mapping

from adapter.domain.case import Resource
from adapter.ports import Store


def reminder(store: Store, message_id: str) -> str:
    """The clock that a message reminds of, and its stage; "" where it is no reminder."""
    with store.transaction() as tx:
        delivery = tx.delivery_of_message(message_id)
        focus = tx.version(delivery.outgoing.focus) if delivery else None
    body: Resource = focus.body if focus else {}
    kinds = [coding["code"] for concept in body.get("category", ()) for coding in concept.get("coding", ())]
    if body.get("resourceType") != "Communication" or kinds != ["reminder"]:
        return ""
    return " ".join(coding["code"] for coding in body["topic"]["coding"])


def standing(store: Store, case_id: str, names: Mapping[str, str]) -> list[str]:
    """Each clock with its state; of one that has stopped by whom."""
    return [
        f"{clock.rule}: {clock.state}" + (f" by {names.get(clock.by, clock.by)}" if clock.by else "")
        for clock in store.deadlines_of(case_id)
    ]
