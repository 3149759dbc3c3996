"""Flows that only add share a commit, and each is told what came of its own."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import pytest
from stored import AAS, CASE, HOSPITAL, NOW, VESTBY, mail, message, together, until

from adapter.domain.case import Audit
from adapter.outside.store import Database, StoreFailed
from adapter.outside.store.buffer import Buffer
from adapter.outside.store.group import Group
from adapter.ports import Collision, StoreBusy


def buffer(name: str) -> Buffer:
    made = Buffer()
    made.record(Audit(NOW, name, "read", None, {}))
    return made


def name_of(made: Buffer) -> str:
    return str(made.audit[0]["actor"])


class Slow:
    """A database that takes what it is given once it is told to go on; keeps what was written in each commit."""

    def __init__(self, refuses: Callable[[list[str]], BaseException | None] = lambda _: None) -> None:
        self.begun, self.go_on = threading.Event(), threading.Event()
        self.commits: list[list[str]] = []
        self._refuses = refuses

    def __call__(self, buffers: Sequence[Buffer]) -> None:
        self.begun.set()
        assert self.go_on.wait(30)
        names = [name_of(one) for one in buffers]
        if error := self._refuses(names):
            raise error
        self.commits.append(names)


def crowd(
    slow: Slow, group: Group, names: str, rows_of: Callable[[str], Buffer] = buffer
) -> dict[str, type[BaseException] | None]:
    """The first leads; while it writes the others come, one after the other. What each was told."""
    told: dict[str, type[BaseException] | None] = {}

    def commit(name: str) -> None:
        try:
            group.commit(rows_of(name))
            told[name] = None
        except BaseException as error:  # noqa: BLE001 - a death is told like anything else
            told[name] = type(error)

    threads = [threading.Thread(target=partial(commit, name)) for name in names]
    threads[0].start()
    assert slow.begun.wait(30)
    for n, thread in enumerate(threads[1:], start=1):
        thread.start()
        until(thread, lambda n=n: len(group._line) == n)  # type: ignore[misc]
    slow.go_on.set()
    for thread in threads:
        thread.join(30)
    return told


def grouped(slow: Slow, *, most: int = 64, patience: float = 30.0) -> Group:
    return Group(slow, leaders=1, patience=patience, most=most)


def test_who_waits_is_written_together_in_the_order_of_arrival() -> None:
    slow = Slow()
    assert set(crowd(slow, grouped(slow), "abcdef").values()) == {None}
    assert slow.commits == [["a"], ["b", "c", "d", "e", "f"]]


def test_a_group_is_bounded() -> None:
    """The rest is led by the one that has waited longest."""
    slow = Slow()
    assert set(crowd(slow, grouped(slow, most=2), "abcdef").values()) == {None}
    assert slow.commits == [["a"], ["b", "c"], ["d", "e"], ["f"]]


def test_only_who_collides_is_told_so() -> None:
    slow = Slow(lambda names: Collision() if "c" in names else None)
    told = crowd(slow, grouped(slow), "abcd")
    assert told == {"a": None, "b": None, "c": Collision, "d": None}
    assert slow.commits == [["a"], ["b"], ["d"]]


def test_only_whose_row_no_driver_takes_is_told_so(store: Database) -> None:
    """A text that is no text, which the driver refuses by an error of Python's own: the others' rows are kept."""
    slow = Slow()

    def write(buffers: Sequence[Buffer]) -> None:
        slow(buffers)
        store._write(buffers)

    group = Group(write, leaders=1, patience=30.0)
    told = crowd(slow, group, "acbd", lambda name: buffer("b\ud800" if name == "b" else name))
    assert told == {"a": None, "b": StoreFailed, "c": None, "d": None}


def test_a_busy_database_is_busy_for_all() -> None:
    """Nobody's rows are tried by themselves: each try would take as long again."""
    tries: list[list[str]] = []
    slow = Slow(lambda names: StoreBusy() if tries.append(names) is None and len(tries) > 1 else None)  # type: ignore[func-returns-value]
    told = crowd(slow, grouped(slow), "abcd")
    assert told == {"a": None, "b": StoreBusy, "c": StoreBusy, "d": StoreBusy}
    assert tries == [["a"], ["b", "c", "d"]]


