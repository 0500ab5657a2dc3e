"""What a person sees: the one set of values behind the API, the live stream, the command line and the dashboard.

The page's TypeScript types are generated from these (see `cloud/web/schema.py`). Times are ms since 1970, UTC. Texts
that people read travel as codes with parameters and are worded in the page.
"""

from __future__ import annotations

from typing import Literal, TypeVar

from msgspec import Struct

Param = str | int | float | None


class SiteView(Struct, frozen=True):
    """The site, as named in its file."""

    id: str
    name: str
    timezone: str
    currency: str


class SlotView(Struct, frozen=True):
    """One slot: `count` is None when it can not be told, then `reason`/`remedy` are codes. `status` drives the map.
    `booked` is what the book says, where there is one; `differs`: it is certain that the book is wrong."""

    id: str
    zone: str
    sku: str
    capacity: int
    count: int | None
    low: int
    high: int
    confidence: float
    mass_g: float
    at_ms: int
    status: Literal["ok", "low", "empty", "over", "unknown", "silent"]
    reason: str
    remedy: str
    device: str
    booked: int | None = None
    differs: bool = False


class SkuView(Struct, frozen=True):
    """One SKU over all its slots. `daily_demand` and what follows from it are None until demand is known.
    `cover_days` = available / daily demand. `uncertain` counts slots whose count is unknown."""

    id: str
    name: str
    on_hand: int
    on_order: int
    uncertain: int
    daily_demand: float | None
    reorder_point: int | None
    order_quantity: int | None
    cover_days: float | None
    status: Literal["ok", "low", "out", "unknown"]


class NeedView(Struct, frozen=True):
    """A replenishment proposal with its why: the inputs and results it was made from, frozen.

    `why` keys: on_hand, on_order, position, daily_demand, demand_sd, demand_days, lead_time_days, lead_time_sd_days,
    service_level, lead_time_demand, safety_stock, reorder_point, eoq, order_cost, holding_cost_unit_year, moq, pack,
    capacity, quantity, formula.
    """

    id: int
    sku: str
    quantity: int
    state: Literal["proposed", "fulfilled", "withdrawn"]
    created_ms: int
    changed_ms: int
    why: dict[str, Param]


class AlertView(Struct, frozen=True):
    """One alert: what (rule), about what (subject, zone), how bad (1 worst .. 3), where in its life, with parameters
    for the text. `value`/`limit` and their `unit` are in `params` where they mean something."""

    id: int
    rule: str
    subject: str
    zone: str
    severity: int
    state: Literal["firing", "acknowledged", "resolved"]
    since_ms: int
    changed_ms: int
    params: dict[str, Param]
    acknowledged_by: str
    acknowledged_ms: int
    note: str


class ZoneView(Struct, frozen=True):
    """A zone's climate now; `series` names the history series of its temperature, "" when it has no thermometer."""

    id: str
    name: str
    min_c: float | None
    max_c: float | None
    temperature_c: float | None
    humidity_pct: float | None
    at_ms: int
    series: str


class DeviceView(Struct, frozen=True):
    """A device as its gateway sees it, and its history series by quantity. `last_seen_ms`: when the newest of what is
    told of it was heard. `within_ms`: it is well and its gateway is connected, which would have told a longer silence
    than this (0: nobody vouches for it). So it was heard since, though nothing worth telling came of it."""

    id: str
    name: str
    kind: str
    zone: str
    state: Literal["ok", "silent", "offline", "unseen"]
    last_seen_ms: int
    lost: int
    duplicates: int
    battery_pct: float | None
    series: dict[str, str]
    within_ms: int = 0


class GatewayView(Struct, frozen=True):
    """A gateway's link: when it last spoke, and the highest event and telemetry numbers the ledger holds of it."""

    id: str
    connected: bool
    last_seen_ms: int
    events: int
    telemetry: int
    refused: int


class Kpi(Struct, frozen=True):
    """The tiles. `known_pct`: slots whose count is known. `fill_pct`: units over capacity, of the known slots.
    `picks_hour_before`: those of the hour before the last one."""

    fill_pct: float
    known_pct: float
    stock_outs: int
    below_reorder: int
    silent_devices: int
    open_alerts: int
    picks_last_hour: int
    picks_hour_before: int = 0


class Snapshot(Struct, frozen=True, tag_field="k", tag="s"):
    """Everything, at sequence `q` of epoch `epoch` (one start of the service). `v` names the page's build."""

    v: str
    epoch: str
    q: int
    t: int
    site: SiteView
    kpi: Kpi
    slots: list[SlotView]
    skus: list[SkuView]
    needs: list[NeedView]
    alerts: list[AlertView]
    zones: list[ZoneView]
    devices: list[DeviceView]
    gateways: list[GatewayView]


class Delta(Struct, frozen=True, tag_field="k", tag="d", omit_defaults=True):
    """What changed between `q - 1` and `q`: whole objects, by id. `t` is the service's time;
    every delta is a heartbeat."""

    q: int
    t: int
    kpi: Kpi | None = None
    slots: list[SlotView] = []
    skus: list[SkuView] = []
    needs: list[NeedView] = []
    alerts: list[AlertView] = []
    zones: list[ZoneView] = []
    devices: list[DeviceView] = []
    gateways: list[GatewayView] = []


Viewed = TypeVar("Viewed", SlotView, SkuView, NeedView, AlertView, ZoneView, DeviceView, GatewayView)


def changed(before: list[Viewed], after: list[Viewed]) -> list[Viewed]:
    """The objects of `after` that `before` does not hold as they are, by id."""
    held = {one.id: one for one in before}
    return [one for one in after if held.get(one.id) != one]


def delta(before: Snapshot, after: Snapshot) -> Delta:
    """What a page that shows `before` must change to show `after`. Alerts and needs leave by their state, not by
    absence: a resolved alert is sent once as resolved."""
    return Delta(
        q=after.q,
        t=after.t,
        kpi=None if before.kpi == after.kpi else after.kpi,
        slots=changed(before.slots, after.slots),
        skus=changed(before.skus, after.skus),
        needs=changed(before.needs, after.needs),
        alerts=changed(before.alerts, after.alerts),
        zones=changed(before.zones, after.zones),
        devices=changed(before.devices, after.devices),
        gateways=changed(before.gateways, after.gateways),
    )
