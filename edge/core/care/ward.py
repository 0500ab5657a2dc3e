"""Sensors as patients: one chart a device channel, and what all charts of a device say against it.

All state is in `charts` and can be stored and restored; a chart's findings are told with its device's health.
"""

from __future__ import annotations

from edge.core.care import charts, neighbours, patients
from edge.core.care.charts import Chart
from edge.core.care.patients import Clock
from protocols.layout import Site
from protocols.readings import Flag, Reading
from protocols.reports import Finding

CHARTS_MAX = 5000
"""Channels that are examined; messages of further ones are counted in `unexamined` and only listened to."""
ROUND_MS = 60_000
COMPARE_MS = 3_600_000
NOT_NOW: frozenset[Flag] = frozenset(("historical", "retained", "clock", "stale", "bad"))
"""Samples that say nothing of how the sensor is now."""

Key = tuple[str, str, str]
"""Device, channel, quantity."""


class Ward:
    """Every chart of one site."""

    def __init__(self, site: Site, charts: dict[Key, Chart] | None = None) -> None:
        self.site = site
        self.charts = charts or {}
        self._of: dict[str, list[Key]] = {}
        for key in self.charts:
            self._of.setdefault(key[0], []).append(key)
        self._inside: set[Key] = set()
        """Channels that tell of the device itself: a chip's warmth is no neighbour of a room's."""
        self.unexamined = 0
        self._round_ms = self._compared_ms = 0

    def feel(self, reading: Reading, now_ms: int) -> bool:
        """Take a reading's samples; whether what is found of its device has changed."""
        key = (reading.device, reading.channel, reading.quantity)
        chart = self.charts.get(key)
        if chart is None:
            if len(self.charts) >= CHARTS_MAX:
                self.unexamined += 1
                return False
            chart = self.charts[key] = patients.begin(reading.quantity, now_ms)
            self._of.setdefault(reading.device, []).append(key)
        if reading.flags:
            if "internal" in reading.flags:
                self._inside.add(key)
            if not NOT_NOW.isdisjoint(reading.flags):
                return False
        return bool(patients.feel(chart, reading.at_ms, reading.values, reading.step_ms, now_ms))

    def pass_time(self, now_ms: int) -> set[str]:
        """Do the rounds; the devices of which something else is found now."""
        changed: set[str] = set()
        if now_ms - self._round_ms < ROUND_MS:
            return changed
        self._round_ms = now_ms
        for (device, _, _), chart in self.charts.items():
            if patients.pass_time(chart, now_ms):
                changed.add(device)
        if now_ms - self._compared_ms >= COMPARE_MS:
            self._compared_ms = now_ms
            for alike in self._alike().values():
                changed.update(key.partition("/")[0] for key, _ in neighbours.compare(alike, now_ms))
        return changed

    def findings(self, device: str, clock: Clock, speaks: bool = True) -> list[Finding]:
        """What a device suffers from now, its clock too. Of one that does not speak each channel would be silent too:
        that is said once, of the device."""
        found = [_told("", clock.open)] if clock.open is not None else []
        for key in self._of.get(device, ()):
            channel = key[1].replace("/", ".")
            found += [_told(channel, one) for one in self.charts[key].open.values() if speaks or one.code != "silent"]
        return found

    def forget(self, device: str) -> None:
        """Another one stands there: each channel begins anew."""
        for key in self._of.pop(device, ()):
            del self.charts[key]
            self._inside.discard(key)

    def _alike(self) -> dict[tuple[str, str], dict[str, Chart]]:
        """Charts of one zone and quantity, which should go up and down together; a scale has no companions."""
        alike: dict[tuple[str, str], dict[str, Chart]] = {}
        for (device, channel, quantity), chart in self.charts.items():
            known = self.site.device_by_id.get(device)
            inside = (device, channel, quantity) in self._inside
            if known is not None and not inside and quantity in ("temperature_c", "humidity_pct", "pressure_hpa"):
                alike.setdefault((known.zone, quantity), {})[f"{device}/{channel}"] = chart
        return alike


def _told(channel: str, one: charts.Finding) -> Finding:
    return Finding(one.code, channel, one.since_ms, one.remedy, one.evidence)
