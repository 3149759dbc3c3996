"""A partner reads a resource of a case it takes part in, as far as consent lets it.

The owner reads what it wrote itself. For the rest consent decides at the moment of reading, for the owner too; what was
lawfully received before a withdrawal stays with who received it (R-048), and is not fetched again. Who reads is an
organisation as such, whatever service of it messages go to.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from adapter.domain.case import DEATHS, Audit, Case, Resource, Version
from adapter.domain.consent import Permit
from adapter.domain.delivery import Delivery, Pinned
from adapter.domain.message import Answer, Caller
from adapter.domain.problems import Finding, Refused
from adapter.domain.provision import Recipient
from adapter.flows.complaint_known import may_know, told_of
from adapter.flows.consent_view import as_seen_by, names
from adapter.flows.death import without_death
from adapter.flows.emergency import refuse_emergency
from adapter.flows.ended_plan import as_consented
from adapter.flows.hand_over_asked import between_others, is_of_before, may_read_proposal
from adapter.flows.outbox import has_received
from adapter.flows.own_participation import own_rows
from adapter.flows.participants import has_returned, may_have, takes_part, team_resources
from adapter.flows.parts import Parts
from adapter.flows.plan_view import seen_by
from adapter.flows.protection import without_places
from adapter.flows.purge_asked import is_asked_to_purge, purge_told_of
from adapter.flows.reminders import for_somebody_else
from adapter.flows.taken_up import was_over_before
from adapter.flows.update import answer
from adapter.ports import StoreBusy, Transaction

_CATEGORY = {
    "CarePlan": "plan",
    "CareTeam": "plan",
    "Communication": "note",
    "Patient": "need",
    "ServiceRequest": "need",
    "DocumentReference": "need",
}
_HANDLING = ("CarePlan", "CareTeam", "Task")
"""What the owner works on: it reads these as long as the case is its own and has come to it."""


View = Callable[[Version, Sequence[Version], datetime], Resource]
"""Something made of what a caller may see of a version, with the current versions of its case, at a moment (UTC)."""


def read_resource(
    caller: Caller, type_: str, id_: str, number: int | None, parts: Parts, *, view: View | None = None
) -> Answer:
    """The current or a named version, or a view of it. What a caller may not know of is answered like what does not
    exist.

    Durably recorded before it is answered (pasientjournalforskriften § 13), but no case is locked: what decides is
    read after what is shown, so the decision is never the older of the two, and a withdrawal that is committed while
    a read is under way came after it. A lock would only let readers wait for writers, and each other.
    """
    if caller.emergencies:
        return refuse_emergency(caller, type_, id_, parts)
    try:
        with parts.store.transaction() as tx:
            version, case = _version(tx, type_, id_, number)
            over = number is not None and was_over_before(tx, version, caller.organisation, case, parts)
            if over or for_somebody_else(version, caller.organisation, parts.base):
                raise Refused(Finding("not-found", type_))
            _require_no_death(tx, caller, version, case)
            if purge_told_of(tx, version, parts):
                _require_is_asked(version, caller, parts)
            else:
                version = _seen(tx, caller, version, case, parts)
            version = _placeless(tx, version, case, caller, parts)
            if view:
                version = replace(version, body=view(version, tx.of_case(case.id), parts.clock()))
            details = {"resource": f"{version.reference}/{version.number}"}
            tx.record(Audit(parts.clock(), caller.organisation, "resource-read", version.case_id, details))
            return answer(version)
    except Refused as refused:
        return parts.refusal(*refused.findings)
    except StoreBusy:
        return parts.refusal(Finding("store-busy"))


def _version(tx: Transaction, type_: str, id_: str, number: int | None) -> tuple[Version, Case]:
    """The version and its case. A Patient is read as it is now only: an address may have become protected since
    (R-150)."""
    glance = tx.glance(type_, id_)
    if glance is None:
        raise Refused(Finding("not-found", type_))
    current, case = glance
    version = current if number is None else tx.version(Pinned(type_, id_, number))
    if version is None or (type_ == "Patient" and version != current):
        raise Refused(Finding("not-found", type_))
    return version, case


def _require_no_death(tx: Transaction, caller: Caller, version: Version, case: Case) -> None:
    """While a report of death waits nobody but the owner gets anything that is not its own, as if it were not there
    (R-154). Raises Refused."""
    own = caller.organisation in (case.owner, version.author)
    if not own and tx.person_waits(case.subject_key, DEATHS):
        raise Refused(Finding("not-found", version.type))


def _require_is_asked(version: Version, caller: Caller, parts: Parts) -> None:
    """What asks to purge something is for who is asked, and for nobody else. Raises Refused."""
    if not is_asked_to_purge(version, caller.organisation, parts):
        raise Refused(Finding("not-found", version.type))


def _seen(tx: Transaction, caller: Caller, version: Version, case: Case, parts: Parts) -> Version:
    """The version as the caller may see it. Raises Refused."""
    here, at, reader = caller.organisation, parts.clock(), Recipient(caller.organisation)
    nothing = Refused(Finding("not-found", version.type))
    if complaint := told_of(tx, version, parts):
        return _of_complaint(tx, version, complaint, case, here, at, parts)
    if _own_work(tx, case, version, here):
        return version
    versions = tx.of_case(version.case_id)
    if has_returned(case, here):
        if version.type == "Task" and version.author == here and version in versions:
            return version
        raise nothing
    if not takes_part(case, versions, here, at, parts) or between_others(tx, version, case, here, at, parts):
        own = own_rows(here, version, versions, at, parts)
        return own or _asked_about(version, versions, here, at, parts)
    deliveries = tx.deliveries(case.id) if here == case.owner else ()
    knows = here != case.owner or has_received(deliveries, here)
    case = _as_taking_part(case, version, here, deliveries)
    permitted = any(
        isinstance(
            may_have(versions, reader, category, at, parts, about=version.type, carried=[version]), Permit
        )
        for category in _categories(case, version, versions, here, parts)
    )
    if not permitted and not knows:
        raise nothing
    if version.type == "Consent":
        keeps = here in (case.owner, case.requester, version.author)
        return _consent(version, versions, here, whole=keeps, parts=parts)
    seen = (
        _as_shown(version, versions, case, here, at, parts)
        if permitted
        else own_rows(here, version, versions, at, parts)
    )
    if seen is None:
        raise Refused(Finding("not-a-participant", version.type))
    return seen


def _of_complaint(
    tx: Transaction, version: Version, complaint: Version, case: Case, here: str, at: datetime, parts: Parts
) -> Version:
    """A complaint, or who put it; a unit that has sent the case back reads what it registered as it stands. Raises
    Refused."""
    versions = tx.of_case(case.id)
    over = has_returned(case, here) and version not in versions
    if over or not may_know(complaint, case, versions, here, at, parts):
        raise Refused(Finding("not-found", version.type))
    return version


def _as_taking_part(case: Case, version: Version, here: str, deliveries: Sequence[Delivery]) -> Case:
    """What is older than when a unit took the case over it reads as anybody who takes part, as far as consent goes."""
    return replace(case, owner=None) if is_of_before(version, here, deliveries) else case


def _asked_about(
    version: Version, versions: Sequence[Version], here: str, at: datetime, parts: Parts
) -> Version:
    """For who takes no part: the proposal that its unit takes the case over. Raises Refused."""
    if not may_read_proposal(version, versions, here, at, parts):
        raise Refused(Finding("not-found", version.type))
    return version


def _as_shown(
    version: Version, versions: Sequence[Version], case: Case, here: str, at: datetime, parts: Parts
) -> Version | None:
    """A plan and its team without what consent keeps from who reads them; None where nothing is left."""
    if here == case.owner or _CATEGORY.get(version.type) != parts.tables.views.whole:
        return version
    seen = seen_by(Recipient(here), without_death([version], parts.base), versions, at, parts)
    return next(iter(as_consented(seen, versions, at, parts)), None)


def _placeless(tx: Transaction, version: Version, case: Case, caller: Caller, parts: Parts) -> Version:
    """Without any place if the address of the person is protected (R-150); the author reads what it wrote, but of the
    team, which is the owner's, another wrote no more than its own say."""
    here = caller.organisation
    if version.author == here and (version.type != "CareTeam" or here == case.owner):
        return version
    left = without_places([version], tx.of_case(version.case_id), parts)
    if not left:
        raise Refused(Finding("not-found", version.type))
    return left[0]


