"""Everything that is kept of one case as it stood at one moment, and what is left of it afterwards."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from adapter.domain.case import Audit, Case, Step, Version, Waiting
from adapter.domain.deadline import Deadline
from adapter.domain.delivery import Delivery, Receipt
from adapter.domain.message import Received


@dataclass(frozen=True, slots=True)
class Tombstone:
    """That a case was here and is gone: when, why, and the SHA-256 (hex) of its archive file. No content (R-137)."""

    case_id: str
    at: datetime
    because: str
    archive: str


@dataclass(frozen=True, slots=True)
class CaseRecord:
    """A case with every row that belongs to it, each kind in the order in which it was written.

    `versions` by type, id and number. `receipts` by delivery: number of the try, when, what was said. `tidied`: the
    classes of retention.yaml that were removed from this case before the case itself goes. `mark` is the number of the
    last audit row that tells of a change: an archive holds the case whole as long as it is the same.
    """

    case: Case
    messages: Sequence[Received]
    versions: Sequence[Version]
    history: Sequence[Step]
    deliveries: Sequence[Delivery]
    receipts: Mapping[int, Sequence[tuple[int, datetime, Receipt]]]
    deadlines: Sequence[Deadline]
    waiting: Sequence[Waiting]
    audit: Sequence[Audit]
    tidied: frozenset[str]
    tombstone: Tombstone | None
    mark: int


@dataclass(frozen=True, slots=True)
class Question:
    """What an operator looks for among the cases; None, or no states, where it does not matter.

    `owner` and `requester` are organisation numbers, `subject_key` the keyed hash of an identity number, `since` the
    moment since which the case has moved. Cases come by id, at most `limit` of those behind `after` ("": the first).
    """

    states: tuple[str, ...] = ()
    owner: str | None = None
    requester: str | None = None
    since: datetime | None = None
    subject_key: str | None = None
    after: str = ""
    limit: int = 50


@dataclass(frozen=True, slots=True)
class Found:
    """A case as a list shows it: no person, and nothing of what it is about."""

    id: str
    state: str
    requester: str
    owner: str | None
    unit: str | None
    opened_at: datetime
    moved_at: datetime


@dataclass(frozen=True, slots=True)
class Handed:
    """A letter of a need that was accepted: to which organisation, when decided, and what was said, oldest first."""

    recipient: str
    decided_at: datetime
    said: tuple[tuple[datetime, Receipt], ...]


@dataclass(frozen=True, slots=True)
class Counted:
    """A case as it is counted: its history in order, the letters of its need, whether it has a plan or a draft, and, of
    a case in which something was decided and no coordinator appointed, all versions of its Tasks, oldest first."""

    case: Case
    steps: tuple[Step, ...]
    needs: tuple[Handed, ...]
    has_plan: bool
    tasks: tuple[Version, ...] = ()
