"""What is kept of the address register, on both databases: the contract of the port, and the cases it is about."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from stored import CASE

from adapter.domain.register import Entry, Feed
from adapter.outside.store import Database

NOW = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)
FULL = Entry("8900022", "gone", "999900022", NOW, NOW + DAY, NOW, NOW + DAY, NOW + 2 * DAY, NOW + 3 * DAY)
BARE = Entry("8900011", "active", "", NOW, NOW)


def test_entries_come_back_as_they_were_kept_and_are_replaced_whole(store: Database) -> None:
    register = store.register()
    assert (register.entries(), register.entry("8900022"), register.counts()) == ([], None, {})
    register.keep([FULL, BARE])
    assert register.entries() == [BARE, FULL]
    assert register.entry("8900022") == FULL
    renewed = replace(BARE, her_id=FULL.her_id, checked_at=NOW + 4 * DAY)
    register.keep([renewed])
    assert register.entries() == [BARE, renewed]
    assert register.counts() == {"active": 2}


def test_the_list_of_a_person_has_what_is_to_be_looked_at_oldest_first(store: Database) -> None:
    register = store.register()
    second, first = replace(BARE, look_since=NOW + DAY), replace(FULL, look_since=NOW)
    register.keep([second, first, replace(BARE, her_id="1")])
    assert register.to_look_at() == [first, second]
    assert register.seen(first.her_id)
    assert not register.seen(first.her_id)
    assert not register.seen("2")
    assert register.to_look_at() == [second]
    assert register.entry(first.her_id) == replace(first, look_since=None)


def test_what_is_forgotten_is_gone_and_nothing_else(store: Database) -> None:
    register = store.register()
    register.keep([FULL, BARE])
    assert register.forget(["8900022", "1"]) == 1
    assert register.entries() == [BARE]


def test_how_far_it_was_read_is_kept_for_each_register(store: Database) -> None:
    register = store.register()
    assert register.feed("cp-api") == Feed()
    register.read_to("cp-api", Feed(2**40, NOW))
    register.read_to("other", Feed(None, NOW + DAY))
    register.read_to("cp-api", Feed(7, NOW + DAY))  # back, where the register began anew
    assert register.feed("cp-api") == Feed(7, NOW + DAY)
    assert register.feed("other") == Feed(None, NOW + DAY)


def test_a_case_is_found_by_the_address_of_its_unit(cases: Database) -> None:
    cases.register().keep([FULL])
    with cases.transaction() as tx:
        tx.move(replace(CASE, owner="999900022", unit="8900022"), [])
    with cases.transaction() as tx:
        assert tx.register_entry("8900022") == FULL
        assert tx.register_entry("1") is None
        assert tx.doubted_units([CASE.id, "case-2", "nobody"]) == {(CASE.id, "999900022"): FULL}
        assert tx.doubted_units([]) == {}


def test_only_addresses_that_may_not_be_good_are_found_so(cases: Database) -> None:
    """The one that has ended or will, is not as it should be, or is not the owner's."""
    good = replace(BARE, her_id="8900022", organisation="999900022")
    with cases.transaction() as tx:
        tx.move(replace(CASE, owner="999900022", unit="8900022"), [])
    doubted = [replace(good, until=NOW), replace(good, organisation="1"), replace(good, state="other-kind")]
    for entry, found in [(good, []), *((one, [one]) for one in doubted)]:
        cases.register().keep([entry])
        with cases.transaction() as tx:
            assert [*tx.doubted_units([CASE.id]).values()] == found
