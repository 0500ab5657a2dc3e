"""A store without room, on its disk or by its own limit: it says which, takes nothing it can not keep, and goes on by
itself as soon as there is room."""

from __future__ import annotations

import json
import logging
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from edge.store import Group, Store, StoreError, StoreFull
from edge.storing import disk, file, schema
from edge.storing.errors import OutboxFull
from protocols.reports import Report, SlotLevel, Thinned
from tests.contract.brokers import PROJECT
from tests.contract.test_store import EVENT, SERIES, T0, numbers, waiting

LIMIT = 20_000
LEVEL = SlotLevel("A1", "bolt", 3, 0, 9, 0.5, 12.5, T0)
PLENTY = 1 << 40


class Disk:
    """How much of it is free, as the store is told."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.free = PLENTY
        for module in (disk, file):
            patch.setattr(module, "free_bytes", lambda _folder: self.free)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> Disk:
    return Disk(monkeypatch)


def fill_disk(store: Store, small: Disk) -> int:
    """The disk fills up, and the store with events until it takes no more; how many wait."""
    small.free = 0
    store._connection.execute(f"PRAGMA max_page_count={store._pragma('page_count')}")
    with suppress(StoreFull):
        while True:
            store.commit(Group(T0, reports=[EVENT] * 100))
    return store.book()["events"].pending


def fill_outbox(store: Store, telemetry: Sequence[Report] = ()) -> int:
    """Groups until one does not fit; how many did."""
    taken = 0
    while True:
        try:
            store.commit(Group(T0, reports=[*[EVENT] * 10, *telemetry]))
        except OutboxFull:
            return taken
        taken += 1
        assert used(store) <= LIMIT


def used(store: Store) -> int:
    return sum(book.bytes for book in store.book().values())


def test_a_disk_that_is_freed_is_used_by_the_next_group_though_nobody_tidied(tmp_path: Path, small: Disk) -> None:
    store = Store(tmp_path / "edge.db", mend=True, now_ms=T0)
    taken = fill_disk(store, small)
    assert (store._ballast.held, store.full) == (False, "disk_full")

    small.free = PLENTY
    for _ in range(20):
        store.commit(Group(T0, reports=[EVENT] * 100))

    assert len(numbers(store, "events")) == taken + 2000
    assert store._ballast.held
    store.tidy(T0)
    assert store.full == ""
    store.close()


def test_a_little_room_is_used_too_but_never_that_which_the_log_needs(tmp_path: Path, small: Disk) -> None:
    store = Store(tmp_path / "edge.db", mend=True, now_ms=T0)
    fill_disk(store, small)
    pages = store._pragma("page_count")

    small.free = disk.BALLAST_BYTES
    with pytest.raises(StoreFull):
        store.commit(Group(T0, reports=[EVENT] * 1000))
    small.free += 100 * 4096
    store.commit(Group(T0, reports=[EVENT] * 1000))

    assert pages < store._pragma("page_count") <= store._pages_max == pages + 100
    assert not store._ballast.held
    store.tidy(T0)
    assert store.full == "disk_full", "there is not room for all yet"
    store.close()


def test_a_store_that_starts_on_a_nearly_full_disk_leaves_its_log_room(tmp_path: Path, small: Disk) -> None:
    Store(tmp_path / "edge.db").close()
    small.free = disk.BALLAST_BYTES + 10 * 4096

    store = Store(tmp_path / "edge.db", mend=True, now_ms=T0)

    pages = store._pragma("page_count")
    assert store._pages_max == pages + small.free // 2 // 4096, "a small one takes half"
    small.free = PLENTY
    store.tidy(T0)
    assert (store._ballast.held, store._pages_max) == (True, file.PAGES_MAX)
    store.close()


def test_events_alone_stay_within_the_limit_and_what_does_not_fit_is_not_taken(tmp_path: Path) -> None:
    store = Store(tmp_path / "edge.db", outbox_bytes_max=LIMIT, mend=True, now_ms=T0)

    taken = fill_outbox(store)

    assert LIMIT * 0.9 < used(store) <= LIMIT
    assert store.full == store.outlook(T0).full == "outbox_full"
    with pytest.raises(StoreFull, match=r"outbox is full: 0\.0 MB wait.*--outbox-max-mb"):
        store.commit(Group(T0, reports=[EVENT] * 10))
    assert waiting(store, "events") == [EVENT] * 10 * taken
    assert store._ballast.held, "the disk has room"
    store.commit(Group(T0, {"shelf-1": b"\x90"}))  # what needs no room in the outbox is taken
    store.close()


def test_receipts_make_room_in_a_full_outbox(tmp_path: Path) -> None:
    store = Store(tmp_path / "edge.db", outbox_bytes_max=LIMIT, mend=True, now_ms=T0)
    taken = fill_outbox(store)

    store.settle("events", list(range(20)), [], T0)
    store.commit(Group(T0, reports=[EVENT] * 10))
    store.tidy(T0)
    assert store.full == "outbox_full", "not much room yet"
    store.settle("events", list(range(20, 100)), [], T0)
    store.tidy(T0)

    assert store.full == ""
    assert numbers(store, "events") == list(range(100, taken * 10 + 10))
    assert all(book.balanced for book in store.book().values())
    store.close()


def test_telemetry_goes_before_any_event_is_refused_and_its_events_are_few(tmp_path: Path) -> None:
    store = Store(tmp_path / "edge.db", outbox_bytes_max=LIMIT, mend=True, now_ms=T0)
    taken = fill_outbox(store, [LEVEL] * 3)

    told = [one for one in waiting(store, "events") if isinstance(one, Thinned)]
    book = store.book()
    assert book["events"].pending == taken * 10 + len(told)
    assert book["telemetry"].thinned == sum(one.count for one in told) > taken * 2
    assert len(told) < taken
    assert {one.why for one in told} == {"outbox_full"}
    store.close()


def test_a_group_larger_than_the_limit_is_taken_when_nothing_else_waits(tmp_path: Path) -> None:
    store = Store(tmp_path / "edge.db", outbox_bytes_max=500, mend=True, now_ms=T0)

    store.commit(Group(T0, reports=[EVENT] * 100))
    with pytest.raises(OutboxFull):
        store.commit(Group(T0, reports=[EVENT]))
    store.settle("events", list(range(100)), [], T0)
    store.commit(Group(T0, reports=[EVENT] * 100))

    assert numbers(store, "events") == list(range(100, 200))
    store.close()


def test_a_limit_that_was_lowered_is_come_to_in_small_steps(tmp_path: Path) -> None:
    store = Store(tmp_path / "edge.db", mend=True, now_ms=T0)
    store.commit(Group(T0, reports=[SERIES] * 500))
    store.close()
    store = Store(tmp_path / "edge.db", outbox_bytes_max=LIMIT, mend=True, now_ms=T0)
    sizes = [used(store)]

    while sizes[-1] > LIMIT:
        store.commit(Group(T0, reports=[EVENT]))
        sizes.append(used(store))

    assert sizes[0] > 10 * LIMIT
    assert all(0.85 < after / before < 1 for before, after in pairwise(sizes))
    store.close()


def test_who_only_looks_sees_the_limit_of_the_gateway_and_that_it_is_reached(tmp_path: Path) -> None:
    store = Store(tmp_path / "edge.db", outbox_bytes_max=LIMIT, mend=True, now_ms=T0)
    store.commit(Group(T0, snapshots=store.limits))
    before = Store(store.path)
    assert (before.outlook(T0).max_bytes, before.outlook(T0).full) == (LIMIT, "")

    fill_outbox(store)

    assert (before.outlook(T0).max_bytes, before.book()["events"].pending) == (LIMIT, 0), "as it was opened"
    after = Store(store.path)
    assert (after.outlook(T0).max_bytes, after.outlook(T0).full) == (LIMIT, "outbox_full")
    for one in (store, before, after):
        one.close()


def test_the_log_says_when_thinning_begins_and_when_it_ends(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    store = Store(tmp_path / "edge.db", outbox_bytes_max=LIMIT, mend=True, now_ms=T0)
    while store.book()["telemetry"].thinned < 50:
        store.commit(Group(T0, reports=[SERIES] * 5))
    (began,) = [one.getMessage() for one in caplog.records]
    caplog.clear()

    store.settle("telemetry", numbers(store, "telemetry"), [], T0)
    store.tidy(T0)
    store.tidy(T0)

    (ended,) = [one.getMessage() for one in caplog.records]
    assert "as much waits for the service as may" in began
    assert "oldest telemetry" in began
    assert "there is room again" in ended
    assert {one.levelno for one in caplog.records} == {logging.WARNING}
    store.close()


def test_a_sound_store_that_a_full_disk_keeps_shut_is_not_called_bad(
    tmp_path: Path, small: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    Store(tmp_path / "edge.db").close()

    def opened(path: Path) -> sqlite3.Connection:
        raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr(schema, "opened", opened)
    with pytest.raises(StoreError, match="disk I/O error; restore a backup"):
        Store(tmp_path / "edge.db", mend=True, now_ms=T0)
    small.free = 4096
    with pytest.raises(StoreError, match=r"disk is full: free some and start again; what waits in it is not lost$"):
        Store(tmp_path / "edge.db", mend=True, now_ms=T0)


def test_a_store_mended_at_work_is_dated_by_now_whoever_finds_it(tmp_path: Path) -> None:
    store = Store(tmp_path / "edge.db", mend=True, now_ms=T0)
    store.commit(Group(T0, reports=[LEVEL] * 3000))
    while store.tidy(T0):
        pass
    store._connection.execute("UPDATE packed SET reports = x'00' WHERE first = 0")
    now_ms = T0 + 3_600_000
    with pytest.raises(StoreError, match="mended now"):
        store.waiting("telemetry", -1, 1 << 60, 10_000, 1 << 60, now_ms)

    store.waiting("telemetry", -1, 1 << 60, 10_000, 1 << 60, now_ms)

    told = [one for one in waiting(store, "events") if isinstance(one, Thinned)]
    assert store.mended == 1
    assert {one.at_ms for one in told} == {now_ms}
    assert store.next_seq["telemetry"] >= now_ms
    store.close()


ON_A_FULL_DISK = """
import json, sys
from pathlib import Path
from edge.store import Group, Store, StoreError
from protocols.reports import StockEvent

