"""Why a slot's count is believed: the last word of each source, what it says alone, and how strongly.

Values only: codes and parameters, which the command line and the pages put into words.
"""

from __future__ import annotations

from math import exp, log

import numpy as np
from numpy.typing import NDArray

from edge.core.slots import fusion, people, tagcount
from edge.core.slots.counting import Unit
from edge.core.slots.discrepancy import Rates
from edge.core.slots.stock import Stock
from protocols.asked import Explanation, LastWord, Waiting

Array = NDArray[np.float64]
Counts = NDArray[np.int64]

REACH = 12
"""Counts to either side of the fused one and of a source's own that are weighed against each other."""
NEAR_MISS = 0.4
"""Of all ways in which a book or a person can be wrong, the likeliest single one."""


def explain(stock: Stock, slot: str, unit: Unit, capacity: int, rates: Rates, at_ms: int) -> Explanation:
    """The explanation of a slot's count at `at_ms`; each source is heard alone, with what is usual at this site."""
    counts, p = fusion.now(stock, rates)
    likeliest = int(counts[p.argmax()])
    said = fusion.estimate(stock, unit, capacity, rates)
    words = _words(stock, likeliest, unit, rates, at_ms)
    newest = max((word.at_ms for word in words), default=stock.words.since_ms)
    waiting = [Waiting("booking", one.delta, one.at_ms) for one in stock.opened]
    waiting += [Waiting("step", one.rest, one.at_ms) for one in stock.steps]
    agree = None if stock.book is None else float(p[counts == fusion.expected(stock)].sum())
    gap = 0 if stock.book is None else likeliest - (fusion.expected(stock) or 0)
    return Explanation(
        slot, said.count, said.low, said.high, likeliest, float(p.max()), at_ms, max(0, at_ms - newest),
        words, waiting, stock.book, agree, gap, said.reason, said.remedy,
    )  # fmt: skip


def _words(stock: Stock, likeliest: int, unit: Unit, rates: Rates, at_ms: int) -> list[LastWord]:
    last, words = stock.words, []
    if last.mass_ms:
        own = max(0, round(last.mass_g / unit.mass_g))
        counts = _around(likeliest, own)
        count, speaks = _alone(counts, _by_mass(counts, last.mass_g, unit), likeliest)
        words.append(LastWord("mass", last.mass_g, last.mass_ms, count, speaks))
    if last.tags_ms:
        counts = _around(likeliest, round(last.tags))
        count, speaks = _alone(counts, tagcount.alone(counts, last.tags, rates), likeliest)
        words.append(LastWord("tags", last.tags, last.tags_ms, count, speaks))
    days = max(0.0, at_ms - last.since_ms) / fusion.DAY_MS
    right = exp(-days * (rates.lost_a_day + rates.found_a_day)) * (1.0 - rates.wrong_share) ** last.bookings
    if last.booked_ms and stock.book is not None:
        words.append(LastWord("booked", last.booked, last.booked_ms, stock.book, _told(stock.book == likeliest, right)))
    if last.counted_ms:
        count = last.counted + last.moved
        right *= 1.0 - people.COUNT_WRONG
        told = _told(count == likeliest, right)
        words.append(LastWord("counted", last.counted, last.counted_ms, count, told, last.counted_by))
    return words


def _around(*centres: int) -> Counts:
    low, high = min(centres), max(centres)
    return np.arange(max(0, low - REACH), min(high, low + 500) + REACH + 1)


def _by_mass(counts: Counts, mass_g: float, unit: Unit) -> Array:
    """Error budget of a scale of which nothing is known but the taught unit (see counting.py)."""
    spread = (unit.cv * unit.mass_g) ** 2 * (counts + counts * counts / unit.sample)
    variance = spread + unit.noise_g**2 + unit.zero_g**2
    said: Array = -0.5 * ((mass_g - counts * unit.mass_g) ** 2 / variance + np.log(variance))
    return said


def _alone(counts: Counts, said: Array, likeliest: int) -> tuple[int, float]:
    mine = said[counts == likeliest]
    others = said[counts != likeliest]
    return int(counts[said.argmax()]), float(mine[0] - others.max()) if len(mine) else 0.0


def _told(same: bool, right: float) -> float:
    ratio = log(max(right, 1e-9) / (NEAR_MISS * max(1.0 - right, 1e-9)))
    return ratio if same else -ratio
