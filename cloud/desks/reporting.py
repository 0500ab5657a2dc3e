"""Reports of cold rooms and of lots: what the history, the dossier and the stays say of a period."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from typing import Protocol

from cloud.core.cold_view import ExcursionView, ExposureView
from cloud.core.coldchain import report as reports
from cloud.core.coldchain.kinetic import DAY_MS
from cloud.core.coldchain.report import Asked, Part, Report
from cloud.desks.bookkeeping import Bookkeeping
from cloud.desks.refusing import storing
from cloud.stores.books import Books
from cloud.stores.cold import Stayed
from cloud.stores.history import HistoryUnavailable
from cloud.web.desk import NotFound, Refused, Unavailable
from protocols.cold import Storage
from protocols.excursions import PACES, SPARSE_MS

ZONE_DAYS = 7
"""A report of a room is of so many days, if nobody says otherwise."""
BEFORE_MS = 40 * DAY_MS
"""What began so long before a period may reach into it."""
PARTS_MAX = 40
PACE_MS = (PACES + 1) * SPARSE_MS
"""So long before a period it is known how often its thermometers tell."""


class Rooms(Protocol):
    """The cold rooms, as reports see them."""

    storages: Mapping[str, Mapping[str, Storage]]

    def samples(self, zone: str, from_ms: int, until_ms: int) -> Iterator[tuple[int, str, float]]:
        """What the history has of a zone's thermometers, in the order of time."""

    def exposures(self, sku: str) -> list[ExposureView]:
        """What lots went through."""

    def stayed(self, sku: str, lot: str) -> list[Stayed]:
        """Where a lot is."""

    async def excursions(self, zone: str, from_ms: int, to_ms: int) -> list[ExcursionView]:
        """Excursions that began within a span."""


class Reporting:
    """The reports of one site."""

    def __init__(self, rooms: Rooms, book: Bookkeeping, books: Books, now_ms: Callable[[], int]) -> None:
        self.site = book.site
        self._rooms, self._books, self._now_ms = rooms, books, now_ms

    async def written(self, asked: Asked) -> tuple[bytes, str, str]:
        """A report in the form asked for: bytes, media type, file name."""
        from cloud.cold_report import written  # it takes a moment to load, and most runs ask for no report

        made = await self.report(asked)
        return await asyncio.to_thread(written, made, asked.format, asked.lang)

    async def report(self, asked: Asked) -> Report:
        """The report itself. Raises `NotFound`, `Refused`, `Unavailable`."""
        now_ms, site = self._now_ms(), self.site.site
        if bool(asked.zone) == bool(asked.sku):
            raise Refused("report_of", "A report is of a zone, or of a lot.", "Give zone=..., or sku=... and lot=...")
        try:
            if asked.zone:
                from_ms, to_ms, parts = await self._of_zone(asked, now_ms)
            else:
                from_ms, to_ms, parts = await self._of_lot(asked, now_ms)
        except HistoryUnavailable as error:
            raise Unavailable("the history can not be read now", "try again in a moment") from error
        made = Report(
            "zone" if asked.zone else "lot", site.id, site.name, site.timezone, now_ms, from_ms, to_ms, parts=parts
        )
        if asked.sku:
            made.sku, made.sku_name, made.lot = asked.sku, self.site.sku_by_id[asked.sku].name, asked.lot
            made.exposures = [one for one in self._rooms.exposures(asked.sku) if one.lot == asked.lot]
        return made

    async def _of_zone(self, asked: Asked, now_ms: int) -> tuple[int, int, list[Part]]:
        storages = self._rooms.storages.get(asked.zone)
        if storages is None:
            raise NotFound(f"{asked.zone[:100]!r} is no cold room", "it needs a thermometer, and limits or a storage")
        if asked.storage and asked.storage not in storages:
            known = ", ".join(filter(None, storages)) or "its own limits alone"
            raise NotFound(f"nothing is kept as {asked.storage[:100]!r} there", f"there is: {known}")
        from_ms, to_ms = _period(asked, (asked.to_ms or now_ms) - ZONE_DAYS * DAY_MS, now_ms)
        names = [asked.storage] if asked.storage else [name for name in storages if name] or [*storages]
        told = await self._rooms.excursions(asked.zone, max(0, from_ms - BEFORE_MS), to_ms)
        parts = []
        for name in names:
            part = self._part(asked.zone, name, storages[name], from_ms, to_ms)
            parts.append(reports.happened(await self._measured(part, storages[name]), told))
        return from_ms, to_ms, parts

    async def _of_lot(self, asked: Asked, now_ms: int) -> tuple[int, int, list[Part]]:
        if asked.sku not in self.site.sku_by_id:
            raise NotFound(f"there is no SKU {asked.sku[:100]!r}", "name one of the site file")
        with storing():
            stays: list[Stayed] = await asyncio.to_thread(self._books.stays, asked.sku, asked.lot)
        stays = [*stays, *self._rooms.stayed(asked.sku, asked.lot)]
        if not stays:
            raise NotFound(
                f"lot {asked.lot[:100]!r} of {asked.sku} was in no cold room", "is it spelled so in the book?"
            )
        from_ms, to_ms = _period(asked, min(one.from_ms for one in stays), now_ms)
        parts: list[Part] = []
        for one in stays:
            since_ms, until_ms = max(from_ms, one.from_ms), min(to_ms, one.until_ms)
            kept = self._rooms.storages.get(one.zone, {}).get(one.storage) or self.site.storage_by_id.get(one.storage)
            if since_ms >= until_ms or kept is None or len(parts) >= PARTS_MAX:
                continue
            part = self._part(one.zone, one.storage, kept, since_ms, until_ms)
            part.units = one.units
            told = await self._rooms.excursions(one.zone, max(0, since_ms - BEFORE_MS), until_ms)
            parts.append(reports.happened(await self._measured(part, kept), told, asked.sku, asked.lot))
        return from_ms, to_ms, parts

    def _part(self, zone: str, storage: str, kept: Storage, from_ms: int, to_ms: int) -> Part:
        named = self.site.zone_by_id.get(zone)
        name = named.name if named is not None else zone
        return Part(zone, name, storage, kept.low_c, kept.high_c, from_ms, to_ms, kept.kinetic_hours, kept.kinetic_c)

    async def _measured(self, part: Part, kept: Storage) -> Part:
        early_ms = max(0, part.from_ms - PACE_MS)
        samples = self._rooms.samples(part.zone, early_ms, part.to_ms)
        return await asyncio.to_thread(reports.measured, part, kept, samples)


def _period(asked: Asked, first_ms: int, now_ms: int) -> tuple[int, int]:
    try:
        return reports.period(asked, max(0, first_ms), now_ms)
    except ValueError as error:
        hint = f"give from= before to=, in ms since 1970, at most {reports.DAYS_MAX} days apart"
        raise Refused("period", f"{str(error).capitalize()}.", hint) from None
