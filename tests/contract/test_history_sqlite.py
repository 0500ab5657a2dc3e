"""What SQLite promises beside the suite of every history: chunks sealed in turn, no loss in a kill, damage named."""

from __future__ import annotations

import signal
import sqlite3
import stat
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloud.stores import history_sqlite, sealing
from cloud.stores.history import HistoryUnavailable, Samples
from cloud.stores.history_sqlite import SqliteHistory

PROJECT = Path(__file__).parents[2]
T0 = 1_763_762_400_000
MINUTE_MS = 60_000
DAY_MS = 86_400_000


APPENDS = st.lists(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.integers(0, 300), st.integers(1, 30), st.integers(-5, 5)),
        min_size=1,
        max_size=4,
    )
    | st.just("reopen"),
    max_size=25,
)


@settings(max_examples=60, deadline=None)
@given(APPENDS)
def test_sqlite_history_is_a_dictionary_by_time_through_sealing_and_reopening(
    tmp_path_factory: pytest.TempPathFactory, appends: list[str | list[tuple[str, int, int, int]]]
) -> None:
    path = tmp_path_factory.mktemp("model") / "history.db"
    model: dict[str, dict[int, float]] = {}
    with pytest.MonkeyPatch.context() as patch:
        for constant, small in (
            ("HEAD_SAMPLES", 4),
            ("JOURNAL_SAMPLES_MIN", 20),
        ):
            patch.setattr(history_sqlite, constant, small)
        patch.setattr(sealing, "CHUNK_FULL", 8)
        patch.setattr(sealing, "CHUNK_SAMPLES_MAX", 16)
        history = SqliteHistory(path)
        for append in appends:
            if isinstance(append, str):
                history.close()
                history = SqliteHistory(path)
                continue
            batch = []
            for device, start, length, value in append:
                times = list(range(start, start + length))
                batch.append(Samples(f"{device}/1/x", times, [value + at / 10 for at in times]))
                model.setdefault(f"{device}/1/x", {}).update(zip(times, batch[-1].values, strict=True))
            history.append(batch)

        for name, samples in model.items():
            assert history.read(name, 0, 1000) == (sorted(samples), [samples[at] for at in sorted(samples)])
            inside = [at for at in sorted(samples) if 50 <= at < 150]
            assert history.read(name, 50, 150)[0] == inside
        assert history.latest() == {name: (max(of), of[max(of)]) for name, of in model.items()}
        spans = history._reader.execute("SELECT series, first_ms, last_ms FROM chunks ORDER BY 1, 2").fetchall()
        assert all(a[0] != b[0] or a[2] < b[1] for a, b in pairwise(spans)), "chunks overlap"
        history.close()


WRITER = """
import sys
from pathlib import Path
from cloud.stores.history import Samples
from cloud.stores.history_sqlite import SqliteHistory
history = SqliteHistory(Path(sys.argv[1]))
for i in range(10**6):
    history.append([Samples(f"d{d}/1/x", [i * 3 + j for j in range(3)], [float(i)] * 3) for d in range(20)])
    print(i, flush=True)
"""


def test_what_sqlite_history_accepted_survives_a_kill(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    argv = [sys.executable, "-c", WRITER, str(path)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, cwd=PROJECT, text=True) as writer:
        assert writer.stdout is not None
        for line in writer.stdout:
            if int(line) == 300:
                writer.send_signal(signal.SIGKILL)
                break
        last = max([300, *(int(line) for line in writer.stdout if line.endswith("\n"))])

    history = SqliteHistory(path)

    for d in range(20):
        times, values = history.read(f"d{d}/1/x", 0, 10**9)
        assert times == list(range(len(times)))
        assert len(times) >= 3 * (last + 1)
        assert values == [float(at // 3) for at in times]
    history.close()


def test_series_that_fill_in_step_are_sealed_a_few_at_a_time(tmp_path: Path) -> None:
    history = SqliteHistory(tmp_path / "history.db")
    sealed, most = 0, 0

    for i in range(400):
        history.append([Samples(f"d{d}/1/x", [T0 + i * MINUTE_MS], [1.0]) for d in range(128)])
        (now,) = history._reader.execute("SELECT sum(sealed_id = ? AND sealed_id > 0) FROM series", (i,)).fetchone()
        sealed, most = sealed + now, max(most, now)

    assert 0 < most <= 2
    assert sealed >= 128
    assert max(len(head.pairs) // 16 for head in history._heads.values()) <= 2 * history_sqlite.HEAD_SAMPLES
    history.close()


def test_a_series_that_hardly_speaks_does_not_hold_the_journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history_sqlite, "JOURNAL_SAMPLES_MIN", 1000)
    history = SqliteHistory(tmp_path / "history.db")
    history.append([Samples(f"rare{d}/1/x", [T0], [1.0]) for d in range(20)])

    for i in range(2000):
        history.append([Samples("often/1/x", [T0 + i * 1000 + j for j in range(10)], [2.0] * 10)])

    (journal,) = history._reader.execute("SELECT sum(samples) FROM journal").fetchone()
    assert journal == history._journal_samples
    assert journal <= 1000 + 21 * 10
    assert history.read("rare7/1/x", 0, T0 + 1) == ([T0], [1.0])
    assert len(history.read("often/1/x", 0, T0 + DAY_MS)[0]) == 20_000
    history.close()


def test_sqlite_history_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    history = SqliteHistory(tmp_path / "new" / "history.db")
    history.append([Samples("a/1/x", [T0], [1.0])])

    modes = {stat.S_IMODE(file.stat().st_mode) for file in (tmp_path / "new").iterdir()}

    assert modes == {0o600}
    history.close()


def test_a_damaged_chunk_is_reported_and_other_series_stay_readable(tmp_path: Path) -> None:
    history = SqliteHistory(tmp_path / "history.db")
    times = [T0 + i for i in range(600)]
    for at_ms in (T0, T0 + 1000):
        history.append([Samples(f"{d}/1/x", [at + at_ms - T0 for at in times], [1.0] * 600) for d in "ab"])
    with sqlite3.connect(tmp_path / "history.db") as db:
        db.execute("UPDATE chunks SET body = substr(body, 1, 40) WHERE series = 1")
    db.close()

    with pytest.raises(HistoryUnavailable, match=r"damaged.*backup"):
        history.read("a/1/x", 0, T0 + DAY_MS)

    assert len(history.read("b/1/x", 0, T0 + DAY_MS)[0]) == 1200
    history.close()


def test_a_file_that_can_not_be_opened_is_unavailable_with_its_name(tmp_path: Path) -> None:
    (tmp_path / "history.db").write_bytes(b"no database" * 1000)

    with pytest.raises(HistoryUnavailable, match=r"can not open the history .*history\.db"):
        SqliteHistory(tmp_path / "history.db")
    with pytest.raises(HistoryUnavailable, match="can not open"):
        SqliteHistory(tmp_path)
