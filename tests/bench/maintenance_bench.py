"""Failures foretold: the one table of `make bench-maintenance`.

Refrigeration by its temperature (`cooling_bench.py`), sensors, batteries and what the assets cost (`sensors_bench.py`),
series watched (`watch_bench.py`), machines' remaining life (`life_bench.py`).

Run: python -m tests.bench.maintenance_bench [--rooms N] [--seed N].
"""

from __future__ import annotations

import argparse

from tests.bench import cooling_bench, life_bench, sensors_bench, watch_bench
from tests.bench.table import show

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rooms", type=int, default=cooling_bench.ROOMS)
    parser.add_argument("--seed", type=int, default=cooling_bench.SEED)
    chosen = parser.parse_args()
    cooling, matrix = cooling_bench.figures(chosen.rooms, chosen.seed)
    print("\n".join(matrix), flush=True)
    sensing, delays = sensors_bench.figures()
    print("\n".join(delays), flush=True)
    watching, lines = watch_bench.figures()
    status = show("maintenance", [*cooling, *sensing, *watching, *life_bench.figures()])
    print("\n".join(lines))
    raise SystemExit(status)
