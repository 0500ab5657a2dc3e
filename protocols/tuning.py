"""How a site changes the rules of its alerts: `[tuning.RULE]` of the site file."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Annotated

from msgspec import Meta, Struct

Minutes = Annotated[float, Meta(ge=0, le=7 * 24 * 60)]

RULES = frozenset(
    (
        "backlog", "battery_low", "below_reorder_point", "broker_away", "clock_wrong", "device_silent", "disk_low",
        "door_open", "expiry", "forecast_off", "gateway_silent", "goods_aside", "incomplete", "machine_health",
        "misplaced_item", "not_acknowledging", "outbox_full", "overstock", "reader_read_rate",
        "refrigeration_capacity", "refrigeration_fault", "room_unwatched", "rule_asks_tuning", "sensor_drift",
        "sensor_noisy", "sensor_silent", "sensor_stuck", "service_away", "shrinkage", "stock_differs", "stock_out",
        "stock_unknown", "supplier_late", "temperature_ahead", "temperature_breach", "temperature_excursion", "theft",
        "work_overrun", "zone_dark", "zone_humidity", "zone_temperature",
    )
)  # fmt: skip
"""Every rule there is, of the service and of gateways; a test compares them."""


class Tuning(Struct, frozen=True, forbid_unknown_fields=True):
    """What is not given stays as the rule has it. `off`: it is not judged. `severity` 1 (worst) to 3, whatever it
    would be. It fires after `hold_minutes`, and is over when it was gone for `clear_minutes`."""

    off: bool = False
    severity: Annotated[int, Meta(ge=1, le=3)] | None = None
    hold_minutes: Minutes | None = None
    clear_minutes: Minutes | None = None


def untunable(tuning: Mapping[str, Tuning]) -> str:
    """Which rule there is not, and the one that may be meant; "" where all are there."""
    for name in tuning:
        if name not in RULES:
            near = get_close_matches(name, sorted(RULES), 1, 0.0)
            return f"tuning of {name!r}: there is no such rule; do you mean {near[0]!r}?"
    return ""
