"""Cold rooms that the estimators do not know: other walls, goods, doors, weather, defrosts and sensors than assumed.

Air, goods and the ice on the coil are simulated, many rooms at once. A room belongs to one of four groups (cabinet,
cold room, small refrigerator, freezer) and has a sensor of its own: period, noise, lag, rounding, gaps. One fault may
begin. A room may be odd as well: mis-specified on purpose, in a way that no estimator was told of.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Literal, NamedTuple

import numpy as np

Array = np.ndarray[Any, np.dtype[np.float64]]
Flags = np.ndarray[Any, np.dtype[np.bool_]]
Ill = Literal["healthy", "leak", "condenser", "icing", "blocked", "fan", "dead", "door"]
"""`condenser`: dirt gathers on it, the worse the warmer it is outside. `dead`: it does not start any more."""
Odd = Literal[
    "", "wild noise", "every 5 min", "every 15 min", "long gaps", "restocking", "clocks changed", "another machine",
    "set point moved",
]  # fmt: skip
"""Noise with heavy tails and lost digits; few samples; days of silence; warm goods and doors that stand open meanwhile,
some days a week; the shop's hours an hour earlier from day 27; a compressor with least times to run and to rest, which
cools warm air better, behind walls that store heat, set otherwise by night; the crew moves the set point."""
CLOCKS_DAY = 27
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
    times_ms: Array
    inside_c: Array
    outside_c: Array
    fault_day: float
    over_day: float
    breach_day: float
    period_s: int


class Plan(NamedTuple):
    """What becomes of a room."""

    ill: Ill = "healthy"
    loss_a_day: float = 0.0
    odd: Odd = ""


def worlds(seed: int, plans: Sequence[Plan], days: int, fault_day: float) -> Iterator[Room]:
    """A room a plan for so many days; what is wrong begins about `fault_day` (up to a day later)."""
    rng, odd_rng, count = np.random.default_rng(seed), np.random.default_rng((seed, 1)), len(plans)
    names = [list(GROUPS)[i % len(GROUPS)] for i in range(count)]

    def drawn(column: int) -> Array:
        return np.array([rng.uniform(*GROUPS[name][column]) for name in names])

    def between(low: float, high: float) -> Array:
        return rng.uniform(low, high, count)

    def ill(*kinds: Ill) -> Flags:
        return np.array([plan.ill in kinds for plan in plans])

    set_c, band_c, gain_h, duty, goods_h, share, defrost_h, doors_h = (drawn(column) for column in range(8))
    mean_c, swing_c, season_c = between(16, 26), between(0.3, 6), between(-0.12, 0.12)
    pull_h = gain_h * (mean_c - set_c) / duty
    derating, lag_s, noise_c = between(0, 0.02), between(20, 400), between(0.01, 0.12)
    melt_s, heat_h, phase = between(500, 1500), between(6, 16), between(0, 1)
    adaptive = rng.random(count) < 0.3  # defrosts by the hours the machine ran
    weekend, night = rng.random(count) < 0.5, rng.random(count) < 0.2
    starts_s = np.where(ill("healthy"), np.inf, (fault_day + between(0, 1)) * 86400)
    lasts_s = between(3, 12) * 3600
    ajar_h = gain_h * between(0.8, 3)
    weak, bound = between(0.4, 0.65), between(0.3, 0.6)
    ice_day = between(0.05, 0.12)
    loss_a_day = np.array([plan.loss_a_day for plan in plans])
    leaks, dirty, ices, stands, dead = ill("leak"), ill("condenser"), ill("icing"), ill("fan", "blocked"), ill("dead")
    fans, ajar = ill("fan"), ill("door")
    odd = Oddities(odd_rng, plans, days)
    air, goods, sensor, on = set_c.copy(), set_c.copy(), set_c.copy(), np.zeros(count, dtype=bool)
    ran_s, melting_s, weather_c = phase * defrost_h * 3600, np.zeros(count), rng.normal(0, 1, count)
    open_until_s, turned_s, skin = np.zeros(count), np.zeros(count), mean_c.copy()
    steps = days * 86400 // STEP_S
    measured, outside = np.empty((steps, count), dtype=np.float32), np.empty((steps // 180 + 1, count))
    truth = np.zeros((days * 4, count))
    hours = STEP_S / 3600
    for i in range(steps):
        now_s = i * STEP_S
        if i % 180 == 0:
            weather_c += -0.01 * weather_c + 0.3 * rng.normal(0, 1, count)
            hour, day = now_s // 3600 % 24, now_s // 86400
            shop = (hour + odd.earlier * (day >= CLOCKS_DAY)) % 24
            opened = doors_h * np.where((shop < 7) | (shop >= 20), 0.03, 1.0)
            opened = opened * np.where(weekend & (day % 7 >= 5), 0.05, 1.0)
            opened = np.where(night & (hour == 4), 6.0, opened)
            sights = rng.random((180, count)) < opened * hours
            ambient = mean_c + season_c * day + weather_c + swing_c * np.sin(2 * np.pi * (hour - 9) / 24)
            outside[i // 180] = ambient
            skin = np.where(odd.machine, skin + odd.wall_h * (ambient - skin), ambient)
            since_d = np.maximum(0.0, now_s - starts_s) / 86400
            began = now_s >= starts_s
            power = 1 - derating * (ambient - mean_c)
            lost = 1 - (1 - loss_a_day) ** since_d
            power = np.where(leaks, power * (1 - lost), power)
            power = np.where(dirty, power * (1 - 0.8 * lost) - 0.03 * lost * (ambient - mean_c), power)
            power = np.where(ices, power * (1 - np.minimum(0.95, ice_day * since_d * (1 + since_d / 20))), power)
            power = np.where(stands & began, power * weak, power)
            power = np.where(dead & began, 0.0, power)
            coupling = np.where(began & stands, goods_h * bound, goods_h)
            blend = 1 - np.exp(-STEP_S / np.where(began & fans, lag_s * 2.5, lag_s))
            pull, heat = pull_h * power, np.where(began & ices, 0.0, heat_h)
            wanted_c = set_c + odd.set_c(day, hour)
            brought = odd.brought(day, hour)
            open_until_s = np.where(brought, now_s + odd.open_s, open_until_s)
            goods = goods + np.where(brought, odd.warmer_c, 0.0)
        open_until_s = np.where(sights[i % 180], now_s + rng.exponential(30, count), open_until_s)
        ran_s += STEP_S * (np.where(adaptive, on * 1.0 / duty, 1.0))
        due = ran_s > defrost_h * 3600
        melting_s = np.where(due, melt_s, np.maximum(0.0, melting_s - STEP_S))
        ran_s = np.where(due, 0.0, ran_s)
        melting = melting_s > 0
        turned = np.where(on, air > wanted_c - band_c / 2, air > wanted_c + band_c / 2)
        turned = ~melting & np.where(now_s - turned_s < odd.rest_s, on, turned)
        turned_s = np.where(turned != on, now_s, turned_s)
        on = turned
        load = gain_h * (skin - air) + coupling * (goods - air) + np.where(now_s < open_until_s, 25.0, 0.0)
        away = ajar & (now_s >= starts_s) & (now_s < starts_s + lasts_s)
        load = load + np.where(away, ajar_h * (ambient - air), 0.0)
        cooling = pull * on * (1 + odd.steeper * (air - wanted_c))
        air = air + hours * (load - cooling + heat * melting)
        goods = goods + hours * goods_h * share * (air - goods)
        sensor = sensor + (air - sensor) * blend
        measured[i] = sensor
        truth[i // 1080] += air / 1080
    ends = np.where(ajar, starts_s + lasts_s, np.inf) / 86400
    for one in range(count):
        yield _room(
            rng, odd_rng, names[one], plans[one], one, measured, outside, truth, set_c + band_c / 2,
            starts_s / 86400, ends, float(noise_c[one]),
        )  # fmt: skip


class Oddities:
    """What is odd about rooms, an array with a place for each."""

    def __init__(self, rng: np.random.Generator, plans: Sequence[Plan], days: int) -> None:
        count = len(plans)

        def are(odd: Odd) -> Flags:
            return np.array([plan.odd == odd for plan in plans])

        self.machine, self.earlier = are("another machine"), are("clocks changed") * 1
        self.wall_h = rng.uniform(0.1, 0.4, count)
        self.rest_s = self.machine * rng.uniform(240, 480, count)
        self.steeper = self.machine * 0.04
        self._night_c = self.machine * rng.uniform(-1, 1, count)
        self._moved_c = are("set point moved") * rng.choice([-1, 1], count) * rng.uniform(0.7, 2, count)
        self._moved_day = rng.uniform(10, days - 10, count)
        self._stocked = are("restocking") & (rng.random((7, count)) < 0.4)
        self._stock_hour = rng.integers(6, 18, count)
        self.open_s, self.warmer_c = rng.uniform(600, 1500, count), rng.uniform(0.2, 1, count)

    def set_c(self, day: int, hour: int) -> Array:
        """How far the thermostat is set away from its usual."""
        away_c: Array = self._night_c * (hour < 6 or hour >= 22) + self._moved_c * (day >= self._moved_day)
        return away_c

    def brought(self, day: int, hour: int) -> Flags:
        """Whether goods come in this hour."""
        coming: Flags = self._stocked[day % 7] & (self._stock_hour == hour)
        return coming


def _room(
    rng: np.random.Generator, odd_rng: np.random.Generator, group: str, plan: Plan, one: int, measured: Any,
    outside: Array, truth: Array, warm_c: Array, starts: Array, ends: Array, noise_c: float,
) -> Room:  # fmt: skip
    """What one room's own sensor makes of it: every so many seconds, rounded, with noise and gaps."""
    period_s = int(rng.choice([20, 60, 60, 60, 120, 300]))
    quantum = float(rng.choice([0.01, 0.0625, 0.1, 0.1, 0.5]))
    period_s = {"every 5 min": 300, "every 15 min": 900}.get(plan.odd, period_s)
    every = period_s // STEP_S
    ats = np.arange(0, len(measured), every)
    kept = rng.random(len(ats)) >= rng.choice([0.0, 0.01, 0.05])
    for _ in range(int(rng.choice([0, 0, 2, 4]))):  # nobody listened
        gap = int(rng.integers(0, len(ats)))
        kept[gap : gap + int(rng.uniform(1, 12) * 3600 / period_s)] = False
    if plan.odd == "long gaps":
        kept &= odd_rng.random(len(ats)) >= 0.1
        for _ in range(3):
            gap = int(odd_rng.integers(0, len(ats)))
            kept[gap : gap + int(odd_rng.uniform(12, 72) * 3600 / period_s)] = False
    ats = ats[kept]
    noise = rng.normal(0, noise_c, len(ats))
    if plan.odd == "wild noise":
        noise = noise_c * odd_rng.standard_t(2, len(ats))
        noise += (odd_rng.random(len(ats)) < 0.002) * odd_rng.uniform(-10, 10, len(ats))
    values = np.round((measured[ats, one] + noise) / quantum) * quantum
    around = outside[ats // 180, one] + rng.normal(0, 0.2, len(ats))
    limit_c = 8.0 if group != "freezer" else float(warm_c[one] + 4)
    above = np.flatnonzero(truth[:, one] > limit_c)
    after = above[(above + 1) / 4 > starts[one]] if np.isfinite(starts[one]) else above[:0]
    breach = float(after[0] + 1) / 4 if len(after) else float("inf")
    return Room(
        group, plan.ill, limit_c, START_MS + ats * STEP_S * 1000, values, around,
        float(starts[one]), float(ends[one]), breach, period_s,
    )  # fmt: skip
