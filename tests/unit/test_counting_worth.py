"""What counting by doubt and value is worth beside the usual ways, at simulated sites: who finds how much.

The sites are made up: some places go wrong ten times as often as others, three in four are watched by a scale, which
notices an error in seven of ten cases, and is in doubt for nothing once in two hundred place-days.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import NamedTuple

import pytest
from msgspec.structs import replace

from cloud.core.counting.rounds import DAY_MS, Place, Rhythm, plan_round

NOW = 1_763_762_400_000
PLACES, DAYS, COUNTS_A_DAY = 300, 150, 6
RHYTHM = Rhythm(most_a_day=COUNTS_A_DAY)
Choose = Callable[[list[Place], int, random.Random], list[int]]


class Outcome(NamedTuple):
    """Counts that found a difference, and the mean value of the errors that nobody had found."""

    differences: int
    open_value: float


def ours(places: list[Place], now_ms: int, _: random.Random) -> list[int]:
    return [int(task.slot) for task in plan_round(places, now_ms, RHYTHM).today]


def by_class(places: list[Place], now_ms: int, _: random.Random) -> list[int]:
    """Whoever is longest overdue by the interval of its class: the usual cycle count."""
    overdue = [(now_ms - one.counted_ms) / RHYTHM.interval_days(one.abc) for one in places]
    return sorted(range(PLACES), key=lambda at: (-overdue[at], at))[:COUNTS_A_DAY]


def by_lot(_: list[Place], __: int, chance: random.Random) -> list[int]:
    return chance.sample(range(PLACES), COUNTS_A_DAY)


def live(seed: int, choose: Choose) -> Outcome:
    fate, chance = random.Random(seed), random.Random(seed + 1_000)
    places, rates, sensed, off = [], [], [], [0] * PLACES
    for at in range(PLACES):
        units, cost = fate.randint(1, 200), fate.lognormvariate(0, 1.2)
        abc = fate.choices("ABC", (2, 3, 5))[0]
        places.append(Place("sku", str(at), abc, units, cost, NOW - fate.randint(0, 100) * DAY_MS))
        rates.append(0.006 * fate.lognormvariate(0, 1))
        sensed.append(fate.random() < 0.75)
    differences, open_value = 0, 0.0
    for day in range(DAYS):
        now_ms = NOW + day * DAY_MS
        for at, place in enumerate(places):
            wrong, sign, size, hint, doubt = (fate.random() for _ in range(5))
            if wrong < rates[at]:
                off[at] += round(1 + size * 0.2 * place.units) * (1 if sign < 0.3 else -1)
                if sensed[at] and hint < 0.7:
                    kinds = {"differs_ms": now_ms} if hint < 0.15 else {"unknown": True} if hint < 0.25 else None
                    places[at] = replace(place, **(kinds or {"doubt": 0.05 + doubt / 2}))
            elif sensed[at] and hint < 0.005:
                places[at] = replace(place, doubt=0.05 + doubt / 2)
        for at in choose(places, now_ms, chance):
            differences += off[at] != 0
            off[at] = 0
            places[at] = replace(places[at], counted_ms=now_ms, unknown=False, doubt=0.0, differs_ms=0)
        open_value += sum(abs(units) * one.unit_cost for units, one in zip(off, places, strict=True)) / DAYS
    return Outcome(differences, open_value)


@pytest.mark.parametrize("seed", [31, 32, 33])
def test_counting_by_doubt_and_value_finds_more_and_leaves_less_wrong_than_by_class_or_by_lot(seed: int) -> None:
    found, usual, lot = live(seed, ours), live(seed, by_class), live(seed, by_lot)
    print(f"seed {seed}: ours {found}, by class {usual}, by lot {lot}")
    assert found.differences >= 1.2 * max(usual.differences, lot.differences)
    assert found.open_value <= 0.8 * min(usual.open_value, lot.open_value)
