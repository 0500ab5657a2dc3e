"""What a person sees: the one set of values behind the API, the live stream, the command line and the dashboard.

The page's TypeScript types are generated from these (see `cloud/web/schema.py`). Times are ms since 1970, UTC. Texts
that people read travel as codes with parameters and are worded in the page.
"""

from __future__ import annotations

from typing import Literal, TypeVar

from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import astuple, replace

from cloud.core.book.positions import Position
from cloud.core.cold_view import RoomView
from cloud.core.maintenance.assets import AssetView, Fault, Feature
from cloud.core.maintenance.work import Cause, Note, Outcome
from cloud.core.planning.bounds import Limit
from cloud.core.planning.cards import Ahead, Card, Promise, Rejected, Terms
from cloud.core.planning.deals import Supply
from cloud.core.planning.emergency import Rescue
from cloud.core.purchasing.orders import AskedLine, Line
from cloud.core.trade_view import ArrivalView, MeasureView, OrderView
from cloud.core.work_view import PartView, WorkView
from protocols.floor import Area

__all__ = [
    "Ahead", "Area", "ArrivalView", "AskedLine", "AssetView", "Card", "Cause", "Fault", "Feature", "Line",
    "MeasureView", "Note", "OrderView", "Outcome", "PartView", "Position", "Promise", "Rejected", "Rescue", "RoomView",
    "Supply", "Terms", "WorkView",
]  # fmt: skip

Param = str | int | float | None


class Shelved(Struct, frozen=True):
    """A slot on a rack: in its `bay` (1 the first) on its `level` (from the floor up)."""

    id: str
    bay: int
    level: int


class RackView(Struct, frozen=True):
    """A rack that is on the floor plan, and the slots on it."""

    id: str
    zone: str
    name: str
    bays: int
    levels: int
    area: Area
    slots: list[Shelved]


class SiteView(Struct, frozen=True):
    """The site, as named in its file; `racks`: those that are on its floor plan."""

    id: str
    name: str
    timezone: str
    currency: str
    racks: list[RackView] = []


class SlotView(Struct, frozen=True):
    """One slot: `count` is None when it can not be told, then `reason`/`remedy` are codes. `status` drives the map;
    `silent`: its device speaks no more, or its gateway is away (`reason` gateway_away), and the rest is as it was then.
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


class SlotChange(Struct, frozen=True):
    """What of a slot is another than before (see `SlotView`); of one that is new, all."""

    id: str
    zone: str | UnsetType = UNSET
    sku: str | UnsetType = UNSET
    capacity: int | UnsetType = UNSET
    count: int | UnsetType | None = UNSET
    low: int | UnsetType = UNSET
    high: int | UnsetType = UNSET
    confidence: float | UnsetType = UNSET
    mass_g: float | UnsetType = UNSET
    at_ms: int | UnsetType = UNSET
    status: Literal["ok", "low", "empty", "over", "unknown", "silent"] | UnsetType = UNSET
    reason: str | UnsetType = UNSET
    remedy: str | UnsetType = UNSET
    device: str | UnsetType = UNSET
    booked: int | UnsetType | None = UNSET
    differs: bool | UnsetType = UNSET


class SkuView(Struct, frozen=True):
    """One SKU over all its slots. `daily_demand` and what follows from it are None until demand is known.
    `cover_days` = available / daily demand. `uncertain` counts slots whose count is unknown. available = on hand -
    reserved - quarantined, projected = available + on order + in transit. `verdict` is "" until it is planned; `risk`
    is the chance that an order placed now comes too late. `owed` units are debts. `limits` are what bounds its policy,
    `rescue` who can help out before the regular supply comes, both as of now. Until `held_until_ms` the service does
    not order it by itself, for somebody cancelled that (0: it may)."""

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
    reserved: int = 0
    quarantined: int = 0
    available: int = 0
    in_transit: int = 0
    projected: int = 0
    order_up_to: int | None = None
    abc: str = ""
    xyz: str = ""
    service_level: float | None = None
    replenish: Literal["observe", "propose", "order"] = "propose"
    discontinued: bool = False
    verdict: Literal["", "order", "enough", "demand_unknown", "no_demand", "stock_unknown", "discontinued", "unfit"] = (
        ""
    )
    risk: float | None = None
    owed: int = 0
    limits: list[Limit] = []
    rescue: Rescue | None = None
    held_until_ms: int = 0


class NeedView(Struct, frozen=True):
    """A replenishment proposal with its why, frozen as it was when the need was made or revised.

    `card` is the whole card it was made from (needs of older ledgers have none); `why` its figures by name: on_hand,
    reserved, quarantined, on_order, in_transit, position, daily_demand, demand_sd, demand_days, lead_time_days,
    lead_time_sd_days, service_level, lead_time_demand, safety_stock, reorder_point, eoq, order_cost,
    holding_cost_unit_year, moq, pack, capacity, quantity, formula, replenish, decided_ms (when all these were so); of a
    gateway's proposal also proposed_ms,
    gateway_position, gateway_reorder_point, gateway_quantity; of one that somebody snoozed also snoozed_until_ms,
    snoozed_by, snoozed_note. `revised` counts how often it was; an "observed" one is
    proposed to nobody.
    """

    id: int
    sku: str
    quantity: int
    state: Literal["proposed", "observed", "fulfilled", "withdrawn"]
    created_ms: int
    changed_ms: int
    why: dict[str, Param]
    card: Card | None = None
    revised: int = 0
    order: int | None = None


class AlertView(Struct, frozen=True):
    """One alert: what (rule), about what (subject, zone), how bad (1 worst .. 3), where in its life, with parameters
    for the text. `value`/`limit` and their `unit` are in `params` where they mean something. `nodata`: that something
    is not known, not that it is bad; `reopened`: so often it came back. `acted_by`: who did the last thing that came of
    it, and when ("" and 0: no person, or nobody knows)."""

    id: int
    rule: str
    subject: str
    zone: str
    severity: int
    state: Literal["firing", "acknowledged", "shelved", "resolved"]
    since_ms: int
    changed_ms: int
    params: dict[str, Param]
    acknowledged_by: str
    acknowledged_ms: int
    note: str
    assigned_to: str = ""
    shelved_until_ms: int = 0
    reopened: int = 0
    nodata: bool = False
    acted_by: str = ""
    acted_ms: int = 0


class ZoneView(Struct, frozen=True):
    """A zone's climate now; `series` names the history series of its temperature, "" when it has no thermometer;
    `area`: where it is on the floor plan."""

    id: str
    name: str
    min_c: float | None
    max_c: float | None
    temperature_c: float | None
    humidity_pct: float | None
    at_ms: int
    series: str
    area: Area | None = None


class DeviceView(Struct, frozen=True):
    """A device as its gateway sees it, and its history series by quantity. `last_seen_ms`: when the newest of what is
    told of it was heard. `within_ms`: it is well and its gateway is connected, which would have told a longer silence
    than this (0: nobody vouches for it). So it was heard since, though nothing worth telling came of it. `away`: its
    gateway is, and nothing is known of it since. `gateway`: which one, while it is away ("": nobody knows)."""

    id: str
    name: str
    kind: str
    zone: str
    state: Literal["ok", "silent", "offline", "unseen", "away"]
    last_seen_ms: int
    lost: int
    duplicates: int
    battery_pct: float | None
    series: dict[str, str]
    within_ms: int = 0
    gateway: str = ""


class GatewayView(Struct, frozen=True):
    """A gateway's link: when it last spoke, and the highest event and telemetry numbers the ledger holds of it."""

    id: str
    connected: bool
    last_seen_ms: int
    events: int
    telemetry: int
    refused: int


