"""A site for tests of rules: everything that can be wrong is, or may be, wrong."""

from __future__ import annotations

from msgspec.structs import replace

from cloud.alerts.facts import BacklogNow, ClimateNow, DiskNow, Facts, GatewayLink, LateNow
from cloud.core.book.staking import Stake
from cloud.core.coldchain.aside import Aside
from cloud.core.coldchain.rooms import Kind, RoomNow
from cloud.core.counting.shrinkage import Shrunk
from cloud.core.forecasting.watched import Strayed
from cloud.core.maintenance.assets import AssetNow, Code, Fault
from cloud.core.view import SkuView
from cloud.core.whereabouts import Elsewhere, Gone
from protocols.layout import About, Device, Site, Sku, Slot, Zone
from protocols.reports import DeviceHealth, Finding, SlotLevel

NOW_MS = 100 * 86_400_000
GATEWAYS = ("g1", "g2")
SENSES = ("shelf", "climate", "rfid", "machine")
CODES: tuple[Code, ...] = ("refrigerant", "abnormal", "read_rate", "door_open", "drift", "losing_capacity", "noise")
KINDS: tuple[Kind, ...] = ("", "excursion", "breach")
FINDINGS = ("drift", "stuck", "noisy", "silent", "battery_low", "clock_off")


def site(each: int = 3) -> Site:
    """Two zones, each behind a gateway of its own with so many devices of each kind; a slot a shelf."""
    zones = [Zone(f"z-{one}", one, min_c=2.0, max_c=8.0, max_pct=60.0) for one in GATEWAYS]
    devices = [
        Device(f"{gateway}-{kind}{at}", kind, f"z-{gateway}")  # type: ignore[arg-type]
        for gateway in GATEWAYS
        for kind in SENSES
        for at in range(each)
    ]
    skus = [Sku(f"{gateway}-sku{at}", f"SKU {at}", 5.0) for gateway in GATEWAYS for at in range(each)]
    slots = [
        Slot(f"{gateway}-slot{at}", f"z-{gateway}", f"{gateway}-sku{at}", f"{gateway}-shelf{at}")
        for gateway in GATEWAYS
        for at in range(each)
    ]
    return Site(About("s1", "Site"), zones, skus, slots, devices)


def of(name: str) -> str:
    """The gateway that a name of this site is behind."""
    return next((one for one in GATEWAYS if one in name), "")


def well(place: Site, now_ms: int = NOW_MS) -> Facts:
    """Everything as it should be."""
    return Facts(
        place,
        now_ms,
        levels={one.id: SlotLevel(one.id, one.sku, 50, 50, 50, 0.99, 250.0, now_ms) for one in place.slots},
        skus=[
            SkuView(
                one.id, one.name, 50, 0, 0, 2.0, 10, 50, 25.0, "ok",
                available=50, projected=50, order_up_to=60, verdict="enough",
            )
            for one in place.skus
        ],
        devices={
            one.id: DeviceHealth(one.id, "ok", now_ms, now_ms, 5_000, 0, 0, 0, 90.0) for one in place.devices
        },
        climate={one.id: ClimateNow(5.0, 40.0, now_ms) for one in place.zones},
        gateways={one: GatewayLink(True, now_ms) for one in GATEWAYS},
        gateway_of={one.id: of(one.id) for one in place.devices},
    )  # fmt: skip


def wrong(place: Site, now_ms: int = NOW_MS, silent: bool = False) -> Facts:
    """All that a device can tell of, wrong at once; also what no device tells."""
    facts = well(place, now_ms)
    found = [Finding(code, "1", now_ms - 1, "look", {}) for code in FINDINGS]
    state, heard_ms = ("silent", now_ms - 9_000_000) if silent else ("ok", now_ms)
    return replace(
        facts,
        levels={
            one.id: SlotLevel(one.id, one.sku, None, 0, 9, 0.0, 0.0, now_ms, "noise", "look", 12, now_ms - 1)
            for one in place.slots
        },
        skus=[
            replace(one, on_hand=units, available=units, projected=units, status="out" if not units else "low",
                    verdict="order", risk=0.9)
            for units, one in zip([0, 5, 900] * len(facts.skus), facts.skus, strict=False)
        ],
        devices={
            name: replace(
                one, state=state, last_seen_ms=now_ms - 600_000 * (1 + at % 7), findings=found, battery_pct=1.0
            )
            for at, (name, one) in enumerate(facts.devices.items())
        },
        climate={one.id: ClimateNow(30.0, 90.0, now_ms) for one in place.zones},
        rooms=[
            RoomNow(one.id, f"st{at}", kind, "too_far", 1, 0, 20.0, 9_999_999, 20.0, heard_ms, 15.0, to_limit, 2)
            for one, kinds, to_limit in zip(place.zones, (KINDS, KINDS[:2]), (5.0, 50.0), strict=True)
            for at, kind in enumerate(kinds)
        ],
        aside=[Aside(one.id, 5, 1, now_ms - 1) for one in place.zones],
        assets=[
            AssetNow(
                one.id, "refrigerator" if one.kind == "climate" else "machine" if one.kind == "machine" else "reader",
                one.zone, 0.1, (1.0, 2.0, 3.0), [Fault(code, 2, now_ms - 1) for code in CODES],
            )
            for one in place.devices
        ],
        doors={one.id: now_ms - 1 for one in place.devices if one.kind == "machine"},
        clocks=dict.fromkeys(GATEWAYS, 900.0),
        gone=[Gone(f"{one}-sku0", f"{one}-rfid0", f"z-{one}", 0, 0, 5, 5, 0) for one in GATEWAYS],
        elsewhere=[Elsewhere(f"{one}-sku1", f"z-{one}", "elsewhere", 5, 0) for one in GATEWAYS],
        shrunk=[Shrunk(one.id, "", 9, 3, 1.0, 0) for one in place.skus],
        stakes={one.id: Stake("L", -1, 9, 9, 9, 1) for one in place.skus},
        late=[LateNow(1, "acme", "Acme", 0, {place.skus[0].id: 5})],
        strayed=[Strayed(place.skus[0].id, 200.0, 50.0, 28, True)],
        judged=100,
        backlogs={"history": BacklogNow(99, 100)},
        disk=DiskNow(1 << 20, 50 << 30),
    )  # fmt: skip
