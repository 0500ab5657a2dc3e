"""What the fake service shows: 200 slots, 20 SKUs, three zones and a few troubles, built from the view's structs."""

from __future__ import annotations

import math
import random
from typing import Literal

from msgspec.structs import replace

from cloud.core.view import (
    AlertView,
    DeviceView,
    GatewayView,
    Kpi,
    NeedView,
    Param,
    SiteView,
    SkuView,
    SlotView,
    Snapshot,
    ZoneView,
)
from protocols.floor import Area
from tests.browser import fake_plan

Status = Literal["ok", "low", "empty", "over", "unknown", "silent"]

ZONES: tuple[tuple[str, str, float, float], ...] = (
    ("dry", "Dry goods", math.nan, math.nan),
    ("cool", "Cold room 1", 2.0, 8.0),
    ("freeze", "Freezer 2", -25.0, -18.0),
)
AREAS = {"dry": Area(0, 0, 24, 12), "cool": Area(25, 0, 11, 5.5), "freeze": Area(25, 6.5, 11, 5.5)}
NAMES = (
    "Insulin pens", "Paper A4 80 g", "LED panel 40 W", "Nitrile gloves M", "Pallet wrap 500", "Label roll 100",
    "Frozen peas 1 kg", "Soy sauce 5 L", "Hydraulic oil 20 L", "M6 hex bolts", "Butter 250 g", "Yoghurt 1 kg",
    "Vaccine tray", "Salmon fillet", "Cable ties 200", "Work gloves L", "Detergent 10 L", "Ice cream 2 L",
    "Filter cartridge", "Tape 50 mm",
)  # fmt: skip
ABNORMAL: dict[int, Status] = {
    0: "empty", 21: "low", 42: "low", 63: "low", 81: "over", 84: "unknown", 109: "unknown", 133: "silent",
    171: "empty", 188: "silent",
}  # fmt: skip
COUNTS: dict[Status, int | None] = {"empty": 0, "low": 9, "over": 44, "unknown": None}
SHARES = (0, 0.3, 0.5, 0.7, 0.9)
"""Stock of the first SKUs as a share of their reorder point; the others have plenty."""


def first(source: random.Random, t: int, build: str, *, quiet: bool) -> Snapshot:
    """The site at the start; `quiet`: nothing is wrong anywhere."""
    skus = [_sku(source, n, name, quiet) for n, name in enumerate(NAMES)]
    return summed(
        Snapshot(
            v=build,
            epoch="first",
            q=1,
            t=t,
            site=SiteView("hz2", "Hangzhou DC 2", "Asia/Shanghai", "CNY"),
            kpi=Kpi(0, 0, 0, 0, 0, 0, 42),
            slots=[_slot(source, n, skus, t, quiet) for n in range(200)],
            skus=skus,
            needs=[] if quiet else _needs(skus, t),
            alerts=[] if quiet else _alerts(t),
            zones=[_zone(t, quiet, *zone) for zone in ZONES],
            devices=[_device(n, t, quiet) for n in range(34)],
            gateways=[GatewayView("gateway-1", True, t - 2000, 18422, 90211, 0)],
            measures=fake_plan.measures(t),
        )
    )


def summed(s: Snapshot) -> Snapshot:
    """The snapshot with its tiles counted from its parts."""
    counted = [slot for slot in s.slots if slot.count is not None]
    known = sum(slot.status != "silent" for slot in counted)
    kpi = Kpi(
        fill_pct=round(100 * sum(slot.count or 0 for slot in counted) / sum(slot.capacity for slot in counted), 1),
        known_pct=round(100 * known / len(s.slots), 1),
        stock_outs=sum(sku.status == "out" for sku in s.skus),
        below_reorder=sum(sku.status == "low" for sku in s.skus),
        silent_devices=sum(device.state in ("silent", "offline", "away") for device in s.devices),
        open_alerts=sum(alert.state == "firing" and not alert.nodata for alert in s.alerts),
        picks_last_hour=s.kpi.picks_last_hour,
    )
    return replace(s, kpi=kpi)


