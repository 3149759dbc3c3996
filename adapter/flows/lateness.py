"""A message that says how things were before what is known already: it overwrites nothing, and a person looks."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

from adapter.domain.case import Audit, Case, Resource, Version, Waiting
from adapter.domain.problems import Finding
from adapter.domain.reconciliation import LEFT
from adapter.flows.placing import Taken
from adapter.flows.resources import id_of, instant
from adapter.ports import Transaction

OVERTAKEN: Final = frozenset({"consent-outdated", "change-outdated"})
"""What is found of a message that was overtaken."""


def overtaken(tx: Transaction, case: Case, facts: Mapping[str, str]) -> Finding | None:
    """Why a change of a known need comes too late: it was written before the need as it stands, or it states a consent
    that was not given after the last withdrawal (pbrl § 4-1). None where it is in time.
    """
    withdrawn = _last_withdrawal(tx.of_case(case.id))
    stated = _moment(facts.get("consent.given", facts["need.authored"]))
    if facts["consent.status"] == "obtained" and withdrawn is not None and stated <= withdrawn:
        return Finding("consent-outdated", "consent.status")
    need = tx.current("ServiceRequest", id_of(case.id, "need"))
    if need is not None and _moment(facts["need.authored"]) < _moment(need.body["authoredOn"]):
        return Finding("change-outdated", "need.authored")
    return None


def put_before_a_person(tx: Transaction, case: Case, finding: Finding, at: datetime) -> Taken:
    """The message is kept with its case and changes nothing by itself."""
    on_consent = finding.where.startswith("consent")
    waiting = Waiting(case.id, "consent" if on_consent else "conversation", finding.problem, at)
    tx.record(Audit(at, case.requester, LEFT, case.id, {"list": waiting.list, "reason": waiting.reason}))
    tx.wait_for_person(waiting)
    return Taken(case.id, (finding,))


def is_notification(consent: Resource) -> bool:
    """Whether a Consent is to the need being reported."""
    return any(c.get("code") == "NOTIFICATION" for k in consent["category"] for c in k.get("coding", ()))


def _last_withdrawal(versions: Iterable[Version]) -> datetime | None:
    """When the one that told it was written, as far as that is known; otherwise when it came here."""
    versions = list(versions)
    sent = {v.source: v.body["sent"] for v in versions if v.type == "Communication" and "sent" in v.body}
    ended = (
        _moment(sent.get(v.source, instant(v.at)))
        for v in versions
        if v.type == "Consent" and v.body["status"] == "inactive" and is_notification(v.body)
    )
    return max(ended, default=None)


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
