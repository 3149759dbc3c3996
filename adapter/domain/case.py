"""A case: one person's need, on its way from a hospital to a coordinating unit, and its versions."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

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


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a resource of a case. `author` is an organisation number, or "adapter".

    `body` carries its own id and meta (versionId, lastUpdated). `source` is the id of the received
    message or the request that brought it.
    """

    type: str
    id: str
    number: int
    case_id: str
    at: datetime
    author: str
    source: str
    body: Resource

    @property
    def reference(self) -> str:
        return f"{self.type}/{self.id}"


@dataclass(frozen=True, slots=True)
class Waiting:
    """Something a person must look at: a case and the reason (a problem's name). `list` names the work list."""

    case_id: str
    list: Literal["routing", "detection", "consent"]
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
