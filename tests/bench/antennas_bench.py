"""How well antennas that hear less, or nothing any more, are told: worlds of `antenna_worlds.py`, the service's fold.

Seeds 1 to 9 were looked at while the model was made, others are reported. Beside ours, in the same run: "reads of a day
below half of those a week before". Without the strength of what is heard, which some readers do not tell, on the same.

Run: python -m tests.bench.antennas_bench [--antennas 12] [--seed 900].
"""

from __future__ import annotations

import argparse
from math import inf
from typing import NamedTuple, get_args

import numpy as np

from cloud.core.maintenance import readrates
from cloud.core.maintenance.readrates import Antenna
from tests.bench.antenna_worlds import START_MS, Heard, World, lived
from tests.bench.table import Figure, show

DAY_MS = 86_400_000
MONTH_DAYS = 30.4
FAULT_DAY, WITHIN_DAYS, HEALTHY_DAYS = 21, 21, 63
HEALTHY_TIMES = 3
"""So many healthy antennas beside one of each fault."""


class Loss(NamedTuple):
    """A fault: what is lost (dB), at once or by day."""

    name: str
    db: float
    by_day: bool


LOSSES = (
    Loss("3 dB at once", 3.0, False),
    Loss("6 dB at once", 6.0, False),
    Loss("0.3 dB a day", 0.3, True),
    Loss("dies", inf, False),
)


def told(heard: Heard, with_strength: bool = True) -> list[float]:
    """The days on which an antenna was first said to hear less, or nothing."""
    antenna, found, was = Antenna(), [], 0
    for at_ms, reads, tags, dbm in zip(*heard, strict=True):
        readrates.step(antenna, at_ms, reads, tags, dbm if with_strength and tags else None)
        now = antenna.losing_ms or antenna.dead_ms
        if now and not was:
            found.append((at_ms - START_MS) / DAY_MS)
        was = now
    return found


def by_week(heard: Heard) -> list[float]:
    """The days on which the plain rule began to fire."""
    days = (np.array(heard.times_ms) - START_MS) // DAY_MS
    sums = np.bincount(days, weights=heard.reads)
    low = np.append(np.zeros(7, dtype=bool), sums[7:] < sums[:-7] / 2)
    return [float(day) + 2.0 for day in np.flatnonzero(low[1:] & ~low[:-1])]  # known at the end of the day


class Tally:
    """What one way of telling makes of all antennas of a world."""

    def __init__(self) -> None:
        self.delays: dict[str, list[float]] = {one.name: [] for one in LOSSES}
        self.false = 0

    def take(self, days: list[float], loss: str, fault_day: float) -> None:
        """Count what was said of an antenna."""
        self.false += sum(day < fault_day for day in days)
        hits = [day - fault_day for day in days if fault_day <= day <= fault_day + WITHIN_DAYS]
        if loss and hits:
            self.delays[loss].append(hits[0])

    @property
    def hits(self) -> int:
        """Faults that were told in time."""
        return sum(map(len, self.delays.values()))


def figures(antennas: int = 12, seed: int = 900) -> tuple[list[Figure], list[str]]:
    """The figures, and what was told of each fault."""
    found: list[Figure] = []
    lines = [f"{'antennas':>22} {'told':>8} {'after, d':>9} {'no strength':>12} {'half a week before':>19}"]
    for world in get_args(World):
        ours, blind, plain = Tally(), Tally(), Tally()
        months = 0.0
        cases = [("", 0.0, False)] * HEALTHY_TIMES + [(one.name, one.db, one.by_day) for one in LOSSES]
        for number, (name, db, by_day) in enumerate(cases):
            days = FAULT_DAY + WITHIN_DAYS if name else HEALTHY_DAYS
            fault_day = FAULT_DAY if name else HEALTHY_DAYS
            for one in range(antennas):
                rng = np.random.default_rng([seed, number, one, len(world)])
                heard = lived(world, days, fault_day, db, by_day, rng)
                ours.take(told(heard), name, fault_day)
                blind.take(told(heard, False), name, fault_day)
                plain.take(by_week(heard), name, fault_day)
                months += fault_day / MONTH_DAYS
        for name, delays in ours.delays.items():
            after = f"{np.median(delays):9.2f}" if delays else f"{'-':>9}"
            lines.append(
                f"{world:>8} {name:>13} {len(delays):3}/{antennas:<4} {after} {len(blind.delays[name]):12} "
                f"{len(plain.delays[name]):19}"
            )
        ill = len(LOSSES) * antennas
        found += [
            Figure(
                f"antennas, {world}: losses told", ">= .95", ours.hits / ill, 0.95, f"of {ill}",
                f"half a week before {plain.hits / ill:.3g}; no strength {blind.hits / ill:.3g}", True,
            ),
            Figure(
                f"antennas, {world}: false alarms", "<= .05/device-month", ours.false / months, 0.05,
                f"in {months:.0f}", f"half a week before {plain.false / months:.3g}",
            ),
        ]  # fmt: skip
    return found, lines


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--antennas", type=int, default=12)
    parser.add_argument("--seed", type=int, default=900)
    asked = parser.parse_args()
    all_figures, table = figures(asked.antennas, asked.seed)
    print("\n".join(table))
    raise SystemExit(show("antennas", all_figures))
