"""Of a purged case no id that a partner gave is left, as it may be the name of the person; who did what is."""

from collections.abc import Sequence

from kept import by_hand, played, violations

from adapter.outside.store.tables import metadata

_PURGED = "hand-over/wrong-person-is-told-to-who-declined"
_GIVEN = ("overforing-1", "samtykke-plan", "samtykke-deling")


def test_no_id_of_a_partners_own_is_left_of_a_purged_case(database_url: str) -> None:
    """In no column of any table; the audit still tells which of two resources was changed, in which version."""
    with played(database_url, _PURGED) as stage:
        names = [f'"{table.name}"' for table in metadata.sorted_tables]
        left = [row for name in names for row in by_hand(database_url, f"SELECT * FROM {name}")]  # noqa: S608
        assert [one for one in _GIVEN if any(one in str(row) for row in left)] == []
        told = details(database_url, "resource-updated")
        assert sum('"Task/#1/' in one for one in told) == 2
        assert any('"Consent/#2/1"' in one for one in told)
        assert any('"Consent/#3/1"' in one for one in told)
        assert any("CarePlan/5b5e7c8c-2fcc-52fd-84ac-a305770407d8/" in one for one in told)
        assert violations(database_url, stage.parts) == []


def details(url: str, action: str) -> Sequence[str]:
    return [row[0] for row in by_hand(url, f"SELECT details FROM audit WHERE action = '{action}'")]  # noqa: S608
