"""The inventory, plans, needs and alerts at one moment -> the snapshot that people see."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping
from typing import Literal

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from cloud.core.book.positions import Position
from cloud.core.inventory import Inventory
from cloud.core.planning.cards import Card
from cloud.core.replenishment import OPEN, Need, Plan
from cloud.core.view import (
    AlertView,
    ArrivalView,
    AssetView,
    DeviceView,
    GatewayView,
    Kpi,
    MeasureView,
    NeedView,
    OrderView,
    RackView,
    RoomView,
    Shelved,
    SiteView,
    SkuView,
    SlotView,
    Snapshot,
    WorkView,
    ZoneView,
)
from protocols.layout import Site, Sku, Slot

Status = Literal["ok", "low", "empty", "over", "unknown", "silent"]
LOW_SHARE = 0.15
"""A slot with less than this share of its capacity is drawn as low."""
HOUR_MS = 3_600_000
PATIENCE_MIN_MS = 30_000
PATIENCE_PERIODS = 6
"""A gateway calls a device silent after so many of its own periods, and after no less than the above."""


class Traded(Struct, frozen=True):
    """What the desks show: orders, arrivals, key figures, units owed of an SKU, and the order a need is on."""

    orders: list[OrderView] = []
    arrivals: list[ArrivalView] = []
    measures: list[MeasureView] = []
    rooms: list[RoomView] = []
    works: list[WorkView] = []
    owed: Callable[[str], int] = lambda _: 0
    on: Callable[[int], int | None] = lambda _: None


class Seen(Struct, frozen=True):
    """What a snapshot is made of beside the inventory. `away`: devices whose gateway is away, and that gateway."""

    plans: Mapping[str, Plan]
    needs: Iterable[Need]
    alerts: list[AlertView]
    gateways: list[GatewayView]
    positions: Callable[[str], Position] | None = None
    trade: Traded = Traded()
    assets: list[AssetView] = []
    away: Mapping[str, str] = {}


def snapshot(inventory: Inventory, seen: Seen, now_ms: int, build: str, epoch: str) -> Snapshot:
    """Everything at `now_ms`. Its number is given by the live stream."""
    site = inventory.site
    slots = [slot_view(inventory, slot, seen.away) for slot in site.slots]
    held = {one.sku: one.held_until_ms for one in seen.needs if one.state in OPEN}
    skus = [
        replace(one, owed=owed, held_until_ms=held.get(one.id, 0))
        if (owed := seen.trade.owed(one.id)) or held.get(one.id)
        else one
        for one in sku_views(inventory, site.skus, seen.plans, seen.positions)
    ]
    linked = bool(seen.gateways) and all(one.connected for one in seen.gateways)
    devices = _devices(inventory, seen.away, linked=linked)
    about = site.site
    return Snapshot(
        build,
        epoch,
        0,
        now_ms,
        SiteView(about.id, about.name, about.timezone, about.currency, _racks(site)),
        _kpi(inventory, slots, skus, devices, seen.alerts, now_ms),
        slots,
        skus,
        [replace(need_view(one), order=seen.trade.on(one.id)) for one in seen.needs],
        seen.alerts,
        _zones(inventory),
        devices,
        seen.gateways,
        seen.trade.orders,
        seen.trade.arrivals,
        seen.trade.measures,
        seen.trade.rooms,
        seen.assets,
        seen.trade.works,
    )


def need_view(need: Need) -> NeedView:
    """A need as it is shown; a card of another version of this program that does not fit is left out."""
    flat = {name: value for name, value in need.why.items() if value is None or isinstance(value, str | int | float)}
    revised = flat.pop("revised", 0)
    try:
        card = msgspec.convert(need.why.get("card"), Card | None)
    except msgspec.ValidationError:
        card = None
    count = revised if isinstance(revised, int) else 0
    return NeedView(need.id, need.sku, need.quantity, need.state, need.created_ms, need.changed_ms, flat, card, count)


def sku_views(
    inventory: Inventory,
    skus: Iterable[Sku],
    plans: Mapping[str, Plan],
    positions: Callable[[str], Position] | None = None,
) -> list[SkuView]:
    """SKUs over their slots, with the plan where there is one. Without `positions` what lies on the shelves is all
    that there is."""
    views = []
    for sku in skus:
        on_hand, uncertain, _ = inventory.stock(sku.id)
        there = Position(on_hand) if positions is None else positions(sku.id)
        plan = plans.get(sku.id)
        card = plan.card if plan is not None else None
        daily_demand = card.ahead.daily if card is not None and card.ahead is not None else None
        if plan is not None and plan.verdict == "no_demand":
            daily_demand = 0.0
        slots = inventory.slots_of(sku.id)
        seen = any(slot in inventory.levels for slot in slots) or (not slots and there != Position(0))
        status: Literal["ok", "low", "out", "unknown"]
        if not seen or (uncertain and (on_hand == 0 or there.on_hand <= 0)):
            status = "unknown"
        elif there.on_hand <= 0:
            status = "out"
        else:
            status = "low" if plan is not None and plan.verdict == "order" else "ok"
        views.append(
            SkuView(
                sku.id,
                sku.name,
                there.on_hand,
                there.on_order,
                uncertain,
                round(daily_demand, 2) if daily_demand is not None else None,
                plan.reorder_point if plan is not None else None,
                plan.order_quantity if plan is not None else None,
                round(max(0, there.available) / daily_demand, 2) if daily_demand else None,
                status,
                there.reserved,
                there.quarantined,
                there.available,
                there.in_transit,
                there.projected,
                card.order_up_to if card is not None else None,
                card.abc if card is not None else "",
                card.xyz if card is not None else "",
                card.terms.service_level if card is not None and card.terms is not None else None,
                sku.replenish,
                sku.discontinued,
                plan.verdict if plan is not None else "",
                round(card.risk, 4) if card is not None and card.risk is not None else None,
                0,
                card.limits if card is not None else [],
                card.rescue if card is not None else None,
            )
        )
    return views


def slot_view(inventory: Inventory, slot: Slot, away: Container[str] = ()) -> SlotView:
    """A slot as it was told last; `away`: devices whose gateway is away."""
    level = inventory.levels.get(slot.id)
    health = inventory.devices.get(slot.device)
    cut_off = slot.device in away
    silent = cut_off or (health is not None and health.state != "ok")
    if level is None:
        unseen: Status = "silent" if silent else "unknown"
        return SlotView(
            slot.id,
            slot.zone,
            slot.sku,
            slot.capacity,
            None,
            0,
            slot.capacity,
            0.0,
            0.0,
            0,
            unseen,
            "gateway_away" if cut_off else "no_reading",
            "check_gateway" if cut_off else "check_sensor",
            slot.device,
        )
    count = level.count
    status: Status
    if silent:
        status = "silent"
    elif count is None:
        status = "unknown"
    elif count == 0:
        status = "empty"
    elif count > slot.capacity:
        status = "over"
    else:
        status = "low" if count < LOW_SHARE * slot.capacity else "ok"
    return SlotView(
        slot.id,
        slot.zone,
        level.sku,
        slot.capacity,
        count,
        level.low,
        level.high,
        round(level.confidence, 4),
        round(level.mass_g, 1),
        level.at_ms,
        status,
        "gateway_away" if cut_off else level.reason,
        "check_gateway" if cut_off else level.remedy,
        slot.device,
        level.booked,
        bool(level.differs_ms),
    )


def _devices(inventory: Inventory, away: Mapping[str, str], *, linked: bool) -> list[DeviceView]:
    series: dict[str, dict[str, str]] = {}
    seen_ms: dict[str, int] = {}
    for now in inventory.now.values():
        series.setdefault(now.device, {})[now.quantity] = now.series
        seen_ms[now.device] = max(now.at_ms, seen_ms.get(now.device, 0))
    for slot in inventory.site.slots:
        level = inventory.levels.get(slot.id)
        if level is not None:
            seen_ms[slot.device] = max(level.at_ms, seen_ms.get(slot.device, 0))
    views = []
    for device in inventory.site.devices:
        health = inventory.devices.get(device.id)
        gateway = away.get(device.id)
        state = health.state if health is not None else "unseen"
        views.append(
            DeviceView(
                device.id,
                device.name or device.id,
                device.kind,
                device.zone,
                "away" if gateway is not None else state,
                max(health.last_seen_ms if health is not None else 0, seen_ms.get(device.id, 0)),
                health.lost if health is not None else 0,
                health.duplicates if health is not None else 0,
                health.battery_pct if health is not None else None,
                series.get(device.id, {}),
                patience_ms(health.period_ms) if linked and health is not None and health.state == "ok" else 0,
                gateway or "",
            )
        )
    return views


def patience_ms(period_ms: int) -> int:
    """How long nothing may be heard of a device of this period until its gateway calls it silent."""
    return max(PATIENCE_MIN_MS, PATIENCE_PERIODS * period_ms)


def _racks(site: Site) -> list[RackView]:
    on: dict[str, list[Shelved]] = {}
    for slot in site.slots:
        on.setdefault(slot.rack, []).append(Shelved(slot.id, slot.bay, slot.level))
    return [
        RackView(rack.id, rack.zone, rack.name, rack.bays, rack.levels, rack.area, on.get(rack.id, []))
        for rack in site.racks
        if rack.area is not None
    ]


def _zones(inventory: Inventory) -> list[ZoneView]:
    views = []
    for zone in inventory.site.zones:
        warm = newest(inventory, zone.id, "temperature_c")
        damp = newest(inventory, zone.id, "humidity_pct")
        views.append(
            ZoneView(
                zone.id,
                zone.name,
                zone.min_c,
                zone.max_c,
                round(warm[1], 2) if warm else None,
                round(damp[1], 1) if damp else None,
                max((one[0] for one in (warm, damp) if one), default=0),
                warm[2] if warm else "",
                zone.area,
            )
        )
    return views


def newest(inventory: Inventory, zone: str, quantity: str) -> tuple[int, float, str] | None:
    """The newest value of a quantity that a climate device measured in a zone: time, value, series."""
    known = inventory.site.device_by_id
    found = [
        now
        for now in inventory.now.values()
        if now.zone == zone and now.quantity == quantity and now.device in known and known[now.device].kind == "climate"
    ]
    if not found:
        return None
    now = max(found, key=lambda one: one.at_ms)
    return now.at_ms, now.value, now.series


def _kpi(
    inventory: Inventory,
    slots: list[SlotView],
    skus: list[SkuView],
    devices: list[DeviceView],
    alerts: list[AlertView],
    now_ms: int,
) -> Kpi:
    counted = [slot for slot in slots if slot.count is not None]
    capacity = sum(slot.capacity for slot in counted)
    units = sum(slot.count or 0 for slot in counted)
    known = sum(slot.status != "silent" for slot in counted)
    last_hour = inventory.picks_since(now_ms - HOUR_MS)
    return Kpi(
        round(100 * units / capacity, 1) if capacity else 0.0,
        round(100 * known / len(slots), 1) if slots else 0.0,
        sum(sku.status == "out" for sku in skus),
        sum(sku.status in ("low", "out") for sku in skus),
        sum(device.state in ("silent", "offline", "away") for device in devices),
        sum(alert.state == "firing" and not alert.nodata for alert in alerts),
        last_hour,
        inventory.picks_since(now_ms - 2 * HOUR_MS) - last_hour,
    )
