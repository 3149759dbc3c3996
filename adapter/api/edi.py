"""POST /edi/messages: a Hodemelding in, its AppRec out in the same answer."""

from adapter.api.gate import Gate
from adapter.api.messages import message_handler
from adapter.api.plain import PlainRoute
from adapter.api.reading import XML


def edi_routes(gate: Gate) -> list[PlainRoute]:
    """The door for XML."""
    messages = gate.endpoint("ip-adapter/messages", "change", message_handler(gate, "edi", XML))
    return [PlainRoute("/edi/messages", messages, methods=["POST"])]
