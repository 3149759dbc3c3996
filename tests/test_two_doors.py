"""One need, two doors: a helsefaglig dialog and a FHIR message that say the same come to the same."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from cases import FIXTURES, empty_database, fresh

from adapter.domain.case import Version
from adapter.domain.message import Caller, Door
from adapter.flows.doors import Read, open_message, read_message
from adapter.outside.store import open_store
from adapter.replay import open_stage, read_case

DIALOG = FIXTURES / "notify" / "xml-need-is-routed"
FHIR = FIXTURES / "notify" / "fhir-need-is-routed"
BOTH = [FIXTURES / "notify" / name for name in ("both-doors-make-one-case", "both-doors-in-the-other-order")]
ONLY_A_DIALOG_SAYS = {"consent.words", "dialog.theme"}
ONLY_FHIR_SAYS = {"need.category", "request.status"}


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return empty_database(tmp_path_factory.mktemp("empty") / "empty.db")


def test_both_doors_tell_the_same_facts(empty: Path, tmp_path: Path) -> None:
    """Need, texts, persons, times and consent are equal fact by fact, but for what one form alone can say."""
    dialog = _facts(DIALOG, "edi", "in.xml", fresh(empty, tmp_path))
    fhir = _facts(FHIR, "fhir", "in.json", fresh(empty, tmp_path))
    assert dialog.keys() - fhir.keys() == ONLY_A_DIALOG_SAYS
    assert fhir.keys() - dialog.keys() == ONLY_FHIR_SAYS
    assert {k: dialog[k] for k in dialog.keys() & fhir.keys()} == {
        k: fhir[k] for k in dialog.keys() & fhir.keys()
    }
    assert len(dialog) >= 15


def test_both_doors_make_the_same_resources(empty: Path, tmp_path: Path) -> None:
    """Every resource of the case is equal, id and version too; only Provenance tells which message it came in."""
    dialog = _resources(DIALOG, fresh(empty, tmp_path))
    fhir = _resources(FHIR, fresh(empty, tmp_path))
    assert dialog == fhir
    assert {name.split("/")[0] for name in dialog} >= {
        "ServiceRequest",
        "Task",
        "CarePlan",
        "Consent",
        "Patient",
    }


@pytest.mark.parametrize("folder", BOTH, ids=lambda folder: folder.name)
def test_a_need_through_both_doors_is_one_case(folder: Path, empty: Path, tmp_path: Path) -> None:
    """Whichever comes first: one case, in one version of each resource, and one delivery."""
    store = open_store(f"sqlite:///{fresh(empty, tmp_path)}")
    try:
        stage = open_stage(folder, store)
        for step in read_case(folder).steps:
            stage.play(step)
        (case_id,) = store.case_ids()
        assert len(store.messages_of(case_id)) == 2
        assert [d.outgoing.event for d in store.deliveries_of(case_id)] == ["need-notified"]
        with store.transaction() as tx:
            assert {version.number for version in tx.of_case(case_id)} == {1}
    finally:
        store.close()


def _facts(folder: Path, door: Door, file: str, database: Path) -> Mapping[str, str]:
    store = open_store(f"sqlite:///{database}")
    try:
        parts = open_stage(folder, store).parts
        opened = open_message(door, (folder / file).read_bytes(), Caller("999900011", frozenset()), parts)
        read = read_message(opened, parts)
        assert isinstance(read, Read)
        return read.facts
    finally:
        store.close()


def _resources(folder: Path, database: Path) -> dict[str, Any]:
    store = open_store(f"sqlite:///{database}")
    try:
        stage = open_stage(folder, store)
        for step in read_case(folder).steps:
            stage.play(step)
        (case_id,) = store.case_ids()
        with store.transaction() as tx:
            versions: list[Version] = list(tx.of_case(case_id))
        return {v.reference: v.body for v in versions if v.type != "Provenance"}
    finally:
        store.close()
