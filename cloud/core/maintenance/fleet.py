"""All assets of a site: a fold over reports, and how each asset is now, with its evidence.

A report costs its samples; a look at an asset is made again when something of it changed, and once a minute. So a
thousand readings a second and five hundred devices cost some milliseconds a second.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from cloud.core.maintenance import ailments, outside
from cloud.core.maintenance.ailments import Found
from cloud.core.maintenance.assets import AssetDetail, AssetNow, AssetView, Drawn, Evidence, Fault, Kind
from cloud.core.maintenance.drawing import drawn_of, drawn_of_antenna
from cloud.core.maintenance.keeping import PAST_MAX, Asset, Kept
from protocols.layout import Device, Site
from protocols.reports import DeviceHealth, Report, Series

LOOK_MS = 60_000
SILENT_MS = 60_000
"""A gateway that is away for so long is silent."""
BLIND_MS = 26 * 3_600_000
KINDS: dict[str, Kind] = {"shelf": "scale", "rfid": "reader", "climate": "thermometer", "machine": "machine"}
GATEWAY_ZONE = ""


def kind_of(device: Device) -> Kind:
    """What kind of asset a device is."""
    return "refrigerator" if device.role == "refrigerator" else KINDS[device.kind]


class Fleet:
    """Every asset of one site."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.outside = outside.Outside()
        self.assets: dict[str, Asset] = {}
        self.changed: set[str] = set()
        """Assets that are not as they were last kept."""
        self.urgent: set[str] = set()
        """Those of them whose faults changed: worth keeping at once."""
        self.current: list[AssetNow] = []
        self.views: list[AssetView] = []
        self._gateways: dict[str, tuple[bool, int]] = {}
        self._lost: dict[str, int] = {}
        """Since when gateways are known to be away: after a start each is, until it has greeted us."""
        self._away: dict[str, Evidence] = {}
        self._back: dict[str, list[Evidence]] = {}
        self._dirty: set[str] = set()
        self._looked_ms = 0
        self._found: dict[str, tuple[list[AssetNow], list[AssetView]]] = {}
        self._halls = {
            zone.id
            for zone in site.zones
            if zone.min_c is None and zone.max_c is None and not getattr(zone, "storage", "")
        }

    def take(self, kept: Kept) -> bool:
        """Go on from what was kept of an asset; False where the site file does not list it (any more)."""
        device = self.site.device_by_id.get(kept.id)
        if device is None:
            return False
        self.assets[kept.id] = self._follow(device, kept)
        self._dirty.add(kept.id)
        return True

    def hear(self, reports: Iterable[Report]) -> None:
        """Fold reports in the order they came; those of devices that are not listed are left out."""
        for report in reports:
            kind = type(report)
            if kind is Series:
                assert isinstance(report, Series)
                self.feel(report)
            elif kind is DeviceHealth:
                assert isinstance(report, DeviceHealth)
                asset = self._asset(report.device)
                if asset is not None:
                    self.changed.add(report.device)
                    if asset.hear(report):
                        self._dirty.add(report.device)

    def feel(self, report: Series) -> None:
        """Take a report of samples."""
        asset = self._asset(report.device)
        if asset is None:
            return
        self.changed.add(report.device)
        if report.quantity == "temperature_c" and asset.kind == "thermometer" and self._in_hall(report.device):
            for offset, value in zip(report.offsets_ms, report.values, strict=True):
                self.outside.hear(report.at_ms + offset, value)
        if asset.feel(report.channel, report.quantity, report.at_ms, report.offsets_ms, report.values, self.outside):
            self._dirty.add(report.device)

    def gateways(self, links: Sequence[tuple[str, bool, int]], now_ms: int) -> None:
        """How the gateways are: (id, connected, last heard)."""
        self._gateways = {name: (connected, seen_ms) for name, connected, seen_ms in links}
        for name, (connected, seen_ms) in self._gateways.items():
            held = self._away.get(name)
            since_ms = min(self._lost.get(name, now_ms), now_ms)
            if connected:
                self._lost.pop(name, None)
            else:
                self._lost[name] = since_ms
            if not connected and seen_ms and held is None and now_ms - since_ms >= SILENT_MS:
                self._away[name] = Evidence("silent", "", 2, seen_ms, now_ms, 0)
            elif connected and held is not None:
                self._back[name] = [*self._back.get(name, []), replace(held, over_ms=now_ms)][-PAST_MAX:]
                del self._away[name]

    def fresh(self, name: str) -> Asset:
        """A listed device of which nothing was heard, to be learnt anew."""
        return self._follow(self.site.device_by_id[name], Kept(name))

    def replace(self, name: str, asset: Asset) -> None:
        """A device was learnt anew."""
        asset.late.clear()
        self.assets[name] = asset
        self.changed.add(name)
        self._dirty.add(name)

    def late(self) -> list[tuple[str, str]]:
        """(device, channel/quantity) of coolers and machines that were told of a time before what they had taken."""
        found = []
        for name, asset in self.assets.items():
            if asset.late:
                if asset.kind in ("refrigerator", "machine"):
                    found += [(name, series) for series in sorted(asset.late)]
                asset.late.clear()
        return found

    def judge(self, now_ms: int) -> None:
        """How every asset is now; `current` and `views` are made anew where something changed, or a minute is over."""
        if now_ms - self._looked_ms >= LOOK_MS or now_ms < self._looked_ms:
            self._looked_ms = now_ms
            self._dirty.update(self.assets)
        for name in self._dirty:
            self._look(name, now_ms)
        if not self._dirty and len(self.views) and not self._gateways:
            return
        self._dirty.clear()
        current, views = [], []
        for device in self.site.devices:
            found = self._found.get(device.id)
            if found is None:
                views.append(_unseen(device))
                continue
            current += found[0]
            views += found[1]
        for name, (_, seen_ms) in sorted(self._gateways.items()):
            now, view = self._gateway(name, seen_ms)
            current.append(now)
            views.append(view)
        self.current, self.views = current, views

    def detail(self, id: str) -> AssetDetail | None:
        """One asset with its evidence and what is to be drawn; None where there is none."""
        view = next((one for one in self.views if one.id == id), None)
        if view is None:
            return None
        if view.kind == "gateway":
            open_now = [self._away[id]] if id in self._away else []
            return AssetDetail(view, [*open_now, *reversed(self._back.get(id, []))], [])
        device, _, number = id.partition(".")
        asset = self.assets.get(device)
        if asset is None:
            return AssetDetail(view, [], [])
        kept = asset.kept
        drawn: list[Drawn] = drawn_of_antenna(kept.antennas[number]) if number else drawn_of(kept)
        mine = [one for one in [*kept.open.values(), *reversed(kept.past)] if _is_of(one, number)]
        return AssetDetail(view, [replace(one, channel="") if number else one for one in mine], drawn)

    def _asset(self, name: str) -> Asset | None:
        asset = self.assets.get(name)
        if asset is None:
            device = self.site.device_by_id.get(name)
            if device is None:
                return None
            asset = self.assets[name] = self._follow(device, Kept(name))
            self._dirty.add(name)
        return asset

    def _follow(self, device: Device, kept: Kept) -> Asset:
        zone = self.site.zone_by_id.get(device.zone)
        return Asset(kept, kind_of(device), zone.max_c if zone is not None else None)

    def _in_hall(self, name: str) -> bool:
        device = self.site.device_by_id.get(name)
        return device is not None and device.zone in self._halls

    def _look(self, name: str, now_ms: int) -> None:
        """How one device and its antennas are, and what of its evidence that begins or ends."""
        device, asset = self.site.device_by_id[name], self.assets[name]
        kept = asset.kept
        found = ailments.of_device(kept, asset.kind, now_ms)  # type: ignore[arg-type]
        now = AssetNow(name, kind_of(device), device.zone, found.health, found.days, found.faults, found.why)
        views = [_view(device, now, "", kept.heard_ms, _learning(asset, now_ms), kept.notes)]
        all_now = [now]
        seen = {f"{one.code}/{one.channel}": (one, found) for one in found.faults}
        for number, antenna in kept.antennas.items():
            of = ailments.of_antenna(antenna)
            zone = device.antennas.get(number, device.zone)
            one = AssetNow(f"{name}.{number}", "antenna", zone, of.health, of.days, of.faults, of.why)
            all_now.append(one)
            views.append(_view(device, one, name, antenna.heard_ms, "" if antenna.learned else "learning", {}))
            seen |= {f"{fault.code}/{number}": (replace(fault, channel=number), of) for fault in of.faults}
        self._record(kept, seen, now_ms)
        self._found[name] = all_now, views

    def _record(self, kept: Kept, seen: dict[str, tuple[Fault, Found]], now_ms: int) -> None:
        for key, (fault, found) in seen.items():
            held = kept.open.get(key)
            if held is None:
                kept.open[key] = Evidence(
                    fault.code, fault.channel, fault.severity, fault.since_ms, now_ms, 0, fault.params, found.why
                )
                self.urgent.add(kept.id)
            elif fault.severity < held.severity:
                kept.open[key] = replace(held, severity=fault.severity)
                self.urgent.add(kept.id)
        for key in [key for key in kept.open if key not in seen]:
            kept.past = [*kept.past, replace(kept.open.pop(key), over_ms=now_ms)][-PAST_MAX:]
            self.urgent.add(kept.id)

    def _gateway(self, name: str, seen_ms: int) -> tuple[AssetNow, AssetView]:
        held = self._away.get(name)
        faults = [Fault("silent", held.severity, held.since_ms)] if held is not None else []
        health = 0.3 if faults else 1.0
        state = "sick" if faults else "well" if seen_ms else "unseen"
        now = AssetNow(name, "gateway", GATEWAY_ZONE, health, None, faults)
        return now, AssetView(name, "", "gateway", GATEWAY_ZONE, "", state, health, None, faults, [], seen_ms)  # type: ignore[arg-type]


