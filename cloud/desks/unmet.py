"""What was wanted and was not there, by day: the key figures know of it, also after a restart."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import msgspec

from cloud.core.days import day_start_ms, local_day
from cloud.core.kpis import tallies
from cloud.core.kpis.courses import DAYS, countable
from cloud.core.kpis.facts import Refused
from cloud.core.kpis.tallies import Tallies
from cloud.desks.refusing import OnDisk, storing
from cloud.stores.books import Books
from cloud.web.desk import Unavailable


class Unmet:
    """Units that were wanted of the SKUs of one site and were not there."""

    def __init__(self, held: Tallies, books: Books, on_disk: OnDisk, now_ms: Callable[[], int]) -> None:
        self._tallies, self._books, self._on_disk, self._now_ms = held, books, on_disk, now_ms
        self._days: dict[int, dict[str, int]] = {}
        """Day -> units of each SKU."""
        self._unkept: set[int] = set()
        """Days of those that are not stored yet as they are."""

    def load(self) -> None:
        """What the ledger has of the days that are looked back on."""
        today = self._tallies.today
        keys = {day: f"refused:{day}" for day in range(today - DAYS + 1, today + 1)}
        blobs = self._books.kept_under([*keys.values()])
        for day, key in keys.items():
            if (blob := blobs.get(key)) is not None:
                of = self._days[day] = msgspec.msgpack.decode(blob, type=dict[str, int])
                for sku, units in of.items():
                    tallies.tell(self._tallies, Refused(sku, day_start_ms(self._tallies.timezone, day), units))

    async def tell(self, sku: str, units: int) -> None:
        """Somebody wanted units that there were not. What can not be stored now is with the next tick."""
        now_ms = self._now_ms()
        day = min(local_day(self._tallies.timezone, now_ms), self._tallies.today)
        if units := countable(self._tallies.courses[sku], day, units):
            tallies.tell(self._tallies, Refused(sku, now_ms, units))
            of = self._days.setdefault(day, {})
            of[sku] = of.get(sku, 0) + units
            self._unkept.add(day)
            with suppress(Unavailable):
                await self.keep()

    async def keep(self) -> None:
        """Store what is not stored yet; days gone by need not be held any more then."""
        for day in [*self._unkept]:
            self._unkept.discard(day)
            try:
                with storing():
                    await self._on_disk(self._books.keep, f"refused:{day}", msgspec.msgpack.encode(self._days[day]))
            except BaseException:
                self._unkept.add(day)
                raise
        for day in [one for one in self._days if one < self._tallies.today and one not in self._unkept]:
            del self._days[day]
