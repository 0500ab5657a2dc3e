"""How well machines that fall ill are told from their channels, in the simulator's world and one made otherwise.

The worlds are `machine_worlds.py`; seeds 1 to 9 were looked at while the model was made, others are reported.
Samples go the service's way: reports of one sample, the fold of all assets, a look each hour. Beside ours, in the same
run: "over 4.5 mm/s for half an hour at work is an alarm" (ISO 10816's border of what a medium machine may shake).

Run: python -m tests.bench.machines_bench [--machines 16] [--seed 900].
"""

from __future__ import annotations

import argparse
import time
from typing import NamedTuple, get_args

import numpy as np

from cloud.core.maintenance.fleet import Fleet
from cloud.core.maintenance.wear import STOP_MM_S, STOP_TIMES
from protocols.layout import About, Device, Site, Zone
from protocols.reports import Series
from tests.bench.machine_worlds import DAY_MS, MINUTE_MS, QUANTITIES, START_MS, Ill, Told, World, lived
from tests.bench.table import Figure, show

SITE = Site(About("s", "S"), [Zone("hall", "Hall")], devices=[Device("m", "machine", "hall")])
MONTH_DAYS = 30.4
FAULT_DAY, WITHIN_DAYS, HEALTHY_DAYS, WEAR_DAYS = 20, 25, 50, 90
ISO_MM_S, ISO_MINUTES = 4.5, 30
CODES = ("abnormal", "wearing")
USUAL_DAYS = 7


class Found(NamedTuple):
    """What was said of one machine: the days on which it was first said to be ill, by code; days left at each noon as
    (day, low, high); seconds spent and samples."""

    alarms: list[tuple[float, str]]
    left: list[tuple[float, float, float]]
    spent_s: float
    samples: int


def followed(told: Told) -> Found:
    """Live through a machine's samples as the service does."""
    fleet, left, spent_s = Fleet(SITE), [], 0.0
    minutes, columns = told.minutes.astype(int).tolist(), told.values.T.tolist()
    hour = 0
    for at, minute in enumerate(minutes):
        at_ms = START_MS + minute * MINUTE_MS
        reports = [
            Series("m", "1", quantity, "hall", at_ms, [0], [column[at]])
            for quantity, column in zip(QUANTITIES, columns, strict=True)
        ]
        started = time.process_time()
        fleet.hear(reports)
        was, hour = hour, minute // 60
        if was != hour:
            fleet.judge(at_ms)
        spent_s += time.process_time() - started
        if was % 24 < 12 <= hour % 24:
            for fault in fleet.current[0].faults:
                low, high = fault.params.get("days_low"), fault.params.get("days_high")
                if isinstance(low, float) and isinstance(high, float) and high > 0:
                    left.append((minute / 1440, low, high))
    kept = fleet.assets["m"].kept
    seen = [one for one in [*kept.past, *kept.open.values()] if one.code in CODES]
    alarms: list[tuple[float, str]] = sorted(((one.found_ms - START_MS) / DAY_MS, str(one.code)) for one in seen)
    return Found(alarms, left, spent_s, len(minutes) * len(QUANTITIES))


def by_limit(told: Told) -> list[float]:
    """The days on which the plain limit began to fire."""
    found: list[float] = []
    over = calm = 0
    firing = False
    for minute, loud in zip(told.minutes[told.works], told.values[told.works, 0] > ISO_MM_S, strict=True):
        over, calm = (over + 1, 0) if loud else (over, calm + 1)
        if calm >= ISO_MINUTES:
            over, firing = 0, False
        if over >= ISO_MINUTES and not firing:
            firing = True
            found.append(float(minute) / 1440)
    return found


def end_of(told: Told) -> float | None:
    """When, in days, a machine that wears is at its limit, between the middles of days; None where it is not."""
    limit = max(STOP_MM_S, STOP_TIMES * float(np.nanmedian(told.shakes[:USUAL_DAYS])))
    days = np.flatnonzero(~np.isnan(told.shakes))
    over = np.flatnonzero((told.shakes[days] >= limit) & (days > FAULT_DAY))
    if not over.size:
        return None
    at = days[over[0] - 1 : over[0] + 1]
    return float(np.interp(limit, told.shakes[at], at + 0.5))


