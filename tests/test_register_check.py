"""The look at the address register: every address of ours once a night, what it tells of in between, and its faults."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from register_watched import NOW, Watched

from adapter.domain.problems import Refused
from adapter.domain.register import Address, Feed, Party
from adapter.flows.register import (
    SERVICE,
    Looked,
    addresses,
    seen,
    whole_is_due,
)
from adapter.ports import ServiceAway, ServiceRefuses

UNIT, HOSPITAL = "8900022", "8900011"
DAY = timedelta(days=1)


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    there = Watched(tmp_path)
    yield there
    there.store.close()


def test_every_address_that_anything_is_sent_to_or_from_is_asked_for(watched: Watched) -> None:
    """Units in force, services of partners, and the organisations themselves; no unit that a person rings."""
    units = watched.parts.directory.units
    assert {u.her_id for u in units if u.in_force(NOW.date()) and u.channel != "telephone"} <= set(
        watched.ours
    )
    assert not {u.her_id for u in units if u.channel == "telephone"} & set(watched.ours)
    assert watched.ours["8900002"] == Address("8900002", "999900022", "Organization")
    assert watched.ours[UNIT] == Address(UNIT, "999900022")
    looked = watched.all()
    assert sorted(watched.service.asked) == sorted(watched.ours)
    assert len(looked.entries) == len(watched.ours)
    assert (looked.new, watched.states()) == ((), {})


def test_what_has_changed_is_kept_and_put_before_a_person_once(watched: Watched) -> None:
    watched.all()
    del watched.service.parties[UNIT]
    watched.service.parties[HOSPITAL] = Party(HOSPITAL, "Service", "999900033")
    watched.now += DAY
    assert {entry.her_id for entry in watched.all().new} == {UNIT, HOSPITAL}
    assert watched.states() == {UNIT: "unknown-there", HOSPITAL: "other-organisation"}
    assert {entry.her_id for entry in watched.kept.to_look_at()} == {UNIT, HOSPITAL}
    assert watched.all().new == ()
    seen(UNIT, "operator", "Rung up", watched.kept, watched.parts)
    assert [entry.her_id for entry in watched.kept.to_look_at()] == [HOSPITAL]
    with pytest.raises(Refused):
        seen("1", "operator", "Nobody's", watched.kept, watched.parts)


def test_what_is_no_address_of_ours_any_more_is_forgotten(watched: Watched) -> None:
    watched.all()
    units = tuple(u for u in watched.parts.directory.units if u.municipality != "0301")
    directory = replace(watched.parts.directory, units=units)
    watched.looking = replace(watched.looking, parts=replace(watched.parts, directory=directory))
    watched.all()
    left = addresses(watched.looking.parts, NOW)
    assert {entry.her_id for entry in watched.kept.entries()} == set(left) < set(watched.ours)


@pytest.mark.parametrize(
    "fault",
    [
        ServiceAway("unreachable"),
        ServiceAway("no-token", 401),
        ServiceAway("busy", 429, 7),
        ServiceAway("fails", 503),
        ServiceRefuses(403),
    ],
)
def test_what_had_answered_is_kept_when_the_register_goes_away(
    watched: Watched, fault: ServiceAway | ServiceRefuses
) -> None:
    """And the address that was not reached is the first to be asked for next time."""
    third = sorted(watched.ours)[2]
    watched.service.wrong[third] = fault
    with pytest.raises(type(fault)):
        watched.all()
    assert [entry.her_id for entry in watched.kept.entries()] == sorted(watched.ours)[:2]
    assert watched.kept.feed(SERVICE) == Feed()
    watched.service.wrong.clear()
    watched.service.asked.clear()
    watched.now += DAY
    watched.all()
    assert watched.service.asked[0] == third
    assert len(watched.kept.entries()) == len(watched.ours)


@pytest.mark.parametrize(
    "fault", [ServiceAway("nonsense", 200), ServiceAway("too-long", 200), ServiceRefuses(400)]
)
def test_an_answer_about_one_address_that_cannot_be_read_keeps_nobody_back(
    watched: Watched, fault: ServiceAway | ServiceRefuses
) -> None:
    watched.service.wrong[UNIT] = fault
    looked = watched.all()
    assert (looked.unread, len(looked.entries)) == (1, len(watched.ours) - 1)
    assert watched.kept.entry(UNIT) is None
    assert watched.kept.feed(SERVICE).whole_at == NOW


def test_an_address_that_is_said_to_be_gone_for_good_is(watched: Watched) -> None:
    watched.service.wrong[UNIT] = ServiceRefuses(410)
    watched.all()
    assert watched.states() == {UNIT: "gone"}


def test_a_register_that_knows_nobody_is_not_believed(watched: Watched) -> None:
    """A wrong address of it, or a proxy in between, would stop every need there is."""
    watched.all()
    before = watched.kept.entries()
    watched.service.parties.clear()
    watched.now += DAY
    with pytest.raises(ServiceAway, match="nonsense"):
        watched.all()
    assert watched.kept.entries() == before


def test_what_the_register_tells_of_is_asked_for_and_nothing_else(watched: Watched) -> None:
    watched.service.told = [(4, "1")]
    watched.all()
    assert watched.kept.feed(SERVICE) == Feed(4, NOW)
    watched.service.asked.clear()
    watched.gone(UNIT, 9)
    watched.service.told += [(10, "2"), (11, "3"), (15, HOSPITAL)]
    assert [entry.her_id for entry in watched.news().new] == [UNIT]
    assert watched.service.asked == [UNIT, HOSPITAL]
    assert watched.kept.feed(SERVICE) == Feed(15, NOW)
    assert watched.news() == Looked()


def test_a_position_moves_only_behind_what_was_kept(watched: Watched) -> None:
    watched.all()
    watched.gone(UNIT, 1)
    watched.gone(HOSPITAL, 3)
    watched.service.page = 1
    watched.service.wrong[HOSPITAL] = ServiceAway("fails", 500)
    with pytest.raises(ServiceAway):
        watched.news()
    assert (watched.states(), watched.kept.feed(SERVICE).position) == ({UNIT: "gone"}, 1)
    watched.service.wrong.clear()
    watched.news()
    assert watched.states() == {UNIT: "gone", HOSPITAL: "gone"}


def test_two_of_ours_that_have_gone_between_two_looks_are_learned_of(watched: Watched) -> None:
    """All that a page of the events tells of is unknown there now; what comes behind it is learned of too."""
    watched.all()
    watched.service.told = [(1, UNIT), (2, HOSPITAL)]
    del watched.service.parties[UNIT], watched.service.parties[HOSPITAL]
    watched.news()
    assert watched.states() == {UNIT: "unknown-there", HOSPITAL: "unknown-there"}
    watched.gone("8900003", 3)
    watched.news()
    assert watched.states()["8900003"] == "gone"
    assert watched.kept.feed(SERVICE).position == 3


@pytest.mark.parametrize("status", [404, 410])
def test_where_the_register_does_not_tell_on_everything_is_asked_for(watched: Watched, status: int) -> None:
    watched.all()
    watched.gone(UNIT, 7)
    watched.service.wrong["events"] = ServiceRefuses(status)
    watched.news()
    assert (watched.states(), watched.kept.feed(SERVICE).position) == ({UNIT: "gone"}, 7)


def test_a_register_that_tells_of_nothing_is_asked_every_night_all_the_same(watched: Watched) -> None:
    watched.service.wrong["latest"] = ServiceRefuses(403)
    watched.all()
    assert watched.kept.feed(SERVICE) == Feed(None, NOW)
    assert watched.news() == Looked()


@pytest.mark.parametrize(
    ("asked", "now", "due"),
    [
        (None, "2026-03-10T12:00+00:00", True),
        ("2026-03-10T02:00+00:00", "2026-03-10T23:00+00:00", False),
        ("2026-03-10T02:00+00:00", "2026-03-11T00:59+00:00", False),
        ("2026-03-10T02:00+00:00", "2026-03-11T01:00+00:00", True),
        ("2026-03-11T00:30+00:00", "2026-03-11T01:00+00:00", True),
        ("2026-07-10T00:00+00:00", "2026-07-10T23:59+00:00", False),
        ("2026-07-10T00:00+00:00", "2026-07-11T00:00+00:00", True),
    ],
)
def test_it_is_asked_at_two_at_night_in_norway(asked: str | None, now: str, due: bool) -> None:
    feed = Feed(0, datetime.fromisoformat(asked) if asked else None)
    assert whole_is_due(feed, datetime.fromisoformat(now)) == due
