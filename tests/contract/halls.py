"""A hall of five articles, whose service is driven without its web: started as often as wanted over the same stores."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import numpy as np

from cloud.core.view import SkuView
from cloud.service import Options, Service
from protocols.layout import Site, parse
from protocols.reports import Report, StockEvent
from tests.contract.depots import NOW_MS
from tests.depot import batches, level

ZONE = ZoneInfo("Europe/Berlin")
SKUS = """
[[skus]]
id = "{id}"
name = "{id}"
unit_mass_g = 50.0
lead_time_days = {lead}
lead_time_sd_days = {spread}
unit_cost = {cost}
pack = {pack}
{more}
[[slots]]
id = "{id}-1"
zone = "hall"
sku = "{id}"
device = "shelf-1"
channel = "{id}"
capacity = 2000
"""
HALL = """
[site]
id = "depot"
name = "Depot"
timezone = "Europe/Berlin"
[[zones]]
id = "hall"
name = "Hall"
[[devices]]
id = "shelf-1"
kind = "shelf"
zone = "hall"
"""
KINDS = {
    "bolt": {"lead": 4, "spread": 1, "cost": 2.0, "pack": 12, "more": ""},
    "milk": {"lead": 2, "spread": 0, "cost": 0.9, "pack": 1, "more": "service_level = 0.98"},
    "pump": {"lead": 21, "spread": 4, "cost": 300.0, "pack": 1, "more": "backorder_cost = 900.0"},
    "tape": {"lead": 7, "spread": 2, "cost": 1.1, "pack": 6, "more": "reorder_point = 20\norder_quantity = 60"},
    "dust": {"lead": 7, "spread": 2, "cost": 1.1, "pack": 6, "more": ""},
}
RATES = {"bolt": 6.0, "milk": 20.0, "pump": 0.2, "tape": 3.0, "dust": 0.0}


def site(more: str = "", **changes: str) -> Site:
    """Five articles; `changes` are more lines of one of them."""
    told = {name: kind | {"more": f"{kind['more']}\n{changes.get(name, '')}"} for name, kind in KINDS.items()}
    return parse(HALL + "".join(SKUS.format(id=name, **kind) for name, kind in told.items()) + more)


class Hall:
    """A service over its stores, started as often as wanted."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.service: Service | None = None

    def start(self, place: Site) -> Service:
        self.close()
        there = self.folder
        self.service = Service(Options(place, there, f"sqlite:///{there}/history.db", f"sqlite:///{there}/ledger.db"))
        return self.service

    def close(self) -> None:
        if self.service is not None:
            self.service.close()


def sold(days: int, seed: int = 1) -> tuple[dict[str, list[int]], list[Report]]:
    """Units of each whole day until yesterday, and the movements that tell of them; 500 of each are left."""
    random = np.random.default_rng(seed)
    units: dict[str, list[int]] = {}
    told: list[Report] = []
    for name, rate in RATES.items():
        units[name] = random.poisson(rate, days).tolist()
        told.append(StockEvent(f"{name}-1", name, 500, 500, _noon_ms(days + 1), 0.99, "first"))
        for ago, count in zip(range(days, 0, -1), units[name], strict=True):
            if count:
                told.append(StockEvent(f"{name}-1", name, -count, 500, _noon_ms(ago), 0.99))
    return units, sorted(told, key=lambda one: getattr(one, "at_ms", 0))


def _noon_ms(ago: int) -> int:
    """Noon of a day of the hall's, so many days ago: the same day whichever hour it is now, in summer time too."""
    day = datetime.fromtimestamp(NOW_MS / 1000, ZONE).date() - timedelta(days=ago)
    return round(datetime.combine(day, time(12), ZONE).timestamp()) * 1000


def levels(units: int, at_ms: int = NOW_MS) -> list[Report]:
    counted = [StockEvent(f"{name}-1", name, units - 500, units, at_ms, 0.99, "count") for name in KINDS]
    return [*counted, *(level_of(name, units, at_ms) for name in KINDS)]


def level_of(name: str, units: int, at_ms: int = NOW_MS) -> Report:
    return msgspec.structs.replace(level("A1", units, at_ms), slot=f"{name}-1", sku=name)


def shown(service: Service, sku: str) -> SkuView:
    return next(one for one in service.live.current.skus if one.id == sku)


async def stocked(hall: Hall, units: int, place: Site | None = None, days: int = 120) -> Service:
    service = hall.start(place or site())
    await service.apply(batches([*sold(days)[1], *levels(units)]))
    await service.tick(NOW_MS)
    return service
