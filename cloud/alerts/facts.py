"""What a rule may see: the warehouse at one moment. Values only; a rule needs nothing else."""

from __future__ import annotations

from functools import cached_property
from typing import NamedTuple

from msgspec import Struct

from cloud.alerts.dark import Dark, Known, dark
from cloud.core.book.staking import Stake
from cloud.core.coldchain.aside import Aside
from cloud.core.coldchain.rooms import RoomNow
from cloud.core.counting.shrinkage import Shrunk
from cloud.core.forecasting.watched import Strayed
from cloud.core.lanes import Lacking
from cloud.core.maintenance.assets import AssetNow
from cloud.core.maintenance.verdicts import RulePrecision
from cloud.core.maintenance.work import LateWork
from cloud.core.view import SkuView
from cloud.core.whereabouts import Elsewhere, Gone
from protocols.layout import Site
from protocols.reports import DeviceHealth, SlotLevel


class ClimateNow(NamedTuple):
    """The newest climate of a zone, and when it was measured."""

    temperature_c: float | None
    humidity_pct: float | None
    at_ms: int


class GatewayLink(NamedTuple):
    """Whether a gateway is connected now, and when it last spoke."""

    connected: bool
    last_seen_ms: int


class LateNow(NamedTuple):
    """An order of which something has not come on its day. `skus` by units still to come."""

    order: int
    supplier: str
    supplier_name: str
    due_ms: int
    skus: dict[str, int]


class BacklogNow(NamedTuple):
    """What waits somewhere (`history`: samples before the time series database), and how much may."""

    waiting: int
    most: int


class DiskNow(NamedTuple):
    """The disk of the service's own state."""

    free_bytes: int
    all_bytes: int


class Facts(Struct, frozen=True, dict=True):
    """The warehouse at `now_ms`: levels by slot, devices and coolers by device, climate by zone, gateways by id,
    and what is not here of a gateway, where something is not.

    `gateway_of` names the gateway a device reports through, where that is known. `clocks` are gateways' clocks less
    ours (seconds), `doors` when an open door's device said so last. `stakes` are by SKU what its lots are about to
    cost. `judged` forecasts were looked at, of which `strayed` are off.
    """

    site: Site
    now_ms: int
    levels: dict[str, SlotLevel] = {}
    skus: list[SkuView] = []
    devices: dict[str, DeviceHealth] = {}
    climate: dict[str, ClimateNow] = {}
    gateways: dict[str, GatewayLink] = {}
    lacking: dict[str, Lacking] = {}
    gateway_of: dict[str, str] = {}
    works: list[LateWork] = []
    """Maintenance orders whose window is over without their start, or their end."""
    doubted: list[RulePrecision] = []
    """Rules that were wrong so often that they ask to be tuned."""
    rooms: list[RoomNow] = []
    assets: list[AssetNow] = []
    doors: dict[str, int] = {}
    clocks: dict[str, float] = {}
    gone: list[Gone] = []
    elsewhere: list[Elsewhere] = []
    shrunk: list[Shrunk] = []
    stakes: dict[str, Stake] = {}
    late: list[LateNow] = []
    strayed: list[Strayed] = []
    judged: int = 0
    backlogs: dict[str, BacklogNow] = {}
    disk: DiskNow | None = None
    aside: list[Aside] = []
    """Goods that wait for somebody's signature."""
    watched: dict[str, int] = {}
    """By zone until when it counts as watched, by its thermometers' own spacing (ms)."""

    def zone_of(self, device: str) -> str:
        """The zone a device stands in, "" when the site does not list it. `reader-1.2` is a part of `reader-1`."""
        known = self.site.device_by_id
        here = known.get(device) or known.get(device.partition(".")[0])
        return here.zone if here else ""

    def cut_off(self, device: str) -> bool:
        """Whether the gateway that a device reports through is away: then nothing new is known of the device. With
        its gateway not known, every gateway must be away."""
        gateway = self.gateways.get(self.gateway_of.get(device, ""))
        if gateway is not None:
            return not gateway.connected
        return self.alone

    @cached_property
    def alone(self) -> bool:
        """Whether there are gateways, and all of them are away."""
        return bool(self.gateways) and not any(link.connected for link in self.gateways.values())

    @cached_property
    def anybody_away(self) -> bool:
        """Whether any gateway is away."""
        return any(not link.connected for link in self.gateways.values())

    @cached_property
    def dark(self) -> list[Dark]:
        """Devices that fell silent together; not those whose gateway is away, or could not hear them."""
        silent = {
            device: health
            for device, health in self.devices.items()
            if health.state != "ok" and not health.unheard and not self.cut_off(device)
        }
        return dark(silent, self.devices, Known(self.zone_of, self.gateway_of, self.site.site.id))

    @cached_property
    def in_the_dark(self) -> frozenset[str]:
        """The devices of which that one alert tells."""
        return frozenset[str]().union(*(one.devices for one in self.dark))

    @cached_property
    def devices_in(self) -> dict[str, list[str]]:
        """By zone the devices that measure its climate."""
        found: dict[str, list[str]] = {}
        for one in self.site.devices:
            if one.kind in ("climate", "machine"):
                found.setdefault(one.zone, []).append(one.id)
        return found

    @cached_property
    def readers_in(self) -> dict[str, list[str]]:
        """By zone the readers that watch it."""
        found: dict[str, list[str]] = {}
        for one in self.site.devices:
            if one.kind == "rfid":
                for zone in {one.zone, *one.antennas.values()}:
                    found.setdefault(zone, []).append(one.id)
        return found

    @cached_property
    def devices_of(self) -> dict[str, set[str]]:
        """By SKU the devices that watch its slots."""
        found: dict[str, set[str]] = {}
        for slot in self.site.slots:
            found.setdefault(slot.sku, set()).add(slot.device)
        return found

    @cached_property
    def zones_of(self) -> dict[str, str]:
        """By SKU the zone of its slots, "" where they lie in several."""
        found: dict[str, str] = {}
        for slot in self.site.slots:
            found[slot.sku] = slot.zone if found.get(slot.sku, slot.zone) == slot.zone else ""
        return found

    @cached_property
    def kept_cold(self) -> frozenset[str]:
        """Zones of which somebody said how warm they may be."""
        limited = {zone.id for zone in self.site.zones if zone.min_c is not None or zone.max_c is not None}
        return frozenset(limited | {room.zone for room in self.rooms})
