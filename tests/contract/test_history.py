"""One suite for every `History`: SQLite, InfluxDB, the spool before InfluxDB; then what each promises beside it.

INFLUXDB_URL (influxdb+http://host:8086/org/bucket, with INFLUXDB_TOKEN) adds a real InfluxDB to the suite.
"""

from __future__ import annotations

import math
import os
import random
import signal
import sqlite3
import stat
import subprocess
import sys
import uuid
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from threading import Event, Thread
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloud.stores import history_influx, history_sqlite
from cloud.stores.history import History, HistoryUnavailable, Samples, open_history
from cloud.stores.history_influx import InfluxHistory
from cloud.stores.history_spool import SpooledHistory
from cloud.stores.history_sqlite import SqliteHistory
from tests.contract.influx_server import InfluxServer, ask, until, victoria_metrics

PROJECT = Path(__file__).parents[2]
T0 = 1_763_762_400_000
MINUTE_MS = 60_000
DAY_MS = 86_400_000


class Bench(NamedTuple):
    """A history under test, and a prefix for devices that no other test uses."""

    history: History
    prefix: str

    def name(self, device: str = "shelf", quantity: str = "mass_g") -> str:
        return f"{self.prefix}{device}/1/{quantity}"

    def whole(self, series: str) -> tuple[list[int], list[float]]:
        return self.history.read(series, 0, T0 + 1000 * DAY_MS)


class Drained(SpooledHistory):
    """What is appended has left the spool when append returns, so that the suite can read it."""

    def append(self, samples: Sequence[Samples]) -> None:
        super().append(samples)
        self.drain()


@pytest.fixture(scope="module")
def influx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InfluxServer]:
    server = InfluxServer(tmp_path_factory.mktemp("influxdb"))
    try:
        server.start()
        yield server
    finally:
        server.stop()


@pytest.fixture
def bucket(influx: InfluxServer) -> str:
    """The URL of an empty bucket of a running InfluxDB."""
    if influx.process is None:
        influx.start()
    name = f"b{uuid.uuid4().hex}"
    influx.create(name)
    return f"{influx.url}/org/{name}"


HISTORIES = ["sqlite", "influxdb", "spool before influxdb", *(["INFLUXDB_URL"] if "INFLUXDB_URL" in os.environ else [])]


@pytest.fixture(params=HISTORIES)
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    history: History
    if request.param == "sqlite":
        history = open_history(f"sqlite:///{tmp_path}/history.db")
    elif request.param == "INFLUXDB_URL":
        history = open_history(os.environ["INFLUXDB_URL"])
    else:
        history = open_history(request.getfixturevalue("bucket"))
        if request.param != "influxdb":
            history = Drained(history, tmp_path / "spool.db")
    yield Bench(history, f"t{uuid.uuid4().hex[:8]}-")
    history.close()


# --- every history -----------------------------------------------------------------------------------------------


def test_samples_come_back_exactly_and_ascending(bench: Bench) -> None:
    name, values = bench.name(), [4821.5, -0.25, 0.0, 1e300, 5e-324, 0.1 + 0.2, 7]

    bench.history.append([Samples(name, [T0 + i * 1000 for i in (3, 1, 0, 2, 6, 5, 4)], values)])

    expected = dict(zip((3, 1, 0, 2, 6, 5, 4), values, strict=True))
    assert bench.whole(name) == ([T0 + i * 1000 for i in range(7)], [expected[i] for i in range(7)])


def test_a_series_never_written_is_empty(bench: Bench) -> None:
    assert bench.whole(bench.name("nobody")) == ([], [])
    assert bench.history.latest([bench.name("nobody")]) == {}


def test_nothing_to_append_is_nothing_appended(bench: Bench) -> None:
    bench.history.append([])
    bench.history.append([Samples(bench.name(), [], [])])

    assert bench.name() not in bench.history.series()


def test_a_read_ends_before_its_end(bench: Bench) -> None:
    bench.history.append([Samples(bench.name(), [T0, T0 + 1, T0 + 2], [1.0, 2.0, 3.0])])

    assert bench.history.read(bench.name(), T0, T0 + 2) == ([T0, T0 + 1], [1.0, 2.0])
    assert bench.history.read(bench.name(), T0 + 1, T0 + 1) == ([], [])


def test_the_same_samples_again_change_nothing(bench: Bench) -> None:
    samples = [Samples(bench.name(), [T0 + i for i in range(300)], [float(i) for i in range(300)])]
    bench.history.append(samples)
    before = bench.whole(bench.name())

    for _ in range(3):
        bench.history.append(samples)

    assert bench.whole(bench.name()) == before
    assert len(before[0]) == 300


