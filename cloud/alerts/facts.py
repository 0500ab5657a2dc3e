"""What a rule may see: the warehouse at one moment. Values only; a rule needs nothing else."""

from __future__ import annotations

from typing import NamedTuple

from msgspec import Struct

from cloud.core.lanes import Lacking
from cloud.core.maintenance.refrigeration import Assessment
from cloud.core.maintenance.verdicts import RulePrecision
from cloud.core.maintenance.work import LateWork
from cloud.core.view import SkuView
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


class Facts(Struct, frozen=True):
    """The warehouse at `now_ms`: levels by slot, devices and coolers by device, climate by zone, gateways by id,
    and what is not here of a gateway, where something is not.

    `gateway_of` names the gateway a device reports through, where that is known.
    """

    site: Site
    now_ms: int
    levels: dict[str, SlotLevel] = {}
    skus: list[SkuView] = []
    devices: dict[str, DeviceHealth] = {}
    climate: dict[str, ClimateNow] = {}
    coolers: dict[str, Assessment] = {}
    gateways: dict[str, GatewayLink] = {}
    lacking: dict[str, Lacking] = {}
    gateway_of: dict[str, str] = {}
    works: list[LateWork] = []
    """Maintenance orders whose window is over without their start, or their end."""
    doubted: list[RulePrecision] = []
    """Rules that were wrong so often that they ask to be tuned."""

    def zone_of(self, device: str) -> str:
        """The zone a device stands in, "" when the site does not list it."""
        known = self.site.device_by_id.get(device)
        return known.zone if known else ""

    def cut_off(self, device: str) -> bool:
        """Whether the gateway that a device reports through is away: then nothing new is known of the device. With
        its gateway not known, every gateway must be away."""
        gateway = self.gateways.get(self.gateway_of.get(device, ""))
        if gateway is not None:
            return not gateway.connected
        return bool(self.gateways) and not any(link.connected for link in self.gateways.values())
