"""How many tags a reader or a walk did not see: an estimate from several independent looks at the same goods.

Two looks: Chapman's estimator, N = (a + 1)(b + 1) / (both + 1) - 1, nearly unbiased where every tag is seen with the
same chance (Chapman 1951; after Lincoln and Petersen). More: Chao's bias-corrected estimator from the tags seen exactly
once and exactly twice, N = seen + (R - 1) / R * f1 (f1 - 1) / (2 (f2 + 1)), a lower bound where chances differ (Chao,
Biometrics 43, 1987). Neither can count a tag that no look can see: tags in a dead zone stay uncounted, and the seldom
seen ones tell how many of those to fear. So an answer says "at least", "probably" and how great that risk is.

With a read rate known for each tag present the unseen follow directly: the sum of 1 / chance to have been seen
(Horvitz & Thompson 1952; used by SMURF, VLDB 2006).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from math import exp, log, sqrt
from typing import Literal

from msgspec import Struct

Method = Literal["chapman", "chao", "rates"]
Z95 = 1.96


class Unread(Struct, frozen=True, array_like=True):
    """`seen` tags were there at least; `estimate` probably were, `low` to `high` with 95 % if all can be read at all.

    `risk` (0..1) is the dead-zone risk: how many more tags were seen just once than would be if all were equally easy
    to read, as a share of those seen; from 0.05 on expect tags beyond `high`. None after two looks, which can not tell.
    A tag that no look can see raises no risk either: set the answer against the book."""

    seen: int
    estimate: float
    low: float
    high: float
    risk: float | None
    method: Method


def estimate(looks: Iterable[Collection[str]]) -> Unread | None:
    """What is known after several independent looks, each the EPCs that were seen; None for fewer than two."""
    sets = [frozenset(look) for look in looks]
    if len(sets) < 2:
        return None
    times = Counter(epc for look in sets for epc in look)
    seen, looks_count = len(times), len(sets)
    once = sum(count == 1 for count in times.values())
    twice = sum(count == 2 for count in times.values())
    if looks_count == 2:
        first, second = len(sets[0]), len(sets[1])
        total = (first + 1.0) * (second + 1.0) / (twice + 1.0) - 1.0
        spread = (first + 1.0) * (second + 1.0) * (first - twice) * (second - twice)
        variance = spread / ((twice + 1.0) ** 2 * (twice + 2.0))
        method: Method = "chapman"
    else:
        share = (looks_count - 1.0) / looks_count
        total = seen + share * once * (once - 1.0) / (2.0 * (twice + 1.0))
        ratio = once / (twice + 1.0)
        variance = (twice + 1.0) * (share * ratio**2 / 2.0 + share**2 * ratio**3 + share**2 * ratio**4 / 4.0)
        method = "chao"
    low, high = _interval(seen, total - seen, variance)
    return Unread(seen, total, low, high, _risk(times, looks_count, total), method)


def from_rates(rates: Iterable[float], epochs: float) -> Unread:
    """What is probably there when tags with these read rates an epoch were seen within `epochs` epochs."""
    seen, total, variance = 0, 0.0, 0.0
    for rate in rates:
        chance = max(1e-3, 1.0 - (1.0 - rate) ** epochs)
        seen += 1
        total += 1.0 / chance
        variance += (1.0 - chance) / chance**2
    low, high = _interval(seen, total - seen, variance)
    return Unread(seen, total, low, high, None, "rates")


def _interval(seen: int, unseen: float, variance: float) -> tuple[float, float]:
    """A log-normal interval for what was not seen, so that it never falls below what was (Chao 1987)."""
    if unseen <= 0.0:
        return float(seen), float(seen)
    factor = exp(Z95 * sqrt(log(1.0 + variance / unseen**2)))
    return seen + unseen / factor, seen + unseen * factor


def _risk(times: Counter[str], looks: int, total: float) -> float | None:
    """The excess of tags seen just once over a binomial with the mean chance."""
    if looks < 3:
        return None
    if not times or total <= 0.0:
        return 0.0
    chance = min(1.0, sum(times.values()) / (looks * total))
    expected = total * looks * chance * (1.0 - chance) ** (looks - 1)
    once = sum(count == 1 for count in times.values())
    return min(1.0, max(0.0, (once - expected) / len(times)))
