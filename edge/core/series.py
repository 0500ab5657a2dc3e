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
UNTIMED = frozenset(("clock", "no_clock"))
"""Flags of samples that stand at their time of receipt, as their own is not known."""
BURST_MS = 60_000
"""A sample before them by more than this is no neighbour of theirs: a clock was set."""


class Bundle(Struct, array_like=True, gc=False):
    """Samples of one channel and quantity that wait: since when, times and values."""

    channel: str
    quantity: str
    since_ms: int
    times_ms: list[int] = []
    values: list[float] = []
    after_ms: int = 0
    """The time of the last sample that had no time of its own, here or in the bundle before; 0: none had not."""


def put(bundles: dict[str, Bundle], reading: Reading, zone: str, now_ms: int) -> list[Series]:
    """Add a reading's samples to its bundle; the reports that are full.

    Samples without a time of their own that come in one burst all have the same time of receipt, and of two samples of
    one moment a history keeps one: so each is put 1 ms after the one before, which keeps their order too.
    """
    at_ms, step_ms = reading.at_ms, reading.step_ms
    untimed = bool(reading.flags) and not UNTIMED.isdisjoint(reading.flags)
    if len(reading.values) >= OWN_REPORT and not untimed:
        offsets = list(range(0, len(reading.values) * step_ms, step_ms)) if step_ms else [0] * len(reading.values)
        channel = reading.channel.replace("/", ".")
        return [Series(reading.device, channel, reading.quantity, zone, at_ms, offsets, reading.values, now_ms)]
    key = f"{reading.channel}/{reading.quantity}"
    bundle = bundles.get(key)
    if bundle is None:
        bundle = bundles[key] = Bundle(reading.channel, reading.quantity, now_ms)
    if untimed:
        step_ms = step_ms or 1
        last_ms = max(bundle.times_ms[-1] if bundle.times_ms else 0, bundle.after_ms)
        if at_ms <= last_ms < at_ms + BURST_MS:
            at_ms, step_ms = last_ms + 1, 1
        bundle.after_ms = at_ms + (len(reading.values) - 1) * step_ms
    if len(reading.values) == 1:
        bundle.times_ms.append(at_ms)
    else:
        bundle.times_ms.extend(at_ms + i * step_ms for i in range(len(reading.values)))
    bundle.values.extend(reading.values)
    if len(bundle.values) < SAMPLES_MAX:
        return []
    _next(bundles, key, now_ms)
    return [_series(bundle, reading.device, zone)]


def due(bundles: dict[str, Bundle], device: str, zone: str, now_ms: int) -> list[Series]:
    """The bundles that have waited long enough, as reports."""
    ready = [key for key, bundle in bundles.items() if now_ms - bundle.since_ms >= HOLD_MS]
    waited = [_next(bundles, key, now_ms) for key in ready]
    return [_series(bundle, device, zone) for bundle in waited if bundle.values]


def _next(bundles: dict[str, Bundle], key: str, now_ms: int) -> Bundle:
    """Take a bundle out; where a burst may go on, the next one knows for a while where it ended."""
    bundle = bundles.pop(key)
    if bundle.after_ms and bundle.values:
        bundles[key] = Bundle(bundle.channel, bundle.quantity, now_ms, after_ms=bundle.after_ms)
    return bundle


def _series(bundle: Bundle, device: str, zone: str) -> Series:
    at_ms = bundle.times_ms[0]
    offsets = [time_ms - at_ms for time_ms in bundle.times_ms]
    channel = bundle.channel.replace("/", ".")
    return Series(device, channel, bundle.quantity, zone, at_ms, offsets, bundle.values, bundle.since_ms)
