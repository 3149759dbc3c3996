"""For the person: who read or got what of its case, when, and on which basis. From the audit, deliveries and receipts.

The audit outlives everything else, so what was sent is told by it also when the letter itself has gone. The report is
an access of its own and is recorded as one.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from adapter.domain.access_report import Access, Basis, How
from adapter.domain.case import Audit, Case, Version
from adapter.domain.consent import Permit
from adapter.domain.delivery import Delivery
from adapter.domain.problems import Finding, Refused
from adapter.domain.provision import Recipient
from adapter.flows.outbox import handed_over
from adapter.flows.participants import may_have
from adapter.flows.parts import Parts
from adapter.flows.view_account import stood_at

ACTION: Final = "access-reported"
_HERE = frozenset({"case-found", "case-archived", ACTION})
_TRIED, _HEARD, _READ = "delivery-tried", "delivery-receipt", "resource-read"
_PLAN = frozenset({"CarePlan", "CareTeam"})
_NEED = frozenset({"Patient", "ServiceRequest", "DocumentReference"})


def access_report(case_id: str, by: str, why: str, parts: Parts) -> Sequence[Access]:
    """All there is until now, oldest first; this report is in the next one. Raises Refused(not-found) or StoreBusy."""
    store, now = parts.store, parts.clock()
    with store.transaction() as tx:
        case = tx.case(case_id)
        if case is None:
            raise Refused(Finding("not-found", "case"))
        tx.record(Audit(now, by, ACTION, case_id, {"why": why}))
    audit = [a for a in store.audit_of(case_id) if (a.action, a.actor, a.at) != (ACTION, by, now)]
    versions = store.versions_of(case_id)
    deliveries = {str(d.id): d for d in store.deliveries_of(case_id)}
    found = [*_read(case, audit, versions, parts), *_sent(audit, deliveries, parts)]
    return sorted(found, key=lambda one: (one.at, one.who, one.what))


def _read(case: Case, audit: Sequence[Audit], versions: Sequence[Version], parts: Parts) -> Iterator[Access]:
    for one in audit:
        if one.action in _HERE:
            yield Access(one.at, one.actor, one.actor, "looked-up-here", ("case",), "stated-reason")
        elif one.action == _READ and "resource" not in one.details:
            yield Access(one.at, one.actor, one.actor, "looked-up-here", ("CareTeam",), "stated-reason")
        elif one.action == _READ:
            type_ = one.details["resource"].partition("/")[0]
            basis, consents = _basis_of_read(case, one, versions, parts)
            yield Access(one.at, one.actor, _name(one.actor, parts), "read", (type_,), basis, consents)


def _basis_of_read(
    case: Case, read: Audit, versions: Sequence[Version], parts: Parts
) -> tuple[Basis, tuple[str, ...]]:
    """What let it be read, by what stood then: consent is asked of as when it was read."""
    if not versions:
        return "not-known", ()
    reference, _, number = read.details["resource"].rpartition("/")
    type_ = reference.partition("/")[0]
    if any(v.reference == reference and str(v.number) == number and v.author == read.actor for v in versions):
        return "own-work", ()
    category = "plan" if type_ in _PLAN else "need" if type_ in _NEED else "case-status"
    said = may_have(stood_at(versions, read.at), Recipient(read.actor), category, read.at, parts, about=type_)
    if isinstance(said, Permit) and said.consents:
        return "consent", tuple(said.consents)
    return ("handles-the-case" if read.actor in (case.owner, case.requester) else "not-known"), ()


def _sent(audit: Sequence[Audit], deliveries: Mapping[str, Delivery], parts: Parts) -> Iterator[Access]:
    """Each letter once: when it was confirmed, or else when it may have come."""
    by_letter: dict[str, list[Audit]] = {}
    for one in audit:
        if one.action in (_TRIED, _HEARD):
            by_letter.setdefault(one.details["delivery"], []).append(one)
    for number, told in by_letter.items():
        if came := _came(number, told, deliveries, parts):
            how, at = came
            tried = [a for a in told if a.action == _TRIED]
            rested = tried[-1].details.get("consents", "") if tried else ""
            consents = tuple(c for c in rested.split(",") if c)
            who = told[0].details["recipient"]
            what = _what(told[0], deliveries.get(number))
            basis: Basis = "consent" if consents else "no-consent-needed" if tried else "not-known"
            yield Access(at.at, who, _name(who, parts), how, what, basis, consents)


def _came(
    number: str, told: Sequence[Audit], deliveries: Mapping[str, Delivery], parts: Parts
) -> tuple[How, Audit] | None:
    """Whether it came, and by which row that is known; None where its recipient surely has nothing of it."""
    good = {rule.because for rule in parts.tables.answers if rule.conclusion == "accepted"}
    confirmed = next((a for a in told if a.details["because"].partition(":")[0] in good), None)
    if confirmed:
        return "got", confirmed
    delivery = deliveries.get(number)
    said = [receipt for _, _, receipt in parts.store.receipts_of(delivery.id)] if delivery else []
    open_ = (delivery is not None and delivery.begun is not None) or handed_over(said, parts)
    return ("may-have-got", told[0]) if open_ or delivery is None else None


def _what(told: Audit, delivery: Delivery | None) -> tuple[str, ...]:
    if delivery is None:
        return (told.details["category"],)
    return tuple(sorted({pinned.type for pinned in delivery.outgoing.carries}))


def _name(organisation: str, parts: Parts) -> str:
    known = parts.partners.by_organisation.get(organisation)
    return known.name if known else organisation
