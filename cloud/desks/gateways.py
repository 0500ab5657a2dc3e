"""The gateways, as people ask them from a page: which one sees a slot or a device, and what its own API answers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Literal

from cloud.asking import Asking
from cloud.core.view import GatewayView
from cloud.web.desk import NotFound, Refused, Unavailable
from protocols.layout import Site
from protocols.reports import DeviceHealth, Report, SlotLevel


class Gateways:
    """The gateways of one site. `asking` is there while the link is."""

    def __init__(self, site: Site, listed: Callable[[], Sequence[GatewayView]]) -> None:
        self.asking: Asking | None = None
        self._site, self._listed = site, listed
        self._sees: dict[str, str] = {}
        """By device: the gateway that told of it last, since our start."""

    def hear(self, gateway: str, reports: Iterable[Report]) -> None:
        """A gateway told something new."""
        for one in reports:
            if isinstance(one, DeviceHealth):
                self._sees[one.device] = gateway
            elif isinstance(one, SlotLevel) and one.slot in self._site.slot_by_id:
                self._sees[self._site.slot_by_id[one.slot].device] = gateway

    def of_slot(self, slot: str) -> str:
        """The gateway that sees a slot. Raises `NotFound`, `Refused`."""
        return self.of_device(self.device_at(slot))

    def device_at(self, slot: str) -> str:
        """The device that measures a slot. Raises `NotFound`."""
        known = self._site.slot_by_id.get(slot)
        if known is None:
            raise NotFound(f"there is no slot {slot[:100]!r}", "take one from /api/v1/slots")
        return known.device

    def of_device(self, device: str) -> str:
        """The gateway that hears a device. Raises `NotFound`, `Refused`."""
        if device not in self._site.device_by_id:
            raise NotFound(f"there is no device {device[:100]!r}", "take one from /api/v1/devices")
        listed = [one.id for one in self._listed()]
        found = self._sees.get(device) or (listed[0] if len(listed) == 1 else "")
        if not found:
            said = f"no gateway has told of {device} since the service started"
            raise Refused("no_gateway", said, "look whether one is connected, and whether it lists the device")
        return found

    async def ask(
        self, gateway: str, method: Literal["GET", "POST"], path: str, by: str, body: bytes = b""
    ) -> tuple[int, bytes]:
        """See `cloud.web.gateways.Desk`."""
        if gateway not in {one.id for one in self._listed()}:
            raise NotFound(f"there is no gateway {gateway[:100]!r}", "take one from /api/v1/gateways")
        if self.asking is None:
            raise Unavailable("no gateway can be asked now", "try again when the service runs")
        return await self.asking.ask(gateway, method, path, by, body)
