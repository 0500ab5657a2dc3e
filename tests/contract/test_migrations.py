"""Files of every earlier version are taken over whole: the dumps in `earlier/` were written by those versions.

Named `<store>-<schema>[-what].sql`. Whoever adds a schema version adds a dump of the one before.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from cloud.backup import HISTORY, LEDGER, SPOOL, make
from cloud.core.book.entries import Entry
from cloud.core.lanes import RANGES_MAX
from cloud.doctor.examining import SCHEMAS
from cloud.restore import restore
from cloud.stores import copies
from cloud.stores.history import HistoryUnavailable, Samples, open_history
from cloud.stores.history_spool import SpooledHistory
from cloud.stores.history_sqlite import SqliteHistory
from cloud.stores.ledger import Ledger
from cloud.stores.people import Person, Session, Token
from cloud.stores.retention import Retention
from protocols.sequences import Sequence as Numbers
from tests.contract.keepers import where
from tests.contract.ledgers import apply
from tests.depot import NOON_MS as T
from tests.depot import batch, stock

EARLIER = Path(__file__).parent / "earlier"
FILES = {"ledger": LEDGER, "history": HISTORY, "spool": SPOOL}
DAY_MS = 86_400_000


def dumps(store: str) -> list[Path]:
    return sorted(EARLIER.glob(f"{store}-*.sql"))


def version(dump: Path) -> str:
    return dump.stem.split("-")[1]


def loaded(dump: Path, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path)) as db:
        db.executescript(dump.read_text())
        db.execute("PRAGMA journal_mode = WAL")
    return path


def columns(path: Path) -> dict[str, set[tuple[str, int, int]]]:
    """Of each table the columns: name, whether it must be given, place in the key."""
    with closing(sqlite3.connect(path)) as db:
        tables = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {
            table: {(row[1], row[3], row[5]) for row in db.execute(f"PRAGMA table_info({table})")} for table in tables
        }


def indexes(path: Path) -> set[str]:
    """Of indexes and of the triggers that guard tables the names."""
    with closing(sqlite3.connect(path)) as db:
        return {name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type IN ('index', 'trigger')")}


class Away:
    """A history that takes what it is given into a list."""

    def __init__(self) -> None:
        self.taken: list[Samples] = []

    def append(self, samples: Sequence[Samples]) -> None:
        self.taken += samples

    def read(self, series: str, from_ms: int, to_ms: int, points: int | None = None) -> tuple[list[int], list[float]]:
        return [], []

    def latest(self, series: Sequence[str] | None = None) -> dict[str, tuple[int, float]]:
        return {}

    def series(self) -> list[str]:
        return []

    def close(self) -> None:
        return


def test_there_is_a_file_of_every_earlier_version() -> None:
    for store, name in FILES.items():
        current = SCHEMAS[name][-1]
        earlier = {*SCHEMAS[name][:-1]} or {current}
        assert earlier <= {version(dump) for dump in dumps(store)}, f"no dump of a {store} of {earlier}"


@pytest.mark.parametrize("dump", dumps("ledger"), ids=lambda dump: dump.stem)
def test_a_ledger_of_an_earlier_version_is_taken_over_with_all_it_holds_and_goes_on(dump: Path, tmp_path: Path) -> None:
    path = loaded(dump, tmp_path / "ledger.db")

    ledger = Ledger(f"sqlite:///{path}")

    assert [(one[2], one[3], one[5]) for one in ledger.movements()] == [(-6, 90, "weight"), (-1, 89, "first")]
    lanes = ledger.lanes()
    assert (lanes["g1", "events"].held.ranges, lanes["g1", "events"].refused) == ([[0, 5]], 1)
    assert lanes["g1", "telemetry"].held.ranges == [[0, 1], [5, 5]]
    [level] = ledger.levels()
    assert (level.slot, level.count, level.mass_g, level.booked) == ("A1", 89, 4450.0, None)
    [device] = ledger.devices()
    assert (device.device, device.clock_offset_ms, device.battery_pct, device.findings) == ("shelf-1", 3, 80.0, [])
    assert [(one.sku, one.quantity, one.why) for one in ledger.needs()] == [("bolt", 40, {"on_hand": 2})]
    assert [(one.rule, one.state) for one in ledger.alerts()] == [("stock_out", "firing")]
    [taken, again] = apply(ledger, batch([stock("A1", -1, 88)], first=6), batch([stock("A1", -6, 90)]))
    assert (len(taken.numbered), again.duplicates) == (1, 1)
    ledger.close()
    Ledger(f"sqlite:///{tmp_path}/fresh.db").close()
    assert columns(path) == columns(tmp_path / "fresh.db")
    assert indexes(path) == indexes(tmp_path / "fresh.db")
    assert copies.schema(path) == SCHEMAS[LEDGER][-1]


@pytest.mark.parametrize("dump", dumps("ledger"), ids=lambda dump: dump.stem)
def test_the_people_of_an_earlier_ledger_can_still_sign_in(dump: Path, tmp_path: Path) -> None:
    ledger = Ledger(f"sqlite:///{loaded(dump, tmp_path / 'ledger.db')}")

    ada = Person("ada", "admin", "hash")
    assert ledger.people.account("ada") == ada
    kept = Session("token", "ada", "hash", T + 10**9)
    assert ledger.people.session("token") == (None if "before-sessions" in dump.stem else (ada, kept))
    new = Session("new", "ada", "hash", T)
    ledger.people.keep_session(new, 10)
    assert ledger.people.session("new") == (ada, new)
    ledger.close()


def test_who_was_of_the_crew_is_an_operator_and_a_manager_an_admin(tmp_path: Path) -> None:
    people = Ledger(f"sqlite:///{loaded(EARLIER / 'ledger-9.sql', tmp_path / 'ledger.db')}").people

    roles = {one.name: (one.role, one.supplier, one.once) for one in people.accounts()}
    assert roles == {
        "ada": ("admin", "", False), "bo": ("operator", "", False), "erp": ("operator", "", False),
        "sam": ("supplier", "acme", False),
    }  # fmt: skip


def test_tokens_of_before_go_on_and_may_what_they_could(tmp_path: Path) -> None:
    people = Ledger(f"sqlite:///{loaded(EARLIER / 'ledger-9.sql', tmp_path / 'ledger.db')}").people

    assert people.tokens("") == [Token("machine", "erp", "erp", "look"), Token("portal", "sam", "sam", "portal")]
    assert people.token("machine") is not None


@pytest.mark.parametrize("dump", dumps("ledger"), ids=lambda dump: dump.stem)
def test_what_an_earlier_ledgers_shelves_sensed_is_in_the_book_from_then_on(dump: Path, tmp_path: Path) -> None:
    ledger = Ledger(f"sqlite:///{loaded(dump, tmp_path / 'ledger.db')}")

    assert [(one.kind, one.place, one.units) for one in ledger.books.facts("bolt")] == [
        ("pick", "A1", -6),
        ("count", "A1", 89),
    ]
    assert (ledger.books.entries(), ledger.books.orders(), ledger.books.reservations()) == ([], [], [])
    [posted] = ledger.books.post([Entry("receipt", "bolt", 40, T + DAY_MS, T + DAY_MS)])
    assert [*ledger.books.facts("bolt")][-1] == posted
    ledger.close()


@pytest.mark.parametrize("dump", dumps("history"), ids=lambda dump: dump.stem)
def test_a_history_of_an_earlier_version_is_taken_over_with_all_it_holds_and_goes_on(
    dump: Path, tmp_path: Path
) -> None:
    path = loaded(dump, tmp_path / "history.db")
    expected = {T + i * 200_000 + j * 1000: j / 10 for i in range(4) for j in range(150)}

    history = SqliteHistory(path)
    history.append([Samples("a/1/x", [T + DAY_MS], [9.0])])

    assert dict(zip(*history.read("a/1/x", 0, T + DAY_MS), strict=True)) == expected
    assert history.read("b/1/x", 0, T + DAY_MS) == ([T, T + 1], [1.0, 2.0])
    assert history.latest() == {"a/1/x": (T + DAY_MS, 9.0), "b/1/x": (T + 1, 2.0)}
    thinned = sum(history.retain(Retention(), T + 200 * DAY_MS).thinned for _ in range(5))
    assert thinned > 0
    history.close()
    SqliteHistory(tmp_path / "fresh.db").close()
    assert columns(path) == columns(tmp_path / "fresh.db")
    assert indexes(path) == indexes(tmp_path / "fresh.db")


@pytest.mark.parametrize("dump", dumps("spool"), ids=lambda dump: dump.stem)
def test_what_waits_in_a_spool_of_an_earlier_version_is_handed_on(dump: Path, tmp_path: Path) -> None:
    away = Away()

    spool = SpooledHistory(away, loaded(dump, tmp_path / "spool.db"))

    assert (spool.backlog().samples, spool.backlog().refused) == (2, 1)
    assert spool.refused() == [(Samples("bad/1/x", [T], [1.0]), "no")]
    assert spool.drain() == 2
    assert away.taken == [Samples("a/1/x", [T, T + 1], [1.0, 2.0])]
    spool.close()
    SpooledHistory(away, tmp_path / "fresh.db").close()
    assert columns(tmp_path / "spool.db") == columns(tmp_path / "fresh.db")


@pytest.fixture
def later(tmp_path: Path) -> Path:
    """A state whose history and spool a later version has opened."""
    SqliteHistory(tmp_path / "history.db").close()
    SpooledHistory(Away(), tmp_path / "spool.db").close()
    for store in ("history", "spool"):
        with closing(sqlite3.connect(tmp_path / f"{store}.db")) as db, db:
            db.execute(
                "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES (?, 'hundredth', '')", (store,)
            )
    return tmp_path


def test_a_store_of_a_later_version_is_left_alone_and_says_what_to_do(later: Path) -> None:
    before = columns(later / "history.db")

    with pytest.raises(HistoryUnavailable, match=r"history of a later version \(schema 'hundredth'\).*restore"):
        open_history(f"sqlite:///{later}/history.db")
    with pytest.raises(HistoryUnavailable, match="spool of a later version"):
        SpooledHistory(Away(), later / "spool.db")

    assert columns(later / "history.db") == before


def test_a_backup_by_an_earlier_version_is_restored_and_taken_over(tmp_path: Path) -> None:
    state = tmp_path / "cloud"
    loaded(EARLIER / "ledger-1.sql", state / LEDGER)
    loaded(EARLIER / "history-first.sql", state / HISTORY)
    made, manifest = make(where(state), tmp_path / "nightly", T)
    assert {part.name: part.schema for part in manifest.parts} == {LEDGER: "1", HISTORY: "first"}

    restore(where(tmp_path / "new" / "cloud"), made, SCHEMAS, T, False)

    ledger = Ledger(f"sqlite:///{tmp_path}/new/cloud/ledger.db")
    history = SqliteHistory(tmp_path / "new" / "cloud" / HISTORY)
    assert len(list(ledger.movements())) == 2
    assert ledger.lanes()["g1", "events"].held == Numbers([[0, 5]], 0, RANGES_MAX)
    assert len(history.read("a/1/x", 0, T + DAY_MS)[0]) == 600
    history.close()
    ledger.close()
