"""Remaining life: how far off, how often the 90 % interval held, beside naive answers of the same run.

    python -m tests.bench.life_bench [--part turbofan|wiener|limits]

Turbofan: the engines of ../shared/data/maintenance/cmapss, in `FOLDS` groups: no engine is judged by a model that saw
it. They are cut as the benchmark's test engines are (31 cycles seen or more, 7 to 145 left, evenly), and at any cycle.
What is left counts as 125 where it is more, as is usual since Heimes (2008); both are printed. The published figures
are of the benchmark's own 100 test engines, which are not here: a yardstick beside ours, not a race.
"""

from __future__ import annotations

import argparse
import gzip
import itertools
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from cloud.core.maintenance import learning_life, life, passing
from cloud.core.maintenance.learning_life import Run
from tests.bench.table import Figure, show

Array = np.ndarray[Any, np.dtype[np.float64]]

ENGINES = Path(__file__).resolve().parents[3] / "shared" / "data" / "maintenance" / "cmapss" / "train_FD001.txt.gz"
SETTINGS = [f"setting{number}" for number in (1, 2, 3)]
SENSORS = [f"s{number}" for number in range(1, 22)]
FOLDS, SEED = 5, 20_260
CUTS = 20
DRAWS = 400
SEEN_MIN, LEFT_MIN, LEFT_MAX = 31, 7, 145
CAP = 125.0
PUBLISHED = "published, other engines: CNN 18.45, LSTM 16.14, best 10.97"
TRAIN_UNITS, TEST_UNITS = 100, 300
NOISES = {"low": 0.5, "high": 2.0}
"""Of a reading, in spreads of a root cycle."""


def engines() -> list[Run]:
    """The runs to failure, none where the data are not here."""
    if not ENGINES.exists():
        return []
    with gzip.open(ENGINES, "rt") as source:
        table = np.loadtxt(source)
    parts = (table[table[:, 0] == unit] for unit in np.unique(table[:, 0]))
    return [Run(rows[:, 1], rows[:, 2:5], rows[:, 5:]) for rows in parts]


def followed(model: life.Model, run: Run) -> Array:
    """Lower end, middle and upper end [rows x 3] after each row, folded one by one as they would come."""
    unit, found = life.Unit(), []
    columns = [SENSORS.index(one.name) for one in model.channels]
    settings = [SETTINGS.index(one) for one in model.settings]
    for cycle, setting, values in zip(run.cycles, run.settings[:, settings], run.values[:, columns], strict=True):
        life.step(model, unit, float(cycle), setting.tolist(), values.tolist())
        found.append(unit.belief)
    return life.promised(model, np.array(found))


def extrapolated(index: Array, left: Array) -> Array:
    """The naive way [rows]: a straight line through the last 30 values of the sensor that goes best with time, up to
    the level at which others failed; `left` [rows] is what is left of it."""
    found = np.full(len(index), CAP)
    for row in range(4, len(index)):
        some = slice(max(0, row - 29), row + 1)
        slope, start = np.polyfit(index[some] - index[row], left[some], 1)
        found[row] = np.clip(start / -slope, 0, CAP) if slope < 0 else CAP
    return found


