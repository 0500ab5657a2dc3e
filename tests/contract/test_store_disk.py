"""A disk that is full, a small real one: telemetry goes and is counted, events never, and it works again by itself."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from edge.store import Group, Store, StoreError, StoreFull
from edge.storing import disk
from protocols.reports import SlotLevel, Thinned
from tests.contract.brokers import PROJECT
from tests.contract.test_store import EVENT, SERIES, T0, numbers, state, waiting

ON_A_SMALL_DISK = """
import json, os, random, sys
from pathlib import Path
from edge.store import Group, Store, StoreError, StoreFull
from protocols.reports import Series, StockEvent, Thinned, decode

folder, T0 = Path(sys.argv[1]), 1_763_762_400_000
rng = random.Random(3)
store = Store(folder / "edge.db", mend=True, now_ms=T0)
told = {"ballast": store._ballast.held}

def group(events=5, telemetry=100):
    series = [Series("cold-1", "1", "temperature_c", "hall", T0, list(range(50)), [rng.random() for _ in range(50)])
              for _ in range(telemetry)]
    moved = [StockEvent("A1", "bolt", -1, 4, T0, 0.5, rng.randbytes(300).hex()) for _ in range(events)]
    return Group(T0, {"shelf-1": b"\\x80"}, reports=[*moved, *series])

def thinned():
    blobs = store.waiting("events", -1, 1 << 60, 1 << 30, 1 << 60)
    return [one for one in (decode(blob) for _, blob in blobs) if isinstance(one, Thinned)]

def tidy():
    for _ in range(50):
        if not store.tidy(T0):
            break

def hog():
    with open(folder / "hog", "ab", buffering=0) as file:
        for size in (1 << 20, 1 << 12):
            try:
                while True:
                    file.write(bytes(size))
            except OSError:
                pass

def books():
    return {lane: [*book[:5], book.balanced] for lane, book in store.book().items()}

# 1. The store itself fills the disk: it goes on, and what went is counted.
commits = 0
while not thinned():
    store.commit(group()); tidy(); commits += 1
for _ in range(300):
    store.commit(group()); tidy(); commits += 1
first = thinned()
told["filled"] = {
    "commits": commits, "full": store.full, "books": books(), "ballast": store._ballast.held,
    "why": sorted({one.why for one in first}), "gone": sum(one.count for one in first),
    "ranges": [[one.first, one.last] for one in first],
    "telemetry": [store.waiting("telemetry", -1, 1 << 60, 1, 1)[0][0], store.next_seq["telemetry"]],
}

# 2. Somebody else takes all that is left: telemetry goes down to nothing, then no group is taken any more.
hog()
refused = 0
for _ in range(20_000):
    before = dict(store.next_seq)
    try:
        store.commit(group(200, 1)); tidy()
    except StoreFull as error:
        refused, told["said"] = refused + 1, str(error)
        assert store.next_seq["telemetry"] == before["telemetry"]
        if refused == 3:
            break
told["stuck"] = {
    "refused": refused, "books": books(), "outlook": store.outlook(T0).full,
    "waits": len(store.waiting("events", -1, 1 << 60, 1 << 30, 1 << 60)),
}

# 3. The link is back while the disk is still full: what is signed for makes room.
batch = [seq for seq, _ in store.waiting("events", -1, 1 << 60, 1000, 1 << 60)]
store.settle("events", batch, [], T0)
for _ in range(5):
    batch = [seq for seq, _ in store.waiting("events", -1, 1 << 60, 1000, 1 << 60)]
    store.settle("events", batch, [], T0)
store.commit(group(5, 0))
told["drained"] = books()

# 4. The disk has room again.
(folder / "hog").unlink()
hour = T0 + 3_600_000
while store.unsigned_from["events"] < store.next_seq["events"]:
    store.settle("events", [seq for seq, _ in store.waiting("events", -1, 1 << 60, 1000, 1 << 60)], [], T0)
