"""What somebody wrote as the reason of a command may name a person. It stands in one place, the audit's `why`, which is
as protected as clinical content; no command prints it.

That no other value of a synthetic person stands in anything but clinical content is held of every case folder
(test_fixtures.py).
"""

from pathlib import Path

import pytest
from cases import FIXTURES, empty_database

from adapter.cli.commands import app
from adapter.outside.store import open_store
from adapter.replay import play, read_case, read_cast


def test_a_reason_that_names_somebody_stands_in_the_audit_and_nowhere_else(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The case is one where the words of each command hold a private value, and they are kept for who may ask why."""
    monkeypatch.delenv("ACCEPT", raising=False)
    folder = FIXTURES / "operate" / "reason-names-a-person"
    reasons = [step.operate.why for step in read_case(folder).steps if step.operate]
    private = read_cast(FIXTURES).private
    assert reasons
    assert all(any(value in why for value in private) for why in reasons)
    database = empty_database(tmp_path / "case.db")
    play(folder, database)
    store = open_store(f"sqlite:///{database}")
    try:
        kept = [
            a.details["why"] for id_ in store.case_ids() for a in store.audit_of(id_) if "why" in a.details
        ]
    finally:
        store.close()
    assert kept == reasons
    for command in (["parked"], ["parked", "--json"]):
        with pytest.raises(SystemExit) as end:
            app([*command, "--database", f"sqlite:///{database}"], prog_name="ip-adapter")
        told = capfd.readouterr()
        assert end.value.code in (0, None)
        assert [value for value in private if value in told.out + told.err] == []
