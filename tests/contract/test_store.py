"""The gateway's store: all of a group or nothing of it, and books that always add up."""

from __future__ import annotations

import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import msgspec
import pytest

from edge.core.inference import DeviceState
from edge.core.slots import fusion
from edge.core.slots.counting import Estimate
from edge.core.slots.shelves import Note, SlotState
from edge.store import Group, Quarantined, Store, StoreError
from edge.storing import groups, room
from edge.storing.errors import OutboxFull
from edge.storing.groups import QUARANTINE_PAYLOAD_MAX
from protocols.readings import Problem
from protocols.reports import Lane, Report, Series, StockEvent, TagMove, Thinned, decode
from tests.contract.brokers import PROJECT

T0 = 1_763_762_400_000
EVENT: Report = StockEvent("A1", "bolt", -1, 4, T0, 0.99)
SERIES: Report = Series("cold-1", "1", "temperature_c", "hall", T0, list(range(50)), [4.5] * 50)
BAD = Quarantined(Problem("payload.invalid", "why", "hint", "shelf-1"), "wh/v1/demo/shelf-1/shelf", b"{}")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    one = Store(tmp_path / "state" / "edge.db")
    yield one
    one.close()


def numbers(store: Store, lane: Lane) -> list[int]:
    return [seq for seq, _ in store.waiting(lane, -1, 1 << 60, 100_000, 1 << 60)]


def waiting(store: Store, lane: Lane) -> list[Report]:
    return [decode(blob) for _, blob in store.waiting(lane, -1, 1 << 60, 100_000, 1 << 60)]


def state(late: int) -> bytes:
    return msgspec.msgpack.encode(DeviceState(late=late))


def test_what_was_committed_is_there_after_a_restart_and_numbers_go_on(store: Store) -> None:
    slot = SlotState(fusion.begin(9, T0), Estimate(5, 5, 5, 0.99), 1.0, T0, 5)
    store.commit(Group(T0, {"shelf-1": state(3)}, {"A1": msgspec.msgpack.encode(slot)}, [EVENT, SERIES, EVENT]))
    book = store.book()
    store.close()

    back = Store(store.path)

    devices, slots, _, _ = back.restore()
    assert devices["shelf-1"].late == 3
    assert slots == {"A1": slot}
    assert waiting(back, "events") == [EVENT, EVENT]
    assert back.next_seq == {"events": 2, "telemetry": 1}
    assert back.book() == book
    back.commit(Group(T0, reports=[EVENT]))
    assert numbers(back, "events") == [0, 1, 2]
    back.close()


def test_a_settled_number_is_never_given_again(store: Store) -> None:
    store.commit(Group(T0, reports=[EVENT, EVENT]))
    store.settle("events", [0, 1], [], T0)
    store.close()

    back = Store(store.path)
    back.commit(Group(T0, reports=[EVENT]))

    assert numbers(back, "events") == [2]
    back.close()


def test_its_files_are_for_its_owner_only(store: Store) -> None:
    store.commit(Group(T0, reports=[EVENT]))

    files = sorted(store.path.parent.iterdir())

    assert {file.name for file in files} == {"edge.db", "edge.db-wal", "edge.db-shm", "edge.mark"}
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


def test_whatever_goes_wrong_in_a_commit_nothing_of_it_stays(store: Store) -> None:
    store.commit(Group(T0, {"shelf-1": state(1)}, reports=[EVENT]))
    unwritable = Quarantined(Problem("x", "\ud800"), "topic", b"")

    with pytest.raises(UnicodeEncodeError):
        store.commit(Group(T0, {"shelf-1": state(2)}, {}, [EVENT, SERIES], [unwritable]))

    assert store.restore().devices["shelf-1"].late == 1
    assert (numbers(store, "events"), numbers(store, "telemetry")) == ([0], [])
    store.commit(Group(T0, {"shelf-1": state(3)}, reports=[EVENT]))
    assert numbers(store, "events") == [0, 1]
    assert all(book.balanced for book in store.book().values())


WRITER = """
import sys, msgspec
from pathlib import Path
from edge.core.inference import DeviceState
from edge.store import Group, Store
from edge.storing import outbox, room
from tests.contract.test_store import EVENT, SERIES, T0, state
outbox.PACK_REPORTS = room.PACK_REPORTS = 5
store = Store(Path(sys.argv[1]), kept_bytes_max=500, mend=True)
for n in range(1, 100_000):
    store.commit(Group(T0, {"shelf-1": state(n)}, {}, [EVENT] * 3 + [SERIES] * 2))
    if n % 3 == 0:
        store.settle("events", list(range(3 * n - 9, 3 * n - 3)), [(3 * n - 8, "bad")], T0)
        store.tidy(T0)
    print(n, flush=True)
"""


