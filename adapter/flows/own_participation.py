"""What a service says of its own participation: that it accepts, declines, rests, comes back or ends (IP-f §§ 8–9).

Who sees a part of the team says it of that part, and what it does not see stays as it was. Who is invited or rests sees
its own rows and nothing else of the case, as far as the person lets it take part: so it can answer for itself.
"""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from adapter.domain.case import Resource, Version
from adapter.domain.consent import Permit
from adapter.domain.participation import Participant
from adapter.domain.problems import Finding, Refused
from adapter.domain.provision import Recipient
from adapter.domain.view import SUBSETTED
from adapter.flows.members import members, organisation_of, rows_of_team, team_of
from adapter.flows.participants import may_have, may_join
from adapter.flows.parts import Parts
from adapter.flows.plan_view import seen_by
from adapter.flows.protection import without_places
from adapter.flows.pruning import prune
from adapter.flows.resources import same

_STILL_THERE = frozenset({"invited", "accepted", "active", "paused"})
"""States of one who may still say something of its participation."""
_SAID = ("participation-status", "participation-reason")
_ROW = re.compile(r"CareTeam\.participant\[(\d+)\]")
_KEPT = ("resourceType", "id", "meta", "contained", "status", "subject")


def may_answer(versions: Sequence[Version], organisation: str, at: datetime, parts: Parts) -> bool:
    """Whether the team waits for a word of an organisation, and the person lets it take part."""
    team = team_of(versions)
    rows = members(team.body, versions, parts) if team else ()
    asked = any(row.organisation == organisation and still_there(row, at) for row in rows)
    return asked and may_join(versions, organisation, at, parts)


def still_there(row: Participant, at: datetime) -> bool:
    """Whether it may still say something of its participation."""
    return row.state(at) in _STILL_THERE and not row.is_over(at)


def rests_by_itself(
    row: Participant,
    team: Version,
    earlier: Callable[[int], Version | None],
    versions: Sequence[Version],
    organisation: str,
    parts: Parts,
) -> bool:
    """Whether a row that rests has been so since its organisation said it. `earlier`: the team by version number."""
    since = None
    for number in range(team.number, 0, -1):
        stood = team if number == team.number else earlier(number)
        rows = members(stood.body, versions, parts) if stood else []
        if not any(one.who == row.who and one.stated == "paused" for one in rows):
            break
        since = stood
    return since is not None and since.author == organisation


def own_rows(
    organisation: str, team: Version, versions: Sequence[Version], at: datetime, parts: Parts
) -> Version | None:
    """The team with nothing but the rows of an organisation that may answer for itself, marked as a part; or None."""
    current = team.type == "CareTeam" and team in versions
    if not current or not may_answer(versions, organisation, at, parts):
        return None
    seen = _shown(organisation, team, versions, at, parts)
    if seen is None:
        return None
    own = {f"CareTeam.participant[{number}]" for number in _own(organisation, seen.body, versions, parts)}

    def leaves(name: str, _value: Any, place: str, *_more: Any) -> bool:
        return place.count(".") == 1 and name not in _KEPT and place not in own

    part = prune(seen.body, leaves) if own else None
    return replace(team, body=part) if part else None


def said_of_itself(
    organisation: str,
    team: Version,
    asked: Resource,
    versions: Sequence[Version],
    at: datetime,
    parts: Parts,
) -> Resource:
    """The whole team as it is after a service has said (`asked`) how far its own participation has come, against all of
    the team or what it sees of it. Raises Refused(actor-not-allowed) where anything else is changed."""
    own = _own(organisation, team.body, versions, parts)
    if same(_unsaid(team.body, own, parts), _unsaid(asked, own, parts)):
        return asked
    seen = _team_seen(organisation, team, versions, at, parts)
    places = _own(organisation, seen.body, versions, parts) if seen else []
    as_seen = seen and same(
        _unstamped(_unsaid(seen.body, places, parts)), _unstamped(_unsaid(asked, places, parts))
    )
    if not as_seen or len(places) != len(own):
        raise Refused(Finding("actor-not-allowed", "CareTeam"))
    rows = list(team.body["participant"])
    for here, there in zip(own, places, strict=True):
        rows[here] = _saying(rows[here], asked["participant"][there], parts)
    return team.body | {"participant": rows}