def turbofan() -> list[Figure]:
    """The engines, by groups of them."""
    runs = engines()
    if not runs:
        print("the engines (../shared/data/maintenance/cmapss beside the project) are not here: not measured")
        return []
    random = np.random.default_rng(SEED)
    groups = random.permutation(len(runs)) % FOLDS
    cut: list[Array] = []
    anywhere: list[Array] = []
    rows, spent_s = 0, 0.0
    for group in range(FOLDS):
        known = [run for run, its in zip(runs, groups, strict=True) if its != group]
        model = learning_life.learn(known, SETTINGS, SENSORS, CAP)
        assert not isinstance(model, str), model
        mean_life = float(np.mean([run.cycles[-1] for run in known]))
        best = SENSORS.index(max(model.channels, key=lambda one: abs(one.trend)).name)
        sign = 1.0 if float(np.mean([run.values[-1, best] - run.values[0, best] for run in known])) > 0 else -1.0
        limit = float(np.mean([run.values[-5:, best].mean() for run in known]))
        for run in (run for run, its in zip(runs, groups, strict=True) if its == group):
            began = time.process_time()
            told = followed(model, run)
            spent_s, rows = spent_s + time.process_time() - began, rows + len(run.cycles)
            left = run.cycles[-1] - run.cycles
            mean = np.maximum(mean_life - run.cycles, 0.0)
            line = extrapolated(run.cycles, sign * (limit - run.values[:, best]))
            every = np.column_stack((left, told, mean, line))
            size = len(left)
            ends = random.integers(LEFT_MIN, LEFT_MAX + 1, 4 * CUTS)
            cut.append(every[size - 1 - ends[size - ends >= SEEN_MIN][:CUTS]])
            anywhere.append(every[random.integers(life.ROWS_MIN - 1, size - 1, CUTS)])
    test, any_cycle = np.vstack(cut), np.vstack(anywhere)
    naive = f"mean life {off(test, 4):.1f}, line of the best sensor {off(test, 5):.1f}; {PUBLISHED}"
    naive_any = f"mean life {off(any_cycle, 4):.1f}, line {off(any_cycle, 5):.1f}"
    print(f"turbofan, a row taken in and judged: {1e6 * spent_s / rows:.0f} us, {rows} rows one by one")
    for name, engines_cases in (("cut as the test set", cut), ("any cycle", anywhere)):
        cases = np.vstack(engines_cases)
        ours, theirs = off(cases, 2, np.inf), off(cases, 4, np.inf)
        print(f"turbofan, {name}, not capped at 125: off by {ours:.1f} cycles rms (mean life {theirs:.1f})")
        draws = random.integers(0, len(engines_cases), (DRAWS, len(engines_cases)))
        again = [np.vstack([engines_cases[at] for at in draw]) for draw in draws]
        errors, shares = (np.quantile([one(each) for each in again], (0.025, 0.975)) for one in (_off, held))
        said = f"{errors[0]:.1f} to {errors[1]:.1f} cycles rms, interval {shares[0]:.1%} to {shares[1]:.1%}"
        print(f"turbofan, {name}, other engines of the kind would have it (95 %, bootstrap over engines): {said}")
    return [
        Figure("turbofan, cut as the test set: off (to 125 left)", "<= 16", off(test, 2), 16.0, "cycles rms", naive),
        band("turbofan, cut as the test set", test),
        Figure("turbofan, any cycle: off (to 125 left)", "<= 16", off(any_cycle, 2), 16.0, "cycles rms", naive_any),
        band("turbofan, any cycle", any_cycle),
    ]


def _off(cases: Array) -> float:
    return off(cases, 2)


def off(cases: Array, column: int, cap: float = CAP) -> float:
    """The root mean square by which a column of the cases is off, both counted up to the cap."""
    return float(np.sqrt(np.mean((np.minimum(cases[:, column], cap) - np.minimum(cases[:, 0], cap)) ** 2)))


def held(cases: Array) -> float:
    """The share of cases within their interval."""
    return 1 - below(cases) - above(cases)


def below(cases: Array) -> float:
    """The share that failed before the interval."""
    return float(np.mean(cases[:, 0] < cases[:, 1]))


def above(cases: Array) -> float:
    """The share that failed after it."""
    return float(np.mean(cases[:, 0] > cases[:, 3]))


def width(cases: Array) -> float:
    """The mean width of the interval."""
    return float(np.mean(cases[:, 3] - cases[:, 1]))


def band(name: str, cases: Array) -> Figure:
    """How far from 90 % the share of cases is within their interval."""
    share = 100 * held(cases)
    said = f"{below(cases):.1%} fail before it, {above(cases):.1%} after; {width(cases):.0f} cycles wide"
    return Figure(f"{name}: 90 % interval holds {share:.1f} %", "87 to 93", abs(share - 90), 3.0, "points off", said)


