"""Who is told that a consent has changed, or is over: those whose own access ends by it, and who keeps the consents.

A notice holds the consent's kind and status and nothing of a plan (GDPR art. 19; R-047). For nobody is it the first
that is heard of somebody.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from adapter.domain.case import Case, Version
from adapter.domain.consent import Permit
from adapter.domain.delivery import Delivery, Receipt
from adapter.flows.consents import permit
from adapter.flows.hand_over_asked import organisations_asked
from adapter.flows.outbox import may_have_got
from adapter.flows.participants import has_returned, no_plan, team_organisations
from adapter.flows.parts import Parts


@dataclass(frozen=True, slots=True)
class Standing:
    """The current versions of a case, and the moment at which they are asked."""

    versions: Sequence[Version]
    at: datetime


def concerned(
    case: Case,
    before: Standing,
    after: Standing,
    deliveries: Sequence[Delivery],
    said: Mapping[int, Sequence[Receipt]],
    readers: Collection[str],
    parts: Parts,
) -> list[str]:
    """Organisation numbers. The owner keeps the person's consents and learns of each; others only of what ends access
    of their own, and not which part of a plan is kept from them. `said` is what was said of each delivery, `readers`
    are those who have read anything of the case."""
    parties = _parties(case, before, deliveries, said, readers, parts)
    return [p for p in parties if p == case.owner or _loses(p, before, after, parts)]


def _parties(
    case: Case,
    before: Standing,
    deliveries: Sequence[Delivery],
    said: Mapping[int, Sequence[Receipt]],
    readers: Collection[str],
    parts: Parts,
) -> list[str]:
    """Who can be reached and has read, or may have got, anything of the case: who may have a letter must learn that
    consent ended."""
    partners = parts.partners.by_organisation
    asked = organisations_asked(before.versions, before.at, parts)
    others = {case.owner or "", *asked, *team_organisations(before.versions, before.at, parts)}
    got = {o for o in others if o in readers or may_have_got(deliveries, said, o, parts)}
    know = {o for o in got if not has_returned(case, o)}
    return sorted(p for p in {case.requester, *know} if p in partners and partners[p].reachable)


def _loses(party: str, before: Standing, after: Standing, parts: Parts) -> bool:
    could, can = _access(party, before, parts), _access(party, after, parts)
    return not could <= can


def _access(party: str, standing: Standing, parts: Parts) -> set[str]:
    """What somebody may have; besides the team, the plan itself, which needs consent to its making as well."""
    versions, at = standing.versions, standing.at
    whole = [c for c in parts.tables.categories if c not in parts.tables.views.parts]
    may = {c for c in whole if isinstance(permit(versions, party, c, at, parts), Permit)}
    if parts.tables.views.whole in may and not no_plan(versions, versions, at, parts):
        may.add("CarePlan")
    return may
