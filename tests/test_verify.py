"""Each thing that must hold of a live database is missed when it does not, by its name, and nothing else is."""
# ruff: noqa: S608 - names of tables and ids of ours in statements of a test

import json
import threading
from pathlib import Path

import pytest
from cases import FIXTURES, empty_database, fresh
from kept import by_hand, kept, played, violations

from adapter.cli.commands import app
from adapter.domain.identifiers import derived
from adapter.flows.verify import verify
from adapter.replay import play

_OTHER = "999900033"
_LINED_UP = ("deliver/rejected-then-skipped", 7)  # two accepted, one held, one behind it
_ONE = ("plan/activated-plan-reaches-the-hospital", None)
_TWICE = ("notify/correction-follows-the-need", None)
_HELD = ("hold/municipality-without-unit", None)
_OVER = ("notify/cancellation-follows-the-need", None)
_SKIPPED = ("deliver/rejected-then-skipped", None)
_STOPPED = ("consent/withdrawn-while-queued", None)

BREAKS = {
    "message-has-a-case": (_TWICE, "UPDATE received SET case_id = NULL WHERE kind = 'need-corrected'"),
    "digest-fits": (_ONE, "UPDATE received SET digest = '0'"),
    "case-has-a-message": (_ONE, "DELETE FROM received"),
    "message-is-audited": (_ONE, "DELETE FROM audit WHERE action = 'message-accepted'"),
    "case-id-is-derived": (_ONE, "UPDATE case_ SET need = 'x'"),
    "versions-without-a-gap": (
        _LINED_UP,
        """UPDATE version SET number = 2, body = replace(body, '"versionId":"1"', '"versionId":"2"')
        WHERE id = 'samtykke-plan'""",
    ),
    "body-agrees-with-its-row": (
        _LINED_UP,
        """UPDATE version SET body = replace(body, '"versionId":"1"', '"versionId":"7"')
        WHERE id = 'samtykke-plan'""",
    ),
    "history-is-legal": (
        _ONE,
        "UPDATE history SET event = 'appoint' WHERE lifecycle = 'case' AND event = 'accept'",
    ),
    "history-leads-to-the-state": (_ONE, "UPDATE case_ SET state = 'opened'"),
    "who-waits-is-on-a-list": (_HELD, "DELETE FROM waiting"),
    "who-is-on-a-list-waits": (
        _OVER,
        """INSERT INTO waiting (case_id, list, reason, since, resolved_by)
        SELECT id, 'routing', 'no-unit', opened_at, '' FROM case_""",
    ),
    "lane-has-its-oldest-in-front": (
        _LINED_UP,
        "UPDATE delivery SET place = 'done', state = 'queued' WHERE place = 'behind'",
        "UPDATE delivery SET place = 'behind', state = 'queued' WHERE place = 'held'",
        "UPDATE delivery SET place = 'held', state = 'rejected' WHERE place = 'done' AND state = 'queued'",
    ),
    "place-fits-state": (_LINED_UP, "UPDATE delivery SET state = 'parked' WHERE place = 'behind'"),
    "what-is-sent-is-there": (_ONE, "DELETE FROM version WHERE type = 'Provenance'"),
    "receipts-count-the-tries": (_ONE, "UPDATE receipt SET number = 5"),
    "try-is-audited": (
        _ONE,
        """INSERT INTO audit (at, actor, action, case_id, details)
        SELECT at, actor, action, case_id, details FROM audit WHERE action = 'delivery-tried'""",
    ),
    "accepted-is-proven": (_ONE, "UPDATE receipt SET said = 'fatal-error'"),
    "skipped-by-a-person": (_SKIPPED, "UPDATE audit SET action = 'x' WHERE action = 'delivery-skip'"),
    "stopped-for-a-reason": (
        _STOPPED,
        "UPDATE delivery SET because = '' WHERE state = 'stopped-by-consent'",
    ),
    "clock-fits-its-state": (_ONE, "UPDATE deadline SET state = 'overdue' WHERE state = 'running'"),
    "overdue-was-warned": (
        _ONE,
        """UPDATE deadline SET state = 'overdue', overdue_at = due_at, warn_at = due_at, warned_at = NULL
        WHERE state = 'running'""",
    ),
    "clock-runs-once": (
        _ONE,
        """INSERT INTO deadline (case_id, rule, about, started_at, warn_at, due_at, state, by)
        SELECT case_id, rule, about, due_at, due_at, due_at, state, by FROM deadline WHERE state = 'running'""",
    ),
    "row-has-its-parent": (_ONE, "DELETE FROM case_"),
}


