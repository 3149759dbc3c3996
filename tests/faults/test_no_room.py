"""The disk is full: nothing is acknowledged that is not kept, and when there is room again everything goes on."""

import resource
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
import pytest
from own_postgresql import OwnPostgreSQL
from premises import House, eventually
from stories import MUNICIPALITIES, Story, one_story

from adapter.outside.store import open_store

pytestmark = [pytest.mark.faults, pytest.mark.processes]

MUNICIPALITY = next(iter(MUNICIPALITIES))
ENOUGH = 400
"""More messages than any of these small disks has room for."""


@contextmanager
def small_disk(at: Path, megabytes: int) -> Iterator[Path]:
    """A file system of its own in memory. Skips where that may not be made."""
    at.mkdir()
    if not Path("/bin/mount").exists():
        pytest.skip("there is no mount")
    made = subprocess.run(
        ["/bin/mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=755", "none", str(at)],
        check=False,
        capture_output=True,
    )
    if made.returncode != 0:
        pytest.skip("a small file system can be mounted by root only")
    try:
        yield at
    finally:
        subprocess.run(["/bin/umount", "-l", str(at)], check=True)


def test_a_full_disk_under_sqlite_loses_nothing(tmp_path: Path, make_house: Callable[..., House]) -> None:
    with small_disk(tmp_path / "disk", 4) as disk:
        ballast = disk / "ballast"
        ballast.write_bytes(bytes(2_000_000))
        whole = {"IP_ADAPTER_MIN_FREE_DISK": "0"}  # else it would stop long before the disk is full
        house = make_house(f"sqlite:///{disk / 'adapter.db'}", partners=(MUNICIPALITY,), **whole)
        house.service()
        house.wait_until_ready()
        told, refused = _until_full(house)
        ballast.unlink()
        _goes_on(house, told, refused)


@pytest.mark.server
def test_a_full_disk_under_postgresql_loses_nothing(
    data_folder: Path, make_house: Callable[..., House]
) -> None:
    """Its tables have no more room; its log, which is on another disk as it should be, has."""
    with (
        small_disk(data_folder / "disk", 64) as disk,
        OwnPostgreSQL(disk / "server", log_folder=data_folder / "log") as server,
    ):
        house = make_house(server.new_database(), partners=(MUNICIPALITY,))
        house.service()
        house.worker(1)
        house.wait_until_ready()
        ballast = disk / "ballast"
        _fill(ballast)
        told, refused = _until_full(house)
        eventually(lambda: house.http.get(f"{house.urls[0]}/health/ready").status_code == 503, patience=20)
        assert "no-room" in house.http.get(f"{house.urls[0]}/health/ready").text
        ballast.unlink()
        house.wait_until_ready(patience=20)
        _goes_on(house, told, refused)


@pytest.mark.in_full
def test_a_file_that_is_locked_or_may_not_grow_loses_nothing(
    tmp_path: Path, make_house: Callable[..., House]
) -> None:
    """Another process holds SQLite's write lock for longer than anybody waits, and then the process may write no more
    than so many bytes: 503 with Retry-After, nothing kept, and taken when that is over."""
    file = tmp_path / "adapter.db"
    house = make_house(f"sqlite:///{file}", partners=(MUNICIPALITY,))
    house.service()
    house.wait_until_ready()
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        _is_busy(house.send(one_story(1).messages[0]))
        other.execute("ROLLBACK")
    assert _cases(house) == 0
    pid = house.processes["service-1"].pid
    _, most = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (1_000_000, most))
    told, refused = _until_full(house)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (most, most))
    _goes_on(house, told, refused)


def _until_full(house: House) -> tuple[list[Story], Story]:
    """What was acknowledged, and the first that was not."""
    told: list[Story] = []
    for number in range(1, ENOUGH):
        story = one_story(number, municipality=MUNICIPALITY)
        answer = house.send(story.messages[0])
        if answer.status_code != 200:
            _is_busy(answer)
            return told, story
        told.append(story)
    raise AssertionError("the disk does not get full")


def _goes_on(house: House, told: list[Story], refused: Story) -> None:
    """There is room again: what was refused is taken, and every acknowledged message is a case that arrives once."""
    eventually(lambda: house.send(refused.messages[0]).status_code == 200, patience=30)
    house.wait_for(*told, refused)
    assert [len(set(house.ids_of(story))) for story in (*told, refused)] == [1] * (len(told) + 1)
    assert _cases(house) == len(told) + 1


def _is_busy(answer: httpx.Response) -> None:
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert "store-busy" in answer.text


def _cases(house: House) -> int:
    store = open_store(house.database)
    try:
        return len(store.case_ids())
    finally:
        store.close()


def _fill(ballast: Path) -> None:
    """Take all the room there is."""
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(65_536))
        except OSError:
            return
