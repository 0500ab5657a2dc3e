"""Small damage, which SQLite takes for data: a bit in a report, a block, a state, an index. None of it is believed."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from edge import saying
from edge.core.slots import fusion
from edge.core.slots.counting import Estimate
from edge.core.slots.shelves import SlotState
from edge.store import Group, Store, StoreError
from edge.storing import mending
from protocols.reports import StockEvent, TagMove, Thinned, decode
from protocols.uplink import Policy
from tests.contract.test_store import T0, numbers, state, waiting
from tests.contract.test_store_versions import FIRST, SECOND

LATER = T0 + 86_400_000
EVENTS = 2500
SLOT = msgspec.msgpack.encode(SlotState(fusion.begin(9, T0), Estimate(5, 5, 5, 0.99), 1.0, T0, 5))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A store of 2,500 events: one block of 1,000, the others loose; closed."""
    path = tmp_path / "edge.db"
    store = Store(path)
    for at in range(0, EVENTS, 500):
        events = [StockEvent("A1", "bolt", -1, 20_000 + n, T0 + n, 0.99) for n in range(at, at + 500)]
        moved = TagMove("AA00", "dock", "arrived", T0, "reader")
        store.commit(Group(T0, {"shelf-1": state(3)}, {"A1": SLOT}, [*events, moved], snapshots={"note": b"n" * 900}))
    while store.tidy(T0):
        pass
    store.keep_policies([Policy("bolt", 5, 50, False), Policy("nut", 7, 70, True)])
    store.close()
    return path


def gateway(path: Path) -> Store:
    return Store(path, mend=True, now_ms=LATER)


def held(path: Path) -> dict[int, bytes]:
    with closing(Store(path)) as store:
        return dict(store.waiting("events", -1, 1 << 60, 100_000, 1 << 60))


