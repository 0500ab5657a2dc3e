"""How far the service's clock is from this machine's is known also after this machine's was set."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.contract.links import hasten, open_ends, until

NINE_YEARS_MS = 284_018_400_000


async def test_a_jump_of_this_machines_clock_is_no_jump_of_the_services(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hasten(monkeypatch)
    async with open_ends(tmp_path) as ends:
        service = ends.service()
        side = ends.side(service)
        service.start()
        side.start()
        await until(lambda: side.link.clock_offset_ms is not None, "a welcome")
        await service.stop()

        monkeypatch.setattr("edge.uplink._now_ms", lambda: time.time_ns() // 1_000_000 + NINE_YEARS_MS)

        assert side.link.clock_offset_ms is not None
        assert abs(side.link.clock_offset_ms + NINE_YEARS_MS) <= 2000
