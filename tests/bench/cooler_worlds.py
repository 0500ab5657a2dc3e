"""Cold rooms that the estimators do not know: other walls, goods, doors, weather, defrosts and sensors than assumed.

Air, goods and the ice on the coil are simulated, many rooms at once. A room belongs to one of four groups (cabinet,
cold room, small refrigerator, freezer) and has a sensor of its own: period, noise, lag, rounding, gaps. One fault may
begin.
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

import numpy as np

Array = np.ndarray[Any, np.dtype[np.float64]]
Ill = Literal["healthy", "leak", "icing", "blocked", "fan", "door"]
STEP_S = 20
START_MS = 1_700_006_400_000
GROUPS = {
    # set C, band K, gain 1/h a K, duty, coupling of goods 1/h, air's share of it, defrosts h, doors/h
    "cabinet": ((2, 5), (1.2, 3), (0.2, 0.5), (0.35, 0.6), (0.3, 1.0), (0.03, 0.1), (4, 8), (0.5, 4)),
    "cold room": ((1, 6), (1, 2.5), (0.08, 0.25), (0.25, 0.55), (0.2, 0.6), (0.01, 0.05), (6, 24), (0.3, 3)),
    "small": ((3, 5), (2, 5), (0.15, 0.45), (0.2, 0.45), (0.2, 0.8), (0.02, 0.1), (8, 24), (0.1, 1)),
    "freezer": ((-24, -18), (1.5, 4), (0.06, 0.2), (0.35, 0.65), (0.2, 0.6), (0.01, 0.05), (6, 12), (0.1, 1)),
}


class Room(NamedTuple):
    """One room: what its sensor said and when, what a thermometer outside said at those times, and the truth.

    `breach_day`: the end of the first six hours whose true mean is above the limit; `fault_day` and it are inf where
    there is none."""

    group: str
    ill: Ill
    limit_c: float
    times_ms: list[int]
    inside_c: list[float]
    outside_c: list[float]
    fault_day: float
    over_day: float
    breach_day: float
    period_s: int


def worlds(seed: int, count: int, days: int, ill: Ill, fault_day: float, loss_a_day: float = 0.0) -> list[Room]:
    """So many rooms for so many days; `ill` begins about `fault_day` (up to a day later)."""
    rng = np.random.default_rng(seed)
    names = [list(GROUPS)[i % len(GROUPS)] for i in range(count)]

    def drawn(column: int) -> Array:
        return np.array([rng.uniform(*GROUPS[name][column]) for name in names])

    def between(low: float, high: float) -> Array:
        return rng.uniform(low, high, count)

    set_c, band_c, gain_h, duty, goods_h, share, defrost_h, doors_h = (drawn(column) for column in range(8))
    mean_c, swing_c, season_c = between(16, 26), between(0.3, 6), between(-0.12, 0.12)
    pull_h = gain_h * (mean_c - set_c) / duty
    derating, lag_s, noise_c = between(0, 0.02), between(20, 400), between(0.01, 0.12)
    melt_s, heat_h, phase = between(500, 1500), between(6, 16), between(0, 1)
    adaptive = rng.random(count) < 0.3  # defrosts by the hours the machine ran
    weekend, night = rng.random(count) < 0.5, rng.random(count) < 0.2
    starts_s = (fault_day + between(0, 1)) * 86400
    lasts_s = between(3, 12) * 3600
    if ill == "healthy":
        starts_s = np.full(count, np.inf)
    ajar_h = gain_h * between(0.8, 3)
    weak, bound = between(0.4, 0.65), between(0.3, 0.6)
    ice_day = between(0.05, 0.12)
    air, goods, sensor, on = set_c.copy(), set_c.copy(), set_c.copy(), np.zeros(count, dtype=bool)
    ice, ran_s, melting_s, weather_c = (
        np.zeros(count),
        phase * defrost_h * 3600,
        np.zeros(count),
        rng.normal(0, 1, count),
    )
    open_until_s = np.zeros(count)
    steps = days * 86400 // STEP_S
    measured, outside = np.empty((steps, count), dtype=np.float32), np.empty((steps // 180 + 1, count))
    truth = np.zeros((days * 4, count))
    hours = STEP_S / 3600
    for i in range(steps):
        now_s = i * STEP_S
        if i % 180 == 0:
            weather_c += -0.01 * weather_c + 0.3 * rng.normal(0, 1, count)
            hour, day = now_s // 3600 % 24, now_s // 86400
            opened = doors_h * (0.03 if not 7 <= hour < 20 else 1.0) * np.where(weekend & (day % 7 >= 5), 0.05, 1.0)
            opened = np.where(night & (hour == 4), 6.0, opened)
            sights = rng.random((180, count)) < opened * hours
            ambient = mean_c + season_c * day + weather_c + swing_c * np.sin(2 * np.pi * (hour - 9) / 24)
            outside[i // 180] = ambient
            since_d = np.maximum(0.0, now_s - starts_s) / 86400
            began = now_s >= starts_s
            power = 1 - derating * (ambient - mean_c)
            if ill == "leak":
                power = power * (1 - loss_a_day) ** since_d
            elif ill == "icing":
                ice = np.minimum(0.95, ice_day * since_d * (1 + since_d / 20))
                power = power * (1 - ice)
            elif ill in ("fan", "blocked"):
                power = np.where(began, power * weak, power)
            coupling = np.where(began & (ill in ("fan", "blocked")), goods_h * bound, goods_h)
            lag = np.where(began & (ill == "fan"), lag_s * 2.5, lag_s)
            blend = 1 - np.exp(-STEP_S / lag)
            pull, heat = pull_h * power, np.where(began & (ill == "icing"), 0.0, heat_h)
        open_until_s = np.where(sights[i % 180], now_s + rng.exponential(30, count), open_until_s)
        ran_s += STEP_S * (np.where(adaptive, on * 1.0 / duty, 1.0))
        due = ran_s > defrost_h * 3600
        melting_s = np.where(due, melt_s, np.maximum(0.0, melting_s - STEP_S))
        ran_s = np.where(due, 0.0, ran_s)
        melting = melting_s > 0
        on = ~melting & np.where(on, air > set_c - band_c / 2, air > set_c + band_c / 2)
        load = gain_h * (ambient - air) + coupling * (goods - air) + np.where(now_s < open_until_s, 25.0, 0.0)
        if ill == "door":
            load = load + np.where((now_s >= starts_s) & (now_s < starts_s + lasts_s), ajar_h * (ambient - air), 0.0)
        air = air + hours * (load - pull * on + heat * melting)
        goods = goods + hours * goods_h * share * (air - goods)
        sensor = sensor + (air - sensor) * blend
        measured[i] = sensor
        truth[i // 1080] += air / 1080
    return [
        _room(rng, names[one], ill, one, measured, outside, truth, set_c + band_c / 2, starts_s / 86400,
              (starts_s + lasts_s) / 86400 if ill == "door" else np.full(count, np.inf), float(noise_c[one]))
        for one in range(count)
    ]  # fmt: skip


def _room(
    rng: np.random.Generator, group: str, ill: Ill, one: int, measured: Any, outside: Array, truth: Array,
    warm_c: Array, starts: Array, ends: Array, noise_c: float,
) -> Room:  # fmt: skip
    """What one room's own sensor makes of it: every so many seconds, rounded, with noise and gaps."""
    period_s = int(rng.choice([20, 60, 60, 60, 120, 300]))
    quantum = float(rng.choice([0.01, 0.0625, 0.1, 0.1, 0.5]))
    every = period_s // STEP_S
    ats = np.arange(0, len(measured), every)
    kept = rng.random(len(ats)) >= rng.choice([0.0, 0.01, 0.05])
    for _ in range(int(rng.choice([0, 0, 2, 4]))):  # nobody listened
        gap = int(rng.integers(0, len(ats)))
        kept[gap : gap + int(rng.uniform(1, 12) * 3600 / period_s)] = False
    ats = ats[kept]
    values = np.round((measured[ats, one] + rng.normal(0, noise_c, len(ats))) / quantum) * quantum
    around = outside[ats // 180, one] + rng.normal(0, 0.2, len(ats))
    limit_c = 8.0 if group != "freezer" else float(warm_c[one] + 4)
    above = np.flatnonzero(truth[:, one] > limit_c)
    after = above[(above + 1) / 4 > starts[one]] if np.isfinite(starts[one]) else above[:0]
    breach = float(after[0] + 1) / 4 if len(after) else float("inf")
    return Room(
        group, ill, limit_c, (START_MS + ats * STEP_S * 1000).tolist(), values.tolist(), around.tolist(),
        float(starts[one]), float(ends[one]), breach, period_s,
    )  # fmt: skip
