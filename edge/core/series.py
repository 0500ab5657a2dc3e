"""Samples on their way to the cloud: bundled per device channel, so that a report carries many.

A channel's name keeps its slashes here (a Sparkplug metric is `Bin/A/Weight`); in a report they are dots, as a series
is called device/channel/quantity.
"""

from __future__ import annotations

from msgspec import Struct

from protocols.readings import Reading
from protocols.reports import Series

SAMPLES_MAX = 256
HOLD_MS = 5000
"""A sample waits at most this long for company."""
OWN_REPORT = 64
"""A message with this many samples is a report of its own."""


class Bundle(Struct, array_like=True, gc=False):
    """Samples of one channel and quantity that wait: since when, times and values."""

    channel: str
    quantity: str
    since_ms: int
    times_ms: list[int] = []
    values: list[float] = []


def put(bundles: dict[str, Bundle], reading: Reading, zone: str, now_ms: int) -> list[Series]:
    """Add a reading's samples to its bundle; the reports that are full."""
    step_ms = reading.step_ms
    if len(reading.values) >= OWN_REPORT:
        offsets = list(range(0, len(reading.values) * step_ms, step_ms)) if step_ms else [0] * len(reading.values)
        channel = reading.channel.replace("/", ".")
        return [Series(reading.device, channel, reading.quantity, zone, reading.at_ms, offsets, reading.values, now_ms)]
    key = f"{reading.channel}/{reading.quantity}"
    bundle = bundles.get(key)
    if bundle is None:
        bundle = bundles[key] = Bundle(reading.channel, reading.quantity, now_ms)
    if len(reading.values) == 1:
        bundle.times_ms.append(reading.at_ms)
    else:
        bundle.times_ms.extend(reading.at_ms + i * step_ms for i in range(len(reading.values)))
    bundle.values.extend(reading.values)
    if len(bundle.values) >= SAMPLES_MAX:
        del bundles[key]
        return [_series(bundle, reading.device, zone)]
    return []


def due(bundles: dict[str, Bundle], device: str, zone: str, now_ms: int) -> list[Series]:
    """The bundles that have waited long enough, as reports."""
    ready = [key for key, bundle in bundles.items() if now_ms - bundle.since_ms >= HOLD_MS]
    return [_series(bundles.pop(key), device, zone) for key in ready]


def _series(bundle: Bundle, device: str, zone: str) -> Series:
    at_ms = bundle.times_ms[0]
    offsets = [time_ms - at_ms for time_ms in bundle.times_ms]
    channel = bundle.channel.replace("/", ".")
    return Series(device, channel, bundle.quantity, zone, at_ms, offsets, bundle.values, bundle.since_ms)
