"""Failures foretold: the one table of `make bench-maintenance`.

Refrigeration by its temperature (`cooling_bench.py`), machines by their channels (`machines_bench.py`), sensors,
batteries and what the assets cost (`sensors_bench.py`), load cells (`cells_bench.py`), antennas (`antennas_bench.py`),
series watched (`watch_bench.py`), machines' remaining life (`life_bench.py`).

Run: python -m tests.bench.maintenance_bench [--rooms N] [--seed N].
"""

from __future__ import annotations

import argparse

from tests.bench import (
    antennas_bench,
    cells_bench,
    cooling_bench,
    life_bench,
    machines_bench,
    sensors_bench,
    watch_bench,
)
from tests.bench.table import show

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rooms", type=int, default=cooling_bench.ROOMS)
    parser.add_argument("--seed", type=int, default=cooling_bench.SEED)
    chosen = parser.parse_args()
    figures, matrix = cooling_bench.figures(chosen.rooms, chosen.seed)
    print("\n".join(matrix), flush=True)
    for bench in (machines_bench, sensors_bench, cells_bench, antennas_bench, watch_bench):
        found, lines = bench.figures()
        print("\n".join(lines), flush=True)
        figures += found
    raise SystemExit(show("maintenance", [*figures, *life_bench.figures()]))
