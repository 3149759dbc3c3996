"""Plays a case folder: the same folder is a test, a crash test, a demonstration and a case for outside testers."""

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from adapter.app import build
from adapter.flows.parts import Parts
from adapter.mapping import routes
from adapter.outside.store import migrate, open_store
from adapter.ports import Store
from adapter.replay import clocks, register
from adapter.replay.case_file import CaseFile, CaseStep, read_case, read_cast
from adapter.replay.outcome import answer_file, compare, end_file, sent_file
from adapter.replay.said import event_of, problems_in
from adapter.replay.script import Script
from adapter.replay.stage import Came, Clock, Stage
from adapter.settings import Settings, carried

__all__ = ["Played", "StepCame", "open_stage", "play", "read_case", "read_cast"]


@dataclass(frozen=True, slots=True)
class StepCame:
    """A step, what came of it, and in which of its stated expectations that differs."""

    step: CaseStep
    came: Came
    amiss: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Played:
    """A whole case: its steps, and the golden files that differ."""

    case: CaseFile
    steps: tuple[StepCame, ...]
    differs: tuple[str, ...]

    @property
    def holds(self) -> bool:
        return not self.differs and not any(s.amiss for s in self.steps)


def play(folder: Path, database: Path | None = None) -> Played:
    """Play a folder on a fresh database and hold every outcome against its goldens.

    `database` is an empty, migrated SQLite file to use; without it one is made. Raises ValueError for a bad case file.
    """
    with tempfile.TemporaryDirectory() as scratch:
        url = f"sqlite:///{database or Path(scratch) / 'case.db'}"
        if database is None:
            migrate(url)
        store = open_store(url)
        try:
            stage = open_stage(folder, store)
            case = read_case(folder)
            files: dict[str, bytes] = {}
            steps = tuple(_step(stage, number, step, files) for number, step in enumerate(case.steps, 1))
            files.update([end_file(store)])
            return Played(case, steps, tuple(compare(folder, files)))
        finally:
            store.close()


def open_stage(folder: Path, store: Store, wrap: Callable[[Store], Store] = lambda store: store) -> Stage:
    """The stage of a case on a migrated store."""
    case = read_case(folder)
    cast = read_cast(fixtures_of(folder))
    clock = Clock(case.at)
    parts = _with_own_units(build(_settings(folder, case), wrap(store), clock), folder)
    if case.environment == "production":
        parts = _in_production(parts)
    if case.said and not store.register().entries():
        register.answers(case.said, parts)
    return Stage(folder, cast, parts, clock, Script(parts.partners, cast))


def _settings(folder: Path, case: CaseFile) -> Settings:
    """Those of a test environment, with the folder's own partner table, limit and trust list where it has them."""
    own = folder / "partners.yaml"
    given = {
        "environment": "test",
        "partners": own if own.is_file() else carried("mappings") / "partners.yaml",
        "public_address": "https://ip-adapter.example/fhir",
        "signatures": case.signatures or "ignore",
        "trust": folder / "trust" if case.signatures else None,
        "signing_key": None,
        "signing_certificate": None,
        **({"max_bytes": case.max_bytes} if case.max_bytes else {}),
    }
    return Settings.model_construct(**{**Settings().model_dump(), **given})


def _with_own_units(parts: Parts, folder: Path) -> Parts:
    """The municipalities of the sample tables, with the coordinating units of the folder where it has some."""
    own = folder / "routes"
    if not own.is_dir():
        return parts
    return replace(parts, directory=routes.load(own, history=carried("mappings") / "routes"))


def fixtures_of(folder: Path) -> Path:
    """The folder above a case that holds cast.yaml, or the one that comes with the program."""
    here = next((p for p in folder.resolve().parents if (p / "cast.yaml").is_file()), None)
    return here or carried("fixtures")


def _in_production(parts: Parts) -> Parts:
    """The same parts under the rules of production, which refuse what these synthetic cases send."""
    return replace(parts, environment="production")


def _step(stage: Stage, number: int, step: CaseStep, files: dict[str, bytes]) -> StepCame:
    came = stage.play(step)
    if came.answer:
        files.update([answer_file(number, came.answer)])
    for position, sent in enumerate(came.sent, 1):
        files.update([sent_file(number, position, sent)])
    return StepCame(step, came, tuple(amiss(stage, step, came)))


def amiss(stage: Stage, step: CaseStep, came: Came) -> Iterator[str]:
    """Where the outcome is not what the case file says."""
    names = {number: name for name, number in stage.cast.organisations.items()}
    who = {sent.recipient: names.get(sent.recipient, sent.recipient) for sent in came.sent} | names
    store, expect = stage.parts.store, step.expect
    told = {sent.message_id: clocks.reminder(store, sent.message_id) for sent in came.sent}
    seen = {
        "status": came.answer.status if came.answer else None,
        "problems": problems_in(came.answer) if came.answer else list(came.refused),
        "sent": [f"{who[s.recipient]}: {event_of(s.body)}" for s in came.sent if not told[s.message_id]],
        "reminded": [f"{who[s.recipient]}: {told[s.message_id]}" for s in came.sent if told[s.message_id]],
        "case": state_of(store, stage.cases[-1]) if stage.cases else None,
        "waiting": [w.reason for w in store.waiting() if w.list != "deadline"],
        "overdue": [w.reason for w in store.waiting() if w.list == "deadline"],
        "clocks": clocks.standing(store, stage.cases[-1], who) if stage.cases else [],
    }
    for name, wanted in expect.model_dump().items():
        if wanted is not None and wanted != seen[name]:
            yield f"{name}: expected {wanted}, came {seen[name]}"


def state_of(store: Store, case_id: str) -> str | None:
    """The state of a case."""
    with store.transaction() as tx:
        case = tx.case(case_id)
    return case.state if case else None
