"""What the InfluxDB adapter promises beside the suite: URLs explained, tokens never told, a server that goes away."""

from __future__ import annotations

from pathlib import Path

import pytest

from cloud.stores import history_influx
from cloud.stores.history import HistoryUnavailable, Samples, open_history
from cloud.stores.history_influx import InfluxHistory
from tests.contract.influx_server import InfluxServer, ask, victoria_metrics

T0 = 1_763_762_400_000
MINUTE_MS = 60_000


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
