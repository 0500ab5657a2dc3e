"""Stock that goes missing again and again: what counts found too little of, beyond what counting wrong explains.

A wrong count is set right by the next one, so of counts in a row only the errors of the first and the last are left in
the sum of their differences: its standard deviation is sqrt(2) times that of one count, however many there were. What
is lost adds up.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import hypot
from typing import NamedTuple

DAYS = 30
DAY_MS = 86_400_000
ERROR_UNITS, ERROR_SHARE = 0.5, 0.01
"""One count is off by so much: half a unit, and one in a hundred (standard deviation)."""
SIGMAS = 3.0
TIMES_MIN = 2
"""Once is an accident."""


class Missing(NamedTuple):
    """A difference that nobody explained: units counted less units expected, of so many expected."""

    sku: str
    slot: str
    at_ms: int
    difference: int
    expected: int


class Shrunk(NamedTuple):
    """Units that went missing of an SKU in `DAYS`, on so many occasions; `usual` is what errors of counting explain;
    `slot` where it was always the same, else ""."""

    sku: str
    slot: str
    units: int
    times: int
    usual: float
    since_ms: int


def shrunk(found: Iterable[Missing], now_ms: int) -> list[Shrunk]:
    """The SKUs of which more went missing than counting wrong explains, by id."""
    by_sku: dict[str, list[Missing]] = {}
    for one in found:
        if one.at_ms > now_ms - DAYS * DAY_MS:
            by_sku.setdefault(one.sku, []).append(one)
    seen = []
    for sku, course in sorted(by_sku.items()):
        lost = -sum(one.difference for one in course)
        short = [one for one in course if one.difference < 0]
        places = {one.slot for one in course}
        # Each place has a first and a last count.
        error = max(hypot(ERROR_UNITS, ERROR_SHARE * one.expected) for one in course)
        usual = SIGMAS * error * (2 * len(places)) ** 0.5
        if lost > usual and len({one.at_ms // DAY_MS for one in short}) >= TIMES_MIN:
            where = {one.slot for one in short}
            slot = where.pop() if len(where) == 1 else ""
            seen.append(Shrunk(sku, slot, lost, len(short), round(usual, 1), min(one.at_ms for one in short)))
    return seen
