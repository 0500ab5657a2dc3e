"""The front desk: what the overview asks beside the snapshot. How its tiles went, and which courses are worst now."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import msgspec

from cloud.core import trends
from cloud.core.inventory import Inventory
from cloud.core.tiles import FIGURES, Tiles, TilesView
from cloud.core.trends import TrendView
from cloud.core.view import Kpi
from cloud.desks.assets import Assets
from cloud.desks.refusing import OnDisk
from cloud.stores.books import Books
from cloud.stores.history import History, HistoryUnavailable
from cloud.web.desk import NotFound, Unavailable

KEY = "tiles"
TRENDS_MAX = 6
FRESH_MS = 30_000
"""The worst courses are looked up no oftener than this, however many ask."""


class FrontDesk:
    """The tiles' course of one site, which survives a restart but for its last three minutes, and its worst trends."""

    def __init__(
        self,
        inventory: Inventory,
        assets: Assets,
        books: Books,
        on_disk: OnDisk,
        history: History,
        now_ms: Callable[[], int],
    ) -> None:
        self._inventory, self._assets, self._books, self._on_disk = inventory, assets, books, on_disk
        self._history, self._now_ms = history, now_ms
        self._tiles = Tiles()
        self._worst: list[TrendView] = []
        self._looked_ms = 0
        self._looking = asyncio.Lock()

    def load(self) -> None:
        """As it was kept; of another version of this program, with other figures, nothing."""
        blob = self._books.kept(KEY)
        try:
            kept = msgspec.json.decode(blob, type=Tiles) if blob is not None else Tiles()
        except msgspec.DecodeError:
            return
        if kept.names == [*FIGURES]:
            self._tiles = kept

    async def take(self, kpi: Kpi, now_ms: int) -> None:
        """The figures as they are now; kept once a step. Raises `LedgerUnavailable`."""
        if self._tiles.take(kpi, now_ms):
            await self._on_disk(self._books.keep, KEY, msgspec.json.encode(self._tiles))

    def tiles(self) -> TilesView:
        """How the tiles' figures went."""
        return self._tiles.view(self._now_ms())

    async def trends(self) -> list[TrendView]:
        """The worst courses, worst first. Raises `Unavailable`."""
        async with self._looking:  # who comes meanwhile is given the same
            now_ms = self._now_ms()
            if not 0 <= now_ms - self._looked_ms < FRESH_MS:
                self._worst, self._looked_ms = await self._look(now_ms), now_ms
            return self._worst

    async def _look(self, now_ms: int) -> list[TrendView]:
        candidates = trends.zones(self._inventory)
        nearest = sorted(candidates, key=lambda one: -trends.badness(one.value, one.low, one.high))[:TRENDS_MAX]
        found: list[TrendView] = []
        for asset in trends.in_turn(self._assets.shown())[: 2 * TRENDS_MAX]:
            try:
                trend = trends.of_asset(asset, self._assets.detail(asset.id).drawn)
            except NotFound:
                continue  # it left the site as we looked
            found += [trend] if trend is not None else []
        try:
            for one in [*nearest, *trends.slots(self._inventory)]:
                span = (now_ms - trends.HOURS * trends.HOUR_MS, now_ms)
                times, values = await asyncio.to_thread(self._history.read, one.series, *span, trends.POINTS)
                found.append(trends.of_series(one, times, [round(value, 2) for value in values], now_ms))
        except HistoryUnavailable as error:
            raise Unavailable("the history can not be read now", "try again in a moment") from error
        return trends.worst(found, TRENDS_MAX)
