"""What the fake service holds of an article: where it stands, who was promised it, what of it moves too little."""

from __future__ import annotations

import msgspec

from cloud.core.book.positions import Position
from cloud.core.kpis.stale import Proposal
from cloud.core.stock_view import Standing
from cloud.core.view import SkuView
from tests.browser.fake_orders import PRICE

DAY_MS = 86_400_000


def standing(one: SkuView, now_ms: int) -> Standing:
    """Half of it in a lot that ends, half in none."""
    position = Position(one.on_hand, one.reserved, one.quarantined, one.on_order, one.in_transit)
    half = one.on_hand // 2
    aged = {"expiry": "2027-02-28", "effective_expiry": "2027-02-11"}
    lots = [{"lot": "L-2291", "units": half, **aged}]
    lots.append({"lot": "", "units": half, "expiry": "", "effective_expiry": ""})
    debt = {"units": 3, "cause": "reservation:4", "since_ms": now_ms - DAY_MS}
    told = {
        "sku": one.id, "position": position, "available": position.available, "projected": position.projected,
        "debts": [debt] if one.id == "SKU-1001" else [],
        "lots": lots if half else [], "layers": [{"units": one.on_hand, "unit_cost": PRICE}],
        "expiring": [{"lot": "L-2291", "units": half, "expiry": "2027-02-11", "days": 12, "within": 30}],
        "value": one.on_hand * PRICE, "unexplained": [], "unseen": [],
    }  # fmt: skip
    return msgspec.convert(told, Standing, from_attributes=True)


def reservations(now_ms: int) -> object:
    """Of one article somebody does not get all that was promised."""
    held = {"sku": "SKU-1002", "tier": "gold", "made_ms": now_ms - DAY_MS, "state": "held"}
    rows = [(4, 3, "Ward 3", 3), (5, 2, "Ward 5", 1), (6, 1, "Ward 7", 0)]
    return [{**held, "id": n, "units": units, "customer": who, "covered": there} for n, units, who, there in rows]


def stale(name: str) -> object:
    """What is dead or slow, by the name of the figure that asks."""
    rows = [
        Proposal("SKU-1010", "dead", 410, 5_125.0, "return", 4_612.5, 1_281.25, 244, 2_050.0, "nord"),
        Proposal("SKU-1020", "dead", 263, 3_287.5, "discount", 1_643.75, 821.9, 191, None),
        Proposal("SKU-1015", "slow", 900, 11_250.0, "transfer", 10_900.0, 2_812.5, 3, 212.4, "north"),
        Proposal("SKU-1018", "slow", 80, 9_827.0, "stop", 0.0, 310.0, 9, 401.0),
    ]
    return {"id": name, "rows": [one for one in rows if name.startswith(one.kind)]}
