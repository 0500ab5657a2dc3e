"""What the service sees of its gateways and zones at one moment, from its stores and its link, as values."""

from __future__ import annotations

from collections.abc import Mapping

from cloud.alerts.facts import ClimateNow
from cloud.core import ordering, overview
from cloud.core.inventory import Inventory
from cloud.core.lanes import LaneState
from cloud.core.view import GatewayView
from cloud.uplink import Uplink
from protocols.reports import Lane

Lanes = Mapping[tuple[str, Lane], LaneState]


def gateways(lanes: Lanes, uplink: Uplink | None, now_ms: int) -> list[GatewayView]:
    """Every gateway that is in the ledger, or was heard since the start."""
    links = uplink.links if uplink is not None else {}
    views = []
    for name in sorted({gateway for gateway, _ in lanes} | links.keys()):
        events, telemetry = lanes.get((name, "events")), lanes.get((name, "telemetry"))
        link = links.get(name)
        seen_ms = max(
            link.last_seen_ms if link is not None else 0,
            events.last_ms if events is not None else 0,
            telemetry.last_ms if telemetry is not None else 0,
        )
        views.append(
            GatewayView(
                name,
                uplink is not None and uplink.connected(name, now_ms),
                seen_ms // 1000 * 1000,
                events.held.top if events is not None else -1,
                telemetry.held.top if telemetry is not None else -1,
                sum(one.refused for one in (events, telemetry) if one is not None),
            )
        )
    return views


def behind(lanes: Lanes, uplink: Uplink | None, now_ms: int) -> bool:
    """Whether a gateway that is connected has numbered more than is here."""
    return uplink is not None and any(
        ordering.behind(state) for (gateway, _), state in lanes.items() if uplink.connected(gateway, now_ms)
    )


def climate(inventory: Inventory) -> dict[str, ClimateNow]:
    """The newest climate of each zone that has any."""
    found = {}
    for zone in inventory.site.zones:
        warm = overview.newest(inventory, zone.id, "temperature_c")
        damp = overview.newest(inventory, zone.id, "humidity_pct")
        if warm or damp:
            at_ms = max(one[0] for one in (warm, damp) if one)
            found[zone.id] = ClimateNow(warm[1] if warm else None, damp[1] if damp else None, at_ms)
    return found