def as_put(
    findings: Sequence[Finding],
    organisation: str,
    team: Version,
    asked: Resource,
    versions: Sequence[Version],
    parts: Parts,
) -> list[Finding]:
    """Findings on the whole team by the places of the part of it that was put (`asked`): a number of a row must not
    tell how many rows there are that its organisation does not see."""
    if len(asked.get("participant", ())) == len(team.body.get("participant", ())):
        return list(findings)
    here, there = (_own(organisation, body, versions, parts) for body in (team.body, asked))
    places = dict(zip(here, there, strict=False)) if len(here) == len(there) else {}
    return [replace(finding, where=_placed(finding.where, places)) for finding in findings]


def _placed(where: str, places: Mapping[int, int]) -> str:
    found = _ROW.match(where)
    if found is None:
        return where
    row = places.get(int(found[1]))
    return "CareTeam.participant" if row is None else f"CareTeam.participant[{row}]{where[found.end() :]}"


def echoed(asked: Resource, version: Version) -> Version:
    """What a service has put, as the answer to it: the version that came of it may hold more than it sees."""
    stamp = {name: version.body["meta"][name] for name in ("versionId", "lastUpdated")}
    body = asked | {"meta": asked.get("meta", {}) | stamp}
    return replace(version, body=body if same(body, version.body) else _marked(body))


def _team_seen(
    organisation: str, team: Version, versions: Sequence[Version], at: datetime, parts: Parts
) -> Version | None:
    """The team as it is read by a service: as far as consent lets one who takes part; else its own rows."""
    if isinstance(may_have(versions, Recipient(organisation), "plan", at, parts), Permit):
        return _shown(organisation, team, versions, at, parts)
    return own_rows(organisation, team, versions, at, parts)


def _shown(
    organisation: str, team: Version, versions: Sequence[Version], at: datetime, parts: Parts
) -> Version | None:
    seen = seen_by(Recipient(organisation), [team], versions, at, parts)
    return next(iter(without_places(seen, versions, parts)), None)


def _own(organisation: str, team: Resource, versions: Sequence[Version], parts: Parts) -> list[int]:
    rows = enumerate(rows_of_team(team, parts))
    return [number for number, row in rows if organisation_of(row, team, versions) == organisation]


def _unsaid(team: Resource, own: Collection[int], parts: Parts) -> Resource:
    """A team without what these rows say of how far they have come, and until when."""
    rows = enumerate(team.get("participant", ()))
    return team | {"participant": [_row_unsaid(row, parts) if number in own else row for number, row in rows]}


def _row_unsaid(row: Resource, parts: Parts) -> Resource:
    kept = {
        "extension": [e for e in row.get("extension", ()) if e.get("url") not in _urls(parts)],
        "period": {name: value for name, value in row.get("period", {}).items() if name != "end"},
    }
    return {name: value for name, value in (row | kept).items() if value}


def _saying(row: Resource, said: Resource, parts: Parts) -> Resource:
    """A row with what is said of it in the row as it was seen."""
    unsaid = _row_unsaid(row, parts)
    news = [e for e in said.get("extension", ()) if e.get("url") in _urls(parts)]
    end = {name: value for name, value in said.get("period", {}).items() if name == "end"}
    told = {
        "extension": [*unsaid.get("extension", ()), *news],
        "period": unsaid.get("period", {}) | end,
    }
    return {name: value for name, value in (unsaid | told).items() if value}


def _urls(parts: Parts) -> set[str]:
    return {f"{parts.base}/StructureDefinition/{name}" for name in _SAID}


def _marked(team: Resource) -> Resource:
    meta = team.get("meta", {})
    marks = {n: [*(m for m in meta.get(n, ()) if m != SUBSETTED), SUBSETTED] for n in ("security", "tag")}
    return team | {"meta": meta | marks}


def _unstamped(team: Resource) -> Resource:
    return {name: value for name, value in team.items() if name != "meta"}
