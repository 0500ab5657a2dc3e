"""How well sensors that are stuck, batteries that end and antennas that read less are told, and what the fold costs.

Seeds and kinds of sensors were not tuned on. Beside ours, in the same run: "one value for 30 minutes is stuck".
"""

from __future__ import annotations

import csv
import gzip
import time
from datetime import datetime
from itertools import product
from pathlib import Path

import numpy as np

from cloud.core.maintenance import batteries, sensors
from cloud.core.maintenance.batteries import Battery
from cloud.core.maintenance.fleet import Fleet
from protocols.layout import About, Device, Site, Zone
from protocols.reports import Series
from tests.bench.table import Figure

START_MS = 1_700_006_400_000
MINUTE_MS, DAY_MS = 60_000, 86_400_000
MONTH_DAYS = 30.4
FREEZER = Path("../shared/data/coldchain/freezer_1min.csv.gz")
GAP_MS = 20 * MINUTE_MS
NEVER = float("inf")
NOISES = (8.0, 4.0, 2.0, 1.0, 0.5, 0.25)
LONG_MONTHS = 100


def samples(
    rng: np.random.Generator, kind: str, days: int, period_s: int, noises: float
) -> tuple[list[int], list[float]]:
    """A sensor's samples: a room, a cooler that cycles or a scale from which goods are taken; `noises`: its own noise
    in units of its last digit."""
    seconds = np.arange(days * 86_400 // period_s) * period_s
    quantum = 1.0 if kind == "scale" else 0.1
    if kind == "room":
        true = (
            20
            + 2 * np.sin(2 * np.pi * seconds / 86_400)
            + np.cumsum(rng.normal(0, 0.02 * (period_s / 60) ** 0.5, len(seconds)))
        )
    elif kind == "cooler":
        cycle = float(rng.uniform(900, 5400))
        true = 4 + 1.2 * (4 * np.abs((seconds / cycle) % 1 - 0.5) - 1) + 4.0 * (seconds % 21_600 < 900)
    else:
        true = np.repeat(rng.integers(2, 50, days * 24 + 1) * 250.0, 3600 // period_s)[: len(seconds)]
        true = true + np.cumsum(rng.normal(0, 0.01, len(seconds)))
    values = np.round((true + rng.normal(0, noises * quantum, len(seconds))) / quantum) * quantum
    return (START_MS + seconds * 1000).tolist(), values.tolist()


def told(times: list[int], values: list[float], quantity: str) -> list[int]:
    """When a value was told to be stuck."""
    sensor, found, was = sensors.begin(quantity), [], 0
    for at_ms, value in zip(times, values, strict=True):
        if sensor.last_ms and at_ms - sensor.last_ms > GAP_MS:
            sensors.interrupt(sensor, at_ms)
        sensors.step(sensor, at_ms, value)
        if sensor.still_ms and not was:
            found.append(at_ms)
        was = sensor.still_ms
    return found


def plain(times: list[int], values: list[float]) -> int:
    """How often one value stood for 30 minutes."""
    count, since = 0, times[0]
    for before, at_ms, value in zip(values, times[1:], values[1:], strict=False):
        if value != before:
            count += at_ms - since > 30 * MINUTE_MS
            since = at_ms
    return count


def by_chance(rng: np.random.Generator, kind: str, period_s: int, noises: float) -> tuple[float, int]:
    """The longest that a value stood in `LONG_MONTHS` of which nothing is wrong, in minutes: no rule that is wrong less
    than once in so long, whatever it knows, can tell a stuck one sooner. And how often ours is wrong in that time."""
    times, values = samples(rng, kind, round(LONG_MONTHS * MONTH_DAYS), period_s, noises)
    changes = np.flatnonzero(np.diff(np.array(values), prepend=np.inf, append=np.inf))
    return float(np.diff(changes).max()) * period_s / 60, len(told(times, values, quantity_of(kind)))


def quantity_of(kind: str) -> str:
    """What such a sensor measures."""
    return "mass_g" if kind == "scale" else "temperature_c"


def stuck(seed: int = 800) -> tuple[list[Figure], list[str]]:
    """Stuck values: how soon, and how often wrongly."""
    rng = np.random.default_rng(seed)
    months, false, naive = 0.0, 0, 0
    shown: list[float] = []
    plenty: list[float] = []
    behind: list[float] = []
    long_months = long_false = 0
    lines = [f"{'stuck after, min':>18} noise in last digits:" + "".join(f"{one:>9}" for one in NOISES)]
    for kind, period_s in product(("room", "cooler", "scale"), (10, 60, 300)):
        row = []
        for noises in NOISES:
            days = 30 if period_s > 10 else 8
            quantity = quantity_of(kind)
            times, values = samples(rng, kind, days, period_s, noises)
            false, naive = false + len(told(times, values, quantity)), naive + plain(times, values)
            months += days / MONTH_DAYS
            delays = []
            for _ in range(3):
                at = int(rng.integers(len(times) // 3, len(times) * 2 // 3))
                end = min(len(times), at + DAY_MS // 1000 // period_s)
                halted = values[:at] + [values[at]] * (end - at)
                after = [one for one in told(times[:end], halted, quantity) if one >= times[at]]
                delays.append((after[0] - times[at]) / MINUTE_MS if after else NEVER)
            row.append(float(np.median(delays)))
            if noises >= 1 and period_s <= 60:
                shown += delays
            if noises >= 4 and period_s == 300:
                plenty.append(row[-1])
        lines.append(f"{kind:>18} every {period_s:>3} s         " + "".join(f"{one:9.0f}" for one in row))
        if period_s == 300:
            bounds, alarms = zip(*(by_chance(rng, kind, period_s, noises) for noises in NOISES), strict=True)
            long_months, long_false = long_months + len(alarms) * LONG_MONTHS, long_false + sum(alarms)
            lines.append(f"{'':>18} no rule before      " + "".join(f"{one:9.0f}" for one in bounds))
            behind += [
                late - max(bound, (sensors.STUCK_ROWS - 1) * period_s / 60)
                for late, bound, noises in zip(row, bounds, NOISES, strict=True)
                if noises >= 1
            ]
    figures = [
        Figure("stuck: found, where noise shows", "<= 30 min", float(np.median(shown)), 30.0, "min", "30 min by rule"),
        Figure(
            "stuck: each 5 min, noise of 4 or 8 digits", "<= 30 min", max(plenty), 30.0, "min, worst of 6",
            "30 min by rule",
        ),
        Figure(
            "stuck: each 5 min, 1 to 8 digits, after any rule could", "<= 5 min", max(behind), 5.0, "min, worst of 12",
            "wrong once in 100 months",
        ),
        Figure(
            "stuck: false", "<= 0.01/device-month", false / months, 0.01, f"in {months:.0f} months",
            f"30 min by rule {naive / months:.3g}",
        ),
        Figure(
            "stuck: false, each 5 min", "<= 0.01/device-month", long_false / long_months, 0.01,
            f"in {long_months} months", "see above",
        ),
    ]  # fmt: skip
    if FREEZER.exists():
        with gzip.open(FREEZER, "rt") as file:
            rows = list(csv.reader(file))[1:]
        times = [int(datetime.fromisoformat(row[0].replace("Z", "+00:00")).timestamp() * 1000) for row in rows]
        values = [float(row[1]) for row in rows]
        delays = []
        for at in rng.integers(3 * 1440, 6 * 1440, 30).tolist():
            after = [
                one
                for one in told(times, values[:at] + [values[at]] * (len(values) - at), "temperature_c")
                if one >= times[at]
            ]
            delays.append((after[0] - times[at]) / MINUTE_MS if after else NEVER)
        wrong = len(told(times, values, "temperature_c"))
        figures.append(
            Figure("stuck: real freezer, worst of 30", "<= 30 min", max(delays), 30.0, "min", f"{wrong} false")
        )
    return figures, lines


def ending(seed: int = 810, units: int = 100) -> Figure:
    """Batteries that fall by 0.1 to 2 % a day, unsteadily, rounded to 1 or 5 %: does the interval hold?"""
    rng = np.random.default_rng(seed)
    held = asked = 0
    for _ in range(units):
        rate, wander, quantum = (
            float(rng.uniform(0.1, 2)),
            float(rng.uniform(0.05, 0.4)),
            float(rng.choice([1.0, 1.0, 5.0])),
        )
        level = 100.0
        course: list[float] = []
        while level > batteries.EMPTY_PCT and len(course) < 900:
            course.append(level)
            level -= max(0.0, rate * float(rng.lognormal(0, 0.2)) + float(rng.normal(0, wander)) * 0.3)
        battery, ask = Battery(), int(len(course) * rng.uniform(0.3, 0.9))
        for day, pct in enumerate(course[: ask + 2]):
            told_pct = round((pct + float(rng.normal(0, 0.5))) / quantum) * quantum
            batteries.step(battery, START_MS + day * DAY_MS, max(1.0, told_pct))
        if battery.left is not None:
            asked += 1
            held += battery.left[0] <= len(course) - ask <= battery.left[2]
    return Figure("battery: 90 % interval holds", ">= 85 %", 100 * held / asked, 85.0, f"% of {asked}", "-", True)


def cost(devices: int = 500) -> list[Figure]:
    """A thousand samples a second of this many devices: the fold, and the tick's judgement."""
    listed = [
        Device(f"d{one}", "machine" if one % 10 == 0 else "climate", "cold" if one % 5 == 1 else "hall",
               role="refrigerator" if one % 5 == 1 else "")
        for one in range(devices)
    ]  # fmt: skip
    site = Site(About("s", "S"), [Zone("hall", "Hall"), Zone("cold", "Cold", 2.0, 8.0)], devices=listed)
    fleet, rng = Fleet(site), np.random.default_rng(820)
    count, spent_s, ticks = 0, 0.0, []
    noise = rng.normal(0, 0.1, 10_000).round(2).tolist()
    for minute in range(0, 720, 10):
        for one in range(devices):
            wave = [
                4 + abs((minute + at + one) % 40 - 20) / 10 + noise[(minute * 7 + at + one) % 10_000]
                for at in range(10)
            ]
            quantity = "vibration_g" if one % 10 == 0 else "temperature_c"
            report = Series(
                f"d{one}",
                "1",
                quantity,
                "hall",
                START_MS + minute * MINUTE_MS,
                [at * MINUTE_MS for at in range(10)],
                wave,
            )
            started = time.process_time()
            fleet.hear((report,))
            spent_s += time.process_time() - started
            count += 10
        started = time.process_time()
        fleet.judge(START_MS + minute * MINUTE_MS)
        ticks.append(time.process_time() - started)
    started = time.process_time()
    for second in range(1, 50):
        fleet.judge(START_MS + 710 * MINUTE_MS + second * 1000)
    quiet_s = (time.process_time() - started) / 49
    return [
        Figure("assets: a sample, all folds", "<= 5 us", spent_s / count * 1e6, 5.0, "us", f"{count} samples"),
        Figure(
            "assets: a minute's look at all",
            "<= 100 ms",
            float(np.median(ticks)) * 1e3,
            100.0,
            "ms",
            f"{devices} devices",
        ),
        Figure("assets: a second's tick", "<= 5 ms", quiet_s * 1e3, 5.0, "ms", "nothing changed"),
    ]


def figures() -> tuple[list[Figure], list[str]]:
    """All of them."""
    found, lines = stuck()
    return [*found, ending(), *cost()], lines


if __name__ == "__main__":
    shown, table = figures()
    print("\n".join(table))
    for figure in shown:
        print(figure)
