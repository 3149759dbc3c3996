"""Whether a version of the plan or its team brings somebody anything that they have not got.

Who takes part is told of what changed in their own part of the plan. That something else changed would tell them that
there is something else (R-042, R-043).
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from adapter.domain.case import Resource, Version
from adapter.domain.consent import Deny, Permit
from adapter.domain.delivery import Delivery, Outgoing, Pinned
from adapter.flows.consent_view import as_told
from adapter.flows.participants import team_organisations
from adapter.flows.parts import Parts
from adapter.flows.plan_view import access_of, names_a_part
from adapter.flows.protection import is_protected
from adapter.ports import Transaction

_OF_PLAN = ("CarePlan", "CareTeam")
_NEVER_GOES = frozenset({"stopped-by-consent", "skipped"})


def new_to_them(
    tx: Transaction,
    offered: Sequence[Outgoing],
    before: Sequence[Version],
    versions: Sequence[Version],
    at: datetime,
    parts: Parts,
) -> list[Outgoing]:
    """Of what is offered of a plan, what is new to its recipient, by the consents of now. `versions` are the current
    ones of the case, `before` those until now. Who has got nothing gets it, and who comes to take part, or comes back;
    so does who may have nothing now: that is decided, and recorded, when it is sent."""
    if not offered or not (names_a_part(versions, parts.tables.views) or is_protected(versions, parts)):
        return list(offered)  # nothing is kept from anybody: whatever changed is news to all
    deliveries = tx.deliveries(offered[0].case_id)
    last = {out.recipient: _last(deliveries, out) for out in offered}
    last = {to: one and _with_own_word(tx, one, versions) for to, one in last.items()}
    pins = {pin for one in last.values() if one for pin in one.outgoing.carries}
    held = {**tx.versions(pins), **{Pinned(v.type, v.id, v.number): v for v in versions}}
    consents, there = _consents_so_far(tx, versions), team_organisations(before, at, parts)
    return [
        out
        for out in offered
        if (one := last[out.recipient]) is None
        or out.recipient not in there
        or _could_see_less(out.recipient, one.outgoing.created_at, consents, versions, at, parts)
        or _looks_new(out, one.outgoing, held, versions, at, parts)
    ]


def sees_more(
    organisation: str, before: Sequence[Version], after: Sequence[Version], at: datetime, parts: Parts
) -> bool:
    """Whether what an organisation may have of a plan has grown by a part, between two states of a case."""
    views = parts.tables.views
    if not any(names_a_part(versions, views) for versions in (before, after)):
        return False
    return not _permitted(organisation, after, at, parts) <= _permitted(organisation, before, at, parts)


def _permitted(organisation: str, versions: Sequence[Version], at: datetime, parts: Parts) -> set[str]:
    said = access_of(organisation, versions, at, parts).said
    return {name for name, one in said.items() if isinstance(one, Permit)}


def _last(deliveries: Sequence[Delivery], out: Outgoing) -> Delivery | None:
    """What its recipient has got of the plan last, or is about to get; None where that is nothing, or nobody knows."""
    for one in reversed(deliveries):
        same = (one.outgoing.recipient, one.outgoing.category) == (out.recipient, out.category)
        if not same or one.outgoing.message_id == out.message_id:
            continue
        may_have_come = one.tries > 0 or one.begun is not None
        if one.place == "held" or (one.state in _NEVER_GOES and may_have_come):
            return None
        if one.state not in _NEVER_GOES:
            return one
    return None


def _with_own_word(tx: Transaction, one: Delivery, versions: Sequence[Version]) -> Delivery:
    """What a recipient has got, with the team as it has itself put it since: it knows that, and was not sent it."""
    current = {v.id: v.number for v in versions if v.type == "CareTeam"}
    for pin in one.outgoing.carries:
        if pin.type != "CareTeam":
            continue
        later = tx.versions(
            {Pinned(pin.type, pin.id, n) for n in range(pin.number + 1, current.get(pin.id, 0) + 1)}
        )
        own = [p for p, version in later.items() if version.author == one.outgoing.recipient]
        if own:
            put = max(own, key=lambda p: p.number)
            carries = tuple(put if p == pin else p for p in one.outgoing.carries)
            return replace(one, outgoing=replace(one.outgoing, carries=carries))
    return one


def _consents_so_far(tx: Transaction, versions: Sequence[Version]) -> list[Version]:
    """Every version of the consents of a case, in their order."""
    current = [v for v in versions if v.type == "Consent"]
    earlier = {Pinned(v.type, v.id, number) for v in current for number in range(1, v.number)}
    return sorted([*tx.versions(earlier).values(), *current], key=lambda v: v.at)


def _could_see_less(
    recipient: str,
    since: datetime,
    consents: Sequence[Version],
    versions: Sequence[Version],
    at: datetime,
    parts: Parts,
) -> bool:
    """Whether it may now have a part that it could not have at some moment since then: what came may lack that."""
    now = _permitted(recipient, versions, at, parts)
    rest = [v for v in versions if v.type != "Consent"]
    for moment in (since, *(v.at for v in consents if v.at > since)):
        stood = {v.reference: v for v in consents if v.at <= moment}
        if not now <= _permitted(recipient, [*rest, *stood.values()], moment, parts):
            return True
    return False


def _looks_new(
    out: Outgoing,
    last: Outgoing,
    held: Mapping[Pinned, Version],
    versions: Sequence[Version],
    at: datetime,
    parts: Parts,
) -> bool:
    if any(pin not in held for pin in (*out.carries, *last.carries)):
        return True
    now, then = (
        _as_it_leaves(one, [held[pin] for pin in one.carries], versions, at, parts) for one in (out, last)
    )
    return now is None or now != then


def _as_it_leaves(
    out: Outgoing, carried: Sequence[Version], versions: Sequence[Version], at: datetime, parts: Parts
) -> dict[str, Resource] | None:
    """What a recipient would see of it, but for which version it is and who made that; None where that is nothing. What
    is labelled in a plan hides what its team names, so a plan is looked at with the team that it went with."""
    of_plan = {v.reference: v for v in carried if v.type in _OF_PLAN}
    stood = [of_plan.get(v.reference, v) for v in versions]
    told = as_told(out, carried, stood, at, parts)
    if isinstance(told, Deny):
        return None
    return {v.reference: _unnumbered(v.body) for v in told if v.type != "Provenance"}


def _unnumbered(body: Resource) -> Resource:
    meta = {n: value for n, value in body.get("meta", {}).items() if n not in ("versionId", "lastUpdated")}
    return body | {"meta": meta}