class Kpi(Struct, frozen=True):
    """The tiles. `open_alerts`: that fire and say that something is wrong, not that it is not known. `known_pct`: slots
    whose count is known now, so none that are silent. `fill_pct`: units over capacity, of the slots with a count, if of
    old. `silent_devices`: those whose gateway is away too. `picks_hour_before`: those of the hour
    before the last one."""

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
    orders: list[OrderView] = []
    arrivals: list[ArrivalView] = []
    measures: list[MeasureView] = []
    rooms: list[RoomView] = []
    assets: list[AssetView] = []
    works: list[WorkView] = []


class Delta(Struct, frozen=True, tag_field="k", tag="d", omit_defaults=True):
    """What changed between `q - 1` and `q`: whole objects, by id, and of slots, which are many, what is new of each.
    `t` is the service's time; every delta is a heartbeat."""

    q: int
    t: int
    kpi: Kpi | None = None
    slots: list[SlotChange] = []
    skus: list[SkuView] = []
    needs: list[NeedView] = []
    alerts: list[AlertView] = []
    zones: list[ZoneView] = []
    devices: list[DeviceView] = []
    gateways: list[GatewayView] = []
    orders: list[OrderView] = []
    arrivals: list[ArrivalView] = []
    measures: list[MeasureView] = []
    rooms: list[RoomView] = []
    assets: list[AssetView] = []
    works: list[WorkView] = []


Viewed = TypeVar(
    "Viewed",
    SlotView, SkuView, NeedView, AlertView, ZoneView, DeviceView, GatewayView, OrderView, ArrivalView, MeasureView,
    RoomView, AssetView, WorkView,
)  # fmt: skip


def changed(before: list[Viewed], after: list[Viewed]) -> list[Viewed]:
    """The objects of `after` that `before` does not hold as they are, by id."""
    held = {one.id: one for one in before}
    return [one for one in after if held.get(one.id) != one]


def slot_change(before: SlotView | None, after: SlotView) -> SlotChange:
    """What is another than before."""
    now = astuple(after)
    if before is None:
        return SlotChange(*now)
    then = astuple(before)
    return SlotChange(after.id, *[UNSET if new == old else new for old, new in zip(then[1:], now[1:], strict=True)])


def slots_changed(before: list[SlotView], after: list[SlotView]) -> list[SlotChange]:
    """What is another than before, slot by slot."""
    held = {one.id: one for one in before}
    return [slot_change(then, one) for one in after if (then := held.get(one.id)) != one]


def delta(before: Snapshot, after: Snapshot) -> Delta:
    """What a page that shows `before` must change to show `after`. Alerts, needs and orders leave by their state, not
    by absence: a resolved alert is sent once as resolved; an arrival that is gone is sent once with 0 units."""
    here = {one.id for one in after.arrivals}
    gone = [replace(one, units=0) for one in before.arrivals if one.id not in here and one.units]
    return Delta(
        q=after.q,
        t=after.t,
        kpi=None if before.kpi == after.kpi else after.kpi,
        slots=slots_changed(before.slots, after.slots),
        skus=changed(before.skus, after.skus),
        needs=changed(before.needs, after.needs),
        alerts=changed(before.alerts, after.alerts),
        zones=changed(before.zones, after.zones),
        devices=changed(before.devices, after.devices),
        gateways=changed(before.gateways, after.gateways),
        orders=changed(before.orders, after.orders),
        arrivals=[*changed(before.arrivals, after.arrivals), *gone],
        measures=changed(before.measures, after.measures),
        rooms=changed(before.rooms, after.rooms),
        assets=changed(before.assets, after.assets),
        works=changed(before.works, after.works),
    )
