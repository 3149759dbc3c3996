"""What a hospital has said last of the need of a case, opened once more."""

from adapter.domain.case import Case
from adapter.domain.message import Caller, Received
from adapter.domain.problems import Finding, Refused
from adapter.flows.doors import Opened, open_message
from adapter.flows.lateness import OVERTAKEN
from adapter.flows.parts import Parts


def last_message(case: Case, parts: Parts) -> Opened:
    """The latest message that states the need and was kept: its notification or its last correction, no note on it, and
    no change that came after a newer one and changed nothing. Raises Refused(not-found)."""
    notes = {v.source for v in parts.store.versions_of(case.id) if v.type == "Communication"}
    needs = [
        m for m in parts.store.messages_of(case.id) if m.mapping.startswith("need-") and m.id not in notes
    ]
    kept = [m for m in needs if m.raw is not None and m.kind != "need-cancelled" and not _came_late(m)]
    if not kept:
        raise Refused(Finding("not-found", "message"))
    last = kept[-1]
    return open_message(last.door, last.raw or b"", Caller(last.sender, frozenset()), parts)


def _came_late(message: Received) -> bool:
    return any(finding.problem in OVERTAKEN for finding in message.findings)
