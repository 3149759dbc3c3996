"""A need reported by telephone is registered by hand: the same facts, the same table, the same flow, a door of its own.

Who rings need not be able to send anything; who writes it down answers for it with a name. Nothing is taken of a form
in which a line stands that nobody reads: who wrote it is there and can correct it.
"""

from adapter.domain.message import Answer, Caller
from adapter.domain.problems import Finding, Refused
from adapter.flows.accept import accept
from adapter.flows.answering import answer_to
from adapter.flows.doors import open_message, read_message
from adapter.flows.parts import Parts
from adapter.ports import StoreBusy
from adapter.wire.form import open_form
from adapter.wire.unreadable import Unreadable


def register(raw: bytes, by: str, parts: Parts) -> Answer:
    """Take a form in the name of the hospital that rang; `by` is who enters it here, for the audit.

    200 when the need is known from now on, or was before; an OperationOutcome names every line that is wrong, and then
    nothing is kept but that. The same form again gets the same answer.
    """
    at = parts.clock()
    try:
        envelope, _ = open_form(raw)
        caller = Caller(envelope.sender.organisation, frozenset())
        if unknown := _unknown(raw, caller, parts):
            return answer_to(None, "hand", unknown, at, parts)
    except Unreadable as unreadable:
        return answer_to(None, "hand", unreadable.findings, at, parts)
    except StoreBusy:
        return answer_to(None, "hand", (Finding("store-busy"),), at, parts)
    return accept("hand", raw, caller, parts, by)


def _unknown(raw: bytes, caller: Caller, parts: Parts) -> tuple[Finding, ...]:
    """The lines that no row of the table reads, with what else is wrong; nothing of a form without such a line."""
    try:
        read = read_message(open_message("hand", raw, caller, parts), parts)
    except Refused:
        return ()
    if isinstance(read, Finding):
        return ()
    unknown = [Finding("form-line-unknown", place) for place in read.reading.unread]
    return (*parts.tables.problems.errors(read.findings), *unknown) if unknown else ()
