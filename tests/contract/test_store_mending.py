"""Damage: what can not be read is set aside whole, what can be is carried over, and no number is given twice."""

from __future__ import annotations

import random
import shutil
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from edge.store import Group, Store, StoreError
from edge.storing import mending
from protocols.reports import LANES, Lane, SlotLevel, StockEvent, Thinned, decode
from protocols.uplink import Policy
from tests.contract.test_store import BAD, EVENT, SERIES, T0, numbers, state, waiting

LATER = T0 + 86_400_000
EVENTS, LEVELS = 2500, 6000


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of some megabytes, part packed, part signed for, closed."""
    path = tmp_path_factory.mktemp("filled") / "edge.db"
    store = Store(path)
    rng = random.Random(5)
    for at in range(0, LEVELS, 500):
        levels = [
            SlotLevel(f"A{n % 200}", "bolt", n, 0, 9000, rng.random(), n * 12.5, T0 + n) for n in range(at, at + 500)
        ]
        events = [
            StockEvent("A1", "bolt", -1, n, T0 + n, 0.99)
            for n in range(at * EVENTS // LEVELS, (at + 500) * EVENTS // LEVELS)
        ]
        devices = {f"shelf-{n}": state(n) + b"" for n in range(200)}
        store.commit(Group(T0 + at * 1000, devices, {}, [*levels, *events], [BAD] * 5))
    while store.tidy(T0):
        pass
    store.settle("events", list(range(700)), [(3, "bad")], T0)
    store.settle("telemetry", list(range(2000)), [], T0)
    store.keep_policies([Policy("bolt", 5, 50, True)])
    store.close()
    return path


@pytest.fixture
def path(filled: Path, tmp_path: Path) -> Path:
    for file in filled.parent.iterdir():
        shutil.copy(file, tmp_path / file.name)
    return tmp_path / "edge.db"


def gateway(path: Path) -> Store:
    return Store(path, mend=True, now_ms=LATER)


def told(store: Store) -> list[Thinned]:
    return [report for report in waiting(store, "events") if isinstance(report, Thinned)]


def aside(path: Path) -> list[str]:
    return sorted(file.name for file in path.parent.glob("edge.db.damaged-*"))


def set_aside(path: Path) -> bytes:
    (name,) = [name for name in aside(path) if not name.endswith(("-wal", "-shm"))]
    return (path.parent / name).read_bytes()


EVENTS_ONLY = ("SELECT report FROM outbox WHERE lane = 'events'", "SELECT report FROM outbox WHERE lane = 'telemetry'")


def spoil(path: Path, at: int) -> bytes:
    """Spoil the page that begins at a byte; the file's content then."""
    whole = path.read_bytes()
    spoilt = whole[:at] + b"\xaa" * 4096 + whole[at + 4096 :]
    path.write_bytes(spoilt)
    return spoilt


def spoiling(path: Path, sql: str) -> list[int]:
    """The pages without which a query fails, but for the first, by the byte they begin at."""
    whole = path.read_bytes()
    trial = path.with_name("trial.db")
    found = []
    for at in range(4096, len(whole), 4096):
        trial.write_bytes(whole)
        spoil(trial, at)
        with closing(sqlite3.connect(trial)) as db:
            try:
                db.execute(sql).fetchall()
            except sqlite3.DatabaseError:
                found.append(at)
    trial.unlink()
    return found


def page_of_events(path: Path) -> int:
    """A page with reports of the events lane only."""
    return min(set(spoiling(path, EVENTS_ONLY[0])) - set(spoiling(path, EVENTS_ONLY[1])))


def test_a_whole_store_is_opened_as_it_is(path: Path) -> None:
    with closing(Store(path)) as store:
        book, next_seq = store.book(), store.next_seq

    store = gateway(path)

    assert (store.book(), store.next_seq, aside(path), store.mended) == (book, next_seq, [], 0)
    store.close()