store.commit(group())
tidy()
told["after"] = {"books": books(), "free": os.statvfs(folder).f_bavail * os.statvfs(folder).f_frsize}
store.close()
again = Store(folder / "edge.db", mend=True, now_ms=T0)
store = again
told["again"] = {"mended": again.mended, "books": books()}
print(json.dumps(told))
"""
EVENTS, TELEMETRY = "events", "telemetry"


@pytest.fixture(scope="module")
def small_disk(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("small")
    mount = f'mount -t tmpfs -o size=40m tmpfs {folder} && exec {sys.executable} -c "$0" {folder}'
    if shutil.which("unshare") is None or subprocess.run(["unshare", "-Urm", "true"], check=False).returncode:
        pytest.skip("no small disk can be mounted here: unshare -Urm is not allowed")
    done = subprocess.run(
        ["unshare", "-Urm", "sh", "-c", mount, ON_A_SMALL_DISK],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def test_a_store_that_fills_its_disk_goes_on_and_counts_the_telemetry_that_went(small_disk: dict[str, Any]) -> None:
    filled = small_disk["filled"]
    assert small_disk["ballast"], "held while there was room"
    assert not filled["ballast"], "let go when there was none"
    assert (filled["full"], filled["why"]) == ("disk_full", ["disk_full"])
    accepted, delivered, pending, refused, thinned, balanced = filled["books"]["telemetry"]
    assert (accepted, delivered, refused, balanced) == (100 * filled["commits"], 0, 0, True)
    assert thinned == filled["gone"] > 0
    assert pending > accepted / 4, "no more went than had to"
    oldest, after = filled["telemetry"]
    gone = [number for first, last in filled["ranges"] for number in range(first, last + 1)]
    assert gone == list(range(oldest)), "the oldest, each told once"
    assert after == accepted


def test_events_are_never_thinned_and_when_they_do_not_fit_nothing_is_taken(small_disk: dict[str, Any]) -> None:
    stuck = small_disk["stuck"]
    accepted, delivered, pending, refused, thinned, balanced = stuck["books"]["events"]
    assert stuck["refused"] == 3
    assert (delivered, refused, thinned, balanced) == (0, 0, 0, True)
    assert pending == accepted == stuck["waits"]
    assert stuck["books"]["telemetry"][2] == 0, "all telemetry went before"
    assert "free some disk" in small_disk["said"]
    assert stuck["outlook"] == "disk_full"


def test_receipts_make_room_on_a_disk_that_is_still_full(small_disk: dict[str, Any]) -> None:
    accepted, delivered, pending, _, _, balanced = small_disk["drained"]["events"]
    assert accepted > small_disk["stuck"]["books"]["events"][0], "a group was taken again"
    assert (delivered + pending, balanced) == (accepted, True)


def test_when_there_is_room_again_all_goes_on(small_disk: dict[str, Any]) -> None:
    assert small_disk["after"]["books"][TELEMETRY][2] == 100
    assert small_disk["again"] == {"mended": 0, "books": small_disk["after"]["books"]}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    one = Store(tmp_path / "edge.db")
    yield one
    one.close()


def limit(store: Store, more: int) -> None:
    pages = store._connection.execute("PRAGMA page_count").fetchone()[0]
    store._connection.execute(f"PRAGMA max_page_count={pages + more}")


def test_a_full_disk_is_a_store_error_and_the_group_can_be_tried_again(store: Store) -> None:
    store.commit(Group(T0, reports=[EVENT]))
    limit(store, 2)
    group = Group(T0, {"shelf-1": state(1)}, {}, [EVENT] * 2000)

    with pytest.raises(StoreFull, match=r"can not be written.*full.*free some disk"):
        store.commit(group)
    assert numbers(store, "events") == [0]
    assert store.next_seq == {"events": 1, "telemetry": 0}

    limit(store, 100_000)
    store.commit(group)
    assert numbers(store, "events") == list(range(2001))
    assert all(book.balanced for book in store.book().values())


def test_telemetry_that_does_not_fit_at_all_is_thinned_as_it_comes_so_that_its_events_are_kept(store: Store) -> None:
    store.commit(Group(T0, reports=[EVENT]))
    limit(store, 2)

    store.commit(Group(T0, {"shelf-1": state(1)}, {}, [EVENT, *[SERIES] * 200]))

    assert waiting(store, "events") == [EVENT, EVENT, Thinned(0, 199, 200, T0, "disk_full")]
    assert numbers(store, "telemetry") == []
    book = store.book()["telemetry"]
    assert (book.accepted, book.thinned, book.balanced) == (200, 200, True)
    assert store.restore().devices["shelf-1"].late == 1
    assert store.outlook(T0).full == "disk_full"


def test_kept_reports_go_first_on_a_full_disk(store: Store) -> None:
    levels = [SlotLevel("A1", "bolt", n, 0, 9, 0.5, 12.5, T0) for n in range(3000)]
    store.commit(Group(T0, reports=list(levels)))
    while store.tidy(T0):
        pass
    store.settle("telemetry", list(range(1000)), [], T0)
    limit(store, 0)

    while store.kept_from["telemetry"] == 0:
        store.commit(Group(T0, reports=[EVENT] * 20))

    assert store.kept_from["telemetry"] == 1000
    assert store.book()["telemetry"].thinned == 0


def test_the_ballast_is_taken_only_where_there_is_room_and_for_the_owner_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ballast = disk.Ballast(tmp_path / "edge.ballast")
    assert ballast.take()
    assert ballast.path.stat().st_size == disk.BALLAST_BYTES
    assert ballast.path.stat().st_mode & 0o777 == 0o600
    assert ballast.path.stat().st_blocks * 512 >= disk.BALLAST_BYTES, "real room"
    assert ballast.let_go()
    assert not ballast.let_go()

    monkeypatch.setattr(disk, "free_bytes", lambda _folder: disk.BALLAST_BYTES)
    assert not ballast.take()


def test_a_mark_that_can_not_be_read_proves_nothing(tmp_path: Path) -> None:
    mark = disk.Mark(tmp_path / "edge.mark")
    mark.write({"events": 12, "telemetry": 1 << 50})
    assert mark.read() == {"events": 12, "telemetry": 1 << 50}

    text = mark.path.read_text()
    for spoilt in ("", "x", text[:-3], text.replace("12", "13", 1)):
        mark.path.write_text(spoilt)
        assert mark.read() == {}
    mark.close()
    with pytest.raises(StoreError):
        Store(tmp_path / "edge.mark" / "edge.db")


def test_a_store_that_thinned_a_group_as_it_came_is_whole_after_a_restart(store: Store) -> None:
    store.commit(Group(T0, reports=[EVENT]))
    limit(store, 2)
    store.commit(Group(T0, {"shelf-1": state(1)}, {}, [EVENT, *[SERIES] * 200]))
    book = store.book()
    store.close()

    again = Store(store.path)

    assert again.book() == book
    assert again.next_seq == {"events": 3, "telemetry": 200}
    again.close()
