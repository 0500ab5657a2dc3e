"""Stores of every earlier version, made by the statements of their time, are brought to the present one unharmed."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from edge.backup import make
from edge.restore import restore
from edge.store import Group, Quarantined, Store, StoreError
from edge.storing import schema
from protocols.readings import Problem
from protocols.reports import StockEvent, encode
from protocols.uplink import Policy
from tests.contract.test_store import EVENT, SERIES, T0, numbers, state, waiting

FIRST = """
CREATE TABLE "_sqlite_migrations" ("id" INTEGER PRIMARY KEY, "migration_set" TEXT, "name" TEXT, "applied_at" TEXT);
CREATE TABLE device (id TEXT PRIMARY KEY, state BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE slot (id TEXT PRIMARY KEY, state BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE tag (epc TEXT, device TEXT, zone TEXT, at_ms INTEGER, PRIMARY KEY (epc, device)) WITHOUT ROWID;
CREATE TABLE outbox (lane TEXT, seq INTEGER, report BLOB NOT NULL, PRIMARY KEY (lane, seq)) WITHOUT ROWID;
CREATE TABLE refused (lane TEXT, seq INTEGER, report BLOB, reason TEXT, at_ms INTEGER, PRIMARY KEY (lane, seq))
 WITHOUT ROWID;
CREATE TABLE lane (id TEXT PRIMARY KEY, next_seq INTEGER, accepted INTEGER, delivered INTEGER, refused INTEGER,
 thinned INTEGER, bytes INTEGER) WITHOUT ROWID;
CREATE TABLE problem (id INTEGER PRIMARY KEY, at_ms INTEGER, code TEXT, device TEXT, topic TEXT, detail TEXT, hint TEXT,
 payload BLOB);
CREATE TABLE problem_count (code TEXT PRIMARY KEY, count INTEGER) WITHOUT ROWID;
INSERT INTO "_sqlite_migrations" VALUES (1, 'edge', 'create', '2026-01-01 00:00:00');
"""
SECOND = """
CREATE TABLE snapshot (id TEXT PRIMARY KEY, state BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE journal (id INTEGER PRIMARY KEY, at_ms INTEGER, what TEXT, about TEXT, params TEXT);
INSERT INTO "_sqlite_migrations" VALUES (2, 'edge', 'know_more', '2026-02-01 00:00:00');
"""
VERSIONS = {"first": FIRST, "second": FIRST + SECOND}
EVENTS = [*range(3, 6), *range(9, 12)]
LEVELS = list(range(100, 3100))


@pytest.fixture(params=VERSIONS)
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A store with a backlog that has a hole, as left by a receipt for what was live, and with things of each table."""
    path = tmp_path / "edge.db"
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("PRAGMA journal_mode=WAL")
        db.executescript(VERSIONS[request.param])
        rows = [("events", seq, encode(EVENT)) for seq in EVENTS] + [
            ("telemetry", seq, encode(SERIES)) for seq in LEVELS
        ]
        db.executemany("INSERT INTO outbox VALUES (?, ?, ?)", rows)
        sizes = (len(EVENTS) * len(encode(EVENT)), len(LEVELS) * len(encode(SERIES)))
        db.execute("INSERT INTO lane VALUES ('events', 12, 12, 5, 1, 0, ?)", [sizes[0]])
        db.execute("INSERT INTO lane VALUES ('telemetry', 3100, 3100, 40, 0, 60, ?)", [sizes[1]])
        db.execute("INSERT INTO refused VALUES ('events', 2, ?, 'unknown slot', ?)", [encode(EVENT), T0])
        db.execute("INSERT INTO tag VALUES ('AA', 'reader', 'dock', ?)", [T0])
        db.execute("INSERT INTO problem_count VALUES ('payload.invalid', 7)")
        db.execute("INSERT INTO device VALUES ('shelf-1', ?)", [state(4)])
    return path


def test_its_outbox_its_book_and_its_numbers_go_on(old: Path) -> None:
    with closing(Store(old)) as store:
        book = store.book()

        assert (numbers(store, "events"), numbers(store, "telemetry")) == (EVENTS, LEVELS)
        assert book["events"][:5] == (12, 5, 6, 1, 0)
        assert book["telemetry"][:5] == (3100, 40, 3000, 0, 60)
        assert book["telemetry"].bytes == len(LEVELS) * len(encode(SERIES))
        assert all(one.balanced for one in book.values())
        assert store.next_seq == {"events": 12, "telemetry": 3100}
        assert store.unsigned_from == store.kept_from == {"events": 3, "telemetry": 100}
        assert store.problems()[0] == {"payload.invalid": 7}
        assert [tag["epc"] for tag in store.present_tags()] == ["AA"]


def test_it_works_on_as_if_it_had_always_been_so(old: Path) -> None:
    with closing(Store(old)) as store:
        store.commit(Group(T0, reports=[EVENT, SERIES]))
        while store.tidy(T0):
            pass
        assert (numbers(store, "events"), numbers(store, "telemetry")) == ([*EVENTS, 12], [*LEVELS, 3100])
        store.settle("events", [*EVENTS, 12], [], T0)
        assert store.resend("events", 0, 12, T0) == (7, [(0, 2), (6, 8)])

    with closing(Store(old)) as store:
        assert all(one.balanced for one in store.book().values())


def test_states_of_the_second_version_stay_and_those_of_the_first_are_learnt_anew(old: Path) -> None:
    with closing(sqlite3.connect(old)) as db:
        second = db.execute("SELECT COUNT(*) FROM _sqlite_migrations").fetchone()[0] == 2

    with closing(Store(old)) as store:
        assert list(store.restore().devices) == (["shelf-1"] if second else [])


def test_a_damaged_one_is_carried_over_too(old: Path) -> None:
    with closing(sqlite3.connect(old)) as db, db:
        db.execute("UPDATE lane SET delivered = 6 WHERE id = 'events'")

    with closing(Store(old, mend=True, now_ms=T0)) as store:
        assert store.mended == 1
        assert numbers(store, "events")[:6] == EVENTS
        assert numbers(store, "telemetry") == LEVELS
        assert min(store.next_seq.values()) >= T0
        assert all(one.balanced for one in store.book().values())


def test_a_migration_that_is_cut_short_leaves_the_old_store(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(sqlite3.connect(old)) as db:
        before = db.execute("SELECT name FROM sqlite_master ORDER BY name").fetchall()
    monkeypatch.setattr(schema, "NEWER", (*schema.NEWER, "TABLE (this is not SQL"))

    with pytest.raises(StoreError, match="syntax error"):
        Store(old)

    monkeypatch.undo()
    with closing(sqlite3.connect(old)) as db:
        after = db.execute("SELECT name FROM sqlite_master WHERE name NOT IN ('snapshot', 'journal') ORDER BY name")
        assert set(after.fetchall()) <= set(before)
    with closing(Store(old)) as store:
        assert numbers(store, "events") == EVENTS


def test_a_new_store_has_the_tables_of_an_old_one_brought_up(old: Path, tmp_path: Path) -> None:
    def tables(path: Path) -> set[tuple[str, str]]:
        with closing(sqlite3.connect(path)) as db:
            names = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            return {(name, column[1]) for name in names for column in db.execute(f"PRAGMA table_info({name})")}

    Store(old).close()
    Store(tmp_path / "new" / "edge.db").close()

    assert tables(old) == tables(tmp_path / "new" / "edge.db")


def test_a_database_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "edge.db"
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("CREATE TABLE movement (id INTEGER)")
    before = path.read_bytes()

    with pytest.raises(StoreError, match="database of something else"):
        Store(path, mend=True)

    assert path.read_bytes() == before
    assert list(tmp_path.glob("*.damaged*")) == []


def test_a_store_of_a_later_version_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "edge.db"
    Store(path).close()
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("INSERT INTO _sqlite_migrations (migration_set, name) VALUES ('edge', 'of_next_year')")

    with pytest.raises(StoreError, match=r"later version \(of_next_year\)"):
        Store(path, mend=True)

    assert list(tmp_path.glob("*.damaged*")) == []


EARLIER = Path(__file__).parent / "earlier"


@pytest.fixture
def third(tmp_path: Path) -> Path:
    """A store as the third version wrote it: ten reports in each lane, four of them in a block, some signed for."""
    path = tmp_path / "edge.db"
    with closing(sqlite3.connect(path)) as db:
        db.executescript((EARLIER / "edge-3.sql").read_text())
        db.execute("PRAGMA journal_mode = WAL")
    return path


def test_there_is_a_file_of_the_version_before() -> None:
    assert len(schema.VERSIONS) == 5, "add a dump of the version before, and a test that takes it over"


def test_a_store_of_the_third_version_is_taken_over_with_all_it_holds_and_goes_on(third: Path) -> None:
    with closing(Store(third, mend=True, now_ms=T0)) as store:
        assert store.mended == 0
        assert numbers(store, "events") == [3, 4, 6, 7, 8, 9]
        assert waiting(store, "events")[0] == StockEvent("A1", "bolt", -1, 3, T0, 0.99)
        assert numbers(store, "telemetry") == list(range(10))
        memory = store.restore()
        assert (memory.devices["shelf-1"].late, list(memory.slots), memory.snapshots) == (4, ["A1"], {"note": b"kept"})
        assert memory.tags == {("reader", "dock"): ["AA"]}
        assert store.policies() == {"bolt": Policy("bolt", 5, 50, True)}
        assert store.problems()[0] == {"payload.invalid": 1}
        assert store.resend("events", 0, 5, T0) == (4, [])
        store.commit(Group(T0, {"shelf-1": state(5)}, reports=[EVENT, SERIES]))

    with closing(Store(third, mend=True, now_ms=T0)) as store:
        assert store.mended == 0, "what it wrote itself is whole to it"
        assert numbers(store, "events") == list(range(11))


def test_what_the_fourth_version_could_not_use_is_kept_and_only_newer_messages_can_be_replayed(tmp_path: Path) -> None:
    path = tmp_path / "edge.db"
    with closing(sqlite3.connect(path)) as db:
        db.executescript((EARLIER / "edge-4.sql").read_text())
        db.execute("PRAGMA journal_mode = WAL")

    with closing(Store(path, mend=True, now_ms=T0)) as store:
        assert store.mended == 0
        assert [(one.code, one.whole) for one in store.quarantine().items] == [
            ("payload.not_json", False),
            ("payload.invalid", False),
        ]
        store.commit(Group(T0, problems=[Quarantined(Problem("unit.unknown", ""), "t", b"{}", True)]))
        assert store.quarantine().replayable == {"unit.unknown": 1}


@pytest.mark.parametrize("table", ["outbox", "packed", "slot"])
def test_what_the_third_version_wrote_is_watched_over_from_then_on(third: Path, table: str) -> None:
    Store(third).close()
    what = {"outbox": "report", "packed": "reports", "slot": "state"}[table]
    with closing(sqlite3.connect(third)) as db, db:
        db.execute(f"UPDATE {table} SET {what} = CAST(substr({what}, 1, 12) || x'7f7f' || substr({what}, 15) AS BLOB)")

    with closing(Store(third, mend=True, now_ms=T0)) as store:
        assert store.mended == 1


def test_a_damaged_store_of_the_third_version_is_carried_over(third: Path) -> None:
    with closing(sqlite3.connect(third)) as db, db:
        db.execute("UPDATE lane SET delivered = delivered + 1 WHERE id = 'events'")

    with closing(Store(third, mend=True, now_ms=T0)) as store:
        assert store.mended == 1
        assert [seq for seq in numbers(store, "telemetry") if seq < 10] == list(range(10))
        assert list(store.restore().slots) == ["A1"]
        assert store.policies() == {"bolt": Policy("bolt", 5, 50, True)}


def test_a_backup_of_the_third_version_is_restored_and_brought_up(third: Path, tmp_path: Path) -> None:
    assert make(third.parent, tmp_path / "backup.tar", T0).schema[-1] == "keep_what_was_sent"

    restore(tmp_path / "backup.tar", tmp_path / "new", T0 + 1)

    with closing(Store(tmp_path / "new" / "edge.db", look=True)) as store:
        assert store.book()["telemetry"].pending == 10