@pytest.mark.parametrize("commits", [1, 7, 20, 61, 140])
def test_a_killed_gateway_has_committed_whole_groups_only(tmp_path: Path, commits: int) -> None:
    path = tmp_path / "edge.db"
    writer = subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, cwd=PROJECT)
    assert writer.stdout is not None
    said = 0
    while said < commits:
        said = int(writer.stdout.readline())

    writer.kill()
    writer.communicate()

    store = Store(path, mend=True)
    groups = store.restore().devices["shelf-1"].late
    assert store.mended == 0
    assert groups >= said
    assert store.next_seq == {"events": 3 * groups, "telemetry": 2 * groups}
    assert numbers(store, "telemetry") == list(range(2 * groups))
    assert all(book.balanced for book in store.book().values())
    store.close()


def test_waiting_reports_are_read_up_to_a_number_and_a_size(store: Store) -> None:
    store.commit(Group(T0, reports=[SERIES] * 10))
    size = store.book()["telemetry"].bytes // 10

    assert [seq for seq, _ in store.waiting("telemetry", 2, 8, 100, 1 << 20)] == [3, 4, 5, 6, 7]
    assert [seq for seq, _ in store.waiting("telemetry", -1, 99, 3, 1 << 20)] == [0, 1, 2]
    assert [seq for seq, _ in store.waiting("telemetry", -1, 99, 100, 2 * size)] == [0, 1]
    assert [seq for seq, _ in store.waiting("telemetry", -1, 99, 100, 1)] == [0], "one always goes"


def test_settling_twice_is_harmless(store: Store) -> None:
    store.commit(Group(T0, reports=[EVENT] * 5))

    for _ in range(2):
        store.settle("events", [0, 1, 2], [(1, "unknown slot")], T0)

        book = store.book()["events"]
        assert (book.accepted, book.delivered, book.pending, book.refused) == (5, 2, 2, 1)


def test_a_refused_report_leaves_the_queue_and_keeps_its_reason(store: Store) -> None:
    store.commit(Group(T0, reports=[EVENT] * 3))

    store.settle("events", [0, 1, 2], [(1, "unknown slot")], T0 + 5)

    rows = store._connection.execute("SELECT lane, seq, report, reason, at_ms FROM refused").fetchall()
    assert [(lane, seq, decode(blob), reason, at) for lane, seq, blob, reason, at in rows] == [
        ("events", 1, EVENT, "unknown slot", T0 + 5)
    ]


def test_a_refusal_of_a_number_that_is_not_there_is_not_counted(store: Store) -> None:
    """The service may refuse what was thinned meanwhile, or what was never in the batch."""
    store.commit(Group(T0, reports=[EVENT] * 3))

    store.settle("events", [0, 1], [(7, "never sent"), (0, "bad")], T0)
    store.settle("events", [0, 1, 2], [(0, "bad")], T0)

    book = store.book()["events"]
    assert (book.delivered, book.pending, book.refused) == (2, 0, 1)


def test_at_the_limit_the_oldest_telemetry_goes_and_an_event_says_so(tmp_path: Path) -> None:
    store = Store(tmp_path / "edge.db", outbox_bytes_max=5000)

    while not store.book()["telemetry"].thinned:
        store.commit(Group(T0, reports=[SERIES, EVENT]))

    book = store.book()["telemetry"]
    (told,) = [report for report in waiting(store, "events") if isinstance(report, Thinned)]
    assert (told.first, told.last, told.count, told.why) == (0, book.thinned - 1, book.thinned, "outbox_full")
    assert numbers(store, "telemetry")[0] == book.thinned
    assert all(one.balanced for one in store.book().values())
    store.close()


