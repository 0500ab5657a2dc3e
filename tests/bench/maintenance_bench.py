"""How well refrigeration losing capacity is told: recall, false alarms, lead; beside the rule "8 degC for 30 min".
Then the one table of `make bench-maintenance`: series watched (`watch_bench.py`).

Run: python -m tests.bench.maintenance_bench [--devices 20] [--seed 9000] [--ambient 0|1]. The estimator was tuned on
seeds 1, 7, 301 and 302 only. Faults begin on day 20; the *breach* is the end of the first six hours whose mean is above
the limit (defrosts go above it for minutes).
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from cloud.core.maintenance.refrigeration import State, step
from tests.bench import life_bench, watch_bench
from tests.bench.table import show
from tests.unit.refrigerator import Array, simulate

START_MS = 1_700_006_400_000
LIMIT_C = 8.0
FAULT_DAY = 20


def alarms_of(temperatures: Array, ambients: Array | None) -> tuple[list[float], State]:
    """Days (from the start) at which the alarm rose."""
    state, alarms, was = State(), [], False
    outside = [None] * len(temperatures) if ambients is None else ambients.tolist()
    for minute, (inside, ambient) in enumerate(zip(temperatures.tolist(), outside, strict=True)):
        step(state, START_MS + minute * 60_000, inside, ambient)
        if state.losing and not was:
            alarms.append(minute / 1440)
        was = state.losing
    return alarms, state


def naive_alarms(temperatures: Array) -> list[float]:
    """Days at which the temperature had been above the limit for 30 minutes."""
    run, alarms = 0, []
    for minute, above in enumerate((temperatures > LIMIT_C).tolist()):
        run = run + 1 if above else 0
        if run == 30:
            alarms.append(minute / 1440)
    return alarms


def breach_day(temperatures: Array) -> float:
    """The end of the first six hours after the fault began whose mean is above the limit; inf if none."""
    means = temperatures[: len(temperatures) // 360 * 360].reshape(-1, 360).mean(axis=1)
    above = np.flatnonzero(means[FAULT_DAY * 4 :] > LIMIT_C)
    return FAULT_DAY + float(above[0] + 1) / 4 if len(above) else float("inf")


class Score:
    """What a row counts: devices found before the breach, days of lead, alarms before the fault."""

    def __init__(self) -> None:
        self.found, self.false = 0, 0
        self.leads: list[float] = []

    def count(self, alarms: list[float], healthy_until: float, breach: float) -> None:
        """Add one device's alarms. One that rose before the fault and stayed counts as false, and not as found."""
        self.false += sum(day < healthy_until for day in alarms)
        hits = [day for day in alarms if healthy_until <= day < breach]
        self.found += bool(hits)
        if hits and breach < float("inf"):
            self.leads.append(breach - hits[0])

    def lead(self) -> str:
        """The median lead in days."""
        return f"{np.median(self.leads):.1f}" if self.leads else "-"


def run(devices: int, seed: int, with_ambient: bool) -> None:
    """Print the table of one setting."""
    print(
        f"outside temperature {'known' if with_ambient else 'unknown'}, seed {seed}, {devices} devices a row, 60 days"
    )
    print(f"{'':>16}   recall  naive   lead d  naive   to breach d   false/device-month  naive")
    spent_s, samples, days = 0.0, 0, 60
    for name, loss in (("healthy", 0.0), ("loss 1.5 %/day", 0.015), ("loss 3 %/day", 0.03), ("loss 10 %/day", 0.10)):
        inside, outside = simulate(seed + int(loss * 1000), devices, days, FAULT_DAY, loss)
        healthy_until = FAULT_DAY if loss else days
        ours, naive, spans = Score(), Score(), []
        for device in range(devices):
            breach = breach_day(inside[:, device]) if loss else float("inf")
            spans += [breach - FAULT_DAY] if breach < days else []
            started = time.perf_counter()
            alarms, _ = alarms_of(inside[:, device], outside[:, device] if with_ambient else None)
            spent_s, samples = spent_s + time.perf_counter() - started, samples + len(inside)
            ours.count(alarms, healthy_until, breach)
            naive.count(naive_alarms(inside[:, device]), healthy_until, breach)
        months = devices * (healthy_until - 6) / 30.4
        cells = [f"{ours.found / devices:8.2f} {naive.found / devices:6.2f}" if loss else f"{'-':>8} {'-':>6}"]
        cells.append(f"{ours.lead():>8} {naive.lead():>6}")
        cells.append(f"{np.median(spans):13.1f}" if spans else f"{'-':>13}")
        print(f"{name:>16}", *cells, f"{ours.false / months:20.3f} {naive.false / months:6.3f}", flush=True)
    print(f"{spent_s / samples * 1e6:.1f} us a sample")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--devices", type=int, default=20)
    parser.add_argument("--seed", type=int, default=9000)
    parser.add_argument("--ambient", type=int, choices=(0, 1), default=None)
    chosen = parser.parse_args()
    for ambient in (1, 0) if chosen.ambient is None else (chosen.ambient,):
        run(chosen.devices, chosen.seed, bool(ambient))
    figures, lines = watch_bench.figures()
    status = show("maintenance", [*figures, *life_bench.figures()])
    print("\n".join(lines))
    raise SystemExit(status)
