"""What gateways and service both watch: one name, one delay and one dead band for each, wherever it is judged.

A gateway judges what it can know when the service is away; the service judges the same and more. Because both read this
table one thing is one alert, whoever saw it first.
"""

from __future__ import annotations

from typing import NamedTuple

MINUTE_MS = 60_000


class Watch(NamedTuple):
    """A condition must hold for `hold_ms` before it fires, and be gone for `clear_ms` before it is over; a value must
    be back inside its limit by `dead_band`, in `unit` (UCUM). `severity` is 1 (critical) to 3."""

    hold_ms: int
    clear_ms: int
    severity: int
    dead_band: float = 0.0
    unit: str = ""


WATCHED: dict[str, Watch] = {
    "zone_temperature": Watch(10 * MINUTE_MS, 10 * MINUTE_MS, 1, 0.5, "Cel"),
    "zone_humidity": Watch(30 * MINUTE_MS, 10 * MINUTE_MS, 2, 2.0, "%RH"),
    "temperature_excursion": Watch(10 * MINUTE_MS, 5 * MINUTE_MS, 2),
    "temperature_breach": Watch(0, 5 * MINUTE_MS, 1),
    "door_open": Watch(10 * MINUTE_MS, 30_000, 3),
    "stock_out": Watch(30_000, 30_000, 2),
    "below_reorder_point": Watch(24 * 60 * MINUTE_MS, MINUTE_MS, 3),
    "stock_differs": Watch(0, 0, 3),
    "misplaced_item": Watch(30 * MINUTE_MS, 5 * MINUTE_MS, 3),
    "device_silent": Watch(2 * MINUTE_MS, MINUTE_MS, 3),
    "sensor_stuck": Watch(0, MINUTE_MS, 3),
    "sensor_drift": Watch(0, MINUTE_MS, 3),
    "sensor_noisy": Watch(0, MINUTE_MS, 3),
    "battery_low": Watch(0, MINUTE_MS, 3),
    "outbox_full": Watch(MINUTE_MS, MINUTE_MS, 2),
    "disk_low": Watch(MINUTE_MS, 10 * MINUTE_MS, 2),
    "not_acknowledging": Watch(10_000, MINUTE_MS, 1),
    "broker_away": Watch(MINUTE_MS, 30_000, 2),
    "clock_wrong": Watch(0, MINUTE_MS, 2),
    "service_away": Watch(5 * MINUTE_MS, 0, 1),
}
"""By rule; the severity is the least where a rule has several. Findings of sensors have come with hysteresis already,
and a breach has been borne for long before it is one. `service_away` is over with the first word, so that it is not
told by the very service that is back."""
STALE_MS = 15 * MINUTE_MS
"""An older value starts nothing; nor does it end anything, unless it was all right."""
FINDINGS: dict[str, str] = {
    "stuck": "sensor_stuck",
    "drift": "sensor_drift",
    "creep": "sensor_drift",
    "noisy": "sensor_noisy",
    "spikes": "sensor_noisy",
    "battery_low": "battery_low",
    "battery_ending": "battery_low",
}
"""The rule that a finding of a device's own readings (its code) comes under."""
CAUSES = {"too_far": 1, "too_long": 2, "kinetic": 3, "budget": 4}
"""What made an excursion a breach, as the figure `why` of a gateway's alarm."""
TOLD = "told_ms"
"""The figure of an alarm that its gateway told people of by itself: when. They need not be told it a first time."""