def test_a_sample_at_a_known_time_replaces_it(bench: Bench) -> None:
    bench.history.append([Samples(bench.name(), [T0, T0 + 1], [1.0, 2.0])])

    bench.history.append([Samples(bench.name(), [T0 + 1, T0 + 1], [3.0, 4.0])])

    assert bench.whole(bench.name()) == ([T0, T0 + 1], [1.0, 4.0])
    assert bench.history.latest([bench.name()]) == {bench.name(): (T0 + 1, 4.0)}


def test_a_backlog_of_14_days_finds_its_place_between_live_samples(bench: Bench) -> None:
    name, start = bench.name(), T0 - 14 * DAY_MS
    late = [(start + i * 2 * MINUTE_MS, float(i % 97)) for i in range(14 * 720)]
    live = [(T0 + i * MINUTE_MS, float(i)) for i in range(11)]

    for i, sample in enumerate(live):
        batch = late[i * 1000 : (i + 1) * 1000]
        bench.history.append([Samples(name, [sample[0]], [sample[1]])])
        bench.history.append([Samples(name, [at for at, _ in batch], [value for _, value in batch])])

    assert list(zip(*bench.whole(name), strict=True)) == late + live
    assert bench.history.latest([name]) == {name: live[-1]}


def test_samples_in_random_order_are_all_kept(bench: Bench) -> None:
    order = list(range(3000))
    random.Random(1).shuffle(order)

    for i in range(0, 3000, 200):
        part = order[i : i + 200]
        bench.history.append([Samples(bench.name(), [T0 + at * 1000 for at in part], [at / 10 for at in part])])

    assert bench.whole(bench.name()) == ([T0 + at * 1000 for at in range(3000)], [at / 10 for at in range(3000)])


def test_few_samples_are_not_thinned(bench: Bench) -> None:
    bench.history.append([Samples(bench.name(), [T0, T0 + 1, T0 + 2], [1.0, 1.0, 1.0])])

    assert bench.history.read(bench.name(), T0, T0 + 3, points=3) == bench.whole(bench.name())


def test_thinning_keeps_the_peak_at_its_time_and_the_gap_empty(bench: Bench) -> None:
    times = [T0 + i * 1000 for i in range(4000) if not 1000 <= i < 2000]
    values = [9.5 if at == T0 + 500_000 else -3.0 if at == T0 + 3_333_000 else 4.0 for at in times]
    bench.history.append([Samples(bench.name(), times, values)])

    thin = dict(zip(*bench.history.read(bench.name(), T0, T0 + 4_000_000, points=80), strict=True))

    assert len(thin) <= 80
    assert thin[T0 + 500_000] == 9.5
    assert thin[T0 + 3_333_000] == -3.0
    assert not any(T0 + 1_000_000 <= at < T0 + 2_000_000 for at in thin)
    assert {(at - T0) // 100_000 for at in thin} == {*range(10), *range(20, 40)}


def test_the_latest_is_the_last_by_time_and_not_by_arrival(bench: Bench) -> None:
    a, b, c = bench.name("a"), bench.name("b"), bench.name("c")
    bench.history.append([Samples(a, [T0 + 5, T0 + 9, T0 + 7], [5.0, 9.0, 7.0]), Samples(b, [T0], [1.5])])

    bench.history.append([Samples(a, [T0 + 8], [8.0]), Samples(c, [T0 + 1], [0.0])])

    expected = {a: (T0 + 9, 9.0), b: (T0, 1.5), c: (T0 + 1, 0.0)}
    assert {k: v for k, v in bench.history.latest().items() if k.startswith(bench.prefix)} == expected
    assert bench.history.latest([a, bench.name("nobody")]) == {a: (T0 + 9, 9.0)}


def test_series_are_listed_by_name(bench: Bench) -> None:
    names = [bench.name("b"), bench.name("a", "power_w"), bench.name("a")]
    bench.history.append([Samples(name, [T0], [1.0]) for name in names])

    assert [name for name in bench.history.series() if name.startswith(bench.prefix)] == sorted(names)


def test_odd_but_allowed_names_are_kept_apart(bench: Bench) -> None:
    names = [bench.name(odd) for odd in ("a b", "a,b=c", "#a", "冷库 1", "a;DROP", "ä%20{}", " ", "*")]

    bench.history.append([Samples(name, [T0], [float(i)]) for i, name in enumerate(names)])

    assert bench.history.latest(names) == {name: (T0, float(i)) for i, name in enumerate(names)}
    assert [bench.whole(name) for name in names] == [([T0], [float(i)]) for i in range(len(names))]


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        (Samples("", [T0], [1.0]), "can not name a series"),
        (Samples("a/b", [T0], [1.0]), "can not name a series"),
        (Samples("a/b/c/d", [T0], [1.0]), "can not name a series"),
        (Samples("a/1/x' OR 'a'='a", [T0], [1.0]), "can not name a series"),
        (Samples("a\n/1/mass_g", [T0], [1.0]), "can not name a series"),
        (Samples("a\\/1/mass_g", [T0], [1.0]), "can not name a series"),
        (Samples("a\ud800/1/mass_g", [T0], [1.0]), "can not name a series"),
        (Samples("a/1/mass_g", [T0, T0 + 1], [1.0]), "2 times for 1 values"),
        (Samples("a/1/mass_g", [T0], [math.nan]), f"a/1/mass_g: the value at {T0} is nan"),
        (Samples("a/1/mass_g", [T0, T0 + 1], [1.0, math.inf]), f"at {T0 + 1} is inf"),
        (Samples("a/1/mass_g", [T0], [10**400]), "values must be numbers"),
        (Samples("a/1/mass_g", [T0], ["1"]), "values must be numbers"),  # type: ignore[list-item]
        (Samples("a/1/mass_g", [-1], [1.0]), "between 1970 and 2262"),
        (Samples("a/1/mass_g", [2**63], [1.0]), "between 1970 and 2262"),
        (Samples("a/1/mass_g", [T0 + 0.5], [1.0]), "whole ms"),  # type: ignore[list-item]
    ],
)
def test_wrong_input_is_named_and_nothing_of_the_call_is_written(bench: Bench, bad: Samples, why: str) -> None:
    with pytest.raises(ValueError, match=r".") as refusal:
        bench.history.append([Samples(bench.name(), [T0], [1.0]), bad])

    assert why in str(refusal.value)
    assert bench.whole(bench.name()) == ([], [])


