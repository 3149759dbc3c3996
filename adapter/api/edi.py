"""The doors for XML. POST /edi/messages: a Hodemelding in, its AppRec out in the same answer; POST /edi/receipts: an
AppRec about what went out from here.
"""

from starlette.requests import Request

from adapter.api.gate import Gate
from adapter.api.messages import message_handler
from adapter.api.plain import PlainRoute
from adapter.api.reading import XML, body_of
from adapter.domain.message import Answer, Caller
from adapter.flows import receipt


def edi_routes(gate: Gate) -> list[PlainRoute]:
    """Both doors, for callers that may send messages."""

    async def take(request: Request, caller: Caller) -> Answer:
        raw = await body_of(request, XML, gate.parts.max_bytes, gate.limits.body_seconds)
        return await gate.threads.run_on(raw, receipt.take, raw, caller, gate.parts)

    messages = gate.endpoint("ip-adapter/messages", "change", message_handler(gate, "edi", XML))
    receipts = gate.endpoint("ip-adapter/messages", "change", take)
    return [
        PlainRoute("/edi/messages", messages, methods=["POST"]),
        PlainRoute("/edi/receipts", receipts, methods=["POST"]),
    ]