def temperature(zone: str, t: int, now: int, *, quiet: bool) -> float:
    """A smooth course, so that history and live values meet; the freezer has been warming for 40 minutes."""
    minutes = t / 60_000
    wave = 0.6 * math.sin(minutes / 47) + 0.25 * math.sin(minutes / 11) + 0.08 * math.sin(minutes * 2.1)
    if zone == "freeze":
        return -20.5 + wave + (0.0 if quiet else 4.2 * max(0.0, 1 - (now - t) / 2_400_000))
    return 4.6 + wave


def warm(id_: int, t: int) -> AlertView:
    """An alert about the cold room."""
    params: dict[str, Param] = {"value": 9.1, "limit": 8.0, "unit": "Cel", "side": "high"}
    return AlertView(id_, "zone_temperature", "cool", "cool", 1, "firing", t, t, params, "", 0, "")


def _sku(source: random.Random, n: int, name: str, quiet: bool) -> SkuView:
    demand = round(2 + source.random() * 30, 2)
    point = int(demand * 4 + 8)
    share = SHARES[n] if n < len(SHARES) and not quiet else 1.2 + source.random()
    on_hand = int(point * share)
    uncertain = int(not quiet and n in (4, 9))
    status: Literal["ok", "low", "out"] = "ok" if share > 1 else "low" if on_hand else "out"
    reserved, quarantined, coming = (4, 2, 5) if status == "low" else (0, 0, 0)
    return SkuView(
        id=f"SKU-{1001 + n}",
        name=name,
        on_hand=on_hand,
        on_order=coming,
        uncertain=uncertain,
        daily_demand=demand,
        reorder_point=point,
        order_quantity=point * 2,
        cover_days=None if uncertain and n == 9 else round(on_hand / demand, 2),
        status="unknown" if uncertain and n == 9 else status,
        reserved=reserved,
        quarantined=quarantined,
        available=on_hand - reserved - quarantined,
        projected=on_hand - reserved - quarantined + coming,
    )


def _slot(source: random.Random, n: int, skus: list[SkuView], t: int, quiet: bool) -> SlotView:
    zone = 0 if n < 120 else 1 if n < 160 else 2
    rack, place = divmod(n, 10)
    status = "ok" if quiet else ABNORMAL.get(n, "ok")
    count = COUNTS[status] if status in COUNTS else source.randint(12, 38)
    return SlotView(
        id=f"{'ABC'[zone]}{rack + 1:02}-{place + 1:02}",
        zone=ZONES[zone][0],
        sku=skus[n % len(skus)].id,
        capacity=40,
        count=count,
        low=12 if count is None else count,
        high=18 if count is None else count,
        confidence=0.62 if count is None else 0.999,
        mass_g=4821.5,
        at_ms=t - 3000,
        status=status,
        reason={84: "unstable", 109: "not_integer"}[n] if count is None else "",
        remedy={84: "wait", 109: "check_shelf"}[n] if count is None else "",
        device=f"shelf-{rack + 1:02}",
    )


def _zone(t: int, quiet: bool, id_: str, name: str, low: float, high: float) -> ZoneView:
    if math.isnan(low):
        return ZoneView(id_, name, None, None, None, None, 0, "", AREAS[id_])
    degrees = round(temperature(id_, t, t, quiet=quiet), 2)
    return ZoneView(id_, name, low, high, degrees, 61.0, t, f"climate-{id_}/1/temperature_c", AREAS[id_])


def _device(n: int, t: int, quiet: bool) -> DeviceView:
    state: Literal["ok", "silent", "offline", "unseen"] = "ok"
    if not quiet and n in (13, 18, 25, 33):
        state = "unseen" if n == 33 else "offline" if n == 25 else "silent"
    kind = "shelf" if n < 20 else "climate" if n < 24 else "rfid" if n < 30 else "machine"
    return DeviceView(
        id=f"{kind}-{n + 1:02}",
        name="" if kind == "shelf" else f"{kind.capitalize()} {n + 1}",
        kind=kind,
        zone=ZONES[n % 3][0],
        state=state,
        last_seen_ms=0 if state == "unseen" else t - (1500 if state == "ok" else 900_000),
        lost=3 if state in ("silent", "offline") else 0,
        duplicates=n % 2,
        battery_pct=87.0 if kind == "shelf" else None,
        series={"temperature_c": "climate-cool/1/temperature_c"} if kind in ("climate", "machine") or n == 2 else {},
    )


