"""Rows of `make bench-alerts` about cold rooms: the real freezer's week, time to a limit, what a sample costs.

Run: python -m tests.bench.cold_rows. The freezer's week is one real freezer, at one sample a minute; its defrosts and
its one excursion were found by hand in the curve. The rooms whose cooling fails are simulated with two thermal masses,
a drifting outside and correlated noise, which the estimator knows nothing of; it was tuned on other seeds.
"""

from __future__ import annotations

import csv
import gzip
import sys
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import numpy as np

from cloud.core.coldchain.approach import Lately, minutes_to
from cloud.core.coldchain.chamber import Chamber
from cloud.core.coldchain.kinetic import MINUTE_MS
from protocols.cold import PRESETS
from protocols.excursions import Excursion
from tests.bench.table import Figure, show
from tests.unit.refrigerator import simulate

FREEZER = Path(__file__).resolve().parents[3] / "shared" / "data" / "coldchain" / "freezer_1min.csv.gz"
TRUE_EXCURSIONS = 1
TRUE_DEFROSTS = 4
SEED = 4200
ROOMS = 60
HEALTHY, DAYS = 12, 15
LIMIT_C = 8.0
BEGIN_MS = 1_700_006_400_000


def freezer() -> list[tuple[int, float]]:
    """The real freezer's week: time, degC."""
    with gzip.open(FREEZER, "rt") as file:
        rows = [*csv.reader(file)][1:]
    return [
        (round(datetime.fromisoformat(row[0].replace("Z", "+00:00")).timestamp() * 1000), float(row[1])) for row in rows
    ]


def told(samples: list[tuple[int, float]]) -> list[Excursion]:
    """What a frozen goods' room tells of it in the end."""
    room = Chamber()
    room.furnish({"frozen": PRESETS["frozen"]}, samples[0][0])
    ends = {one.excursion.began_ms: one.excursion for one in room.learn((at_ms, "t", c) for at_ms, c in samples)}
    return [*ends.values()]


def plain(samples: list[tuple[int, float]], minutes: float) -> int:
    """The alarms of a rule: above the limit for so many minutes."""
    since, alarms, risen = 0, 0, False
    for at_ms, celsius in samples:
        if celsius <= -15:
            since, risen = 0, False
            continue
        since = since or at_ms
        if at_ms - since >= minutes * MINUTE_MS and not risen:
            alarms, risen = alarms + 1, True
    return alarms


def failing(rng: np.random.Generator) -> tuple[list[float], int]:
    """A room a minute a value: ten hours of a compressor that cycles, then none; and the minute at which it failed."""
    air, goods, on, noise = 4.0, 4.0, False, 0.0
    outside, drift = rng.uniform(14, 30), rng.normal(0, 0.01)
    tau, share, power = rng.uniform(60, 300), rng.uniform(0.2, 0.6), rng.uniform(0.15, 0.4)
    failed, found = 600 + int(rng.integers(0, 60)), []
    for minute in range(failed + 900):
        on = minute < failed and (air > 5 or (on and air > 3))
        outside += drift
        flow = (outside - air) / tau
        air += flow + share * (goods - air) / 12 - (power if on else 0)
        goods += (1 - share) * (air - goods) / 60
        noise = 0.6 * noise + rng.normal(0, 0.04)
        found.append(air + noise)
        if minute >= failed and air > LIMIT_C + 1:
            break
    return found, failed


def ahead(values: list[float], failed: int) -> Iterator[tuple[float, float, float]]:
    """Of each minute of the last hour before the limit in which something is foretold: minutes left in truth, foretold,
    and by a straight line through the last ten minutes."""
    lately = Lately()
    reach = next((at for at in range(failed, len(values)) if values[at] > LIMIT_C), None)
    for minute, celsius in enumerate(values[:reach]):
        at_ms = BEGIN_MS + minute * MINUTE_MS
        lately.add(at_ms, celsius, quiet=True)
        if reach is None or minute < failed or reach - minute > 60:
            continue
        said = minutes_to(lately, LIMIT_C, 1, at_ms)
        if said is not None:
            slope = np.polyfit(range(10), values[minute - 9 : minute + 1], 1)[0]
            straight = (LIMIT_C - celsius) / slope if slope > 0 else 24 * 60
            yield float(reach - minute), said, min(float(straight), 24.0 * 60)


def time_to_limit() -> list[Figure]:
    """How far off the time to the limit is, how long before it is first said, and how often in healthy coolers."""
    off, naive, leads, missed = [], [], [], 0
    for number in range(ROOMS):
        values, failed = failing(np.random.default_rng(SEED + number))
        seen = [*ahead(values, failed)]
        missed += not seen
        leads += [seen[0][0]] if seen else [0.0]
        off += [abs(said - truth) for truth, said, _ in seen]
        naive += [abs(straight - truth) for truth, _, straight in seen]
    inside, _ = simulate(SEED, HEALTHY, DAYS, DAYS, 0.0)
    said_at, plain_at = 0, 0
    for device in range(HEALTHY):
        lately, run, sloping = Lately(), 0, 0
        values = inside[:, device].tolist()
        for minute, celsius in enumerate(values):
            at_ms = BEGIN_MS + minute * MINUTE_MS
            lately.add(at_ms, celsius, quiet=True)  # its defrosts and doors are usual, also where they go beyond
            said = minutes_to(lately, LIMIT_C, 1, at_ms) if celsius <= LIMIT_C else None
            run = run + 1 if said is not None and said < 60 else 0
            said_at += run == 5
            rise = celsius - values[minute - 10] if minute >= 10 else 0.0
            sloping = sloping + 1 if rise > 0 and (LIMIT_C - celsius) / rise * 10 < 60 else 0
            plain_at += sloping == 5
    months = HEALTHY * DAYS / 30.4
    return [
        Figure(
            "time to the limit: off by, median", "<= 6", float(np.median(off)), 6.0, "min",
            f"straight line {np.median(naive):.1f} min",
        ),
        Figure(
            "first said before the limit, of the last hour, median", ">= 15", float(np.median(leads)), 15.0, "min",
            f"limit itself 0 min; never said {missed} of {ROOMS}", floor=True,
        ),
        Figure(
            "healthy coolers of which it is said for 5 min", "<= 0.5", said_at / months, 0.5, "/device-month",
            f"straight line {plain_at / months:.1f}",
        ),
    ]  # fmt: skip


def rows() -> list[Figure]:
    """All of them; without the real freezer's week where it is not beside the project."""
    found = []
    if FREEZER.exists():
        samples = freezer()
        started = time.process_time()
        ends = told(samples)
        spent_us = (time.process_time() - started) / len(samples) * 1e6
        alarms = [one for one in ends if one.kind != "defrost"]
        peaks = {one.peak_c for one in alarms}
        week = f"-15 degC for 30 min: {plain(samples, 30)}, at once: {plain(samples, 0)}"
        found = [
            Figure("freezer week: defrosts that alarm", "0", float(len(alarms) - (8.4 in peaks)), 0.0, "", week),
            Figure(
                "freezer week: the true excursion kept", "1", float(8.4 in peaks), 1.0, f"of {TRUE_EXCURSIONS}", "",
                floor=True,
            ),
            Figure(
                "freezer week: defrosts known as such", "4", float(len(ends) - len(alarms)), 4.0, f"of {TRUE_DEFROSTS}",
                "", floor=True,
            ),
            Figure("a sample of a room", "<= 5", spent_us, 5.0, "us", ""),
        ]  # fmt: skip
    return [*found, *time_to_limit()]


if __name__ == "__main__":
    sys.exit(show("cold rooms", rows()))
