"""`python -m edge alarms | proposals` as a person reads them: with the gateway off, also where there are none."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge import memory
from edge.alone_cli import alarm_line
from edge.cli import main
from edge.core.inference import Inference
from edge.store import Group, Store
from tests.unit.test_inference import SITE

T0 = 1_795_330_000_000


def test_an_alarm_is_told_with_ages_and_units() -> None:
    params = {"last_seen_ms": float(T0 - 38_000), "period_ms": 1014.0, "offline": 0.0}
    row = {"state": "firing", "since_ms": T0 - 9000, "subject": "shelf-1", "rule": "device_silent", "params": params}

    said = alarm_line(row, T0)

    assert said.startswith("firing since 2026-11-22 ")
    assert said.endswith("(last seen 38 s ago, usual pause 1.014 s, silent)")
    assert "90 %" in alarm_line({**row, "rule": "outbox_full", "params": {"used_pct": 90.0}}, T0)


@pytest.mark.parametrize("verb", ["alarms", "proposals"])
def test_where_there_is_none_that_is_said(verb: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = Store(tmp_path / "edge.db")
    store.commit(Group(T0, snapshots=memory.settled(Inference(SITE))))
    store.close()

    assert main([verb, "--state", str(tmp_path)]) == 0
    assert capsys.readouterr().out.startswith(f"no {verb}: ")
    assert main([verb, "--state", str(tmp_path), "--json"]) == 0
    assert capsys.readouterr().out == ""
