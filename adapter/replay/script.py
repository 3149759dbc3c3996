"""Partners that answer as a case says, in place of the way out: what they were sent is kept in order."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from adapter.domain.delivery import Letter, Receipt
from adapter.domain.partners import Partners
from adapter.replay.case_file import Cast, PartnerSays
from adapter.wire import json

ANSWERS: Mapping[str, Receipt] = {
    "ok": Receipt("answered", 200, "ok"),
    "duplicate": Receipt("answered", 409, "duplicate"),
    "reject": Receipt("answered", 422, "fatal-error"),
    "transient": Receipt("answered", 503, "transient-error", retry_after=60),
    "fails": Receipt("answered", 500, "nonsense"),
    "busy": Receipt("answered", 429, "nothing", retry_after=120),
    "nonsense": Receipt("answered", 200, "nonsense"),
    "down": Receipt("unreachable"),
    "slow": Receipt("timed-out"),
    "cut": Receipt("cut-off"),
    "redirect": Receipt("redirected", 302),
    "refuses": Receipt("answered", 403, "nonsense"),
    "abandoned": Receipt("answered", 200, "abandoned"),
    "transport-rejected": Receipt("answered", 200, "transport-rejected"),
    "service-refuses": Receipt("answered", 400, "service-refuses"),
}


@dataclass(frozen=True, slots=True)
class Sent:
    """One message as it left: the recipient's organisation number and the bytes."""

    recipient: str
    message_id: str
    body: bytes
    answered: str


@dataclass(slots=True)
class Script:
    """A ports.Transport whose partners answer `ok` unless told otherwise.

    One try (one Bundle.id) has one answer, also when a process that died makes the same try again.
    """

    partners: Partners
    cast: Cast
    sent: list[Sent] = field(default_factory=list)
    _lines: dict[str, list[str]] = field(default_factory=dict)
    _always: dict[str, str] = field(default_factory=dict)
    _answered: dict[str, str] = field(default_factory=dict)

    def direct(self, says: PartnerSays) -> None:
        """Take the answers of one partner from the case."""
        who = self.cast.organisations[says.who]
        if isinstance(says.answers, str):
            self._always[who] = says.answers
        else:
            self._lines[who] = list(says.answers)

    async def post(self, letter: Letter) -> Receipt:
        address, body, message_id = letter.address, letter.body, letter.message_id
        envelope = json.loads(body, max_bytes=10_000_000, max_depth=100)["id"]
        who = next(
            (p.organisation for p in self.partners.by_organisation.values() if p.endpoint == address), ""
        )
        if envelope not in self._answered:
            line = self._lines.get(who)
            self._answered[envelope] = line.pop(0) if line else self._always.get(who, "ok")
        name = self._answered[envelope]
        self.sent.append(Sent(who, message_id, body, name))
        return ANSWERS[name] if address else Receipt("not-allowed")
