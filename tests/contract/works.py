"""What the tests of maintenance orders open, and what has to hold of the parts that they hold."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from cloud.alerts.lifecycle import Alert, Transition
from cloud.core.maintenance.parts import wanted
from tests.contract.trade_site import TradeSite

WORK = "/api/v1/works"


class Ill(Struct, frozen=True):
    """An asset as the desk of assets tells it."""

    id: str
    zone: str
    days: tuple[float, float, float] | None
    faults: list[Any] = []


def parts(**units: int) -> list[dict[str, object]]:
    return [{"sku": sku, "units": n} for sku, n in units.items()]


def new(**more: object) -> dict[str, object]:
    return {"asset": "shelf-A1", "title": "Change the load cell", **more}


async def position(site: TradeSite, sku: str) -> tuple[int, int]:
    found = (await site.get(f"/api/v1/skus/{sku}/position"))["position"]
    return found["on_hand"], found["reserved"]


async def alert(site: TradeSite, number: int = 1, rule: str = "stock_differs", severity: int = 2) -> int:
    """An alert about a shelf fires."""
    now_ms = site.clock()
    made = Alert(number, rule, "shelf-A1", "hall", severity, "firing", now_ms, now_ms, {})
    site.service.ledger.keep_alerts([Transition("pending", made)])
    return number


def holds(site: TradeSite) -> None:
    """What open orders want and have not taken is what is held for them, in memory and in the ledger."""
    works, books = site.service.trade.works, site.service.ledger.books
    should = {(f"work:{one.id}", sku): units for one in works._known.values() for sku, units in wanted(one).items()}
    for every in (books.reservations(held_only=True), site.service.trade.promises._known.values()):
        held: dict[tuple[str, str], int] = {}
        for one in every:
            if one.state == "held" and one.ref.startswith("work:"):
                held[one.ref, one.sku] = held.get((one.ref, one.sku), 0) + one.units
        assert held == should