@pytest.mark.parametrize("invariant", BREAKS)
def test_what_is_broken_by_hand_is_named(invariant: str, database_url: str) -> None:
    """Nothing is found before; after it exactly this invariant, at rows of ours."""
    (folder, steps), *statements = BREAKS[invariant]
    with played(database_url, folder, steps) as stage:
        assert violations(database_url, stage.parts) == []
        by_hand(database_url, *statements)
        assert {v.invariant for v in violations(database_url, stage.parts)} == {invariant}


def test_an_id_that_is_not_derived_is_named(database_url: str) -> None:
    """A message under another id, one under another sender, and a care team under another id."""
    with played(database_url, *_ONE) as stage:
        (case,) = stage.cases
        (id_, message_id) = by_hand(database_url, "SELECT id, message_id FROM received")[0]
        by_hand(database_url, *_renamed(id_, "x"))
        assert [v.invariant for v in violations(database_url, stage.parts)] == ["message-id-is-derived"]
        other = derived("received", "edi", _OTHER, message_id)
        by_hand(database_url, *_renamed("x", other), f"UPDATE received SET sender = '{_OTHER}'")
        assert [v.invariant for v in violations(database_url, stage.parts)] == [
            "message-is-of-who-takes-part"
        ]
        by_hand(database_url, *_renamed(other, id_), "UPDATE received SET sender = '999900011'")
        team = derived(case, "team")
        by_hand(
            database_url,
            f"UPDATE version SET id = 'x', body = replace(body, '{team}', 'x') WHERE id = '{team}'",
            f"UPDATE delivery SET carries = replace(carries, '{team}', 'x'), focus = replace(focus, '{team}', 'x')",
        )
        found = violations(database_url, stage.parts)
        assert [(v.invariant, v.of) for v in found] == [("resource-id-is-derived", "CareTeam/x")]


def _renamed(old: str, new: str) -> list[str]:
    return [
        f"UPDATE audit SET details = replace(details, '{old}', '{new}')",
        f"UPDATE received SET id = '{new}' WHERE id = '{old}'",
    ]


def test_an_acceptance_needs_the_consent_it_rests_on(database_url: str) -> None:
    """Evidence of a try that names no consent proves nothing where consent is needed."""
    with played(database_url, *_ONE) as stage:
        rows = by_hand(database_url, "SELECT id, details FROM audit WHERE action = 'delivery-tried'")
        for number, details in rows:
            bare = json.dumps({**json.loads(details), "consents": ""})
            by_hand(database_url, f"UPDATE audit SET details = '{bare}' WHERE id = {number}")
        assert {v.invariant for v in violations(database_url, stage.parts)} == {"accepted-is-proven"}


def test_it_sees_one_moment_while_others_write(database_url: str) -> None:
    """What is written after verify began is not half seen, and who writes does not wait for it."""
    with played(database_url, *_ONE) as stage, kept(database_url) as store, store.snapshot() as snapshot:
        (before,) = snapshot.records(stage.cases)
        writer = threading.Thread(
            target=by_hand, args=(database_url, "UPDATE case_ SET state = 'cancelled'"), daemon=True
        )
        writer.start()
        writer.join(20)
        assert not writer.is_alive()
        assert snapshot.records(stage.cases) == [before]
        assert snapshot.count() == 1


def test_a_sample_goes_round(database_url: str) -> None:
    """However few cases there are behind the point where a sample begins, it finds as many as asked for."""
    with played(database_url, *_ONE) as stage, kept(database_url) as store:
        told: list[tuple[int, int]] = []
        assert [*verify(store, stage.parts, 5, lambda done, total: told.append((done, total)))] == []
        assert told == [(1, 1)]


def test_the_command_names_the_row_and_ends_with_1(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Clean: 0. Broken: one line of invariant and id, and 1; as JSON for programs."""
    monkeypatch.delenv("ACCEPT", raising=False)
    database = fresh(empty_database(tmp_path / "empty.db"), tmp_path)
    play(FIXTURES / "notify" / "xml-need-is-routed", database)
    url = f"sqlite:///{database}"
    assert _verified(url) == 0
    assert "1 cases, 0 violations." in capfd.readouterr().out
    by_hand(url, "UPDATE case_ SET state = 'opened'")
    assert _verified(url) == 1
    (case,) = [row[0] for row in by_hand(url, "SELECT id FROM case_")]
    assert capfd.readouterr().out.splitlines()[0] == f"history-leads-to-the-state: case {case} case"
    assert _verified(url, "--json", "--sample", "3") == 1
    (found,) = json.loads(capfd.readouterr().out)["violations"]
    assert found == {"invariant": "history-leads-to-the-state", "of": f"case {case} case"}


def _verified(url: str, *more: str) -> int:
    with pytest.raises(SystemExit) as end:
        app(["verify", "--database", url, *more], prog_name="ip-adapter")
    return int(end.value.code or 0)
