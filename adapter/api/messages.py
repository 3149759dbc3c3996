"""A message at either door: its body, then one flow. A need that is new waits outside when the backlog is full."""

from collections.abc import Collection

from starlette.requests import Request

from adapter.api.gate import Gate, Handle
from adapter.api.reading import body_of
from adapter.domain.message import Answer, Caller, Door
from adapter.flows.accept import accept
from adapter.flows.newness import brings_new_need


def message_handler(gate: Gate, door: Door, media_types: Collection[str]) -> Handle:
    """What a door does with a message whose caller is known."""

    async def handle(request: Request, caller: Caller) -> Answer:
        raw = await body_of(request, media_types, gate.parts.max_bytes, gate.limits.body_seconds)
        asked = door, raw, caller, gate.parts
        if not gate.allows("new-need") and await gate.threads.run_on(raw, brings_new_need, *asked):
            gate.require("new-need")
        return await gate.threads.run_on(raw, accept, *asked)

    return handle
