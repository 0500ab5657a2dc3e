"""From the simulated devices to the page and back: one shop, all parts as real processes."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.system.parts import Hands, System, Visitor, eventually, run, running, scenario, site_with_hands

DAY_MS = 86_400_000
PAST = {"days": 5, "pace": {"picks_per_hour": 12, "doors_per_hour": 1, "restock_delay_s": [600, 1800]}}
BUSY = {"picks_per_hour": 2400, "hands_per_hour": 60, "doors_per_hour": 60, "tags_per_hour": 120, "restock_at": 0.3}
BUSY["restock_delay_s"] = [2, 5]  # type: ignore[assignment]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """The small shop, with five days of past; its deliveries take so long that it always has to order."""
    folder = tmp_path_factory.mktemp("shop")
    skus = [sku | {"lead_time_days": 20} for sku in _small("skus", folder)]
    plan = scenario(folder, "busy", history=PAST, pace=BUSY, skus=skus)
    scenario(folder, "quiet", history=PAST, pace={}, skus=skus)
    with running(folder, site_with_hands(plan), "broker", "service", "gateway") as system:
        system.start_fleet(plan)
        yield system


@pytest.fixture(scope="module")
def hands(shop: System) -> Iterator[Hands]:
    one = Hands(shop)
    one.put(1, 0)  # the only box of screws is gone
    for channel in (2, 3, 4):
        one.put(channel, 0)
    yield one
    one.leave()


def _small(key: str, folder: Path) -> Any:
    import tomllib

    return tomllib.loads(scenario(folder, "as-it-is").read_text())[key]