class Tally:
    """What comes of many machines of one world."""

    def __init__(self) -> None:
        self.ill = self.hits = self.plain_hits = self.false = self.plain_false = self.samples = 0
        self.months = self.spent_s = 0.0
        self.leads: list[float] = []
        self.plain_leads: list[float] = []
        self.held: list[bool] = []
        self.lines: list[str] = []

    def of(self, world: World, ill: Ill, machines: int, seed: int) -> None:
        """Live through some machines of a world and a fault."""
        days = {"healthy": HEALTHY_DAYS, "wear": WEAR_DAYS}.get(ill, FAULT_DAY + WITHIN_DAYS)
        fault_day = HEALTHY_DAYS if ill == "healthy" else FAULT_DAY
        delays: list[float] = []
        plain = 0
        for one in range(machines):
            told = lived(world, ill, days, fault_day, np.random.default_rng([seed, one, len(ill), len(world)]))
            found, limit = followed(told), by_limit(told)
            self.spent_s, self.samples = self.spent_s + found.spent_s, self.samples + found.samples
            self.months += fault_day / MONTH_DAYS
            self.false += sum(day < fault_day for day, _ in found.alarms)
            self.plain_false += sum(day < fault_day for day in limit)
            end = (end_of(told) if ill == "wear" else None) or days
            hits = [day for day, _ in found.alarms if fault_day <= day < end]
            plain_hits = [day for day in limit if fault_day <= day < end]
            delays += [hits[0] - fault_day] if hits else []
            plain += bool(plain_hits)
            if ill == "wear" and end < days:
                self.leads.append(end - hits[0] if hits else 0.0)
                self.plain_leads.append(end - plain_hits[0] if plain_hits else 0.0)
                self.held += [low <= end - day <= high for day, low, high in found.left if day < end - 1]
        if ill == "healthy":
            return
        self.ill, self.hits, self.plain_hits = self.ill + machines, self.hits + len(delays), self.plain_hits + plain
        after = f"{float(np.median(delays)):6.2f} d" if delays else "       -"
        self.lines.append(f"{world:>8} {ill:>10} {len(delays):4} of {machines}, after {after}; by 4.5 mm/s {plain:3}")


def figures(machines: int = 16, seed: int = 900) -> tuple[list[Figure], list[str]]:
    """The figures, and what was told of each fault. Every second day of the season is of a healthy machine."""
    found: list[Figure] = []
    lines: list[str] = []
    spent_s, samples = 0.0, 0
    for world in get_args(World):
        tally = Tally()
        for ill in get_args(Ill):
            tally.of(world, ill, 3 * machines if ill == "healthy" else machines, seed)
        lines += tally.lines
        spent_s, samples = spent_s + tally.spent_s, samples + tally.samples
        name = f"machines, {world}"
        by_rule = f"4.5 mm/s {tally.plain_hits / tally.ill:.3g}"
        lead = float(np.median(tally.leads))
        found += [
            Figure(f"{name}: faults told", ">= .95", tally.hits / tally.ill, 0.95, f"of {tally.ill}", by_rule, True),
            Figure(
                f"{name}: false alarms", "<= .05/device-month", tally.false / tally.months, 0.05,
                f"in {tally.months:.0f}", f"4.5 mm/s {tally.plain_false / tally.months:.3g}",
            ),
            Figure(
                f"{name}: wear, before 7.1 mm/s", ">= 7", lead, 7.0, "d",
                f"4.5 mm/s {np.median(tally.plain_leads):.3g}", True,
            ),
            Figure(
                f"{name}: days left, 90 % interval holds", ">= 87 %", 100 * float(np.mean(tally.held)), 87.0,
                f"% of {len(tally.held)}", "-", True,
            ),
        ]  # fmt: skip
    found.append(
        Figure("machines: a sample of four channels", "<= 5", 1e6 * spent_s / samples, 5.0, "us", f"{samples} samples")
    )
    return found, lines


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--machines", type=int, default=16)
    parser.add_argument("--seed", type=int, default=900)
    asked = parser.parse_args()
    all_figures, table = figures(asked.machines, asked.seed)
    print("\n".join(table))
    raise SystemExit(show("machines", all_figures))
