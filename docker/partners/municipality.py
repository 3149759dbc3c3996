"""A pretend municipality with a coordinating unit: nothing happens to a case until a person acts. SYNTHETIC DATA ONLY.

    python municipality.py --port 0 --adapter http://… --issuer http://… --organisation 999900022
    POST /act {"do": "accept", "case": "<Task id>"}    without case: the one that came last

What can be done stands in the story folder, one file an act (municipality/accept.json): the resource, and either a
merge patch (RFC 7396) on its current version with what is appended to its lists, or a whole new resource.
"""

import json
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from string import Template
from typing import Any

import httpx
from fastapi import FastAPI
from inbox import Mailbox, Message, Resource
from partner import Adapter, CannotAct, arguments, make_app, outcome_of, serve

_NAMES = uuid.UUID("8a3e0c52-77c9-5d0b-8f0e-2f4f1c9b6d10")
_ORGANISATION_NUMBER = "urn:oid:2.16.578.1.12.4.1.4.101"


@dataclass(frozen=True)
class Case:
    """The ids of a case, as its notification names them."""

    ids: dict[str, str]

    @classmethod
    def of(cls, message: Message) -> "Case":
        held = {r["resourceType"]: r["id"] for r in message.resources}
        need = next(r for r in message.resources if r["resourceType"] == "ServiceRequest")
        return cls(
            {
                "task": held["Task"],
                "patient": held["Patient"],
                "need": need["id"],
                "plan": held.get("CarePlan", ""),
                "team": held.get("CareTeam", ""),
                "requester": _hospital(message),
            }
        )

    def filled(self, text: str, organisation: str) -> Any:
        """A template with the ids of this case, from which those of new resources follow, and days counted from now."""
        now = datetime.now(UTC)
        names = {
            **self.ids,
            "owner": organisation,
            "now": now.isoformat(timespec="seconds"),
            "today": now.date().isoformat(),
            "half_a_year_on": (now.date() + timedelta(days=182)).isoformat(),
            "a_year_on": (now.date() + timedelta(days=364)).isoformat(),
            "plan_consent": str(uuid.uuid5(_NAMES, f"{self.ids['task']} PLAN")),
            "sharing_consent": str(uuid.uuid5(_NAMES, f"{self.ids['task']} SHARING")),
        }
        return json.loads(Template(text).substitute(names))


def _hospital(message: Message) -> str:
    """The organisation number of the hospital that reported the need: the one the unit does not belong to."""
    units = [r for r in message.resources if r["resourceType"] == "HealthcareService"]
    owners = {u.get("providedBy", {}).get("identifier", {}).get("value") for u in units}
    numbers = [
        str(identifier["value"])
        for r in message.resources
        if r["resourceType"] == "Organization"
        for identifier in r.get("identifier", ())
        if identifier.get("system") == _ORGANISATION_NUMBER
    ]
    return next((number for number in numbers if number not in owners), "")


class Municipality:
    """What people at the coordinating unit do. `story` is the folder that says what they can do."""

    def __init__(self, adapter: Adapter, mailbox: Mailbox, story: Path) -> None:
        self._adapter, self._mailbox = adapter, mailbox
        self._acts = {file.stem: file for file in sorted((story / "municipality").glob("*.json"))}

    def act(self, order: dict[str, Any]) -> dict[str, Any]:
        """Do what is ordered to the case, and say what the adapter answered. Raises CannotAct."""
        file = self._acts.get(str(order.get("do")))
        if file is None:
            raise CannotAct(f"a municipality can: {', '.join(self._acts)}")
        case = self._case(order.get("case"))
        wanted = case.filled(file.read_text("utf-8"), self._adapter.organisation)
        reference = wanted["resource"]
        answer = self._put(reference, wanted["new"]) if "new" in wanted else self._change(reference, wanted)
        return {"resource": reference, "case": case.ids["task"], **outcome_of(answer)}

    def _case(self, task: str | None) -> Case:
        cases = [Case.of(message) for message in self._mailbox.of_event("need-notified")]
        found = [case for case in cases if task in (None, case.ids["task"])]
        if not found:
            raise CannotAct("no such case has come")
        return found[-1]

    def _change(self, reference: str, wanted: Resource) -> httpx.Response:
        """The next version of what stands; only if nobody has changed it since it was read."""
        current = self._adapter.call("GET", f"/fhir/{reference}")
        if current.status_code != 200:
            return current
        changed = merged(current.json(), wanted.get("merge", {}))
        for element, added in wanted.get("append", {}).items():
            before = changed.get(element, [])
            changed[element] = [*before, *(item for item in added if item not in before)]
        return self._put(reference, changed, If_Match=current.headers["ETag"])

    def _put(self, reference: str, resource: Resource, **headers: str) -> httpx.Response:
        body = json.dumps(resource, ensure_ascii=False).encode()
        return self._adapter.call("PUT", f"/fhir/{reference}", body, **headers)


def merged(target: Any, patch: Any) -> Any:
    """A merge patch applied (RFC 7396): null removes, objects merge, everything else replaces."""
    if not isinstance(patch, dict):
        return patch
    base = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            base.pop(name, None)
        else:
            base[name] = merged(base.get(name), value)
    return base


def main() -> None:
    given = arguments("Pretend municipality: synthetic data only.", "999900022")

    def make(endpoint: str, adapter: Adapter) -> FastAPI:
        mailbox = Mailbox(endpoint, given.journal)
        return make_app("Municipality", mailbox, Municipality(adapter, mailbox, given.story).act)

    serve(given, make)


if __name__ == "__main__":
    main()
