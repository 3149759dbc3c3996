"""Whom the unit takes out of a team, or lets rest, is told so without content: nothing of the plan comes any more.

The notice holds the team's id and the recipient's own rows, by its own number, their period and state (GDPR art. 19).
For nobody is it the first that is heard of somebody.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from adapter.domain.case import Resource, Version
from adapter.domain.delivery import Outgoing
from adapter.domain.view import SUBSETTED
from adapter.flows.members import members
from adapter.flows.outbox import may_have_got, outgoing
from adapter.flows.participants import team_organisations
from adapter.flows.parts import Parts
from adapter.flows.resources import ENH
from adapter.flows.update import Update
from adapter.ports import Transaction

OVER: Final = "participation-notice"
"""The category of information, in mappings/consent.yaml."""
_WITHIN: Final = {"meta": ("versionId", "lastUpdated"), "subject": ("reference",)}


def left(
    tx: Transaction, asked: Update, after: Sequence[Version], team: Version, parts: Parts
) -> list[Outgoing]:
    """To each organisation that takes part no more, or not for now, but not by its own word. `after`: the versions of
    the case with the new `team`."""
    there, now = (team_organisations(v, asked.at, parts) for v in (asked.versions, after))
    partners, own = parts.partners.by_organisation, (asked.caller.organisation, asked.case.owner)
    gone = [o for o in sorted(there - now) if o not in own and o in partners and partners[o].reachable]
    if not gone:
        return []
    deliveries, said = tx.deliveries(asked.case.id), tx.receipts(asked.case.id)
    readers = tx.readers(asked.case.id)
    return [
        outgoing(asked.case, one, "case-updated", OVER, team, [team], asked.at)
        for one in gone
        if one in readers or may_have_got(deliveries, said, one, parts)
    ]


def own_end(organisation: str, team: Version, versions: Sequence[Version], parts: Parts) -> Version:
    """A team as the notice to an organisation (number) holds it."""
    body = team.body
    kept = {name: body[name] for name in ("resourceType", "id", "meta", "status", "subject")}
    kept |= {name: {n: kept[name][n] for n in inner if n in kept[name]} for name, inner in _WITHIN.items()}
    kept["meta"] |= {"security": [SUBSETTED], "tag": [SUBSETTED]}
    rows = zip(body.get("participant", ()), members(body, versions, parts), strict=True)
    own = [_bare(row, organisation, parts.base) for row, one in rows if one.organisation == organisation]
    return replace(team, body=kept | ({"participant": own} if own else {}))


def _bare(row: Resource, organisation: str, base: str) -> Resource:
    url = f"{base}/StructureDefinition/participation-status"
    stated = [
        {"url": url, "valueCode": e["valueCode"]} for e in row.get("extension", ()) if e.get("url") == url
    ]
    period = {name: row["period"][name] for name in ("start", "end") if name in row.get("period", {})}
    member = {"type": "Organization", "identifier": {"system": ENH, "value": organisation}}
    told = {"extension": stated, "member": member, "period": period}
    return {name: value for name, value in told.items() if value}
