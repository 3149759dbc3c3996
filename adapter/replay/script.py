"""Partners that answer as a case says, in place of the way out: what they were sent is kept in order.

The words are the same for FHIR and XML: `ok` is a response message or an AppRec, as the partner has it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from adapter.domain.delivery import Letter, Receipt
from adapter.domain.partners import Partner, Partners
from adapter.replay.case_file import Cast, PartnerSays

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
    "carried": Receipt("carried", 200),
    "abandoned": Receipt("answered", 200, "abandoned"),
    "transport-rejected": Receipt("answered", 200, "transport-rejected"),
    "service-refuses": Receipt("answered", 400, "service-refuses"),
}
IN_XML: Mapping[str, Receipt] = {
    "ok": Receipt("answered", 200, "apprec-ok"),
    "reject": Receipt("answered", 200, "apprec-rejected", codes="X99"),
    "partly": Receipt("answered", 200, "apprec-partly", codes="X99"),
    "transient": Receipt("answered", 503, "nothing", retry_after=60),
}
"""What has another form where XML is spoken."""
_BEGINNING = datetime.min.replace(tzinfo=UTC)


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

    One try (a message at one time) has one answer, also when a process that died makes the same try again.
    """

    partners: Partners
    cast: Cast
    sent: list[Sent] = field(default_factory=list)
    now: datetime = _BEGINNING
    _lines: dict[str, list[str]] = field(default_factory=dict)
    _always: dict[str, str] = field(default_factory=dict)
    _answered: dict[tuple[str, datetime], str] = field(default_factory=dict)

    def direct(self, says: PartnerSays) -> None:
        """Take the answers of one partner from the case."""
        who = self.cast.organisations[says.who]
        if isinstance(says.answers, str):
            self._always[who] = says.answers
        else:
            self._lines[who] = list(says.answers)

    async def post(self, letter: Letter) -> Receipt:
        partner = self._partner(letter)
        who = partner.organisation if partner else ""
        this = (letter.message_id, self.now)
        if this not in self._answered:
            line = self._lines.get(who)
            self._answered[this] = line.pop(0) if line else self._always.get(who, "ok")
        name = self._answered[this]
        self.sent.append(Sent(who, letter.message_id, letter.body, name))
        if partner is None:
            return Receipt("not-allowed")
        if letter.channel == "fhir":
            return ANSWERS[name]
        word = "carried" if name == "ok" and not partner.receipts else name
        return IN_XML.get(word) or ANSWERS[word]

    def _partner(self, letter: Letter) -> Partner | None:
        """Whose address the letter has; through the message service, whose HER-id."""
        if letter.channel == "edi20":
            return self.partners.by_her_id.get(letter.receiver)
        known = (p for p in self.partners.by_organisation.values() if letter.address)
        return next((p for p in known if p.endpoint == letter.address), None)