def _alerts(t: int) -> list[AlertView]:
    cooler: dict[str, Param] = {
        "capacity_lost_pct": 38.0, "score": 0.12, "days_mid": 2.6, "days_low": 1.4, "days_high": 5.1,
        "duty": 0.61, "duty_expected": 0.42,
    }  # fmt: skip
    rows: list[tuple[str, str, str, int, dict[str, Param]]] = [
        ("zone_temperature", "freeze", "freeze", 1, {"value": -16.4, "limit": -18.0, "unit": "Cel", "side": "high"}),
        ("stock_out", "SKU-1001", "", 2, {"name": "Insulin pens", "on_order": 0, "daily_demand": 11.7}),
        ("refrigeration_capacity", "machine-31", "cool", 1, cooler),
        ("device_silent", "shelf-14", "cool", 3, {"state": "silent", "last_seen_ms": t - 900_000, "period_ms": 5000}),
        ("gateway_silent", "gateway-1", "", 2, {"last_seen_ms": t - 95_000}),
        ("stock_unknown", "A09-05", "dry", 3, {"sku": "SKU-1005", "reason": "unstable", "remedy": "wait"}),
        ("device_silent", "rfid-26", "dry", 3, {"state": "offline", "last_seen_ms": t - 900_000, "period_ms": 5000}),
        ("stock_unknown", "A11-10", "dry", 3, {"sku": "SKU-1010", "reason": "not_integer", "remedy": "check_shelf"}),
    ]
    made = [
        AlertView(n + 1, rule, subject, zone, severity, "firing", t - 61_000 * n * n, t, params, "", 0, "")
        for n, (rule, subject, zone, severity, params) in enumerate(rows)
    ]
    made[3] = replace(made[3], state="acknowledged", acknowledged_by="otto", acknowledged_ms=t - 240_000)
    over = AlertView(
        9, "zone_temperature", "cool", "cool", 1, "resolved", t - 7_200_000, t - 3_600_000,
        {"value": 8.7, "limit": 8.0, "unit": "Cel", "side": "high"}, "otto", t - 7_000_000, "The door stood open.",
    )  # fmt: skip
    return [*made, over]


def _needs(skus: list[SkuView], t: int) -> list[NeedView]:
    short = [replace(sku, on_hand=min(sku.on_hand, sku.reorder_point or 0)) for sku in skus]
    made = [_need(n + 1, sku, t) for n, sku in enumerate(short)]
    done = [replace(made[5], state="fulfilled", changed_ms=t - 1_800_000), replace(made[6], state="withdrawn")]
    return [*done, *(need for need, sku in zip(made, skus, strict=True) if sku.status in ("low", "out"))]


def _need(id_: int, sku: SkuView, t: int) -> NeedView:
    demand, point = sku.daily_demand, sku.reorder_point
    assert demand is not None
    assert point is not None
    why: dict[str, Param] = {
        "on_hand": sku.on_hand, "on_order": 0, "position": sku.on_hand, "daily_demand": demand,
        "demand_sd": demand * 0.31, "demand_days": 28, "lead_time_days": 3.0, "lead_time_sd_days": 0.5,
        "service_level": 0.95, "lead_time_demand": demand * 3, "safety_stock": point - demand * 3,
        "reorder_point": point, "eoq": 118.4, "order_cost": 20.0, "holding_cost_unit_year": 0.75,
        "capacity": 240,
        "moq": 10, "pack": 12, "quantity": 120, "formula": "eoq+ready_rate",
    }  # fmt: skip
    # the sixth and seventh are from before there were cards
    card = None if id_ in (6, 7) else fake_plan.card(sku, 120, rescued=id_ == 1)
    return NeedView(id_, sku.id, 120, "proposed", t - 3_600_000 * id_, t, why, card=card)
