"""What devices say of the time is heard also where it is not believed, and a time set back is the one recorded."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from edge.core.decoding import Decoder
from edge.store import Group, Store
from protocols.readings import Reading
from protocols.reports import Series
from tests.unit.test_inference import SITE, T0

YEARS_MS = 9 * 365 * 86_400_000


@pytest.mark.parametrize("off_ms", [-YEARS_MS, 30 * 86_400_000, 0])
def test_a_device_is_heard_though_its_time_is_not_believed(off_ms: int) -> None:
    decoder = Decoder(SITE)
    for at_ms in range(T0, T0 + 200_000, 5_000):
        body = {"unit": "Cel", "value": 5.0, "ts": at_ms + off_ms}
        (reading, *_) = decoder.decode("wh/v1/demo/cold-1/climate", json.dumps(body).encode(), at_ms)
        assert isinstance(reading, Reading)
        assert reading.at_ms == at_ms
        decoder.decode("wh/v1/demo/nobody/climate", json.dumps({**body, "ts": at_ms - 1}).encode(), at_ms)
        decoder.decode("wh/v1/demo/dock/status", b'{"online": true, "ts": 1}', at_ms, retained=True)

    assert decoder.voices.ahead_ms(T0 + 200_000) == off_ms


def test_a_store_forgets_a_time_that_was_set_back_and_no_smaller_step(tmp_path: Path) -> None:
    store = Store(tmp_path / "edge.db")

    def told(at_ms: int) -> int:
        reports = [Series("cold-1", "1", "temperature_c", "hall", at_ms, [0], [5.0])]
        store.commit(Group(at_ms, reports=list(reports)))
        return store.recorded_ms

    assert told(T0 + YEARS_MS) == T0 + YEARS_MS
    assert told(T0 + YEARS_MS - 60_000) == T0 + YEARS_MS
    assert told(T0) == T0
    store.close()
