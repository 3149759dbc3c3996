"""A resource of ours that is not valid FHIR is our fault: it is said, and nothing of it stays."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from api_client import HOSPITAL, make_parts, open_database
from api_messages import HODEMELDING, need

from adapter.domain.message import Caller
from adapter.domain.problems import Finding
from adapter.flows import resources
from adapter.flows.accept import accept
from adapter.flows.parts import Parts
from adapter.replay.said import problems_in
from adapter.wire import apprec, json

BY = Caller(HOSPITAL, frozenset())
MESSAGES = {"fhir": json.dumps(need()), "edi": HODEMELDING.encode()}


@pytest.fixture
def parts(tmp_path: Path) -> Iterator[Parts]:
    store = open_database(tmp_path)
    yield make_parts(store)
    store.close()


@pytest.mark.parametrize("door", ["fhir", "edi"])
def test_what_we_would_make_wrong_is_not_stored_and_is_taken_once_mended(
    door: str, parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sender is told of a fault of ours (500); no case begins; the same message again begins one."""
    with monkeypatch.context() as broken:
        broken.setattr(resources, "check_own", lambda _: (Finding("not-fhir", "Patient.name"),))
        answer = accept(door, MESSAGES[door], BY, parts)  # type: ignore[arg-type] # one of the two doors
    assert answer.status == 500
    if door == "fhir":
        assert set(problems_in(answer)) - {"came-late"} == {"own-resource-invalid"}
    else:
        assert set(apprec.read(answer.body).errors) == {"X99"}
    assert parts.store.case_ids() == []
    assert accept(door, MESSAGES[door], BY, parts).status == 200  # type: ignore[arg-type] # one of the two doors
    assert len(parts.store.case_ids()) == 1
