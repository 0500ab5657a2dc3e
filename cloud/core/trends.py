"""Which courses people should look at: of zones, slots and equipment, the furthest out of its range first. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, Literal

from msgspec import Struct

from cloud.core.inventory import Inventory
from cloud.core.maintenance.assets import AssetView, Drawn
from cloud.core.overview import LOW_SHARE, newest

HOURS: Final = 6
POINTS: Final = 120
HOUR_MS: Final = 3_600_000
SLOTS_MAX: Final = 2
"""Slots run empty every day, and the list of what runs out tells more of them."""


class TrendView(Struct, frozen=True):
    """The course of a zone's temperature, a slot's count or a feature of an asset, oldest first, in `unit` (as UCUM has
    it). `badness`: 0 in the middle of its normal range, 1 at its edges, more beyond."""

    kind: Literal["zone", "slot", "asset"]
    id: str
    name: str
    unit: str
    badness: float
    from_ms: int
    to_ms: int
    times_ms: Sequence[int]
    values: Sequence[float | None]
    low: float | None
    high: float | None


class Candidate(Struct, frozen=True):
    """A series of the history that may be worth a look, as it is now."""

    kind: Literal["zone", "slot"]
    id: str
    series: str
    value: float
    low: float | None
    high: float | None


def badness(value: float, low: float | None, high: float | None, spread: float = 1.0) -> float:
    """How far a value is from the middle of its range; 0 without one. Where it has one edge only, `spread` (how far the
    value moves) stands for half the range's width."""
    if low is not None and high is not None:
        half = (high - low) / 2 or 1.0
        return abs(value - (low + high) / 2) / half
    if low is None and high is None:
        return 0.0
    beyond = value - high if high is not None else (low or 0.0) - value
    return max(0.0, 1 + beyond / (spread or 1.0))


def zones(inventory: Inventory) -> list[Candidate]:
    """Every zone with a thermometer."""
    found = []
    for zone in inventory.site.zones:
        warm = newest(inventory, zone.id, "temperature_c")
        if warm is not None:
            found.append(Candidate("zone", zone.id, warm[2], warm[1], zone.min_c, zone.max_c))
    return found


def slots(inventory: Inventory) -> list[Candidate]:
    """The slots whose count is furthest out of what they should hold, from low to full; few of them."""
    found = []
    for slot in inventory.site.slots:
        level = inventory.levels.get(slot.id)
        if level is not None and level.count is not None:
            low = LOW_SHARE * slot.capacity
            if not low <= level.count <= slot.capacity:
                found.append(
                    Candidate("slot", slot.id, f"{slot.id}/slot/count", level.count, round(low, 1), slot.capacity)
                )
    return sorted(found, key=lambda one: (-badness(one.value, one.low, one.high), one.id))[:SLOTS_MAX]


def of_series(one: Candidate, times_ms: Sequence[int], values: Sequence[float | None], now_ms: int) -> TrendView:
    """The trend of a zone's temperature, or of a slot's count."""
    known = [value for value in values if value is not None]
    bad = badness(one.value, one.low, one.high, max(known, default=0.0) - min(known, default=0.0))
    from_ms = now_ms - HOURS * HOUR_MS
    name, unit = ("temperature_c", "Cel") if one.kind == "zone" else ("count", "")
    return TrendView(one.kind, one.id, name, unit, round(bad, 3), from_ms, now_ms, times_ms, values, one.low, one.high)


def of_asset(asset: AssetView, drawn: Iterable[Drawn]) -> TrendView | None:
    """The feature of an asset that is furthest out of what is normal; None where none has a range and a course."""
    judged = [
        (badness(one.values[-1], one.normal_low, one.normal_high, max(one.values) - min(one.values)), one)
        for one in drawn
        if len(one.values) > 1 and (one.normal_low is not None or one.normal_high is not None)
    ]
    if not judged:
        return None
    bad, one = max(judged, key=lambda found: found[0])
    times, values = one.times_ms[-POINTS:], one.values[-POINTS:]
    return TrendView(
        "asset", asset.id, one.name, one.unit, round(bad, 3), times[0], times[-1], times, values,
        one.normal_low, one.normal_high,
    )  # fmt: skip


RANK: Final = {"sick": 0, "watch": 1, "blind": 2, "well": 3, "learning": 4, "unseen": 5}


def in_turn(assets: Iterable[AssetView]) -> list[AssetView]:
    """Assets as they should be looked at: the sick first, then by their health."""
    return sorted(assets, key=lambda one: (RANK[one.state], one.health, one.id))


def worst(trends: Iterable[TrendView], most: int) -> list[TrendView]:
    """So many at most, the worst first."""
    return sorted(trends, key=lambda one: (-one.badness, one.kind, one.id))[:most]