@pytest.mark.parametrize("seed", range(12))
def test_spoilt_pages_cost_what_lay_there_and_nothing_else(path: Path, seed: int) -> None:
    with closing(Store(path)) as store:
        held = {lane: dict(store.waiting(lane, -1, 1 << 60, 100_000, 1 << 60)) for lane in LANES}
        next_seq = store.next_seq
    spoilt = bytearray(path.read_bytes())
    rng = random.Random(seed)
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(1, len(spoilt) // 4096) * 4096 + rng.choice([0, rng.randrange(4096)])
        size = min(rng.choice([1, 16, 4096]), len(spoilt) - at)
        spoilt[at : at + size] = rng.randbytes(size)
    path.write_bytes(spoilt)

    store = gateway(path)
    try:
        for lane in LANES:  # what is not found at start is found when it is read
            for _ in range(3):
                try:
                    found = dict(store.waiting(lane, -1, 1 << 60, 100_000, 1 << 60))
                    break
                except StoreError:
                    continue
            assert all(found[seq] == blob for seq, blob in held[lane].items() if seq in found)
            if store.mended:
                assert store.next_seq[lane] >= T0
                given_up = [one for one in told(store) if one.lane == lane]
                for seq in held[lane].keys() - found.keys():
                    assert any(one.first <= seq <= one.last for one in given_up), "what will not come is told"
                for one in given_up:
                    assert not any(one.first <= seq <= one.last for seq in found), "what comes is not given up"
                assert any(one.first <= next_seq[lane] < T0 - 1 <= one.last for one in given_up), "nor what was"
        assert all(book.balanced for book in store.book().values())
        assert (
            store.mended == 0 or len([one for one in aside(path) if not one.endswith(("-wal", "-shm"))]) == store.mended
        )
        store.commit(Group(LATER, {"shelf-1": state(9)}, reports=[EVENT, SERIES]))
        assert store.restore().devices["shelf-1"].late == 9
    finally:
        store.close()


def test_one_spoilt_page_of_reports_loses_these_reports_only_and_says_which(path: Path) -> None:
    spoilt = spoil(path, page_of_events(path))
    with closing(sqlite3.connect(path)) as db:
        lanes = dict(db.execute("SELECT id, next_seq FROM lane"))

    store = gateway(path)

    book = store.book()
    lost = [one for one in told(store) if one.count]
    assert set_aside(path) == spoilt, "set aside as it was"
    assert store.next_seq["events"] > LATER > lanes["events"]
    assert 0 < sum(one.count for one in lost) < 2000
    assert book["events"].thinned == sum(one.count for one in lost if one.lane == "events")
    assert book["events"].balanced
    assert book["telemetry"].pending == LEVELS - 2000, "the other lane is whole"
    assert (book["events"].delivered, book["events"].refused) == (699, 1)
    assert store.policies() == {"bolt": Policy("bolt", 5, 50, True)}
    assert store.restore().devices.keys() == {f"shelf-{n}" for n in range(200)}
    store.close()


def test_a_spoilt_page_that_leads_to_all_others_costs_only_what_lies_on_itself(path: Path) -> None:
    both = "SELECT report FROM outbox WHERE lane = 'telemetry'"
    at = next(at for at in spoiling(path, EVENTS_ONLY[0]) if at in spoiling(path, both))
    spoil(path, at)

    with closing(gateway(path)) as store:
        book = store.book()
        assert store.mended == 1
        assert 0 < book["events"].thinned + book["telemetry"].thinned < 100
        assert book["events"].pending + book["events"].thinned == EVENTS - 700 + len(told(store))


def test_blocks_are_found_though_their_table_is_not(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        (root,) = db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'packed'").fetchone()
    spoil(path, (root - 1) * 4096)

    with closing(gateway(path)) as store:
        assert store.mended == 1
        assert store.book()["telemetry"].pending > LEVELS - 2000 - 1001
        assert store.book()["events"].balanced


def test_a_spoilt_first_page_leaves_all_reports_that_are_there(path: Path) -> None:
    with closing(Store(path)) as store:
        held = {lane: dict(store.waiting(lane, -1, 1 << 60, 100_000, 1 << 60)) for lane in LANES}
    spoil(path, 0)

    with closing(gateway(path)) as store:
        for lane in LANES:
            found = dict(store.waiting(lane, -1, 1 << 60, 100_000, 1 << 60))
            assert {seq: found.get(seq) for seq in held[lane]} == held[lane]
        assert min(store.next_seq.values()) >= LATER
        assert all(book.balanced for book in store.book().values())


def test_a_book_that_is_lost_makes_all_that_is_there_wait_again(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE lane SET next_seq = 'x' WHERE id = 'events'")

    store = gateway(path)

    book = store.book()["events"]
    assert numbers(store, "events")[: EVENTS - 1] == [seq for seq in range(EVENTS) if seq != 3]
    assert (book.delivered, book.refused, book.balanced) == (0, 1, True)
    store.close()


def test_a_book_that_does_not_balance_is_damage_too(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE lane SET delivered = delivered + 1 WHERE id = 'events'")

    with pytest.raises(StoreError, match="does not balance"):
        Store(path)
    with closing(gateway(path)) as store:
        assert store.mended == 1


@pytest.mark.parametrize(
    "content",
    [b"\x00" * 8192, b"this is no database at all. " * 300, b"SQLite format 3\x00" + b"\xff" * 5000, b""],
    ids=["zeros", "text", "header only", "empty"],
)
def test_a_file_that_is_no_store_is_set_aside_and_a_new_one_begins_above_all_numbers(
    path: Path, content: bytes
) -> None:
    path.write_bytes(content)

    store = gateway(path)

    assert set_aside(path) == content
    assert {one.lane: (one.first, one.last, one.count, one.why) for one in told(store)} == dict.fromkeys(
        LANES, (0, LATER - 1, 0, "damaged")
    )
    store.commit(Group(LATER, reports=[EVENT]))
    assert all(book.balanced for book in store.book().values())
    store.close()
    with closing(gateway(path)) as again:
        assert again.mended == 0, "once"


@pytest.mark.parametrize("done", ["made", "first name", "all but the last name"])
def test_a_mending_that_was_cut_short_is_finished(path: Path, done: str, monkeypatch: pytest.MonkeyPatch) -> None:
    spoilt = spoil(path, page_of_events(path))
    path.with_name("edge.db-wal").write_bytes(b"a log of the damaged store")
    renames = {"made": 0, "first name": 1, "all but the last name": 2}[done]
    rename = Path.rename

    def cut_short(self: Path, target: Path) -> Path:
        nonlocal renames
        if renames == 0:
            raise KeyboardInterrupt
        renames -= 1
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", cut_short)
    with pytest.raises(KeyboardInterrupt):
        gateway(path)
    monkeypatch.undo()

    store = gateway(path)

    assert set_aside(path) == spoilt
    assert store.book()["telemetry"].pending == LEVELS - 2000
    assert store.book()["events"].balanced
    assert min(store.next_seq.values()) >= LATER
    store.close()


def test_damage_that_is_found_at_work_is_mended_by_the_next_call(path: Path) -> None:
    store = gateway(path)
    store._connection.execute("UPDATE packed SET reports = x'00' WHERE lane = 'telemetry' AND first = 3000")

    with pytest.raises(StoreError, match=r"checksum.*mended now"):
        store.waiting("telemetry", -1, 1 << 60, 100_000, 1 << 60)
    store.commit(Group(LATER, reports=[EVENT]))

    assert store.mended == 1
    assert store.book()["telemetry"].thinned == 1000
    assert (3000, 3999, 1000, "damaged") in [(one.first, one.last, one.count, one.why) for one in told(store)]
    assert [seq for seq in numbers(store, "telemetry") if 3000 <= seq < 4000] == []
    assert decode(store.waiting("events", -1, 1 << 60, 100_000, 1 << 60)[-1][1]) == EVENT
    store.close()


def test_a_large_store_is_read_through_while_it_is_at_work(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mending, "AT_ONCE_BYTES", 1000)
    with closing(Store(path)) as store:
        store._connection.execute("UPDATE packed SET reports = x'00' WHERE lane = 'telemetry' AND first = 3000")

    store = gateway(path)
    assert store._check is not None
    assert store.mended == 0
    deadline = time.monotonic() + 20
    while not store.mended and time.monotonic() < deadline:
        store.tidy(LATER)

    assert store.mended == 1
    assert store.book()["telemetry"].thinned == 1000
    store.close()


def test_a_large_store_that_is_whole_is_left_as_it_is(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mending, "AT_ONCE_BYTES", 1000)
    store = gateway(path)
    check = store._check
    assert check is not None
    deadline = time.monotonic() + 20
    while not check.done and time.monotonic() < deadline:
        store.commit(Group(LATER, reports=[EVENT]))

    assert check.done
    assert check.found == ""
    store.close()


def test_others_than_the_gateway_change_nothing(path: Path) -> None:
    path.write_bytes(b"\x00" * 8192)

    with pytest.raises(StoreError, match=r"can not be opened.*move the file away"):
        Store(path)

    assert path.read_bytes() == b"\x00" * 8192
    assert aside(path) == []


def test_a_disk_that_spoils_every_store_does_not_fill_itself_with_them(path: Path) -> None:
    for number in range(mending.ASIDE_MAX):
        path.write_bytes(b"\x00" * 8192)
        Store(path, mend=True, now_ms=LATER + number * 1000).close()
    path.write_bytes(b"\x00" * 8192)

    with pytest.raises(StoreError, match="the disk may be failing"):
        gateway(path)


def test_a_state_that_can_not_be_read_is_learnt_anew(path: Path) -> None:
    store = gateway(path)
    store.commit(Group(LATER, {"shelf-1": b"\xc1"}))

    assert store.restore().devices.keys() == {f"shelf-{n}" for n in range(200)} - {"shelf-1"}
    store.close()


def test_a_name_that_is_no_text_any_more_does_not_keep_a_gateway_from_starting(path: Path) -> None:
    whole = path.read_bytes()
    assert b"shelf-193" in whole
    path.write_bytes(whole.replace(b"shelf-193", b"sh\xfflf-193"))

    with closing(gateway(path)) as store:
        assert store.restore().devices.keys() >= {f"shelf-{n}" for n in range(190)} - {"shelf-1"}
        assert store.mended == 1


def test_after_a_restore_numbers_go_on_above_those_of_the_other_life(path: Path) -> None:
    store = gateway(path)

    store.jump(LATER, "restored")

    lane: Lane
    for lane in LANES:
        (one,) = [one for one in told(store) if one.lane == lane]
        assert (one.last, one.count, one.why) == (LATER - 1, 0, "restored")
    assert all(book.balanced for book in store.book().values())
    store.close()