def test_a_read_that_makes_no_sense_is_refused(bench: Bench) -> None:
    for arguments in ((T0, T0 - 1, None), (-1, T0, None), (0, 2**63, None), (0, T0, 1), (0, T0, 100_001)):
        with pytest.raises(ValueError, match="can not read"):
            bench.history.read(bench.name(), *arguments)
    with pytest.raises(ValueError, match="can not name a series"):
        bench.history.read("a' OR 'a'='a/1/x", 0, T0)


def test_threads_may_append_and_read_at_once(bench: Bench) -> None:
    def fill(device: str) -> int:
        for i in range(0, 400, 20):
            bench.history.append(
                [Samples(bench.name(device), [T0 + j for j in range(i, i + 20)], [j / 2 for j in range(i, i + 20)])]
            )
            times, values = bench.whole(bench.name(device))
            assert values == [(at - T0) / 2 for at in times]
            assert len(times) >= i + 20
            bench.history.latest()
        return len(bench.whole(bench.name(device))[0])

    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(fill, ("a", "b", "c"))) == [400, 400, 400]


# --- SQLite ------------------------------------------------------------------------------------------------------

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
            ("CHUNK_FULL", 8),
            ("CHUNK_SAMPLES_MAX", 16),
            ("JOURNAL_SAMPLES_MIN", 20),
        ):
            patch.setattr(history_sqlite, constant, small)
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


# --- InfluxDB ----------------------------------------------------------------------------------------------------


def test_urls_choose_the_adapter_and_wrong_ones_are_explained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("INFLUXDB_TOKEN", raising=False)
    with pytest.raises(ValueError, match="no history store for 'mysql'"):
        open_history("mysql://host/db")
    with pytest.raises(ValueError, match="no history store for 'spool'"):
        open_history("spool:///file.db")
    with pytest.raises(ValueError, match="names no file"):
        open_history("sqlite:///")
    with pytest.raises(ValueError, match="is not influxdb"):
        open_history("influxdb+http://host:8086/bucket-only")
    with pytest.raises(ValueError, match="token file"):
        open_history(f"influxdb+http://host:8086/org/bucket?token_file={tmp_path}/none")
    with pytest.raises(ValueError, match="holds a password") as refusal:
        open_history("influxdb+http://me:hunter2@host:8086/org/bucket")
    assert "hunter2" not in str(refusal.value)


