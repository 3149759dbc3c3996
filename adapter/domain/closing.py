"""For what a person may close a case in silence."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Closing:
    """One row of mappings/closings.csv.

    `closes`: every case of the person, or the one named. `need_kind` is what its need must be about, "" for anything;
    `plan_reason` why its plan ends, a code of codes/closing-reason.map.json (CL-12).
    """

    because: str
    closes: Literal["person", "case"]
    need_kind: str
    plan_reason: str
