"""`make bench-replenish`: every figure of forecasting and ordering, its goal, what was measured, and the anchor beside.

    python -m tests.bench.replenish_bench [--part answers|planning|forecasts|real|refinery|plans|again|curve|rare]

Takes some three minutes on two cores. Parts that need data beside the project say so where it is absent.
"""

from __future__ import annotations

import argparse
import os
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from cloud.core.forecasting import recalibration
from cloud.core.forecasting.daily import forecast
from cloud.core.planning.cards import card
from cloud.core.planning.demand_table import DemandTable
from cloud.core.planning.efficient import curve
from cloud.core.planning.items import Item
from cloud.core.planning.settling import Outlook
from cloud.planning import plans
from tests.bench import forecast_bench, planning_bench, replenish_rare, replenish_real, replenish_refinery
from tests.bench.table import Figure, show
from tests.unit import test_planning_oracles

DAYS = 730
SAMPLED_S = 0.25
FORECAST_SKUS, FORECAST_SEED = 1_000, 9_500


def answers() -> list[Figure]:
    """Published answers that are met: to 1e-6, printed tables to their digits."""
    checks: list[tuple[Callable[[Any], None], Any]] = [
        *((test_planning_oracles.test_a_known_answer_of_the_textbook, one) for one in _published("known_answers.json")),
        *((test_planning_oracles.test_an_answer_of_the_reference_software, one) for one in _published("oracles.json")),
        *((test_planning_oracles.test_the_printed_table_of_best_levels, one) for one in test_planning_oracles.rows()),
    ]
    if not checks:
        print("the published answers (../shared/data/inventory beside the project) are not here: not measured")
        return []
    met = sum(_holds(check, one) for check, one in checks)
    anchor = "those of the 3 files; none is left out"
    return [Figure("published answers met", f"all {len(checks)}", met, len(checks), "", anchor, floor=True)]


def _published(file: str) -> list[Any]:
    return test_planning_oracles.published(file)


def _holds(check: Callable[[Any], None], entry: Any) -> bool:
    try:
        check(entry)
    except AssertionError:
        return False
    return True


def forecasts(many: int) -> list[Figure]:
    """The figures of the forecasts."""
    parts = (
        forecast_bench.m3,
        lambda: forecast_bench.worlds(FORECAST_SKUS, FORECAST_SEED),
        forecast_bench.retail,
        lambda: forecast_bench.speed(many, FORECAST_SEED),
    )
    return [one for part in parts for one in part()]


def warehouse(many: int, seed: int) -> tuple[dict[str, Item], DemandTable]:
    """Two years of so many SKUs: 0.05 to 20 units a day, half of them in batches of up to six."""
    random = np.random.default_rng(seed)
    rate = np.exp(random.uniform(np.log(0.05), np.log(20), many))
    batch = np.where(random.random(many) < 0.5, 1, random.integers(2, 7, many))
    units = np.empty((many, DAYS), dtype=np.float32)
    for row in range(many):
        units[row] = batch[row] * random.poisson(rate[row] / batch[row], DAYS)
    skus = [f"sku {row}" for row in range(many)]
    costs = np.round(np.exp(random.uniform(0, 6, many)), 2)
    leads, packs = random.integers(1, 45, many), random.choice((1, 1, 6, 12), many)
    figures = zip(skus, costs.tolist(), leads.tolist(), packs.tolist(), strict=True)
    items = {
        sku: Item(sku, cost, 20.0, 0.25, float(lead), lead / 5, pack=int(pack), on_hand=10)
        for sku, cost, lead, pack in figures
    }
    return items, DemandTable(skus, 1, units)


def planned(many: int, seed: int) -> tuple[float, float, int]:
    """Seconds and megabytes that planning takes, in all its processes, and how many cards it made."""
    items, demand = warehouse(many, seed)
    most, done = [0.0], threading.Event()

    def watch() -> None:
        while not done.wait(SAMPLED_S):
            most[0] = max(most[0], _megabytes())

    watcher = threading.Thread(target=watch)
    watcher.start()
    started = time.perf_counter()
    cards = sum(1 for _ in plans(items, demand))
    spent_s = time.perf_counter() - started
    done.set()
    watcher.join()
    return spent_s, most[0], cards


def _megabytes() -> float:
    """What this process and its children hold, pages that are shared counted once."""
    mine = str(os.getpid())
    children = [word for path in Path(f"/proc/{mine}/task").glob("*/children") for word in path.read_text().split()]
    total = 0
    for process in (mine, *children):
        try:
            lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue  # it has just ended
        total += next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)
    return total / 1024


def many_plans(many: int, seed: int = 7) -> list[Figure]:
    """All SKUs planned from two years of daily history, in a fresh process."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        spent_s, most_mb, cards = pool.submit(planned, many, seed).result()
    said = f"{os.cpu_count()} cores, {cards} cards, {1e3 * spent_s / many:.2f} ms each"
    return [
        Figure(f"{many} SKUs planned from {DAYS} days", "<= 60", spent_s, 60.0, "s", said),
        Figure(
            "  memory of all processes", "<= 1024", most_mb, 1024.0, "MB", f"{many * DAYS * 4 / 2**20:.0f} the units"
        ),
    ]


def again(seed: int = 8) -> list[Figure]:
    """One SKU planned again after a pick."""
    items, demand = warehouse(300, seed)
    spent_ms = []
    for row, item in enumerate(items.values()):
        began = time.perf_counter()
        demand.units[row, -1] += 1
        told = forecast(demand.units[row : row + 1], taus=(0.5,), calibration=recalibration.untold())
        card(item, Outlook.of(told, 0), others=False)
        spent_ms.append(1e3 * (time.perf_counter() - began))
    middle, late = np.quantile(spent_ms, (0.5, 0.95))
    return [
        Figure("one SKU planned again after a pick", "<= 5", float(middle), 5.0, "ms", f"the median; p95 {late:.2f}")
    ]


def curves(seed: int = 9) -> list[Figure]:
    """The efficient curve of one SKU, from its forecast."""
    items, demand = warehouse(300, seed)
    told = forecast(demand.units, taus=(0.5,), calibration=recalibration.untold())
    spent_ms = []
    for row, item in enumerate(items.values()):
        began = time.perf_counter()
        curve(item, Outlook.of(told, row), (10, 60))
        spent_ms.append(1e3 * (time.perf_counter() - began))
    middle, late, most = np.quantile(spent_ms, (0.5, 0.95, 1.0))
    said = f"the median; p95 {late:.2f}, the slowest of {len(spent_ms)} {most:.2f}"
    return [Figure("the efficient curve of one SKU", "<= 20", float(middle), 20.0, "ms", said)]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--part", choices=("answers", "planning", "forecasts", "real", "refinery", "plans", "again", "curve", "rare")
    )
    parser.add_argument("--many", type=int, default=50_000)
    chosen = parser.parse_args()
    every: dict[str, Callable[[], list[Figure]]] = {
        "plans": lambda: many_plans(chosen.many),
        "again": again,
        "curve": curves,
        "rare": replenish_rare.figures,
        "answers": answers,
        "planning": planning_bench.figures,
        "forecasts": lambda: forecasts(chosen.many),
        "real": replenish_real.figures,
        "refinery": replenish_refinery.figures,
    }
    told_of = [one for name, part in every.items() if chosen.part in (None, name) for one in part()]
    sys.exit(show("replenishment", told_of))
