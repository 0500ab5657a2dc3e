"""A supplier's score of 100: quality, cost and delivery measured from its orders, service and innovation entered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import isfinite
from typing import Final, Literal, NamedTuple, get_args

from msgspec import Struct

from cloud.core.purchasing.facts import Fact
from cloud.core.purchasing.prices import unit_price
from cloud.core.refusals import Refusal
from protocols.trade import WEIGHTS, Offer

Criterion = Literal["quality", "cost", "delivery", "service", "innovation"]
CRITERIA: Final[tuple[Criterion, ...]] = get_args(Criterion)
ENTERED: Final[frozenset[Criterion]] = frozenset(("service", "innovation"))


class Prior(NamedTuple):
    """What is thought of a supplier nobody knows: a mean share, worth so many lines."""

    share: float
    lines: int


QUALITY: Final = Prior(0.97, 4)
"""Of what comes, so much is usually fit to be kept."""
DELIVERY: Final = Prior(0.85, 4)
"""Of lines, so many usually come on time and in full."""
COST: Final = Prior(0.95, 4)
"""The cheapest offer is usually so much of the price paid."""


class Mark(Struct, frozen=True):
    """What somebody gave a supplier for one criterion, 0 to 100; the newest counts."""

    supplier: str
    criterion: Criterion
    value: float
    at_ms: int
    by: str
    note: str = ""


class Part(Struct, frozen=True):
    """One criterion on the card: `value` 0 to 100, None where nothing is known; `weight` as given; `share` what it
    makes of the score, after what is not known was left out; `n` lines or marks it rests on."""

    criterion: Criterion
    value: float | None
    weight: float
    share: float
    n: int
    by: str = ""
    at_ms: int = 0


class Scorecard(Struct, frozen=True):
    """`score` is 0 to 100, None where no criterion is known. `missing` ones were left out, the weights of the rest
    scaled up to make 1."""

    supplier: str
    score: float | None
    parts: list[Part]
    missing: list[Criterion]


def scorecard(
    supplier: str,
    facts: Iterable[Fact],
    offers: Iterable[Offer],
    marks: Iterable[Mark],
    weights: Mapping[str, float],
    now_ms: int,
) -> Scorecard:
    """The card of one supplier, from all facts, offers and marks there are.

    Quality: 100 x the mean share of units accepted, over lines that brought anything. Cost: 100 x cheapest offer /
    price paid at the same units, over lines that brought good units of an SKU that somebody else offers too, weighted
    by the money for what came. Delivery: 100 x the
    share of lines on time and in full, as `facts` has it. Each is (prior x k + what was seen) / (k + n), k = 4 lines
    of the stated `Prior`, so that one bad line of one is not 0; with n = 0 it is left out.
    """
    own = [one for one in facts if one.supplier == supplier]
    seen = {
        "quality": _quality(own),
        "cost": _cost(own, list(offers)),
        "delivery": _delivery(own, now_ms),
    }
    newest: dict[str, Mark] = {}
    counts: dict[str, int] = {}
    for mark in sorted((one for one in marks if one.supplier == supplier), key=lambda one: one.at_ms):
        newest[mark.criterion] = mark
        counts[mark.criterion] = counts.get(mark.criterion, 0) + 1
    parts = []
    for criterion in CRITERIA:
        weight = weights.get(criterion, WEIGHTS[criterion]) if weights else WEIGHTS[criterion]
        if criterion in ENTERED:
            given = newest.get(criterion)
            value, n = (given.value if given else None), counts.get(criterion, 0)
            by, at_ms = (given.by, given.at_ms) if given else ("", 0)
        else:
            (value, n), by, at_ms = seen[criterion], "", 0
        parts.append(Part(criterion, value, weight, 0.0, n, by, at_ms))
    return _weighed(supplier, parts)


def unfit_mark(mark: Mark) -> Refusal | None:
    """Why a mark cannot be entered."""
    if mark.criterion not in ENTERED:
        asked = f"{mark.criterion} is measured from orders, nobody enters it."
        return Refusal("measured", asked, f"Enter {' or '.join(sorted(ENTERED))}.")
    if not (isfinite(mark.value) and 0 <= mark.value <= 100):
        return Refusal("mark", f"{mark.value:g} is no mark.", "Give 0 (worst) to 100 (best).")
    return None


def _weighed(supplier: str, parts: list[Part]) -> Scorecard:
    known = [part for part in parts if part.value is not None and part.weight > 0]
    total = sum(part.weight for part in known)
    missing = [part.criterion for part in parts if part.value is None]
    if not total:
        return Scorecard(supplier, None, parts, missing)
    shown = []
    for part in parts:
        share = part.weight / total if part in known else 0.0
        shown.append(Part(part.criterion, part.value, part.weight, share, part.n, part.by, part.at_ms))
    return Scorecard(supplier, sum((part.value or 0.0) * part.share for part in shown), shown, missing)


def _quality(own: list[Fact]) -> tuple[float | None, int]:
    parts = [one.received / (one.received + one.rejected) for one in own if one.received + one.rejected]
    return _shrunk(sum(parts), len(parts), QUALITY)


def _delivery(own: list[Fact], now_ms: int) -> tuple[float | None, int]:
    lines = [one for one in own if one.judged(now_ms)]
    return _shrunk(sum(one.on_time and one.in_full for one in lines), len(lines), DELIVERY)


def _cost(own: list[Fact], offers: list[Offer]) -> tuple[float | None, int]:
    """SKUs that nobody else offers tell nothing: their only offer is the cheapest, whatever it asks."""
    by_sku: dict[str, list[Offer]] = {}
    for offer in offers:
        by_sku.setdefault(offer.sku, []).append(offer)
    paid = cheapest = 0.0
    n = 0
    for one in own:
        rivals = by_sku.get(one.sku, [])
        alone = not any(offer.supplier != one.supplier for offer in rivals)
        if alone or one.unit_price <= 0 or not one.received:
            continue
        least = min(unit_price(offer, one.asked) for offer in rivals)
        paid += one.received * one.unit_price
        cheapest += one.received * min(least, one.unit_price)
        n += 1
    return _shrunk(n * cheapest / paid if n else 0.0, n, COST)


def _shrunk(sum_of: float, n: int, prior: Prior) -> tuple[float | None, int]:
    return (100 * (prior.lines * prior.share + sum_of) / (prior.lines + n), n) if n else (None, 0)