def flip(path: Path, within: bytes, *bits: int) -> None:
    """Flip bits of the only place in the file with these bytes."""
    whole = bytearray(path.read_bytes())
    at = whole.find(within)
    assert within
    assert at >= 0
    for bit in bits:
        whole[at + bit // 8] ^= 1 << bit % 8
    path.write_bytes(whole)


def read(path: Path, sql: str) -> bytes:
    with closing(sqlite3.connect(path)) as db:
        found: bytes = db.execute(sql).fetchone()[0]
        return found


def told(store: Store) -> list[tuple[int, int, int, str]]:
    found = [one for one in waiting(store, "events") if isinstance(one, Thinned) and one.lane == "events"]
    return [(one.first, one.last, one.count, one.why) for one in found]


def report(path: Path, seq: int) -> bytes:
    return read(path, f"SELECT report FROM outbox WHERE lane = 'events' AND seq = {seq}")


def block(path: Path) -> bytes:
    """What of the block lies together on one page."""
    return read(path, "SELECT reports FROM packed")[600:900]


def spoil_index(path: Path) -> None:
    """One bit of the index over the blocks: its entry is of another lane then."""
    root = read(path, "SELECT rootpage FROM sqlite_master WHERE name = 'packed_by_number'")
    whole = bytearray(path.read_bytes())
    page = (int(root) - 1) * 4096
    at = bytes(whole[page : page + 4096]).rfind(b"events")
    whole[page + at] ^= 0x02
    path.write_bytes(whole)


@pytest.mark.parametrize("small", [True, False])
def test_an_index_that_hides_a_block_is_found_at_start_and_costs_no_event(
    path: Path, small: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = held(path)
    spoil_index(path)
    if not small:
        monkeypatch.setattr(mending, "AT_ONCE_BYTES", 1000)

    with closing(gateway(path)) as store:
        assert store.mended == 1
        found = dict(store.waiting("events", -1, 1 << 60, 100_000, 1 << 60))
        assert {seq: found.get(seq) for seq in expected} == expected
        assert {one[2] for one in told(store)} == {0}, "numbers are given up, no event is"


def test_an_index_that_hides_what_was_signed_for_is_found_while_the_gateway_works(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mending, "AT_ONCE_BYTES", 1000)
    with closing(Store(path)) as store:
        store.settle("events", list(range(EVENTS + 5)), [], T0)
    spoil_index(path)

    store = gateway(path)
    assert store.mended == 0
    deadline = time.monotonic() + 20
    while not store.mended and time.monotonic() < deadline:
        store.tidy(LATER)

    assert store.mended == 1
    assert store.resend("events", 0, 999, LATER) == (1000, [])
    store.close()


def test_a_report_that_is_not_where_it_waits_is_damage_at_work_too(path: Path) -> None:
    store = gateway(path)
    store._connection.execute("DELETE FROM outbox WHERE seq = 1700")

    with pytest.raises(StoreError, match="events 1700 waits and is not there"):
        numbers(store, "events")

    assert (1700, 1700, 1, "damaged") in told(store)
    assert store.book()["events"].balanced
    store.close()


@pytest.mark.parametrize("small", [True, False])
def test_a_bit_in_a_block_is_found_and_put_right(path: Path, small: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = held(path)
    flip(path, block(path), 77)
    if not small:
        monkeypatch.setattr(mending, "AT_ONCE_BYTES", 1000)

    store = gateway(path)
    deadline = time.monotonic() + 20
    while not store.mended and time.monotonic() < deadline:
        store.tidy(LATER)

    found = dict(store.waiting("events", -1, 1 << 60, 100_000, 1 << 60))
    assert {seq: found.get(seq) for seq in expected} == expected
    assert store.book()["events"].thinned == 0
    store.close()


def test_a_block_with_more_than_a_bit_off_is_found_at_start_and_named(path: Path) -> None:
    flip(path, block(path), 77, 900, 1300)

    with closing(gateway(path)) as store:
        assert (store.mended, store.book()["events"].thinned) == (1, 1000)
        assert (0, 999, 1000, "damaged") in told(store)
        assert numbers(store, "events")[0] == 1000


def test_a_block_under_another_number_is_put_back_under_its_own(path: Path) -> None:
    expected = held(path)
    with closing(sqlite3.connect(path)) as db:
        (root,) = db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'packed_by_number'").fetchone()
        db.execute("PRAGMA writable_schema = ON")
        db.execute("DELETE FROM sqlite_master WHERE name = 'packed_by_number'")
        db.commit()
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE packed SET first = 3")  # in the table, and not in its index
        db.execute("PRAGMA writable_schema = ON")
        sql = "CREATE UNIQUE INDEX packed_by_number ON packed (lane, first, count, size, raw)"
        db.execute("INSERT INTO sqlite_master VALUES ('index', 'packed_by_number', 'packed', ?, ?)", (root, sql))

    with closing(gateway(path)) as store:
        assert store.mended == 1
        found = dict(store.waiting("events", -1, 1 << 60, 100_000, 1 << 60))
        assert {seq: found.get(seq) for seq in expected} == expected


def test_a_bit_in_a_loose_report_is_found_at_start_and_put_right(path: Path) -> None:
    expected = held(path)
    flip(path, report(path, 1900), 8 * 18 + 1)

    with closing(gateway(path)) as store:
        assert store.mended == 1
        found = dict(store.waiting("events", -1, 1 << 60, 100_000, 1 << 60))
        assert {seq: found.get(seq) for seq in expected} == expected


def test_a_loose_report_that_is_another_one_now_is_never_sent_but_named(path: Path) -> None:
    other = decode(held(path)[1900])
    assert isinstance(other, StockEvent)
    bits = 8 * 18 + 1, 8 * 18 + 2, 8 * 19
    flip(path, report(path, 1900), *bits)

    with closing(gateway(path)) as store:
        assert store.mended == 1
        assert (1900, 1900, 1, "damaged") in told(store)
        assert 1900 not in numbers(store, "events")
        assert store.book()["events"].balanced


def test_damage_to_a_loose_report_at_work_is_neither_sent_nor_packed(path: Path) -> None:
    store = gateway(path)
    store._connection.execute(
        "UPDATE outbox SET report = CAST(replace(report, 'bolt', 'nuts') AS BLOB) WHERE seq = 1005"
    )

    with pytest.raises(StoreError, match="events 1005 fails its checksum"):
        numbers(store, "events")
    store.commit(Group(LATER, reports=[StockEvent("A1", "bolt", -1, n, T0, 0.99) for n in range(600)]))
    while store.tidy(LATER):
        pass

    assert store.mended == 1
    assert (1005, 1005, 1, "damaged") in told(store)
    assert b"nuts" not in b"".join(blob for _, blob in store.waiting("events", -1, 1 << 60, 100_000, 1 << 60))
    store.close()


def test_packing_does_not_seal_what_is_damaged(path: Path) -> None:
    store = gateway(path)
    store._connection.execute("UPDATE outbox SET report = x'00' WHERE seq = 1005")
    store.commit(Group(LATER, reports=[StockEvent("A1", "bolt", -1, n, T0, 0.99) for n in range(600)]))

    with pytest.raises(StoreError, match="events 1005 fails its checksum"):
        store.tidy(LATER)
    while store.tidy(LATER):
        pass

    assert (1005, 1005, 1, "damaged") in told(store)
    store.close()


@pytest.mark.parametrize("table", ["device", "slot", "snapshot"])
def test_a_bit_in_a_state_is_put_right_and_more_is_not_believed(path: Path, table: str) -> None:
    kept = read(path, f"SELECT state FROM {table}")
    flip(path, kept, 21)
    with closing(gateway(path)) as store:
        assert store.mended == 1
        assert store._all(f"SELECT state FROM {table}") == [(kept,)]

    flip(path, kept, 21, 45)
    with closing(gateway(path)) as store:
        assert store.mended == 1
        memory = store.restore()
        assert not {"device": memory.devices, "slot": memory.slots, "snapshot": memory.snapshots}[table]


def test_a_large_store_does_not_start_from_a_state_that_is_spoilt(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mending, "AT_ONCE_BYTES", 1000)
    flip(path, SLOT, 21, 45)
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE policy SET reorder_point = 122 WHERE sku = 'bolt'")

    with closing(gateway(path)) as store:
        assert store.restore().slots == {}
        assert store.policies() == {"nut": Policy("nut", 7, 70, True)}
        assert store.mended == 1


@pytest.mark.parametrize(("table", "what"), [("policy", "reorder_point = 122"), ("tag", "epc = 'AA01'")])
def test_a_row_of_numbers_that_is_spoilt_is_not_believed(path: Path, table: str, what: str) -> None:
    with closing(sqlite3.connect(path)) as db, db:
        db.execute(f"UPDATE {table} SET {what} WHERE rowid = 1" if table == "policy" else f"UPDATE {table} SET {what}")

    with closing(gateway(path)) as store:
        assert store.mended == 1
        assert "bolt" not in store.policies() if table == "policy" else store.present_tags() == []


def test_whoever_only_looks_is_told_of_damage_and_changes_nothing(path: Path) -> None:
    flip(path, SLOT, 21)
    spoilt = path.read_bytes()

    with closing(Store(path, look=True)) as store, pytest.raises(StoreError, match="checksum"):
        store.restore()

    assert path.read_bytes() == spoilt


def test_a_look_brings_no_store_up_under_a_gateway_of_an_earlier_version(tmp_path: Path) -> None:
    path = tmp_path / "edge.db"
    with closing(sqlite3.connect(path)) as old:
        old.execute("PRAGMA journal_mode=WAL")
        old.executescript(FIRST + SECOND)
        old.execute("INSERT INTO lane VALUES ('events', 0, 0, 0, 0, 0, 0), ('telemetry', 0, 0, 0, 0, 0, 0)")
        old.commit()
        before = old.execute("SELECT sql FROM sqlite_master").fetchall()

        with pytest.raises(StoreError, match=r"earlier version.*restart the gateway first"):
            saying.store_of(tmp_path)

        assert old.execute("SELECT sql FROM sqlite_master").fetchall() == before
        old.execute("INSERT INTO outbox VALUES ('events', 0, x'01')")
        old.commit()


def test_a_look_sees_what_a_gateway_commits_and_can_write_nothing(path: Path) -> None:
    with closing(gateway(path)) as store:
        store.commit(Group(LATER, reports=[StockEvent("A1", "bolt", -1, 4, T0, 0.99)]))
        with closing(saying.store_of(path.parent)) as look:
            assert look.book() == store.book()
            assert look.restore().slots.keys() == {"A1"}
            with pytest.raises(StoreError, match="readonly"):
                look.commit(Group(LATER, reports=[StockEvent("A1", "bolt", -1, 4, T0, 0.99)]))
        store.commit(Group(LATER, reports=[StockEvent("A1", "bolt", -1, 3, T0, 0.99)]))

    with closing(saying.store_of(path.parent)) as look:
        assert look.book()["events"].accepted == EVENTS + 7


def test_a_look_at_an_empty_file_says_so(tmp_path: Path) -> None:
    (tmp_path / "edge.db").touch()

    with pytest.raises(StoreError, match="is empty: start the gateway"):
        saying.store_of(tmp_path)

    assert (tmp_path / "edge.db").stat().st_size == 0
