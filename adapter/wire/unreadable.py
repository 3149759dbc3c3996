"""A message that cannot be read on, with as much of its head as could be read."""

from adapter.domain.message import Envelope
from adapter.domain.problems import Finding, Refused


class Unreadable(Refused):
    """Refused at the door.

    `envelope` is set when message id, kind and sender could be read, so that the refusal can be addressed
    (AppRec 1.1 or a FHIR response message); otherwise the caller of the HTTP request is all there is to tell.
    """

    def __init__(self, *findings: Finding, envelope: Envelope | None = None) -> None:
        super().__init__(*findings)
        self.envelope = envelope