def test_a_thinning_and_its_event_are_one_transaction(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(tmp_path / "edge.db", outbox_bytes_max=5000)
    while store.book()["telemetry"].bytes + 600 < 5000:
        store.commit(Group(T0, reports=[SERIES]))
    before = store.book()

    def broken(*_: object) -> Thinned:
        raise KeyboardInterrupt

    monkeypatch.setattr(room, "Thinned", broken)
    with pytest.raises(KeyboardInterrupt):
        store.commit(Group(T0, reports=[SERIES] * 2))

    assert store.book() == before
    store.close()


def test_events_are_never_thinned(tmp_path: Path) -> None:
    store = Store(tmp_path / "edge.db", outbox_bytes_max=500)
    taken = 0

    with suppress(OutboxFull):
        while taken < 50:
            store.commit(Group(T0, reports=[EVENT, SERIES]))
            taken += 1

    events = [one for one in waiting(store, "events") if one == EVENT]
    assert 1 < len(events) == taken < 50
    store.close()


def test_a_problem_is_kept_with_its_bytes_and_counted(store: Store) -> None:
    store.commit(Group(T0, problems=[BAD, BAD._replace(payload=b"x" * 9999)]))

    counts, latest = store.problems()

    assert counts == {"payload.invalid": 2}
    assert [(row["topic"], row["device"], row["hint"]) for row in latest] == [(BAD.topic, "shelf-1", "hint")] * 2
    payloads = store._connection.execute("SELECT payload FROM problem ORDER BY id").fetchall()
    assert payloads == [(b"{}",), (b"x" * QUARANTINE_PAYLOAD_MAX,)]


def test_only_the_latest_problems_are_kept_but_all_are_counted(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(groups, "QUARANTINE_ROWS_MAX", 10)

    for _ in range(8):
        store.commit(Group(T0, problems=[BAD] * 3))

    assert store._connection.execute("SELECT COUNT(*) FROM problem").fetchone()[0] == 10
    assert store.problems()[0] == {"payload.invalid": 24}


def test_the_last_move_of_a_tag_counts_and_a_departed_one_takes_no_room(store: Store) -> None:
    def move(epc: str, what: str, at_ms: int) -> TagMove:
        return TagMove(epc, "dock", what, at_ms, "reader")  # type: ignore[arg-type]

    store.commit(Group(T0, reports=[move("AA", "arrived", 1), move("BB", "arrived", 2), move("AA", "departed", 3)]))
    store.commit(Group(T0, reports=[move("BB", "departed", 4), move("BB", "arrived", 5), move("CC", "arrived", 6)]))

    assert [(tag["epc"], tag["at_ms"]) for tag in store.present_tags()] == [("BB", 5), ("CC", 6)]
    assert store._connection.execute("SELECT COUNT(*) FROM tag").fetchone()[0] == 2


def test_a_file_that_is_no_store_is_refused_with_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "edge.db"
    path.write_bytes(b"not a database, but long enough to look like one " * 100)

    with pytest.raises(StoreError, match=r"edge\.db can not be opened.*move the file away"):
        Store(path)


def test_a_folder_that_can_not_be_made_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(StoreError, match="can not be opened"):
        Store(tmp_path / "file" / "edge.db")


def test_a_state_that_can_not_be_read_is_a_sentence(store: Store) -> None:
    store.commit(Group(T0, {"shelf-1": b"\xc1"}))

    with pytest.raises(StoreError, match=r"can not be read.*move the file away"):
        store.restore()


def test_two_stores_on_one_file_do_not_mix_their_transactions(store: Store) -> None:
    reader = sqlite3.connect(f"file:{store.path}?mode=ro", uri=True)

    store.commit(Group(T0, reports=[EVENT]))

    assert reader.execute("SELECT COUNT(*) FROM outbox").fetchone()[0] == 1
    reader.close()


def test_snapshots_and_the_journal_are_kept_with_the_group(tmp_path: Path) -> None:
    store = Store(tmp_path / "edge.db")
    store.commit(Group(T0, snapshots={"rates": b"1", "taught": b"2"}, notes=[Note("tare", "A1", T0, {"tare_g": 3.5})]))
    store.commit(Group(T0 + 1, snapshots={"rates": b"3"}, notes=[Note("count", "A2", T0 + 1, {"units": 4})]))
    store.close()

    again = Store(tmp_path / "edge.db")

    assert again.restore().snapshots == {"rates": b"3", "taught": b"2"}
    assert again.journal() == [
        {"at_ms": T0 + 1, "what": "count", "about": "A2", "units": 4},
        {"at_ms": T0, "what": "tare", "about": "A1", "tare_g": 3.5},
    ]
    assert [line["what"] for line in again.journal(about="A1")] == ["tare"]


def test_the_journal_keeps_its_latest_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(groups, "JOURNAL_ROWS_MAX", 3)
    store = Store(tmp_path / "edge.db")
    for number in range(5):
        store.commit(Group(T0, notes=[Note("count", "A1", T0 + number)]))
    assert [line["at_ms"] - T0 for line in store.journal()] == [4, 3, 2]