def test_the_token_is_sent_and_never_told(
    influx: InfluxServer, bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    monkeypatch.setenv("INFLUXDB_TOKEN", "secret-of-environment")
    (tmp_path / "token").write_text("secret-of-file\n")

    for url in (bucket, f"{bucket}?token_file={tmp_path}/token"):
        history = open_history(url)
        history.append([Samples("a/1/x", [T0], [1.0])])
        assert history.series() == ["a/1/x"]
        history.close()
    gone = open_history(bucket.rpartition("/")[0] + "/no-such-bucket")
    with pytest.raises(HistoryUnavailable, match=r"no-such-bucket.*check") as absent:
        gone.append([Samples("a/1/x", [T0], [1.0])])
    gone.close()

    assert {"Token secret-of-environment", "Token secret-of-file"} <= influx.authorizations
    assert "secret-of" not in caplog.text + str(absent.value) + repr(absent.value.__cause__)


def test_long_reads_come_in_pages(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history_influx, "ROWS_PER_READ", 100)
    history = open_history(bucket)
    history.append([Samples("a/1/x", [T0 + i for i in range(1000)], [float(i) for i in range(1000)])])

    assert history.read("a/1/x", T0, T0 + 1000) == ([T0 + i for i in range(1000)], [float(i) for i in range(1000)])
    history.close()


def test_a_server_that_is_away_is_unavailable_and_comes_back_with_all(influx: InfluxServer, bucket: str) -> None:
    history = open_history(bucket)
    history.append([Samples("a/1/x", [T0], [1.0])])

    influx.kill()
    for call in (
        lambda: history.append([Samples("a/1/x", [T0 + 1], [2.0])]),
        lambda: history.read("a/1/x", 0, T0 + 9),
        lambda: history.latest(),
    ):
        with pytest.raises(HistoryUnavailable, match=r"InfluxDB at .*check that it runs"):
            call()
    influx.start()
    history.append([Samples("a/1/x", [T0 + 1], [2.0])])

    assert history.read("a/1/x", 0, T0 + 9) == ([T0, T0 + 1], [1.0, 2.0])
    history.close()


def test_victoria_metrics_takes_a_volume_of_writes(tmp_path: Path) -> None:
    server = victoria_metrics(tmp_path)
    server.start()
    try:
        history = InfluxHistory(f"http://127.0.0.1:{server.port}", "org", "bucket")
        for start in range(0, 500, 100):
            times = [T0 + i * MINUTE_MS for i in range(start, start + 100)]
            history.append([Samples(f"d{d}/1/x", times, [d + i / 10 for i in range(100)]) for d in range(200)])
        history.close()

        ask(server.port, "GET", "/internal/force_flush")
        _, exported = ask(server.port, "GET", "/api/v1/export/csv?format=__value__&match=reading_value")
        assert len(exported.splitlines()) == 100_000
    finally:
        server.kill()


# --- the spool ---------------------------------------------------------------------------------------------------


class Failing:
    """A history that fails where it is told to: `down` for the world, `refused` for one series it will not take."""

    def __init__(self, inner: History) -> None:
        self.inner, self.down, self.refused, self.calls = inner, False, "", 0

    def append(self, samples: Sequence[Samples]) -> None:
        self.calls += 1
        if self.down:
            raise HistoryUnavailable("down")
        if any(one.series == self.refused for one in samples):
            raise ValueError(f"will not take {self.refused}")
        self.inner.append(samples)

    def read(self, series: str, from_ms: int, to_ms: int, points: int | None = None) -> tuple[list[int], list[float]]:
        return self.inner.read(series, from_ms, to_ms, points)

    def latest(self, series: Sequence[str] | None = None) -> dict[str, tuple[int, float]]:
        return self.inner.latest(series)

    def series(self) -> list[str]:
        return self.inner.series()

    def close(self) -> None:
        self.inner.close()


@pytest.fixture
def failing(tmp_path: Path) -> Failing:
    return Failing(SqliteHistory(tmp_path / "inner.db"))


def test_the_spool_forgets_samples_only_after_they_were_taken(failing: Failing, tmp_path: Path) -> None:
    spool = SpooledHistory(failing, tmp_path / "spool.db")
    failing.down = True
    spool.append([Samples("a/1/x", [T0], [1.0])])
    with pytest.raises(HistoryUnavailable, match="down"):
        spool.drain()
    assert spool.backlog().samples == 1
    spool.close()

    failing = Failing(SqliteHistory(tmp_path / "inner.db"))
    spool = SpooledHistory(failing, tmp_path / "spool.db")
    assert spool.backlog().samples == 1
    assert spool.series() == []
    assert (spool.drain(), spool.drain()) == (1, 0)

    assert spool.backlog().samples == 0
    assert spool.latest() == {"a/1/x": (T0, 1.0)}
    spool.close()


def test_the_spool_hands_on_in_order_and_in_batches(
    failing: Failing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cloud.stores.history_spool.BATCH_SAMPLES", 10)
    spool = SpooledHistory(failing, tmp_path / "spool.db")
    for i in range(40):
        spool.append([Samples("a/1/x", [T0, T0 + i], [float(i), float(i)])])

    assert spool.drain(samples_max=20) == 20
    assert spool.drain() == 60

    assert failing.calls == 8
    assert spool.read("a/1/x", T0, T0 + 1) == ([T0], [39.0])
    spool.close()


def test_a_full_spool_refuses_and_takes_again_once_drained(failing: Failing, tmp_path: Path) -> None:
    spool = SpooledHistory(failing, tmp_path / "spool.db", samples_max=3)
    spool.append([Samples("a/1/x", [T0, T0 + 1, T0 + 2], [1.0, 2.0, 3.0])])

    with pytest.raises(HistoryUnavailable, match=r"spool\.db is full: 3 samples wait, 3 may"):
        spool.append([Samples("a/1/x", [T0 + 3], [4.0])])
    spool.drain()
    spool.append([Samples("a/1/x", [T0 + 3], [4.0])])

    assert spool.drain() == 1
    spool.close()


def test_refused_samples_are_set_aside_with_the_reason_and_block_nothing(failing: Failing, tmp_path: Path) -> None:
    failing.refused = "bad/1/x"
    spool = SpooledHistory(failing, tmp_path / "spool.db")
    names = ["a/1/x", "b/1/x", "bad/1/x", "c/1/x", "d/1/x"]
    spool.append([Samples(name, [T0], [1.0]) for name in names])

    assert spool.drain() == 5

    assert spool.series() == ["a/1/x", "b/1/x", "c/1/x", "d/1/x"]
    assert spool.backlog().refused == 1
    assert spool.refused() == [(Samples("bad/1/x", [T0], [1.0]), "will not take bad/1/x")]
    spool.close()


def test_influxdb_refuses_a_type_conflict_and_the_spool_sets_it_aside(
    influx: InfluxServer, bucket: str, tmp_path: Path
) -> None:
    line = f"reading,channel=1,device=other,quantity=x value=true {T0}".encode()
    status, _ = ask(influx.port, "POST", f"/write?db={bucket.rpartition('/')[2]}&precision=ms", line)
    assert status == 204
    spool = SpooledHistory(open_history(bucket), tmp_path / "spool.db")
    spool.append([Samples("a/1/x", [T0], [1.0])])

    spool.drain()

    assert spool.backlog().samples == 0
    ((samples, reason),) = spool.refused()
    assert samples == Samples("a/1/x", [T0], [1.0])
    assert "field type conflict" in reason
    spool.close()


def test_an_outage_in_the_middle_loses_nothing(influx: InfluxServer, bucket: str, tmp_path: Path) -> None:
    spool = SpooledHistory(open_history(bucket), tmp_path / "spool.db")
    stop, failures = Event(), []

    def forward() -> None:
        while not (stop.is_set() and spool.backlog().samples == 0):
            try:
                if not spool.drain():
                    stop.wait(0.01)
            except HistoryUnavailable as error:
                failures.append(error)
                stop.wait(0.05)

    forwarder = Thread(target=forward)
    forwarder.start()
    try:
        for i in range(300):
            if i == 100:
                influx.kill()
            if i == 200:
                until(lambda: len(failures) > 0, "the forwarder to meet the outage")
                influx.start()
            times = [T0 + i * 1000 + j for j in range(10)]
            spool.append([Samples(f"d{d}/1/x", times, [i + j / 10 for j in range(10)]) for d in range(5)])
        until(lambda: spool.backlog().samples == 0, "the spool to drain")
    finally:
        if influx.process is None:
            influx.start()
        stop.set()
        forwarder.join()

    assert failures
    for d in range(5):
        times, values = spool.read(f"d{d}/1/x", T0, T0 + DAY_MS)
        assert times == [T0 + i * 1000 + j for i in range(300) for j in range(10)]
        assert values == [i + j / 10 for i in range(300) for j in range(10)]
    spool.close()
