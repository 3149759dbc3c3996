"""One case as the world outside knows it, and what its coordinating unit does to it, from the story folder."""

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from string import Template
from typing import Any

from .letters import FIXTURES, Letter, Organisation, named

Resource = dict[str, Any]


@dataclass(slots=True)
class Case:
    """`ids` are those that the notification named to the unit; `owner` the unit that has it now."""

    letter: Letter
    door: str
    ids: dict[str, str] = field(default_factory=dict)
    owner: Organisation | None = None
    steps: tuple[str, ...] = ()
    over: bool = False
    version: int = 0
    sharing_ends: str = ""
    withdrawn_at: datetime | None = None
    crossed: bool = False
    crossed_by_cancel: bool = False
    sent_at: datetime | None = None
    first_answer: bytes | None = None

    def just_withdrawn(self, now: datetime) -> bool:
        """Whether the withdrawal may still be on its way."""
        return self.withdrawn_at is not None and now - self.withdrawn_at < timedelta(minutes=2)

    def filled(self, step: str, now: datetime) -> Any:
        """What the unit says at a step: a whole new resource, or a merge patch on what stands."""
        assert self.owner
        names = {
            "task": self.ids["Task"],
            "patient": self.ids["Patient"],
            "plan": self.ids.get("CarePlan", ""),
            "team": self.ids.get("CareTeam", ""),
            "owner": self.owner.number,
            "requester": self.letter.sender.number,
            "now": now.isoformat(timespec="seconds"),
            "today": now.date().isoformat(),
            "half_a_year_on": (now.date() + timedelta(days=182)).isoformat(),
            "a_year_on": (now.date() + timedelta(days=364)).isoformat(),
            "plan_consent": named("PLAN", self.letter.need),
            "sharing_consent": named("SHARING", self.letter.need),
        }
        text = (FIXTURES / "story" / "municipality" / f"{step}.json").read_text("utf-8")
        wanted = json.loads(Template(text).substitute(names))
        if step == "consent-sharing" and self.sharing_ends:
            wanted["new"]["provision"]["period"]["end"] = self.sharing_ends
        if step == "update-plan":
            self.version += 1
            wanted["merge"]["activity"][1]["detail"]["description"] = f"Logoped, uke {self.version}"
        return wanted


def merged(target: Any, patch: Any) -> Any:
    """A merge patch applied (RFC 7396)."""
    if not isinstance(patch, dict):
        return patch
    base = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            base.pop(name, None)
        else:
            base[name] = merged(base.get(name), value)
    return base


def changed(current: Resource, wanted: Resource) -> Resource:
    """The next version of a resource: merged, and with what is added to its lists."""
    after: Resource = merged(current, wanted.get("merge", {}))
    for element, added in wanted.get("append", {}).items():
        before = after.get(element, [])
        after[element] = [*before, *(item for item in added if item not in before)]
    return after