folder, T0, told = Path(sys.argv[1]), 1_763_762_400_000, {}

def start():
    return Store(folder / "edge.db", mend=True, now_ms=T0)

def hog():
    with open(folder / "hog", "ab", buffering=0) as file:
        for size in (1 << 20, 1 << 12, 1):
            try:
                while True:
                    file.write(bytes(size))
            except OSError:
                pass

store = start()
store.commit(Group(T0, reports=[StockEvent("A1", "bolt", -1, 4, T0, 0.5)] * 5000))
told["ballast"] = store._ballast.held
store.close()
hog()
store = start()
told["after"] = [store._ballast.held, store.book()["events"].pending]
store.commit(Group(T0, {"shelf-1": b"\\x90"}))
store.close()
hog()
try:
    start()
except StoreError as error:
    told["said"] = str(error)
(folder / "hog").unlink()
store = start()
told["freed"] = [store._ballast.held, store.book()["events"].pending, store.mended]
store.close()
print(json.dumps(told))
"""


def test_a_gateway_starts_on_a_full_disk_with_its_ballast_and_without_one_says_what_to_do(tmp_path: Path) -> None:
    mount = f'mount -t tmpfs -o size=40m tmpfs {tmp_path} && exec {sys.executable} -c "$0" {tmp_path}'
    if shutil.which("unshare") is None or subprocess.run(["unshare", "-Urm", "true"], check=False).returncode:
        pytest.skip("no small disk can be mounted here: unshare -Urm is not allowed")
    command = ["unshare", "-Urm", "sh", "-c", mount, ON_A_FULL_DISK]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)

    assert told["ballast"]
    assert told["after"] == [False, 5000]
    assert told["said"].endswith("its disk is full: free some and start again; what waits in it is not lost")
    assert told["freed"] == [True, 5000, 0]
