"""A person's command on a delivery that a postman settles at the same moment."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cases import FIXTURES, empty_database, fresh

from adapter.domain.problems import Finding, Refused
from adapter.flows import operate
from adapter.outside.store import open_store
from adapter.replay import open_stage, read_case


class Outrun:
    """A store on which somebody else settles each delivery between its reading and its writing."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def __getattr__(self, name: str) -> Any:
        return (lambda *_: ()) if name == "settle" else getattr(self._inner, name)

    @contextmanager
    def transaction(self) -> Iterator[Any]:
        with self._inner.transaction() as tx:
            yield Outrun(tx)


@pytest.mark.parametrize("command", [operate.requeue, operate.skip])
def test_a_command_that_is_outrun_is_refused_and_leaves_nothing(command: Any, tmp_path: Path) -> None:
    """It says `too-late`, and the audit does not tell of a command that did nothing."""
    folder = FIXTURES / "operate" / "reason-names-a-person"
    store = open_store(f"sqlite:///{fresh(empty_database(tmp_path / 'empty.db'), tmp_path)}")
    try:
        stage = open_stage(folder, store)
        for step in read_case(folder).steps[:2]:
            stage.play(step)
        (held,) = store.parked()
        before = store.audit_of(stage.cases[-1])
        outrun: Any = Outrun(store)
        with pytest.raises(Refused) as refused:
            command(held.id, "operator", "Told by telephone", replace(stage.parts, store=outrun))
        assert refused.value.findings == (Finding("too-late", "delivery"),)
        assert store.audit_of(stage.cases[-1]) == before
        assert list(store.parked()) == [held]
    finally:
        store.close()
