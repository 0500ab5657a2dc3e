"""Are counts right, and claims true? `python -m tests.bench.truth.shelf`: simulated shelves, so the truth is known.

Every weighing of every shelf is judged: the likeliest count, whether it was claimed, and whether its probability meant
what it says. The worlds include some that the estimator does not know (spread, drift, lots) and some without hope.
It is told what a site file tells the gateway, no more: nobody there knows how a cell drifts or minds warmth.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from itertools import pairwise, product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from edge.core.slots import belief, weight
from edge.core.slots.counting import Unit
from firmware_sim.worlds.shelf import CASES, READINGS, REPORT_SEEDS, Case, live
from firmware_sim.worlds.touches import REPORT_SEEDS as TOUCH_SEEDS
from firmware_sim.worlds.touches import SAMPLE_MS, Handling, handle
from tests.bench.table import Figure, show

SHELVES, DAYS, A_DAY = 8, 60, 30
"""Shelves of a seed."""
SEEDS = (*REPORT_SEEDS, 9102)
TOUCHES = 400
MESSAGE = 10
"""Samples a message: one second."""
OFF_G = 15.0
"""A settled mass farther than this from every load of the last seconds was invented: half the least change."""
NEAR_G = 3.0


class Judged(NamedTuple):
    """One row a weighing, in the order of the shelves."""

    right: NDArray[np.bool_]
    p: NDArray[np.float64]
    claimed: NDArray[np.bool_]
    claim_right: NDArray[np.bool_]
    naive: NDArray[np.bool_]
    within: NDArray[np.bool_]
    """Whether the truth lay in the 95 % interval."""
    ms: float
    """CPU of belief and estimate, a weighing."""


def main() -> int:
    """Measure and print; 0 when all goals are met."""
    return show("shelf", figures())


def figures() -> list[Figure]:
    """Exact counts, claims, calibration, settle time, cost."""
    judged = {case.name: judge(case, SEEDS) for case in CASES}
    _print(judged)
    fine = [judged[name] for name in ("cv 0.3 %", "cv 1 %", "cv 2 %")]
    five = judged["cv 5 %"]
    worst = min(judged, key=lambda name: claim_share(judged[name]))
    spread = {name: calibration_error(one.p, one.right) for name, one in judged.items()}
    least = max(spread, key=spread.__getitem__)
    late, wrong, rests = settle_times()
    claims = f"{worst}; rounding, always sure, {judged[worst].naive.mean():.3f}"
    ms = max(one.ms for one in judged.values())
    told = f"p50 {np.percentile(late, 50):.2f} s, p95 {np.percentile(late, 95):.2f} s"
    off = f"of {rests} rests, {len(TOUCH_SEEDS) * TOUCHES} touches"
    wrong_of_1000, by_rounding = (
        1000 * (1 - float(np.mean(rights))) for rights in ([one.right for one in fine], [one.naive for one in fine])
    )
    rounded = f"rounding {five.naive.mean():.3f}"
    return [
        Figure("counts wrong of 1,000, cv <= 2 %", "<= 1", wrong_of_1000, 1.0, "", f"rounding {by_rounding:.1f}"),
        Figure("exact counts, cv 5 %", ">= 0.93", float(five.right.mean()), 0.93, "", rounded, True),
        Figure("right when claimed, worst world", ">= 0.985", claim_share(judged[worst]), 0.985, "", claims, True),
        Figure(
            "calibration error, mean of worlds",
            "<= 0.02",
            float(np.mean(list(spread.values()))),
            0.02,
            "",
            f"worst {spread[least]:.3f}: {least}",
        ),
        Figure("at rest to told, worst", "<= 2 s", late.max(), 2.0, "s", told),
        Figure("settled wrong, missed or invented", "0", wrong, 0, "", off),
        Figure("CPU per settled event, worst world", "<= 0.5 ms", ms, 0.5, "ms", f"mean {_mean_ms(judged):.2f} ms"),
    ]


def judge(case: Case, seeds: Sequence[int]) -> Judged:
    """Let the filter follow `SHELVES` shelves of `case` for each seed, and compare every answer with the truth."""
    rows = []
    cpu_s = 0.0
    for seed_of_shelf in product(seeds, range(SHELVES)):
        story = live(case, DAYS, A_DAY, np.random.default_rng(seed_of_shelf))
        unit = Unit(story.taught_g, case.cv, case.sample, case.noise_g, case.limit_g)
        held = belief.begin(case.capacity)
        for one in story.weighings:
            before_s = time.process_time()
            belief.weigh(held, one.mass_g, one.at_ms, unit, belief.ANY, READINGS)
            said = belief.estimate(held, unit, case.capacity)
            cpu_s += time.process_time() - before_s
            counts, p = belief.probabilities(held)
            at = p.argmax()
            rows.append(
                (
                    counts[at] == one.count,
                    p[at],
                    said.count is not None,
                    said.count == one.count,
                    max(0, round(one.mass_g / story.taught_g)) == one.count,
                    said.low <= one.count <= said.high,
                )
            )
    right, share, claimed, claim_right, naive, within = np.array(rows, dtype=np.float64).T
    ms = cpu_s / len(rows) * 1000.0
    return Judged(right > 0, share, claimed > 0, claim_right > 0, naive > 0, within > 0, ms)


def claim_share(one: Judged) -> float:
    """Of the claimed counts, the share that is right; 1 where nothing was claimed."""
    return float(one.claim_right[one.claimed].mean()) if one.claimed.any() else 1.0


def calibration_error(p: NDArray[np.float64], right: NDArray[np.bool_]) -> float:
    """Expected calibration error over 20 bins of equal width (Naeini, Cooper & Hauskrecht, AAAI 2015)."""
    bins = np.minimum((p * 20).astype(int), 19)
    gaps = [abs(right[bins == at].mean() - p[bins == at].mean()) * (bins == at).mean() for at in np.unique(bins)]
    return float(sum(gaps))


def settle_times() -> tuple[NDArray[np.float64], int, int]:
    """(seconds from rest until the right mass was told, number of wrong, missed and invented ones, rests)."""
    late, wrong, rests = list[float](), 0, 0
    for seed in TOUCH_SEEDS:
        world = handle(TOUCHES, np.random.default_rng(seed))
        told = _told(world)
        for came_ms, mass_g in told:
            near = [world.load_g(at_ms) for at_ms in range(came_ms - 1500, came_ms + 1, 100)]
            wrong += min(abs(mass_g - load_g) for load_g in near) > OFF_G
        for since_ms, until_ms in world.rests():
            rests += 1
            stood_ms = _stood(told, since_ms, until_ms, world.load_g(since_ms))
            wrong += stood_ms is None
            if stood_ms is not None:
                late.append((stood_ms - since_ms) / 1000.0)
    return np.array(late), wrong, rests


def _told(world: Handling) -> list[tuple[int, float]]:
    """When each settled mass came, with the message that completed it, and the mass."""
    cell, told = weight.Cell(), []
    for first in range(0, len(world.samples), MESSAGE):
        values = world.samples[first : first + MESSAGE].tolist()
        at_ms = world.first_ms + first * SAMPLE_MS
        came_ms = at_ms + (len(values) - 1) * SAMPLE_MS
        told += [(came_ms, one.mass_g) for one in weight.step(cell, at_ms, values, SAMPLE_MS, world.noise_g)]
    return told


def _stood(told: list[tuple[int, float]], since_ms: int, until_ms: int, load_g: float) -> int | None:
    """Since when the mass last told before `until_ms` was the load; None when it was not."""
    masses = [(came_ms, abs(mass_g - load_g) < NEAR_G) for came_ms, mass_g in told if came_ms < until_ms]
    if not masses or not masses[-1][1]:
        return None
    stood_ms = masses[0][0]
    for (_, before), (came_ms, now) in pairwise(masses):
        if now and not before:
            stood_ms = came_ms
    return max(stood_ms, since_ms)


def _mean_ms(judged: dict[str, Judged]) -> float:
    return float(np.mean([one.ms for one in judged.values()]))


def _print(judged: dict[str, Judged]) -> None:
    """All worlds, the hopeless ones too; the interval is a 95 % bootstrap over shelves."""
    rng = np.random.default_rng(1)
    print(f"{'world':24} rounding  exact  (95 %, shelves)  claimed   right    ECE  covered    ms")
    for case in CASES:
        one = judged[case.name]
        shelves = one.right.reshape(len(SEEDS) * SHELVES, -1).mean(axis=1)
        low, high = np.percentile(rng.choice(shelves, (1000, len(shelves))).mean(axis=1), (2.5, 97.5))
        print(
            f"{case.name:24} {one.naive.mean():8.3f} {one.right.mean():6.4f}  ({low:.4f}-{high:.4f}) "
            f"{one.claimed.mean():8.3f}  {claim_share(one):.4f}  {calibration_error(one.p, one.right):.3f} "
            f"{one.within.mean():8.3f}  {one.ms:.2f}{'  hopeless' if case.hopeless else ''}"
        )


if __name__ == "__main__":
    sys.exit(main())