def wandering(
    random: np.random.Generator, units: int, noise: float, tails: bool, least: int = 40
) -> list[tuple[passing.Path, Array]]:
    """Units whose level wanders from 100 to nought in `least` rows or more: the path as it is read, and the cycles
    left at each row."""
    found: list[tuple[passing.Path, Array]] = []
    while len(found) < units:
        drift = max(0.15, random.normal(0.5, 0.1))
        steps = random.standard_t(4, 3000) / np.sqrt(2) if tails else random.normal(size=3000)
        level = 100 - np.cumsum(drift + 0.8 * steps)
        end = int(np.argmax(level <= 0))
        if end >= least:
            level = level[:end]
            read = level + 0.8 * noise * random.normal(size=end)
            found.append((passing.Path(np.arange(1.0, end + 1), read), np.arange(end, 0.0, -1)))
    return found


def wiener() -> list[Figure]:
    """Simulated units, their course learned from others; at half of each life, and at any time."""
    figures = []
    for name, noise in NOISES.items():
        for tails in (False, True):
            random = np.random.default_rng(SEED + int(10 * noise) + tails)
            course = passing.course([path for path, _ in wandering(random, TRAIN_UNITS, noise, tails)])
            assert course is not None
            cases: list[tuple[float, ...]] = []
            half: list[tuple[float, ...]] = []
            for path, left in wandering(random, TEST_UNITS, noise, tails):
                at = int(random.integers(20, len(left) - 3))
                for cases_of, row in ((cases, at), (half, len(left) // 2)):
                    seen = passing.Path(path.cycles[: row + 1], path.left[: row + 1])
                    line = seen.left[-1] / max(1e-9, (seen.left[0] - seen.left[-1]) / max(row, 1))
                    told = passing.ends(course, passing.believed(course, seen), 5000.0)[0]
                    cases_of.append((left[row], *told, np.clip(line, 0, 5000)))
            table, middle = np.array(cases), np.array(half)
            good = np.abs(middle[:, [2, 4]] / middle[:, :1] - 1) <= 0.2
            accuracy = float(np.median(1 - np.abs(table[:, 2] / table[:, 0] - 1)))
            world = f"{name} noise{', heavy tails' if tails else ''}"
            figures.append(band(f"simulated units, {world}", table))
            ours, theirs = (100 * float(one) for one in good.mean(axis=0))
            told = f"within 20 % at half of life {ours:.0f} % of units (straight line {theirs:.0f})"
            print(f"simulated units, {world}: {told}; median relative accuracy {accuracy:.2f}")
    return figures


def limits() -> list[Figure]:
    """No figures with a goal: prints how often the interval of `--limit` held, of a few units that all still run and
    from which alone is learned."""
    for fleet, rows, name in itertools.product((1, 4, 8), (15, 40, 100), NOISES):
        random = np.random.default_rng(SEED + fleet + rows)
        cases: list[tuple[float, ...]] = []
        for _ in range(160 // fleet):
            units = wandering(random, fleet, NOISES[name], tails=False, least=rows + 5)
            paths = [passing.Path(path.cycles[:rows], path.left[:rows]) for path, _ in units]
            course = passing.course(paths)
            assert course is not None
            told = [passing.ends(course, passing.believed(course, path), 50.0 * rows)[0] for path in paths]
            cases += [(left[rows - 1], *ends) for ends, (_, left) in zip(told, units, strict=True)]
        table = np.array(cases)
        said = f"90 % interval holds {100 * held(table):.0f} %, open-ended {100 * np.isinf(table[:, 3]).mean():.0f} %"
        print(f"limit alone, {fleet} units, {rows} rows, {name} noise: {said}")
    return []


def figures() -> list[Figure]:
    """All of them."""
    return [*turbofan(), *wiener(), *limits()]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--part", choices=("turbofan", "wiener", "limits"))
    chosen = parser.parse_args().part
    parts = {"turbofan": turbofan, "wiener": wiener, "limits": limits, None: figures}
    sys.exit(show("remaining life", parts[chosen]()))
