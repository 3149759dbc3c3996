"""What is told of a plan that has ended where there is no consent to its making any more: that it has, when, and why.

A consent that is taken back, or is over, opens nothing again by the plan's end (IP-f § 5, R-040, R-047).
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from adapter.domain.case import Resource, Version
from adapter.domain.view import SUBSETTED
from adapter.flows.account import Shown
from adapter.flows.closing_reason import is_closing_reason
from adapter.flows.participants import has_ended, no_plan
from adapter.flows.parts import Parts

_REMAINS: Final = ("resourceType", "id", "meta", "identifier", "status", "intent", "subject", "period")
_WITHIN: Final = {"meta": ("versionId", "lastUpdated"), "subject": ("reference",), "period": ("start", "end")}


def as_consented(
    shown: Sequence[Version], versions: Sequence[Version], at: datetime, parts: Parts
) -> list[Version]:
    """What is shown of a plan without what has no consent to its making: of a plan that has ended that it has, of
    another nothing. `versions` are the current ones of the case."""
    return [made for v in shown if (made := _consented(v, versions, at, parts))]


def _consented(version: Version, versions: Sequence[Version], at: datetime, parts: Parts) -> Version | None:
    if version.type != "CarePlan" or not no_plan([version], versions, at, parts):
        return version
    return replace(version, body=_that_it_ended(version.body, parts.base)) if has_ended(version) else None


def _that_it_ended(plan: Resource, base: str) -> Resource:
    left = {name: _bare(name, plan[name]) for name in _REMAINS if name in plan}
    left["meta"] |= {"security": [SUBSETTED], "tag": [SUBSETTED]}
    reasons = [
        {"url": e["url"], "valueCoding": {n: e["valueCoding"][n] for n in ("system", "code")}}
        for e in plan.get("extension", ())
        if is_closing_reason(e, base)
    ]
    return left | ({"extension": reasons} if reasons else {})


def _bare(name: str, value: Any) -> Any:
    return {n: value[n] for n in _WITHIN[name] if n in value} if name in _WITHIN else value


def withheld(plan: Version, versions: Sequence[Version], at: datetime, parts: Parts) -> list[Shown] | None:
    """What is kept back of a plan that has ended, element by element, for want of consent to its making; none of one
    that does not go at all, and None where there is that consent."""
    said = no_plan([plan], versions, at, parts)
    if said is None or not has_ended(plan):
        return None if said is None else []
    extensions = enumerate(plan.body.get("extension", ()))
    gone = [
        *(name for name in plan.body if name not in (*_REMAINS, "extension")),
        *(f"extension[{n}]" for n, extension in extensions if not is_closing_reason(extension, parts.base)),
    ]
    return [Shown(f"CarePlan.{name}", "withheld", said.because, said.consents) for name in gone]
