"""What was signed for stays until its room is needed: it can be asked for again, and the outlook says how long room
lasts."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge import store as module
from edge.store import Group, Store
from edge.storing import outbox, room
from protocols.reports import SlotLevel, Thinned, decode
from protocols.uplink import Policy
from tests.contract.test_store import EVENT, SERIES, T0, numbers, waiting

HOUR_MS = 3_600_000


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    one = Store(tmp_path / "edge.db")
    yield one
    one.close()


def fill(store: Store, count: int, at_ms: int = T0) -> None:
    rng = random.Random(count)
    levels = [SlotLevel(f"A{n % 90}", "bolt", n % 50, 0, 60, rng.random(), 12.5 * n, at_ms) for n in range(count)]
    store.commit(Group(at_ms, reports=list(levels)))


def tidied(store: Store) -> None:
    while store.tidy(T0):
        pass


def test_what_was_signed_for_can_be_asked_for_again_even_after_a_restart(store: Store) -> None:
    fill(store, 3000)
    tidied(store)
    before = store.waiting("telemetry", -1, 1 << 60, 5000, 1 << 60)
    store.settle("telemetry", list(range(3000)), [], T0)
    store.close()

    again = Store(store.path)

    assert again.kept_from == {"events": 0, "telemetry": 0}
    assert again.unsigned_from["telemetry"] == 3000
    assert again.resend("telemetry", 500, 1499, T0) == (1000, [])
    assert again.waiting("telemetry", -1, 1 << 60, 5000, 1 << 60) == before[500:1500]
    assert again.unsigned_from["telemetry"] == 500
    book = again.book()["telemetry"]
    assert (book.delivered, book.pending, book.balanced) == (2000, 1000, True)
    again.close()


def test_what_is_not_kept_any_more_is_said_to_be_gone(store: Store) -> None:
    store.kept_bytes_max = 0
    fill(store, 4000)
    tidied(store)
    store.settle("telemetry", list(range(2500)), [], T0)
    tidied(store)
    assert store.kept_from["telemetry"] == 2000

    assert store.resend("telemetry", 1000, 2600, T0 + 5) == (500, [(1000, 1999)])

    assert waiting(store, "events") == [Thinned(1000, 1999, 0, T0 + 5, "not_kept", "telemetry")]
    assert numbers(store, "telemetry") == list(range(2000, 4000))


def test_numbers_that_were_never_given_are_not_asked_for(store: Store) -> None:
    fill(store, 10)

    assert store.resend("telemetry", 5, 1 << 50, T0) == (0, [])
    assert store.resend("telemetry", 20, 30, T0) == (0, [])
    assert waiting(store, "events") == []


def test_a_refused_report_that_is_asked_for_again_is_no_longer_refused(store: Store) -> None:
    store.commit(Group(T0, reports=[EVENT] * 4))
    store.settle("events", [0, 1, 2, 3], [(1, "unknown slot")], T0)

    assert store.resend("events", 0, 1, T0) == (2, [])

    book = store.book()["events"]
    assert (book.delivered, book.pending, book.refused) == (2, 2, 0)
    assert numbers(store, "events") == [0, 1]


def test_kept_reports_go_before_anything_that_waits_and_telemetry_before_events(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "EVICT_BLOCKS", 1)
    fill(store, 6000)
    store.commit(Group(T0, reports=[EVENT] * 3000))
    tidied(store)
    store.settle("telemetry", list(range(3000)), [], T0)
    store.settle("events", list(range(3000)), [], T0)
    store.outbox_bytes_max = sum(state.bytes for state in store._lanes.values())

    fill(store, 100)
    assert store.kept_from == {"events": 0, "telemetry": 1000}
    store.outbox_bytes_max = 0
    for _ in range(3):
        fill(store, 1)

    assert store.kept_from["telemetry"] == store.unsigned_from["telemetry"] == 3000
    assert store.kept_from["events"] == 1000
    assert store.book()["telemetry"].thinned == 0


def test_packing_makes_reports_small_and_leaves_the_newest_as_they_are(store: Store) -> None:
    fill(store, 5000)
    before = store.book()["telemetry"].bytes

    tidied(store)

    assert numbers(store, "telemetry") == list(range(5000))
    assert store.book()["telemetry"].bytes < before * 0.75
    loose = store._connection.execute("SELECT MIN(seq), COUNT(*) FROM outbox WHERE lane = 'telemetry'").fetchone()
    assert loose == (4000, 1000)


def test_a_step_of_tidying_is_small(store: Store) -> None:
    fill(store, 5000)

    assert store.tidy(T0)

    assert store._connection.execute("SELECT SUM(count), COUNT(*) FROM packed").fetchone() == (1000, 1)


def test_refused_reports_go_oldest_first_once_they_can_not_be_asked_for_again(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "REFUSED_ROWS_MAX", 5)
    store.kept_bytes_max = 0
    fill(store, 4000)
    tidied(store)
    store.settle("telemetry", list(range(2000)), [(seq, "bad") for seq in range(0, 2000, 100)], T0)
    tidied(store)

    kept = store._connection.execute("SELECT seq FROM refused ORDER BY seq").fetchall()
    assert [seq for (seq,) in kept] == [1500, 1600, 1700, 1800, 1900]
    assert store.book()["telemetry"].refused == 20


def test_the_outlook_says_how_many_hours_are_left_at_the_rate_of_the_day(tmp_path: Path) -> None:
    store = Store(tmp_path / "edge.db", outbox_bytes_max=1_000_000)
    assert store.outlook(T0).hours is None, "nothing is known yet"

    for minute in range(0, 6 * 60, 10):
        fill(store, 300, T0 + minute * 60_000)
        tidied(store)
    now_ms = T0 + 6 * HOUR_MS
    looks = store.outlook(now_ms)

    assert looks.pending == {"events": 0, "telemetry": 36 * 300}
    assert looks.oldest_pending_ms == T0
    assert looks.hours is not None
    waiting_bytes = store.book()["telemetry"].bytes
    packed, count = store._connection.execute("SELECT SUM(size), SUM(count) FROM packed").fetchone()
    assert looks.bytes_per_hour == pytest.approx(packed / count * 300 * 6, rel=0.05)
    assert looks.hours == pytest.approx((1_000_000 - waiting_bytes) / looks.bytes_per_hour, rel=0.01)
    assert (looks.max_bytes, looks.full) == (1_000_000, "")
    assert 0 < looks.used_bytes < store.path.stat().st_size + 5_000_000

    store.settle("telemetry", list(range(36 * 300)), [], now_ms)
    calm = store.outlook(now_ms)
    assert calm.oldest_pending_ms is None
    assert calm.hours == pytest.approx(1_000_000 / calm.bytes_per_hour, rel=0.01), "what is kept makes room"
    store.close()


def test_a_full_outbox_says_so_until_there_is_room(tmp_path: Path) -> None:
    store = Store(tmp_path / "edge.db", outbox_bytes_max=20_000)
    while not store.book()["telemetry"].thinned:
        fill(store, 50)
    assert store.outlook(T0).full == "outbox_full"

    store.settle("telemetry", numbers(store, "telemetry"), [], T0)
    fill(store, 50)
    for _ in range(10):
        store.tidy(T0)
        fill(store, 1)

    assert store.outlook(T0).full == ""
    store.close()


def test_numbers_are_found_by_the_time_they_were_given(store: Store) -> None:
    assert store.numbers_between("telemetry", T0, T0 + HOUR_MS) is None
    for hour in range(5):
        fill(store, 100, T0 + hour * HOUR_MS)

    assert store.numbers_between("telemetry", T0 + HOUR_MS, T0 + 3 * HOUR_MS) == (100, 399)
    assert store.numbers_between("telemetry", T0 - HOUR_MS, T0 + 1) == (0, 99)
    assert store.numbers_between("telemetry", T0 + 4 * HOUR_MS, T0 + 9 * HOUR_MS) == (400, 499)
    assert store.numbers_between("telemetry", T0 + HOUR_MS, T0) is None
    assert store.numbers_between("events", T0, T0 + HOUR_MS) is None


def test_the_pace_is_noted_for_a_hundred_days_and_no_longer(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "PACE_ROWS_MAX", 10)
    for number in range(20):
        fill(store, 1, T0 + number * HOUR_MS)

    rows = store._connection.execute("SELECT at_ms FROM pace ORDER BY at_ms").fetchall()
    assert [(at_ms - T0) // HOUR_MS for (at_ms,) in rows] == [15, 16, 17, 18, 19]


def test_the_time_of_the_last_report_is_known_after_a_restart(store: Store) -> None:
    fill(store, 1, T0 + 7)
    fill(store, 1, T0 + 3)
    store.close()

    again = Store(store.path)
    assert again.recorded_ms == T0 + 7
    again.close()


def test_policies_are_kept_and_the_latest_word_on_a_sku_counts(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    store.keep_policies([Policy("bolt", 5, 50, False), Policy("nut", 1, 10, True)])
    store.keep_policies([Policy("bolt", 6, 60, True)])
    store.close()

    again = Store(store.path)
    assert again.policies() == {"bolt": Policy("bolt", 6, 60, True), "nut": Policy("nut", 1, 10, True)}
    monkeypatch.setattr(module, "POLICIES_MAX", 2)
    again.keep_policies([Policy("screw", 1, 1, False)])
    assert set(again.policies()) == {"bolt", "screw"}, "told last"
    again.close()


def test_a_receipt_is_in_the_file_when_settle_returns(store: Store) -> None:
    store.commit(Group(T0, reports=[EVENT, SERIES]))
    store.settle("events", [0], [], T0)

    other = sqlite3.connect(f"file:{store.path}?mode=ro", uri=True)
    assert other.execute("SELECT delivered FROM lane WHERE id = 'events'").fetchone() == (1,)
    assert store._connection.execute("PRAGMA synchronous").fetchone() == (2,), "the next group is synced again"
    other.close()


def test_a_stored_report_reads_as_it_was_written(store: Store) -> None:
    store.commit(Group(T0, reports=[SERIES] * 2500))
    tidied(store)

    assert all(decode(blob) == SERIES for _, blob in store.waiting("telemetry", -1, 2500, 3000, 1 << 30))
