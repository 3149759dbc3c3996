"""What lapses or runs out is told when it happens: without content to those whose access ends by it, and to a person
who asks anew (R-046, R-155, R-157).

The law ends a consent, not the adapter; nothing is changed here but lists, letters and the evidence of them. Each
version of a consent is told of once, whoever looks and however often.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

from adapter.domain.case import DEATHS, OVER, Audit, Case, Version, Waiting
from adapter.domain.lapse import Lapse
from adapter.flows.consent_notices import Standing, concerned
from adapter.flows.givers import tells_of_care
from adapter.flows.lapsing import endings
from adapter.flows.outbox import outgoing
from adapter.flows.parts import Parts
from adapter.ports import Transaction

ASK_ANEW: Final = "consent-ended"
_TOLD: Final = "consent-ended"
_LIST: Final = "consent"
_PAGE = 100
_JUST_BEFORE = timedelta(microseconds=1)


def look(after: str, parts: Parts) -> str:
    """Looks at one page of cases, behind this id; the id to go on from, "" behind the last. Raises StoreBusy."""
    ids = parts.store.case_ids(after, _PAGE)
    with parts.store.transaction() as tx:
        versions = tx.of_cases(ids) if ids else {}
    for case_id in ids:
        if _untold(case_id, versions[case_id], parts.clock(), parts):
            _tell(case_id, parts)
    return ids[-1] if len(ids) == _PAGE else ""


def look_at_all(parts: Parts) -> None:
    """Every case, page by page."""
    after = look("", parts)
    while after:
        after = look(after, parts)


def asked_anew(versions: Sequence[Version], at: datetime, parts: Parts) -> bool:
    """Whether nothing that has lapsed or run out waits for somebody who asks anew. `versions` are those of a case."""
    return all(lapse.at > at for _, _, lapse in endings(versions, at, parts))


def _untold(
    case_id: str, versions: Sequence[Version], at: datetime, parts: Parts
) -> list[tuple[Version, Lapse]]:
    over = [(version, lapse) for version, _, lapse in endings(versions, at, parts) if lapse.at <= at]
    if not over:
        return []
    told = {a.details["consent"] for a in parts.store.audit_of(case_id) if a.action == _TOLD}
    return [
        (version, lapse)
        for version, lapse in over
        if _named(version) not in told and not _was_over(version, lapse, versions, parts)
    ]


def _named(consent: Version) -> str:
    return f"{consent.reference}/{consent.number}"


def _was_over(consent: Version, lapse: Lapse, versions: Sequence[Version], parts: Parts) -> bool:
    """Whether it was over already when somebody recorded it, or what ends it: that told those concerned."""
    causes = (v for v in versions if v.type == "Consent" and tells_of_care(v.body, parts))
    recorded = [consent, *(causes if lapse.because == "care-taken-over" else ())]
    return any(lapse.at <= v.at for v in recorded)


def _tell(case_id: str, parts: Parts) -> None:
    """Of a case that is locked: what is over still, and nobody has told of meanwhile. Nobody of one who has died."""
    at = parts.clock()
    with parts.store.transaction() as tx:
        case = tx.case(case_id)
        if case is None or case.state in OVER or tx.person_waits(case.subject_key, DEATHS):
            return
        versions = tx.of_case(case_id)
        for consent, lapse in _untold(case_id, versions, at, parts):
            before = Standing(versions, lapse.at - _JUST_BEFORE)
            for party in _losing(tx, case, before, at, parts):
                notice = outgoing(
                    case, party, "consent-changed", "consent-notice", consent, [consent], at, ground="ended"
                )
                tx.send([notice])
            tx.wait_for_person(Waiting(case_id, _LIST, ASK_ANEW, at))
            tx.record(Audit(at, "adapter", _TOLD, case_id, {"consent": _named(consent), "ask": lapse.ask}))


def _losing(tx: Transaction, case: Case, before: Standing, at: datetime, parts: Parts) -> Iterator[str]:
    now = Standing(before.versions, at)
    deliveries = tx.deliveries(case.id)
    said, readers = tx.receipts(case.id), tx.readers(case.id)
    return iter(concerned(case, before, now, deliveries, said, readers, parts))