def _is_of(evidence: Evidence, number: str) -> bool:
    """Whether evidence of a device is that of this antenna of it ("": of the device itself)."""
    antenna = evidence.code in ("read_rate", "antenna_dead") and evidence.channel != ""
    return evidence.channel == number if number else not antenna


def _learning(asset: Asset, now_ms: int) -> str:
    """Whether something of it is not judged yet, or is judged by what does not come now."""
    coolers = asset.kept.coolers.values()
    if any(one.baseline is None for one in coolers):
        return "learning"
    if any(now_ms - one.last_ms > BLIND_MS for one in coolers):
        return "blind"
    machine = asset.kept.machine
    if asset.kind == "machine" and (machine is None or not machine.scores):
        return "learning"
    watched = [one.sensor for one in asset.kept.series.values() if one.sensor is not None and one.sensor.judged_still]
    if asset.kind in ("thermometer", "scale") and watched and not any(one.stuck_rows for one in watched):
        return "learning"
    return ""


def _view(
    device: Device, now: AssetNow, part_of: str, heard_ms: int, otherwise: str, notes: dict[str, int]
) -> AssetView:
    worst = min((one.severity for one in now.faults), default=9)
    state = "sick" if worst <= 2 else "watch" if worst == 3 else otherwise or "well"
    name = device.name if not part_of else ""
    return AssetView(
        now.id, name, now.kind, now.zone, part_of, state, now.health, now.days, now.faults, now.why,  # type: ignore[arg-type]
        heard_ms // 60_000 * 60_000, dict(notes),
    )  # fmt: skip


def _unseen(device: Device) -> AssetView:
    return AssetView(device.id, device.name, kind_of(device), device.zone, "", "unseen", 1.0, None, [], [], 0)
