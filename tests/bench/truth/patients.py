"""Sick sensors found, and healthy ones left alone: months of known truth. `python -m tests.bench.truth.patients`.

False findings are those on healthy sensors (and wrong ones on sick ones are in the table). Anchors, on the same months:
a value that stood still for 30 minutes is stuck; an hour's sd 3 times that of the first day is noise; no sample for 5
minutes is silence; a day's mean 5 g off the first day's is drift.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from statistics import median
from typing import NamedTuple, get_args

import numpy as np
from numpy.random import default_rng

from edge.core.care import neighbours, patients
from edge.core.care.charts import Change
from firmware_sim.worlds import patients as world
from firmware_sim.worlds.patients import DAY_MS, HOUR_MS, START_MS, Ill, Kind, Told
from tests.bench.table import Figure, show

SEEDS = range(400, 403)
DAYS = 60
SICK_DAYS = 47
EACH = 6
"""Healthy sensors of each kind and seed."""
SICK = 3
"""Sick sensors of each case and seed."""
TICK_MS = 120_000
ZONES = 10
"""Zones of 3 to 6 thermometers, by seed; one of each drifts."""
BATCH = 10
"""Load cells send so many samples in a message; all others one."""
MONTH_DAYS = 30.44
BATTERY_LATE_PCT = 20.0
"""An end that is foretold later than this is not foretold."""


class Case(NamedTuple):
    """A fault of a kind of sensor, how strong it is, and within which time it must be found."""

    kind: Kind
    fault: world.Fault
    size: float
    code: str
    within_days: float


CASES = (
    Case("cell", "stuck", 0, "stuck", 0.5),
    Case("cold room", "stuck", 0, "stuck", 0.5),
    Case("hall", "stuck", 0, "stuck", 10),
    Case("hall 0.5", "stuck", 0, "stuck", 20),
    Case("cell 1 g", "stuck", 0, "stuck", 20),
    Case("cell 10 g", "stuck", 0, "stuck", 20),
    Case("cell", "noisy", 4, "noisy", 2),
    Case("cold room", "noisy", 4, "noisy", 2),
    Case("cell 1 g", "noisy", 4, "noisy", 2),
    Case("cell", "spikes", 30, "spikes", 2),
    Case("cold room", "spikes", 30, "spikes", 2),
    Case("hall", "spikes", 30, "spikes", 2),
    Case("cell", "drift", 3, "drift", 21),
    Case("cell", "drift", 6, "drift", 14),
    Case("cell 1 g", "drift", 6, "drift", 21),
    Case("cell 10 g", "drift", 6, "drift", 14),
    Case("cell", "creep", 0, "creep", 25),
    Case("cell", "silent", 0, "silent", 1),
    Case("hall", "silent", 0, "silent", 1),
    Case("on change", "silent", 0, "silent", 1),
    Case("battery", "battery", 3, "battery_ending", 14),
    Case("battery 5 %", "battery", 3, "battery_ending", 14),
)
HOPELESS = {("cell 10 g", "stuck"), ("cell 10 g", "drift")}
"""A display that rounds its noise away says the same of a still load and of a stuck cell. Printed, and in no figure."""
FINE = ("cell", "cold room")
"""Sensors whose noise shows: a stuck value is told at once."""


class Found(NamedTuple):
    """What was said of one sensor, when."""

    at_ms: int
    change: Change


def main() -> int:
    """Measure and print; 0 when all goals are met."""
    return show("sensors as patients", figures())


def figures() -> list[Figure]:
    """False findings a month, recall, delay, cost a sample."""
    false, anchors, months, took_us = healthy()
    print(f"\n{months:.0f} months of healthy sensors: {dict(false)}")
    print(f"{'case':26} {'found':>6} {'delay h':>8}  also said")
    recalls: list[float] = []
    stuck_h: list[float] = []
    for case in CASES:
        delays, count, also = sick(case)
        said = f"{median(delays):8.1f}" if delays else "       -"
        print(f"{case.kind + ' ' + case.fault + f' {case.size:g}':26} {len(delays):3}/{count:<2} {said}  {dict(also)}")
        if (case.kind, case.fault) not in HOPELESS:
            recalls.append(len(delays) / count)
            if case.fault == "stuck" and case.kind in FINE:
                stuck_h += delays
    zones, falsely, zone_months = drifting_zones()
    print(f"zones: {zones:.2f} of drifting thermometers found, {falsely} others blamed in {zone_months:.0f} months")
    clocks, clock_false = clocks_off()
    print(f"clocks: {clocks:.2f} of wrong ones found, {clock_false} right ones blamed")
    others = sum(count for code, count in false.items() if code != "stuck")
    plain = sum(anchors[code] for code in ("noisy", "silent", "drift"))
    return [
        Figure(
            "false stuck",
            "<= .01 a month",
            false["stuck"] / months,
            0.01,
            "",
            f"30 min: {anchors['stuck'] / months:.3g}",
        ),
        Figure(
            "false findings of all other kinds",
            "<= .05 a month",
            others / months,
            0.05,
            "",
            f"plain rules: {plain / months:.3g}",
        ),
        Figure("stuck: median delay, noisy sensors", "<= 45 min", median(stuck_h) * 60, 45.0, "min", "30 min by rule"),
        Figure(
            "sick sensors found", ">= .95", float(np.mean(recalls)), 0.95, "", f"worst case {min(recalls):.2f}", True
        ),
        Figure("drifting thermometers found by zones", ">= .9", zones, 0.9, "", "", True),
        Figure(
            "thermometers blamed falsely", "<= .03 a month", falsely / zone_months, 0.03, "", "the drifting one beside"
        ),
        Figure("wrong clocks found", ">= .95", clocks, 0.95, "", f"blamed falsely {clock_false}", True),
        Figure("a sample", "<= 5 us", took_us, 5.0, "us", "one a message; 10 a message in cells"),
    ]


def healthy() -> tuple[Counter[str], Counter[str], float, float]:
    """Findings on healthy sensors by code; those of the plain rules; months; microseconds a sample."""
    false: Counter[str] = Counter()
    anchors: Counter[str] = Counter()
    by_kind: Counter[tuple[str, str]] = Counter()
    samples, took_s, count = 0, 0.0, 0
    for seed in SEEDS:
        for kind in get_args(Kind):
            for at in range(EACH):
                rng = default_rng([seed, at, len(kind), ord(kind[-1])])
                holiday = (35, 42) if at % 2 else (0, 0)
                told = world.sensor(kind, DAYS, Ill(), holiday, rng, tails=at % 3 == 0)
                begun = time.process_time()
                found = run(told)
                took_s += time.process_time() - begun
                samples += told.times_ms.size
                count += 1
                for one in found:
                    if one.change.came and one.change.finding.code != "battery_low":
                        false[one.change.finding.code] += 1
                        by_kind[kind, one.change.finding.code] += 1
                anchors.update(plain_rules(told))
    print("healthy, by kind:", {f"{kind}: {code}": number for (kind, code), number in sorted(by_kind.items())})
    print("plain rules on the same:", dict(anchors))
    return false, anchors, count * DAYS / MONTH_DAYS, took_s / samples * 1e6


def sick(case: Case) -> tuple[list[float], int, Counter[str]]:
    """Hours until the fault was found, where it was; how many were sick; what else was said."""
    delays: list[float] = []
    also: Counter[str] = Counter()
    for seed in SEEDS:
        for at in range(SICK):
            rng = default_rng([seed, 77, at, len(case.kind), len(case.fault)])
            from_ms = START_MS + int(rng.uniform(18, 25) * DAY_MS)
            days = DAYS if case.fault == "battery" else SICK_DAYS
            told = world.sensor(case.kind, days, Ill(case.fault, from_ms, case.size), (0, 0), rng)
            first = None
            for one in run(told, START_MS + days * DAY_MS):
                if not one.change.came:
                    continue
                if one.change.finding.code == case.code and one.at_ms >= from_ms:
                    first = one.at_ms if first is None else first
                elif one.change.finding.code != "battery_low":
                    also[one.change.finding.code] += 1
            until_ms = from_ms + case.within_days * DAY_MS
            if case.fault == "battery":
                low = np.flatnonzero(told.values <= BATTERY_LATE_PCT)
                until_ms = float(told.times_ms[low[0]]) if low.size else until_ms
            if first is not None and first <= until_ms:
                delays.append((first - from_ms) / HOUR_MS)
    return delays, len(SEEDS) * SICK, also


def run(told: Told, until_ms: int = 0) -> list[Found]:
    """All that is said of a sensor, with time passing between its messages and on until `until_ms`."""
    chart = patients.begin(told.quantity, int(told.times_ms[0]))
    found: list[Found] = []
    tick_ms = int(told.times_ms[0]) + TICK_MS
    size = BATCH if told.quantity == "mass_g" else 1
    times, values = told.times_ms.tolist(), told.values.tolist()
    step_ms = times[1] - times[0] if size > 1 else 0
    feel, pass_time = patients.feel, patients.pass_time
    for at in range(0, len(times) - size + 1, size):
        now_ms = times[at + size - 1]
        while tick_ms < now_ms:
            found += [Found(tick_ms, one) for one in pass_time(chart, tick_ms)]
            tick_ms += TICK_MS
        changes = feel(chart, times[at], values[at : at + size], step_ms, now_ms)
        if changes:
            found += [Found(now_ms, one) for one in changes]
    while tick_ms < until_ms:
        found += [Found(tick_ms, one) for one in pass_time(chart, tick_ms)]
        tick_ms += TICK_MS
    return found


def plain_rules(told: Told) -> Counter[str]:
    """How often the plain rules begin to fire on a sensor."""
    found: Counter[str] = Counter()
    times, values = told.times_ms, told.values
    changed = np.flatnonzero(np.diff(values) != 0)
    if told.quantity != "battery_pct" and changed.size:
        found["stuck"] = int((np.diff(times[changed]) > 30 * 60_000).sum())
        found["silent"] = int((np.diff(times) > 5 * 60_000).sum())
    hours = (times - times[0]) // HOUR_MS
    starts = np.flatnonzero(np.diff(hours, prepend=-1))
    counts = np.diff(np.append(starts, times.size))
    mean = np.add.reduceat(values, starts) / counts
    sd = np.sqrt(np.maximum(np.add.reduceat(values**2, starts) / counts - mean**2, 0.0))
    usual = max(float(np.median(sd[:24])), 1e-9)
    loud = sd > 3 * usual
    found["noisy"] = int((loud[1:] & ~loud[:-1]).sum()) if told.quantity != "battery_pct" else 0
    if told.quantity == "mass_g":
        day = mean[: mean.size // 24 * 24].reshape(-1, 24).mean(axis=1)
        off = np.abs(day - day[0]) > 5.0
        found["drift"] = int((off[1:] & ~off[:-1]).sum())
    return found


def drifting_zones() -> tuple[float, int, float]:
    """Share of drifting thermometers found within three weeks; others that were blamed; months of zones' sensors."""
    hits = falsely = 0
    months = 0.0
    zones = [(seed, at) for seed in SEEDS for at in range(ZONES)]
    for seed, at in zones:
        rng = default_rng([seed, 5, at])
        count = 3 + at % 4
        from_ms = START_MS + 20 * DAY_MS
        sensors = world.zone(count, DAYS, 0.1, from_ms, rng)
        charts = {str(place): patients.begin("temperature_c", START_MS) for place in range(count)}
        blamed: dict[str, int] = {}
        for day in range(DAYS):
            for name, told in zip(charts, sensors, strict=True):
                here = slice(day * 144, (day + 1) * 144)
                for at_ms, value in zip(told.times_ms[here].tolist(), told.values[here].tolist(), strict=True):
                    patients.feel(charts[name], at_ms, [value], 0, at_ms)
            now_ms = START_MS + day * DAY_MS + 10 * HOUR_MS
            for name, change in neighbours.compare(charts, now_ms):
                if change.came:
                    blamed.setdefault(name, now_ms)
        hits += from_ms <= blamed.pop("0", 0) <= from_ms + 21 * DAY_MS
        falsely += len(blamed)
        months += count * DAYS / MONTH_DAYS
    return hits / len(zones), falsely, months


def clocks_off() -> tuple[float, int]:
    """Share of clocks that were found to be wrong by 30 s, and how many right ones were blamed."""
    hits = falsely = 0
    for seed in SEEDS:
        for at in range(10):
            rng = default_rng([seed, 9, at])
            from_ms, offset_ms = START_MS + 5 * DAY_MS, (-30_000, 30_000, 0)[at % 3]
            clock = patients.Clock()
            first = 0
            for at_ms, received_ms in zip(
                *(one.tolist() for one in world.clock(10, offset_ms, from_ms, rng)), strict=True
            ):
                for change in patients.hear(clock, at_ms, received_ms):
                    first = first or (received_ms if change.came else 0)
            hits += bool(offset_ms and from_ms <= first <= from_ms + DAY_MS)
            falsely += bool(first and (not offset_ms or first < from_ms))
    wrong = len(SEEDS) * sum(at % 3 != 2 for at in range(10))
    return hits / wrong, falsely


if __name__ == "__main__":
    sys.exit(main())
