"""A pretend partner as the demo knows it: told to act, and asked what it has received."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import httpx

from adapter.domain.case import Resource

_LOOK_EVERY = 0.05
T = TypeVar("T")


class DoesNotHold(Exception):  # noqa: N818 - what the story claims, not a fault of the program
    """A claim of the story that is not so; the text says what was seen instead."""


@dataclass(frozen=True, slots=True)
class Done:
    """What the adapter answered when a partner acted. `version` is that of the ETag, "" without one."""

    status: int
    version: str
    reference: str
    body: str


@dataclass(frozen=True, slots=True)
class Partner:
    """One pretend partner at an address. `patience`: seconds until an expected message must have come."""

    name: str
    url: str
    http: httpx.Client
    patience: float

    def act(self, do: str, **order: str) -> Done:
        """Let a person at the partner do something. Raises DoesNotHold if the partner cannot."""
        answer = self.http.post(f"{self.url}/act", json={"do": do, **order})
        said = answer.json()
        if answer.status_code != 200:
            raise DoesNotHold(f"the {self.name} cannot {do}: {said.get('detail', answer.status_code)}")
        version = (said["etag"] or "").removeprefix('W/"').removesuffix('"')
        return Done(said["status"], version, said.get("resource", ""), said["body"])

    def journal(self, event: str | None = None) -> list[Mapping[str, Any]]:
        """What has come, in order of arrival; of one event, or all."""
        entries: list[Mapping[str, Any]] = self.http.get(f"{self.url}/journal").json()
        return [entry for entry in entries if event in (None, entry["event"])]

    def received(self, event: str, type_: str, version: str | None = None) -> list[Resource]:
        """The resources of a message of this event that holds one of `type_` in `version`; waits for it.

        Raises DoesNotHold when it has not come in time.
        """

        def look() -> list[Resource] | None:
            for entry in self.journal(event):
                bundle = self.http.get(f"{self.url}/messages/{entry['id']}").json()
                resources = [e["resource"] for e in bundle["entry"]]
                if any(_is(r, type_, version) for r in resources):
                    return resources
            return None

        what = f"{event} with {type_}" + (f" version {version}" if version else "")
        return until(look, self.patience, f"no {what} has reached the {self.name}")


def until(look: Callable[[], T | None], patience: float, otherwise: str) -> T:
    """What `look` finds, looked for until `patience` seconds are over. Raises DoesNotHold(otherwise)."""
    deadline = time.monotonic() + patience
    while True:
        found = look()
        if found is not None:
            return found
        if time.monotonic() >= deadline:
            raise DoesNotHold(f"{otherwise} within {patience:g} s")
        time.sleep(_LOOK_EVERY)


def _is(resource: Resource, type_: str, version: str | None) -> bool:
    same = version in (None, resource.get("meta", {}).get("versionId"))
    return resource["resourceType"] == type_ and same
