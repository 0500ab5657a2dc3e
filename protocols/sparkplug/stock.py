"""A gateway's reports as metrics of Sparkplug devices: bins on shelves, and what is measured in zones.

A shelf is a device of its own id, with `Bin/<slot>/Count`, `/Low`, `/High`, `/Confidence`, `/Mass` and `/Reason`. A
zone is `zone:<id>` (no shelf can be called so), with `Ambient/<device>[/<channel>]/<Quantity>`, and `Machine/...` for
what is about a machine. Of a series the newest sample is told: the history is the service's.
"""

from __future__ import annotations

from collections.abc import Iterable

from protocols.layout import Site
from protocols.reports import DeviceHealth, Report, Series, SlotLevel, StockEvent
from protocols.sparkplug.node import STALE, Presence, Update
from protocols.sparkplug.payload import DOUBLE, INT64, STRING

BIN = (
    ("Count", INT64, ""),
    ("Low", INT64, ""),
    ("High", INT64, ""),
    ("Confidence", DOUBLE, ""),
    ("Mass", DOUBLE, "g"),
    ("Reason", STRING, ""),
)
AMBIENT = {
    "temperature_c": ("Temperature", "°C"),
    "humidity_pct": ("Humidity", "%RH"),
    "pressure_hpa": ("Pressure", "hPa"),
    "door_open": ("DoorOpen", "door_open"),
}
MACHINE = {
    "power_w": ("Power", "W"),
    "energy_wh": ("Energy", "Wh"),
    "voltage_v": ("Voltage", "V"),
    "current_a": ("Current", "A"),
    "frequency_hz": ("Frequency", "Hz"),
    "vibration_g": ("Vibration", "g0"),
    "vibration_mm_s": ("VibrationVelocity", "mm/s"),
    "battery_pct": ("Battery", "%"),
    "rssi_dbm": ("RSSI", "dBm"),
    "switch_on": ("On", "switch_on"),
}
"""Quantity -> (the metric's last word, its unit). Others are not told: masses are in the bins, raw means nothing."""


class Stock:
    """One site's reports on their way to metrics."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self._sensors: dict[str, dict[str, Update]] = {}
        """Device -> its newest values by metric; no more than the site's devices have channels and quantities."""

    def declared(self) -> list[Update]:
        """Every bin of the site, as null until its level comes: a birth must name all that will ever be told."""
        found = []
        for slot in self.site.slots:
            found += [Update(slot.device, f"Bin/{slot.id}/{name}", None, kind, 0, unit) for name, kind, unit in BIN]
        return found

    def updates(self, reports: Iterable[Report]) -> list[Update | Presence]:
        """What the reports change, in their order."""
        found: list[Update | Presence] = []
        for report in reports:
            if type(report) is SlotLevel:
                found += self._level(report)
            elif type(report) is StockEvent:
                slot = self.site.slot_by_id.get(report.slot)
                if slot is not None:
                    name = f"Bin/{slot.id}/Count"
                    found.append(Update(slot.device, name, report.count, INT64, report.at_ms))
            elif type(report) is Series:
                found += self._measured(report)
            elif type(report) is DeviceHealth:
                found += self._health(report)
        return found

    def _level(self, report: SlotLevel) -> list[Update]:
        slot = self.site.slot_by_id.get(report.slot)
        if slot is None:
            return []
        values = (report.count, report.low, report.high, report.confidence, report.mass_g, report.reason)
        return [
            Update(slot.device, f"Bin/{slot.id}/{name}", value, kind, report.at_ms, unit)
            for (name, kind, unit), value in zip(BIN, values, strict=True)
        ]

    def _measured(self, report: Series) -> list[Update]:
        known = AMBIENT.get(report.quantity) or MACHINE.get(report.quantity)
        if known is None or not report.values or report.device not in self.site.device_by_id:
            return []
        newest = max(range(len(report.values)), key=report.offsets_ms.__getitem__)
        word, unit = known
        root = "Ambient" if report.quantity in AMBIENT else "Machine"
        channel = "" if report.channel == "1" else f"/{report.channel}"
        name = f"{root}/{report.device}{channel}/{word}"
        at_ms = report.at_ms + report.offsets_ms[newest]
        update = Update(f"zone:{report.zone}", name, report.values[newest], DOUBLE, at_ms, unit)
        self._sensors.setdefault(report.device, {})[name] = update
        return [update]

    def _health(self, report: DeviceHealth) -> list[Update | Presence]:
        """A shelf that is away is a dead device; a sensor's values in its zone become stale."""
        device = self.site.device_by_id.get(report.device)
        if device is None:
            return []
        if device.kind == "shelf":
            return [Presence(device.id, report.state == "ok")]
        if report.state == "ok":
            return []
        return [
            one._replace(at_ms=max(one.at_ms, report.at_ms), quality=STALE)
            for one in self._sensors.get(device.id, {}).values()
        ]
