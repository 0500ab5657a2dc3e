"""What a gateway goes on from when it starts."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import msgspec
import pytest

from edge import gateway as module
from edge.clock import Clock
from edge.core.care.health import Pulse
from edge.core.inference import DeviceState
from edge.gateway import Gateway, Options
from edge.mqtt import BrokerUrl
from edge.store import Group, Store
from protocols import layout
from tests.contract.brokers import free_port
from tests.unit.test_inference import SITE_TEXT, T0


def test_time_goes_on_from_what_is_remembered_also_where_the_last_reports_were_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A damaged store may have lost its newest reports, and a small computer wakes up in 1970."""
    store = Store(tmp_path / "edge.db")
    store.commit(Group(T0, {"shelf-1": msgspec.msgpack.encode(DeviceState(Pulse(seen_ms=T0)))}))
    assert store.recorded_ms < T0
    store.close()
    monkeypatch.setattr(module, "Clock", partial(Clock, wall=lambda: 0))

    broker = BrokerUrl("127.0.0.1", free_port(), False, "", "")
    gateway = Gateway(Options(layout.parse(SITE_TEXT), tmp_path, broker))

    assert 0 <= gateway.clock.now_ms() - T0 < 60_000
    gateway.store.close()
