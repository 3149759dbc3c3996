"""A partner reads a resource of a case it takes part in, as far as consent lets it."""

from adapter.domain.case import Audit, Version
from adapter.domain.consent import Deny
from adapter.domain.delivery import Pinned
from adapter.domain.message import Answer, Caller
from adapter.domain.problems import Finding, Refused
from adapter.flows.participants import may_have, takes_part
from adapter.flows.parts import Parts
from adapter.flows.update import answer
from adapter.ports import StoreBusy, Transaction

_CATEGORY = {
    "CarePlan": "plan",
    "CareTeam": "plan",
    "Patient": "need",
    "ServiceRequest": "need",
    "Consent": "consent-notice",
}


def read_resource(caller: Caller, type_: str, id_: str, number: int | None, parts: Parts) -> Answer:
    """The current or a named version. What a caller may not know of is answered like what does not exist."""
    try:
        with parts.store.transaction() as tx:
            version = _version(tx, type_, id_, number)
            _require_access(tx, caller, version, parts)
            details = {"resource": f"{version.reference}/{version.number}"}
            tx.record(Audit(parts.clock(), caller.organisation, "resource-read", version.case_id, details))
            return answer(version)
    except Refused as refused:
        return parts.refusal(*refused.findings)
    except StoreBusy:
        return parts.refusal(Finding("store-busy"))


def _version(tx: Transaction, type_: str, id_: str, number: int | None) -> Version:
    version = tx.current(type_, id_) if number is None else tx.version(Pinned(type_, id_, number))
    if version is None:
        raise Refused(Finding("not-found", type_))
    return version


def _require_access(tx: Transaction, caller: Caller, version: Version, parts: Parts) -> None:
    """The owner of a case sees all of it; others what consent opens to them. Raises Refused."""
    case = tx.case(version.case_id)
    versions = tx.of_case(version.case_id)
    if case is None or not takes_part(case, versions, caller.organisation, parts):
        raise Refused(Finding("not-found", version.type))
    if caller.organisation == case.owner:
        return
    category = _CATEGORY.get(version.type, "case-status")
    if isinstance(may_have(versions, caller.organisation, category, parts.clock(), parts), Deny):
        raise Refused(Finding("not-a-participant", version.type))