def test_a_database_that_goes_away_among_single_commits_is_not_asked_again() -> None:
    tries: list[list[str]] = []

    def refuses(names: list[str]) -> BaseException | None:
        tries.append(names)
        return Collision() if len(names) > 1 else StoreBusy() if names == ["c"] else None

    slow = Slow(refuses)
    told = crowd(slow, grouped(slow), "abcde")
    assert told == {"a": None, "b": None, "c": StoreBusy, "d": StoreBusy, "e": StoreBusy}
    assert tries[1:] == [["b", "c", "d", "e"], ["b"], ["c"]]


def test_a_leader_that_dies_leaves_nobody_waiting() -> None:
    """Its members do not know what came of theirs; the next group is led by another."""
    slow = Slow(lambda names: KeyboardInterrupt() if "b" in names else None)
    told = crowd(slow, grouped(slow, most=2), "abcd")
    assert told == {"a": None, "b": KeyboardInterrupt, "c": StoreBusy, "d": None}
    assert slow.commits == [["a"], ["d"]]


def test_who_waits_too_long_is_not_written_later() -> None:
    slow = Slow()
    group = grouped(slow, patience=0.0)
    first = threading.Thread(target=lambda: group.commit(buffer("a")))
    first.start()
    assert slow.begun.wait(30)
    with pytest.raises(StoreBusy):
        group.commit(buffer("b"))
    slow.go_on.set()
    first.join(30)
    group.commit(buffer("c"))
    assert slow.commits == [["a"], ["c"]]


def opening(store: Database, name: str, *, as_: str = "", own: bool = False) -> Callable[[], None]:
    """A new need as a flow takes it; `own`: having met another case before."""

    def accept() -> None:
        with store.transaction() as tx:
            if own:
                assert tx.case("case-1")
            if tx.answered("fhir", HOSPITAL, name):
                return
            tx.open_case(replace(CASE, id=as_ or name))
            tx.keep(message(name, case_id=as_ or name))
            tx.send([mail(f"{name}-1", VESTBY, as_ or name), mail(f"{name}-2", VESTBY, as_ or name)])

    return accept


@pytest.mark.parametrize("same", ["message", "case"])
def test_of_many_that_are_the_same_one_is_taken(cases: Database, same: str) -> None:
    """Twelve at once, through shared commits and through transactions of their own, among twelve others."""
    twins = [opening(cases, "twin", own=n % 3 == 0) for n in range(12)]
    if same == "case":
        twins = [opening(cases, f"twin-{n}", as_="twin", own=n % 3 == 0) for n in range(12)]
    others = [opening(cases, f"other-{n}") for n in range(12)]
    raised = together(*(one for pair in zip(twins, others, strict=True) for one in pair))
    assert {type(error) for error in raised} <= {Collision}
    assert len(raised) == 11 or same == "message"  # who came after the commit found the answer
    ids = cases.case_ids()
    assert sorted(ids) == sorted(["case-1", "case-2", "twin", *(f"other-{n}" for n in range(12))])
    for case_id in ids[2:]:
        assert [d.place for d in cases.deliveries_of(case_id)] == ["head", "behind"]
        assert len(cases.messages_of(case_id)) == 1


def test_a_new_need_and_what_follows_it_at_once_keep_their_lane(cases: Database) -> None:
    """Sent in the transaction that opens the case, then by another: one head, in the order of the commits."""
    opening(cases, "new")()
    with cases.transaction() as tx:
        assert tx.case("new")
        tx.send([mail("new-3", VESTBY, "new"), mail("new-4", AAS, "new")])
    places = [(d.outgoing.message_id, d.place) for d in cases.deliveries_of("new")]
    assert places == [("new-1", "head"), ("new-2", "behind"), ("new-3", "behind"), ("new-4", "head")]
