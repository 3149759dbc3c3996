"""A case folder: `case.yaml` says what it shows and which steps to play; unknown words are errors."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from adapter.domain.register import State as RegisterState
from adapter.mapping import yaml_text


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Receive(_Strict):
    """A message at a door, sent by `by` (a name of cast.yaml)."""

    file: str
    via: Literal["edi", "fhir", "hand"]
    by: str = "hospital"


class Receipt(_Strict):
    """An AppRec that `by` sends about something that it was sent."""

    file: str
    by: str = "municipality"


class Put(_Strict):
    """An update (PUT). `change` is merged into the current version (RFC 7386), or `file` is sent whole.

    `whole`: whole-plan.yaml is merged before it, so that the plan contains what one in force must. `append`: items
    that follow those of a list.

    `resource` is the type, or type and id where a case has several or the resource is new. `if_match` is the
    current version unless said otherwise; "none" sends no If-Match.
    """

    resource: str
    by: str = "municipality"
    purpose: str | None = None
    change: dict[str, Any] | None = None
    whole: bool = False
    append: dict[str, list[Any]] = {}
    file: str | None = None
    if_match: str | None = None


class Read(_Strict):
    """A read of a resource (type, or type and id), in one version or the current one; or of a view of it. `purpose` is
    what the caller's token says that it is for (v3-ActReason)."""

    resource: str
    by: str
    purpose: str | None = None
    version: int | None = None
    view: Literal["service-overview"] | None = None


class PartnerSays(_Strict):
    """From now on this partner answers so (a name of replay/script.py), or each answer of the list once, then `ok`."""

    who: str
    answers: str | list[str]


class Operate(_Strict):
    """A command of a person: requeue or skip the n-th delivery (from 1), release or dismiss a waiting case, see to
    what was said about one that goes on (all of it, or this `reason`), purge one that was about the wrong person,
    record that what came wrongly to a unit is purged there, close one `because` of a row of closings.csv, or put the
    cases of a person under a new identity `number` (who has cases under it is the `same_person`, unless that is
    false), or ask who has read or got what (`access`: its report is the answer). `case` is the n-th case met (from 1)
    in place of the last.

    Refused, it names `problems` as an answer does.
    """

    do: Literal[
        "requeue", "skip", "release", "dismiss", "seen", "purge", "close", "renumber", "access", "purged"
    ]
    case: int | None = None
    because: str = ""
    number: str = ""
    same_person: bool = True
    reason: str = ""
    delivery: int | None = None
    unit: str | None = None
    why: str


class Expect(_Strict):
    """What is said in the case file itself; the files beside it hold the whole outcome.

    `reminded`: who was sent a reminder, of which clock, at which stage; `sent` leaves these out. `overdue`: what is on
    a person's list for it; `waiting` leaves that out. `clocks`: those of the last case, and who stopped them.
    """

    status: int | None = None
    problems: list[str] | None = None
    case: str | None = None
    sent: list[str] | None = None
    waiting: list[str] | None = None
    reminded: list[str] | None = None
    overdue: list[str] | None = None
    clocks: list[str] | None = None


class CaseStep(_Strict):
    """Exactly one of the actions, and what is expected of it. `register`: what the address register says from now on
    of a HER-id when it is asked."""

    receive: Receive | None = None
    receipt: Receipt | None = None
    put: Put | None = None
    read: Read | None = None
    partner: PartnerSays | None = None
    wait: timedelta | None = None
    operate: Operate | None = None
    address_register: dict[str, RegisterState] | None = Field(default=None, alias="register")
    expect: Expect = Expect()


class CaseFile(_Strict):
    """The whole of `case.yaml`.

    `max_bytes` is the largest message taken, where the case is about that. `signatures` has those of messages judged
    by the certificates of the folder `trust` (synthetic, with no key kept). Beside it the folder may hold tables of
    its own, used in place of the sample ones: `partners.yaml` and `routes/coordinating-units.csv`. `denied` has values
    that must not come to an organisation (a name of cast.yaml, or `anybody`) in this case. `register` has what the
    address register has said of HER-ids when the case begins.
    """

    shows: str
    covers: list[str] = Field(min_length=1)
    environment: Literal["test", "production"] = "test"
    max_bytes: int | None = Field(default=None, gt=0)
    signatures: Literal["verify", "require"] | None = None
    denied: dict[str, list[str]] = {}
    said: dict[str, RegisterState] = Field(default={}, alias="register")
    at: datetime = datetime.fromisoformat("2026-03-10T09:05:30+00:00")
    steps: list[CaseStep] = Field(min_length=1)


@dataclass(frozen=True, slots=True)
class Cast:
    """cast.yaml: organisations by the name steps call them, and every value of the synthetic people. whole-plan.yaml:
    the plan that steps put with `whole`."""

    organisations: dict[str, str]
    private: tuple[str, ...]
    plan: dict[str, Any]


@cache
def read_case(folder: Path) -> CaseFile:
    """Raises ValueError with what is wrong in the file."""
    return CaseFile.model_validate(yaml_text.read((folder / "case.yaml").read_text(encoding="utf-8")))


@cache
def read_cast(fixtures: Path) -> Cast:
    raw = yaml_text.read((fixtures / "cast.yaml").read_text(encoding="utf-8"))
    plan = yaml_text.read((fixtures / "whole-plan.yaml").read_text(encoding="utf-8"))
    organisations = {n: str(o) for n, o in raw["organisations"].items()}
    return Cast(organisations, tuple(str(v) for v in raw["private"]), plan)
