"""Key figures as they are now, what is behind them, and the efficient curve of an SKU."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import msgspec

from cloud.core.days import iso_day, local_day
from cloud.core.kpis import figures, stale
from cloud.core.kpis.definitions import DEFINITIONS
from cloud.core.kpis.facts import Pace, Told
from cloud.core.kpis.stale import Outlet, Prospects
from cloud.core.planning.efficient import curve
from cloud.core.planning.items import Item
from cloud.core.planning.settling import Outlook
from cloud.core.trade_view import MeasureView, measure_view
from cloud.desks.bookkeeping import Bookkeeping
from cloud.desks.refusing import OnDisk
from cloud.desks.supplying import Supplying
from cloud.stores.books import Books
from cloud.web.desk import NotFound

LOOK_MS = 2_000
"""So often is looked whether a fact changed the figures; a tick a second, each with its facts, makes them once."""
EVERY_MS = 60_000
"""So often they are made anew though nothing changed, for time goes by; and forecasts are remembered."""
AHEAD_DAYS = 14
"""So far ahead the forecast of a day is remembered, to be held against what came."""
TOLD_DAYS = 400
"""Forecasts of so many past days are read again at a start."""


class Figures:
    """The key figures of one site."""

    def __init__(
        self, book: Bookkeeping, supplying: Supplying, books: Books, on_disk: OnDisk, now_ms: Callable[[], int]
    ) -> None:
        self.site = book.site
        self.current: list[MeasureView] = []
        self.outlook: Callable[[str], Outlook | None] = lambda _: None
        self.item: Callable[[str], Item | None] = lambda _: None
        self.lot: Callable[[str], int] = lambda _: 0
        self.wanted: Callable[[str], dict[str, int]] = lambda _: {}
        """What neighbours could use of an SKU."""
        self._book, self._supplying, self._books = book, supplying, books
        self._on_disk, self._now_ms = on_disk, now_ms
        self._looked_ms = self._figured_ms = self._foretold_ms = 0
        self._made_of = (-1, -1)
        """By what facts the figures were made: the versions of the tallies, and of what suppliers did."""
        self._lines: tuple[int, int, figures.Judged] = (-1, 0, {})
        """What suppliers did: by which version of the facts, when it was judged, and that."""
        self._told_day = self._told = 0

    def load(self) -> None:
        """Forecasts that were made of days gone by, and of those to come."""
        today = self._day(self._now_ms())
        days = range(today - TOLD_DAYS, today + AHEAD_DAYS + 1)
        blobs = self._books.kept_under([_key(day) for day in days])
        for day in days:
            if (blob := blobs.get(_key(day))) is not None:
                told = msgspec.msgpack.decode(blob, type=dict[str, float])
                self._told_day, self._told = day, len(told)
                for sku, units in told.items():
                    self._book.note(Told(sku, day, units))

    async def tick(self, now_ms: int) -> None:
        """What sells as soon as it is planned, the figures 2 s after a fact at the latest, the forecast of a day once a
        day."""
        if 0 <= now_ms - self._looked_ms < LOOK_MS:
            return
        self._looked_ms = now_ms
        self._pace()
        if self._made_of != self._facts() or now_ms - self._figured_ms >= EVERY_MS:
            self._figured_ms = now_ms
            self.current = self._figures(now_ms)
            self._made_of = self._facts()
        if now_ms - self._foretold_ms >= EVERY_MS:
            self._foretold_ms = now_ms
            await self._foretell(self._day(now_ms) + AHEAD_DAYS)

    def measures(self) -> object:
        """See `cloud.web.figures.Desk`."""
        return self.current or self._figures(self._now_ms())

    def measure(self, name: str) -> object:
        """See `cloud.web.figures.Desk`."""
        definition = DEFINITIONS.get(name)
        if definition is None:
            raise NotFound(f"there is no key figure {name[:100]!r}", f"there are {', '.join(DEFINITIONS)}")
        kinds = {"dead_stock": ("dead", "expired"), "slow_stock": ("slow",)}.get(name, ())
        rows = []
        for sku in stale.stale_skus(self._book.tallies) if kinds else []:
            found = stale.proposal(self._book.tallies, sku, self._prospects(sku))
            if found is not None and found.kind in kinds:
                rows.append(found)
        return {"id": name, "definition": definition, "rows": rows}

    async def curve(self, sku: str) -> object:
        """See `cloud.web.figures.Desk`."""
        if sku not in self.site.sku_by_id:
            raise NotFound(f"there is no SKU {sku[:100]!r}", "the list without an id shows all there are")
        item = self.item(sku)
        if item is None:
            raise NotFound(f"{sku!r} was not planned yet", "try again in a moment")
        return await asyncio.to_thread(curve, item, self.outlook(sku))

    def _figures(self, now_ms: int) -> list[MeasureView]:
        told, (version, at_ms, lines) = self._supplying.version, self._lines
        if told != version or now_ms - at_ms >= EVERY_MS:
            lines = figures.judged(self._supplying.facts(), self.site.site.timezone, now_ms)
            self._lines = told, now_ms, lines
        return [measure_view(one) for one in figures.kpis(self._book.tallies, now_ms, lines, self.site.targets)]

    def _facts(self) -> tuple[int, int]:
        return self._book.tallies.version, self._supplying.version

    def _pace(self) -> None:
        """What is expected to sell of each SKU, where that is another than was known."""
        courses = self._book.tallies.courses
        for sku in self.site.skus:
            told, known = self.outlook(sku.id), courses[sku.id].pace
            if told is not None and (known is None or known.units != told.mean):
                self._book.note(Pace(sku.id, told.mean, sku.unit_cost))

    async def _foretell(self, day: int) -> None:
        units = {sku.id: told.mean for sku in self.site.skus if (told := self.outlook(sku.id)) is not None}
        if day > self._told_day or (day == self._told_day and len(units) > self._told):  # after a start, few are known
            await self._on_disk(self._books.keep, _key(day), msgspec.msgpack.encode(units))
            self._told_day, self._told = day, len(units)
            for sku, expected in units.items():
                self._book.note(Told(sku, day, expected))

    def _prospects(self, sku: str) -> Prospects:
        account, place = self._book.account(sku), self.site.sku_by_id[sku]
        today = iso_day(self.site.site.timezone, self._now_ms())
        lots = account.lots
        expired = sum(units for units, expiry in lots.values() if expiry and expiry < today)
        offer = next((one for one in self.site.offers if one.sku == sku), None)
        sites = {one.id: one for one in self.site.neighbours}
        outlets = [
            Outlet(name, units, sites[name].fixed_cost, sites[name].unit_cost)
            for name, units in self.wanted(sku).items()
            if name in sites
        ]
        came_ms = self._book.came_ms(sku)
        return Prospects(
            expired,
            0 if place.discontinued else self.lot(sku),
            offer.supplier if offer is not None else "",
            offer.pack if offer is not None else 1,
            self._day(came_ms) if came_ms else 0,
            outlets,
        )

    def _day(self, at_ms: int) -> int:
        return local_day(self.site.site.timezone, at_ms)


def _key(day: int) -> str:
    return f"told:{day}"
