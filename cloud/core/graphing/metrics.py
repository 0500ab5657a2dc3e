"""Series of the history as metrics: a name with its unit, and labels that say of what."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from protocols.layout import Site

Labels = Mapping[str, str]
NAME = "__name__"
STOCK = "stock_units"
NAMES: dict[str, tuple[str, str]] = {
    "mass_g": ("mass_grams", "What lies on a scale."),
    "mass_change_g": ("mass_change_grams", "By how much the mass on a scale changed."),
    "count": ("count", "What a device counted."),
    "temperature_c": ("temperature_celsius", "Temperature."),
    "humidity_pct": ("humidity_percent", "Relative humidity."),
    "pressure_hpa": ("pressure_hectopascals", "Pressure."),
    "power_w": ("power_watts", "Power."),
    "energy_wh": ("energy_watt_hours", "Energy."),
    "voltage_v": ("voltage_volts", "Voltage."),
    "current_a": ("current_amperes", "Current."),
    "frequency_hz": ("frequency_hertz", "Frequency."),
    "vibration_g": ("vibration_gravities", "Vibration as acceleration, in that of gravity."),
    "vibration_mm_s": ("vibration_millimeters_per_second", "Vibration as speed."),
    "battery_pct": ("battery_percent", "What is left of a battery."),
    "rssi_dbm": ("rssi_dbm", "Strength of a radio signal."),
    "door_open": ("door_open", "1 while a door is open, else 0."),
    "switch_on": ("switch_on", "1 while a switch is on, else 0."),
    "raw": ("raw", "A number of a device of which nobody told the unit."),
}
"""Quantity -> the name of its metric, and what it is."""
STOCK_HELP = "Units in a slot, as they were counted."
_UNFIT = re.compile(r"[^a-zA-Z0-9_]")


class Metric(NamedTuple):
    """A series of the history, by its labels; the name is one of them."""

    series: str
    labels: dict[str, str]


def metrics(names: Iterable[str], site: Site) -> Iterator[Metric]:
    """Every series as a metric. Of a slot's count `slot`, `sku` and `zone`; of all others `device`, `channel` and
    `zone`, where the site file knows it. What the site file does not list any more has no zone."""
    slots = {one.id: one for one in site.slots}
    for series in names:
        device, channel, quantity = series.split("/")
        if (channel, quantity) == ("slot", "count"):
            labels = {NAME: STOCK, "site": site.site.id, "slot": device}
            if (slot := slots.get(device)) is not None:
                labels |= {"sku": slot.sku, "zone": slot.zone}
        else:
            labels = {NAME: name_of(quantity), "site": site.site.id, "device": device, "channel": channel}
            if (known := site.device_by_id.get(device)) is not None:
                labels["zone"] = known.zone
        yield Metric(series, labels)


def name_of(quantity: str) -> str:
    """The name of a quantity's metric."""
    if quantity in NAMES:
        return NAMES[quantity][0]
    name = _UNFIT.sub("_", quantity)
    return f"_{name}" if name[0].isdigit() else name


def about(names: Iterable[str]) -> dict[str, list[dict[str, str]]]:
    """What is told of metrics of these names: all are gauges."""
    known = dict([*NAMES.values(), (STOCK, STOCK_HELP)])
    return {name: [{"type": "gauge", "help": known.get(name, ""), "unit": ""}] for name in sorted({*names})}
