"""A small depot: its site, and the reports that come from there, made and drawn at random."""

from __future__ import annotations

from hypothesis import strategies as st

from cloud.stores.ledger import Received
from protocols.layout import Site, parse
from protocols.reports import (
    LANE_OF,
    DeviceHealth,
    Lane,
    Report,
    Series,
    SlotLevel,
    StockEvent,
    TagMove,
    encode,
)

NOON_MS = 1_763_762_400_000
HOUR_MS, DAY_MS = 3_600_000, 86_400_000

SITE_TEXT = """
[site]
id = "depot"
name = "Depot"
timezone = "Europe/Berlin"

[[zones]]
id = "hall"
name = "Hall"

[[zones]]
id = "cold"
name = "Cold room"
min_c = 2.0
max_c = 8.0

[[skus]]
id = "bolt"
name = "Bolt M8"
unit_mass_g = 50.0
lead_time_days = 4

[[skus]]
id = "milk"
name = "Milk"
unit_mass_g = 1000.0
lead_time_days = 2

[[slots]]
id = "A1"
zone = "hall"
sku = "bolt"
device = "shelf-1"
channel = "1"
capacity = 100

[[slots]]
id = "A2"
zone = "hall"
sku = "bolt"
device = "shelf-1"
channel = "2"
capacity = 100

[[slots]]
id = "C1"
zone = "cold"
sku = "milk"
device = "shelf-2"
capacity = 20

[[devices]]
id = "shelf-1"
kind = "shelf"
zone = "hall"

[[devices]]
id = "shelf-2"
kind = "shelf"
zone = "cold"

[[devices]]
id = "thermo-1"
kind = "climate"
zone = "cold"
role = "refrigerator"

[[devices]]
id = "thermo-2"
kind = "climate"
zone = "hall"
"""
SKU_OF = {"A1": "bolt", "A2": "bolt", "C1": "milk"}


def site() -> Site:
    return parse(SITE_TEXT)


def stock(slot: str, delta: int, count: int, at_ms: int = NOON_MS, source: str = "weight") -> StockEvent:
    return StockEvent(slot, SKU_OF[slot], delta, count, at_ms, 0.99, source)


def level(
    slot: str, count: int | None, at_ms: int = NOON_MS, low: int = 0, high: int = 0, sure: float = 0.99
) -> SlotLevel:
    if count is not None:
        return SlotLevel(slot, SKU_OF[slot], count, count, count, sure, 50.0 * count, at_ms)
    return SlotLevel(slot, SKU_OF[slot], None, low, high, sure, 1.0, at_ms, "noise", "tare")


def health(device: str, state: str = "ok", at_ms: int = NOON_MS) -> DeviceHealth:
    return DeviceHealth(device, state, at_ms, at_ms, 5000, 0, 0, 0)  # type: ignore[arg-type]


def warmth(device: str, value: float, at_ms: int = NOON_MS) -> Series:
    return Series(device, "1", "temperature_c", "cold" if device == "thermo-1" else "hall", at_ms, [0], [value])


def batch(reports: list[Report], first: int = 0, gateway: str = "g1", lane: Lane = "events") -> Received:
    return Received(gateway, lane, [*range(first, first + len(reports))], [encode(one) for one in reports])


def batches(reports: list[Report], first: int = 0, gateway: str = "g1") -> list[Received]:
    """The reports as batches, each in its own lane."""
    lanes: tuple[Lane, ...] = ("events", "telemetry")
    parts = {lane: [one for one in reports if LANE_OF[type(one)] == lane] for lane in lanes}
    return [batch(part, first, gateway, lane) for lane, part in parts.items() if part]


_times = st.integers(0, 500).map(lambda step: NOON_MS + step * 600_000)
_slots = st.sampled_from(sorted(SKU_OF))
_counts = st.integers(0, 120)
_celsius = st.integers(-100, 300).map(lambda tenths: tenths / 10)
stocks = st.builds(stock, _slots, st.integers(-20, 20), _counts, _times, st.sampled_from(["weight", "first"]))
levels = st.one_of(
    st.builds(level, _slots, _counts, _times),
    st.builds(level, _slots, st.none(), _times, st.integers(0, 5), st.integers(5, 50), st.sampled_from([0.0, 0.6])),
)
healths = st.builds(
    health, st.sampled_from(["shelf-1", "shelf-2"]), st.sampled_from(["ok", "silent", "offline"]), _times
)
warmths = st.builds(warmth, st.sampled_from(["thermo-1", "thermo-2"]), _celsius, _times)
tag_moves = st.builds(
    TagMove,
    st.sampled_from(["3034257BF7194E4000001A85", "3034257BF7194E4000001A86"]),
    st.just("hall"),
    st.sampled_from(["arrived", "departed"]),
    _times,
    st.just("gate-1"),
)
reports = st.one_of(stocks, levels, healths, warmths, tag_moves)
