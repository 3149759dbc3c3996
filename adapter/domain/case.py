"""A case: one person's need, on its way from a hospital to a coordinating unit, and its versions."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, Literal

Resource = dict[str, Any]  # a FHIR resource as JSON; numbers with decimals are Decimal


@dataclass(frozen=True, slots=True)
class Case:
    """The current state of a case.

    `requester` and `owner` are organisation numbers: the hospital that reports (spesialisthelsetjenesteloven
    § 2-5, IP-f § 8) and the municipality whose coordinating unit owns the case; `unit` is that unit's HER-id.
    `owner` and `unit` are None until the case is routed. `state` stands in lifecycles/case.csv.
    """

    id: str
    need: str
    subject_key: str
    requester: str
    owner: str | None
    unit: str | None
    state: str
    opened_at: datetime


@dataclass(frozen=True, slots=True)
class FormerKey:
    """By what the person of a case was known until a number gave way to another (R-159): a keyed hash."""

    subject_key: str
    case_id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Step:
    """One row of history: what happened to which life cycle, and what caused it."""

    case_id: str
    lifecycle: str
    event: str
    before: str
    after: str
    at: datetime
    actor: str
    because: str


_READER = json.JSONDecoder(parse_float=Decimal)


class _Body:
    """A resource, or the JSON text in which it was kept: read when it is asked for.

    Of the 15 resources of a case most flows look into three or four; reading one takes as long as fetching it.
    """

    def __get__(self, version: "Version | None", _: type["Version"]) -> Resource:
        if version is None:
            raise AttributeError  # a Version has no body by default
        held = version.__dict__
        if "resource" not in held:
            held["resource"] = _READER.decode(held["text"])
        resource: Resource = held["resource"]
        return resource

    def __set__(self, version: "Version", body: Resource | str) -> None:
        version.__dict__["text" if isinstance(body, str) else "resource"] = body


@dataclass(frozen=True)
class Version:
    """One version of a resource of a case. `author` is an organisation number, or "adapter".

    `body` carries its own id and meta (versionId, lastUpdated); it may be given as the ASCII JSON text without blanks
    that it was kept in. `source` is the id of the received message or the request that brought it.
    """

    type: str
    id: str
    number: int
    case_id: str
    at: datetime
    author: str
    source: str
    body: _Body = _Body()

    @property
    def reference(self) -> str:
        return f"{self.type}/{self.id}"

    @property
    def kept_text(self) -> str | None:
        """The text it was kept in; None for a version made just now."""
        text: str | None = self.__dict__.get("text")
        return text


def edition(versions: Iterable[Version]) -> int:
    """How far a case has come, of its current versions: each one that is added to the case makes it larger."""
    return sum(version.number for version in versions)


CLOSED: Final = "closed"
"""The state of a case that a person has closed, so that nobody is told anything of it any more."""
OVER: Final = frozenset({"cancelled", "dismissed", "refused", "concluded", CLOSED})
"""States of a case in which nobody is waited for any more."""
DEAD: Final = "person-reported-dead"
DEATH_TAKEN_BACK: Final = "report-of-death-taken-back"
DEATHS: Final = (DEAD, DEATH_TAKEN_BACK)
"""As long as one of these waits for a person, nothing of the person it is about goes to anybody (R-154); only a command
of a person takes it off the list."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """Something a person must look at: a case and the reason (a problem's name). `list` names the work list.

    `conversation`: something was said about a case that goes on, and words move nothing by themselves. `deadline`: a
    time limit is over.
    """

    case_id: str
    list: Literal["routing", "detection", "consent", "conversation", "deadline"]
    reason: str
    since: datetime
    resolved_at: datetime | None = None
    resolved_by: str = ""


@dataclass(frozen=True, slots=True)
class Audit:
    """Who did what to which case, and on what basis. `details` holds ids and codes only, never a person's data."""

    at: datetime
    actor: str
    action: str
    case_id: str | None
    details: Mapping[str, str]
