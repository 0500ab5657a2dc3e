"""A pharmacy's depot with a 2-8 room, a freezer and a hall, behind its real web over its real stores."""

from __future__ import annotations

from pathlib import Path

from cloud.service import Service
from protocols.reports import Series, SlotLevel, StockEvent
from tests.contract.trade_site import Clock, Json, TradeSite

MINUTE_MS = 60_000
COLD_TEXT = """
[site]
id = "depot"
name = "Depot"
timezone = "Europe/Berlin"

[buying]
approved_to = 1000
buyer_limit = 400
admin_limit = 10_000

[[zones]]
id = "cold"
name = "Cold room"

[[zones]]
id = "deep"
name = "Freezer"
min_c = -25.0
max_c = -15.0

[[zones]]
id = "hall"
name = "Hall"

[[storages]]
id = "vaccine"
like = "2-8"
excursion_minutes = 30
budgets = [{ minutes = 90, above_c = 8 }]
q10 = 3.0

[[suppliers]]
id = "acme"
name = "Acme"
order_cost = 5

[[skus]]
id = "flu"
name = "Flu vaccine"
unit_mass_g = 20.0
unit_cost = 12.0
storage = "vaccine"
zone = "cold"
reorder_point = 10
order_quantity = 40

[[skus]]
id = "insulin"
name = "Insulin"
unit_mass_g = 50.0
unit_cost = 30.0
storage = "2-8"
reorder_point = 5
order_quantity = 20

[[skus]]
id = "gauze"
name = "Gauze"
unit_mass_g = 10.0
reorder_point = 5
order_quantity = 20

[[skus]]
id = "peas"
name = "Peas"
unit_mass_g = 450.0
storage = "frozen"
reorder_point = 5
order_quantity = 20

[[devices]]
id = "thermo-1"
kind = "climate"
zone = "cold"
role = "refrigerator"

[[devices]]
id = "thermo-2"
kind = "climate"
zone = "cold"

[[devices]]
id = "thermo-3"
kind = "climate"
zone = "deep"
role = "refrigerator"
"""
COLD_SLOTS = {"C1": ("insulin", "cold"), "C2": ("gauze", "cold"), "D1": ("peas", "deep")}


def cold_text() -> str:
    """The site file."""
    slots = [
        f'[[slots]]\nid = "{slot}"\nzone = "{zone}"\nsku = "{sku}"\ndevice = "shelf-{slot}"\ncapacity = 300\n'
        f'[[devices]]\nid = "shelf-{slot}"\nkind = "shelf"\nzone = "{zone}"\n'
        for slot, (sku, zone) in COLD_SLOTS.items()
    ]
    offers = [
        f'[[offers]]\nsupplier = "acme"\nsku = "{sku}"\nprice = 3.0\nlead_time_days = 3\n'
        for sku in ("flu", "insulin", "gauze", "peas")
    ]
    return COLD_TEXT + "\n".join(slots + offers)


class ColdSite(TradeSite):
    """The depot. Time goes by in minutes, each with what the thermometers told."""

    def __init__(self, folder: Path, clock: Clock, url: str = "") -> None:
        super().__init__(folder, clock, url, cold_text())

    async def start(self) -> Service:
        service = await super().start()
        if service.trade.cold.history is None:
            service.trade.cold.history = service.history_store
        return service

    async def warmth(self, device: str, *celsius: float, at_ms: int = 0) -> None:
        """A thermometer tells so many minutes, the last of them now."""
        last_ms = at_ms or self.clock()
        offsets = [(n - len(celsius) + 1) * MINUTE_MS for n in range(len(celsius))]
        zone = "deep" if device == "thermo-3" else "cold"
        await self.hear(Series(device, "1", "temperature_c", zone, last_ms, offsets, [*celsius]))

    async def minutes(self, *celsius: float, device: str = "thermo-1", piece: int = 5) -> None:
        """A minute goes by for each temperature, told as it comes, in pieces of five."""
        for at in range(0, len(celsius), piece):
            told = celsius[at : at + piece]
            self.clock.pass_ms(len(told) * MINUTE_MS - 1_000)
            await self.warmth(device, *told)
            await self.tick()

    async def lot(self, sku: str, lot: str, units: int, expiry: str = "") -> None:
        """A lot is received, off the shelves."""
        fact = {"kind": "receipt", "sku": sku, "units": units, "lot": lot, "expiry": expiry}
        await self.post("/api/v1/book", fact)

    async def weigh_in(self, slot: str, sku: str, count: int) -> None:
        """A shelf sees that so many units are there now."""
        at_ms, before = self.clock(), self.stocked.get(slot)
        source = "first" if before is None else "weight"
        await self.hear(
            StockEvent(slot, sku, count - (before or 0), count, at_ms, 0.99, source),
            SlotLevel(slot, sku, count, count, count, 0.99, 50.0 * count, at_ms),
        )
        self.stocked[slot] = count

    def room(self, zone: str = "cold", storage: str = "2-8") -> Json:
        """A room as the rules see it."""
        return next(one for one in self.service.trade.cold.rooms() if (one.zone, one.storage) == (zone, storage))

    def seen(self, zone: str = "cold", storage: str = "2-8") -> Json:
        """A room as all screens show it."""
        return next(one for one in self.service.live.current.rooms if (one.zone, one.storage) == (zone, storage))

    async def cases(self, kind: str = "breach", zone: str = "cold") -> list[Json]:
        """The excursions of the dossier of a kind, oldest first."""
        found = (await self.get(f"/api/v1/cold/excursions?zone={zone}"))["items"]
        return [one for one in reversed(found) if one["kind"] == kind]

    async def book(self, sku: str, kind: str) -> list[Json]:
        """The entries of a kind."""
        return [one for one in (await self.get(f"/api/v1/book?sku={sku}"))["items"] if one["kind"] == kind]

    async def position(self, sku: str) -> Json:
        """Where an SKU stands."""
        return (await self.get(f"/api/v1/skus/{sku}/position"))["position"]
