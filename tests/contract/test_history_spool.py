"""What the spool promises before a history across the network: nothing lost, nothing blocked, a limit that is told."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from threading import Event, Thread

import pytest

from cloud.stores.history import History, HistoryUnavailable, Samples, open_history
from cloud.stores.history_spool import SpooledHistory
from cloud.stores.history_sqlite import SqliteHistory
from tests.contract.influx_server import InfluxServer, ask, until

T0 = 1_763_762_400_000
DAY_MS = 86_400_000


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
