"""Made-up machines that wear out: two operating states, channels that move with wear, one that stands still."""

from __future__ import annotations

from typing import Any

import numpy as np

from cloud.core.maintenance.learning_life import Run

Array = np.ndarray[Any, np.dtype[np.float64]]

SETTINGS = ["setting"]
CHANNELS = ["heat", "hum", "still", "noise"]


def machines(many: int, seed: int, life: float = 100.0) -> list[Run]:
    """Runs to failure of lives about 15 % different; heat rises by 8 spreads in all, hum falls by 4, late rather than
    early. The setting, 10 or 20, shifts heat by as much as wear does."""
    random = np.random.default_rng(seed)
    found = []
    for _ in range(many):
        end = int(max(life / 2, random.normal(life, 0.15 * life)))
        cycles = np.arange(1.0, end + 1)
        setting = random.choice((10.0, 20.0), end)
        wear = (cycles / end) ** 2
        heat = 50 + setting + 8 * wear + random.normal(size=end)
        hum = 5 - 2 * wear + 0.5 * random.normal(size=end)
        values = np.column_stack((heat, hum, np.full(end, 7.0), random.normal(size=end)))
        found.append(Run(cycles, setting[:, None] + 0.01 * random.normal(size=(end, 1)), values))
    return found


def as_csv(runs: list[Run], until: list[int] | None = None) -> str:
    """The runs as a file, each up to so many rows."""
    lines = [",".join(("unit", "cycle", *SETTINGS, *CHANNELS))]
    for number, run in enumerate(runs, 1):
        rows = len(run.cycles) if until is None else until[number - 1]
        table = np.column_stack((run.cycles, run.settings, run.values))[:rows]
        lines += [f"{number}," + ",".join(f"{value:.6g}" for value in row) for row in table.tolist()]
    return "\n".join(lines) + "\n"