def _own_work(tx: Transaction, case: Case, version: Version, here: str) -> bool:
    """Whether the owner reads what it wrote or what it works on, which no consent decides.

    Asked first: the rest needs every resource of the case, which takes twice as long as all of this.
    """
    if here != case.owner or has_returned(case, here):
        return False
    if version.author == here:
        return True
    deliveries = tx.deliveries(case.id)
    here_since = not is_of_before(version, here, deliveries)
    return version.type in _HANDLING and here_since and has_received(deliveries, here)


def _categories(
    case: Case, version: Version, versions: Sequence[Version], here: str, parts: Parts
) -> tuple[str, ...]:
    """What a resource belongs to, any of which opens it: the owner got all of it with the need."""
    if here == case.owner:
        return ("need",)
    usual = _CATEGORY.get(version.type, "case-status")
    seen = seen_by(Recipient(here), versions, versions, parts.clock(), parts)
    return (usual, "plan") if version in team_resources(seen, parts) else (usual,)


def _consent(
    version: Version, versions: Sequence[Version], here: str, *, whole: bool, parts: Parts
) -> Version:
    """Whole for who keeps it; for another whom it names what it says of that one; for anybody else nothing."""
    if whole:
        return version
    if not names(here, version.body, versions):
        raise Refused(Finding("not-found", version.type))
    return replace(version, body=as_seen_by(here, version.body, versions, parts))
