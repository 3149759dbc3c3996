"""A stay in a hospital, and the contact doctor that it names (sphl § 2-5 c): whose duty that is, and since when.

It is the hospital that admitted, whoever reported the need. Where that one may not be reminded here nobody is: no other
hospital hears of its stay. The clock runs all the same, and whoever follows the case sees it.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from adapter.domain.case import Case, Step, Version
from adapter.domain.consent import Permit
from adapter.domain.deadline import Happened
from adapter.domain.identifiers import derived
from adapter.domain.participation import Participant
from adapter.flows.consents import permit
from adapter.flows.members import members
from adapter.flows.participants import takes_part
from adapter.flows.parts import Parts
from adapter.flows.stated_days import every_version
from adapter.ports import Transaction

STAY: Final = "stay"
_CONTACT_DOCTOR: Final = frozenset({"contact-doctor", "contact-psychologist"})
_HOSPITALS: Final = frozenset({"hospital", "private-institution"})
"""Kinds of partners that admit."""
_NOT: Final = "not-"


def of_stays(
    tx: Transaction,
    case: Case,
    steps: Sequence[Step],
    versions: Sequence[Version],
    now: datetime,
    parts: Parts,
) -> Iterator[Happened]:
    """What each hospital says of a stay there, about that hospital; and since when its contact doctor is known. Only of
    a case in which somebody was admitted are the versions of the team read."""
    told = _as_stated(steps, versions, parts)
    about = {by: _asked(case, by, versions, now, parts) for by in {step.actor for step, _ in told}}
    for step, at in told:
        yield Happened(f"{STAY}:{step.event}", at, step.actor, about[step.actor])
    admitted = sorted({at for step, at in told if step.event == "admitted"})
    for whose, version in _named(tx, versions, parts).items() if admitted else ():
        for at in admitted:
            yield Happened(
                "contact-doctor-known", max(at, version.at), version.author, about.get(whose, whose)
            )


def _as_stated(
    steps: Sequence[Step], versions: Sequence[Version], parts: Parts
) -> list[tuple[Step, datetime]]:
    """What was said of stays and not taken back by who said it, and when that was: as it states, but not after it was
    told. A copy in a new message is of the same time."""
    stated = {v.source: at for v in versions if (at := _stay_at(v, parts))}
    found: list[tuple[Step, datetime]] = []
    last: dict[tuple[str, str], datetime] = {}
    for step in (s for s in steps if s.lifecycle == STAY):
        if step.event.startswith(_NOT):
            gone = step.actor, step.event.removeprefix(_NOT)
            found = [(s, at) for s, at in found if (s.actor, s.event) != gone]
            continue
        said = step.actor, step.event
        if step.because in stated:
            last[said] = stated[step.because]
        found.append((step, min(last.get(said, step.at), step.at)))
    return found


def _stay_at(note: Version, parts: Parts) -> datetime | None:
    """The time of an event of a stay, as the Communication by which it is told says it."""
    url = f"{parts.base}/StructureDefinition/stay-at"
    extensions = note.body.get("extension", ()) if note.type == "Communication" else ()
    said = (e["valueDateTime"] for e in extensions if e.get("url") == url)
    return next((datetime.fromisoformat(text) for text in said), None)


def _asked(case: Case, hospital: str, versions: Sequence[Version], now: datetime, parts: Parts) -> str:
    """The number of a hospital that takes part and may know of a time limit; of another an id that tells nothing."""
    lets = isinstance(permit(versions, hospital, "reminder", now, parts), Permit)
    may_know = takes_part(case, versions, hospital, now, parts) and lets
    return hospital if may_know or hospital == case.requester else derived(case.id, STAY, hospital)


def _named(tx: Transaction, versions: Sequence[Version], parts: Parts) -> dict[str, Version]:
    """By hospital (number) the version of the team that first named a contact doctor of it."""
    team = next((v for v in versions if v.type == "CareTeam"), None)
    found: dict[str, Version] = {}
    for version in every_version(tx, team) if team else ():
        for row in members(version.body, versions, parts):
            if row.roles & _CONTACT_DOCTOR:
                found.setdefault(_hospital(row, parts), version)
    return found


def _hospital(row: Participant, parts: Parts) -> str:
    """The hospital whose contact doctor it is; "" where that is not known: it may be any of them."""
    partner = parts.partners.by_organisation.get(row.organisation)
    return row.organisation if partner and partner.kind in _HOSPITALS else ""
