"""Where lots are and were, and what they went through there: minutes out of range, budgets left, shelf life used."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Container, Mapping
from datetime import date, timedelta
from math import floor
from typing import NamedTuple

import msgspec
from msgspec import Struct, field

from cloud.core.book.lots import NO_ENDS, UNDATED
from cloud.core.cold_view import BudgetLeft, ExposureView
from cloud.core.coldchain.chamber import Chamber
from cloud.core.coldchain.exposure import Left, Stay, Worn, left
from cloud.core.coldchain.kinetic import DAY_MS, HOUR_MS
from cloud.core.coldchain.legs import LEGS_MAX, Leg, own_mean
from cloud.core.coldchain.lying import lying, zones_of
from cloud.core.days import iso_day
from cloud.desks.bookkeeping import Bookkeeping
from cloud.desks.refusing import OnDisk, storing
from cloud.stores.books import Books
from cloud.stores.cold import Stayed
from protocols.cold import Storage

log = logging.getLogger(__name__)

KEPT = "cold-stays"
LOOK_MS = 5_000
"""So often is looked where lots are."""
PAGE = 1_000
AWAY_MAX, AWAY_MS = 1_000, 400 * DAY_MS
"""Of so many lots that left, an SKU, it is known for so long what they went through."""


class Here(Struct):
    """A lot in a room: since when, what the room had counted then, how it is kept, the most units that were there, and
    where it was before. `due`: what the thermometers told of the moment when it came is not here yet."""

    stay: Stay
    storage: str
    units: int = 0
    due: bool = False
    legs: list[Leg] = []


class Before(Struct):
    """What a lot went through by the time it left (its last), and where it was."""

    worn: Worn = Worn()
    legs: list[Leg] = []
    left_ms: int = 0


class Known(Struct):
    """SKU -> lot -> zone -> the lot there; SKU -> lot -> what it went through elsewhere before, also of lots that left:
    they may come again."""

    here: dict[str, dict[str, dict[str, Here]]] = field(default_factory=dict)
    before: dict[str, dict[str, Before]] = field(default_factory=dict)


class UsedUp(NamedTuple):
    """A lot that may not be used any more, for what it went through: `outside_ms` of a budget of `budget_ms`, above
    (`side` 1) or below its temperature; its kinetic mean (`peak_c`) of so many ms; or its age. Those with all its time
    outside the limits."""

    zone: str
    storage: str
    sku: str
    lot: str
    since_ms: int
    why: str
    outside_ms: int
    budget_ms: int = 0
    side: int = 1
    peak_c: float = 0.0
    mean_ms: int = 0


class Stays:
    """The lots of one site in its cold rooms."""

    def __init__(
        self,
        book: Bookkeeping,
        books: Books,
        on_disk: OnDisk,
        now_ms: Callable[[], int],
        chambers: Mapping[str, Chamber],
        storages: Mapping[str, Mapping[str, Storage]],
    ) -> None:
        self.site = book.site
        self._book, self._books, self._on_disk, self._now_ms = book, books, on_disk, now_ms
        self._chambers, self._storages = chambers, storages
        self._zones = zones_of(self.site)
        self._skus = [one for one in self.site.skus if one.storage]
        self._known = Known()
        self._over: list[Stayed] = []
        """Stays that are over and not stored yet."""
        self._seen: dict[str, tuple[int, int, int]] = {}
        """SKU -> the last fact of its account that was looked at."""
        self._ends: dict[str, dict[str, str]] = {}
        """SKU -> lot -> the last day on which it may be used, of those that warmth aged."""
        self._looked_ms = 0
        self._changed = False

    def load(self) -> None:
        """What was kept."""
        blob = self._books.kept(KEPT)
        try:
            self._known = msgspec.msgpack.decode(blob, type=Known) if blob else Known()
        except msgspec.ValidationError as error:
            log.warning("%s: what was kept can not be read; lots are looked for anew: %s", KEPT, error)
            self._known = Known()
        for sku, lots in self._known.here.items():  # what is kept otherwise by now is looked for anew
            kept = self.site.sku_by_id[sku].storage if sku in self.site.sku_by_id else ""
            for zones in lots.values():
                for zone in [zone for zone, one in zones.items() if one.storage != kept or not self._kept(zone, kept)]:
                    del zones[zone]
        self._seen.clear()

    async def tick(self, now_ms: int) -> None:
        """Look where lots are."""
        self._settle()
        if 0 <= now_ms - self._looked_ms < LOOK_MS:
            return
        self._looked_ms = now_ms
        for sku in self._skus:
            account = self._book.account(sku.id)
            if self._seen.get(sku.id) != account.last:
                last = account.last
                await self._look(sku.id, sku.storage, sku.zone, now_ms)
                self._seen[sku.id] = last

    async def keep(self) -> None:
        """Store where lots are, and first where they were."""
        if not self._changed:
            return
        over = [*self._over]
        with storing():
            await self._on_disk(self._books.add_stays, over)
            await self._on_disk(self._books.keep, KEPT, msgspec.msgpack.encode(self._known))
        del self._over[: len(over)]
        self._changed = bool(self._over)

    def pins(self, zone: str) -> list[int]:
        """When the lots came that are in a room."""
        known = self._known.here.values()
        return [zones[zone].stay.since_ms for lots in known for zones in lots.values() if zone in zones]

    def learnt(self, zone: str, from_ms: Mapping[str, int]) -> None:
        """What a room had counted was learnt again, of each storage from a moment on: also what it had by the later
        moments when lots came. What it had by earlier ones is known exactly since then, and stays."""
        for sku in self._skus:
            for lots in self._known.here.get(sku.id, {}).values():
                one = lots.get(zone)
                if one is not None and one.stay.since_ms > from_ms.get(sku.storage, one.stay.since_ms):
                    one.due = True
        self._settle()
        self._changed = True

    def _settle(self) -> None:
        """What rooms had counted by the moments when lots came, once their thermometers told of these."""
        for lots in self._known.here.values():
            for zones in lots.values():
                for zone, one in zones.items():
                    chamber, since_ms = self._chambers[zone], one.stay.since_ms
                    if one.due and not chamber.pin(one.storage, since_ms):
                        one.stay = Stay(since_ms, chamber.worn_at(one.storage, since_ms), one.stay.before)
                        one.due, self._changed = False, True

    def lots(self) -> dict[tuple[str, str], int]:
        """(zone, storage) -> how many lots lie there."""
        found: dict[tuple[str, str], int] = {}
        for sku in self._skus:
            for zones in self._known.here.get(sku.id, {}).values():
                for zone in zones:
                    found[zone, sku.storage] = found.get((zone, sku.storage), 0) + 1
        return found

    def exposures(self, sku: str = "") -> list[ExposureView]:
        """What each lot that is in a cold room went through."""
        found = []
        for one in [sku] if sku else [one.id for one in self._skus]:
            for lot, zones in self._known.here.get(one, {}).items():
                found += [self._view(one, lot, zone, here) for zone, here in zones.items()]
        return found

    def past(self, sku: str, lot: str) -> list[Stayed]:
        """Where a lot is now, as if it left now; and stays that are over and not stored yet."""
        now_ms, found = self._now_ms(), [one for one in self._over if (one.sku, one.lot) == (sku, lot)]
        storage = self.site.sku_by_id[sku].storage
        for zone, here in self._known.here.get(sku, {}).get(lot, {}).items():
            found.append(
                Stayed(sku, lot, zone, storage, here.stay.since_ms, now_ms, here.units, self._worn(sku, zone, here))
            )
        return found

    def used_up(self, now_ms: int) -> list[UsedUp]:
        """The lots that used up a budget, or their shelf life."""
        today, found = iso_day(self.site.site.timezone, now_ms), []
        for one in self.exposures():
            aged = bool(one.effective_expiry) and one.effective_expiry != one.expiry and one.effective_expiry < today
            of, kept = (one.zone, one.storage, one.sku, one.lot, one.since_ms), self._storages[one.zone][one.storage]
            if one.lot and not one.used_up and not aged and kept.kinetic_c is not None:
                here, window_ms = self._known.here[one.sku][one.lot][one.zone], round(kept.kinetic_hours * HOUR_MS)
                legs = [*here.legs, Leg(one.zone, one.since_ms, now_ms)]
                mean = own_mean(legs, self._chambers, one.storage, now_ms - window_ms, now_ms)
                if mean is not None and mean > kept.kinetic_c:
                    found.append(UsedUp(*of, "kinetic", one.outside_ms, peak_c=round(mean, 2), mean_ms=window_ms))
            elif one.lot and (one.used_up or aged):
                over = any(budget.left_minutes < 0 for budget in one.budgets)
                if not over:
                    found.append(UsedUp(*of, "aged", one.outside_ms))
                    continue
                most = min(one.budgets, key=lambda budget: budget.left_minutes / budget.minutes)
                spent, side = most.minutes - most.left_minutes, 1 if most.above_c is not None else -1
                found.append(UsedUp(*of, "budget", round(spent * 60_000), round(most.minutes * 60_000), side))
        return found

    def ends(self, sku: str) -> Mapping[str, str]:
        """The lots of an SKU that warmth aged, and the last day on which each may be used: its effective expiry, as of
        the last minute."""
        return self._ends.get(sku, NO_ENDS)

    def date(self, released: Container[tuple[str, str]], now_ms: int) -> None:
        """Work out until when lots may be used. Of those `released` (SKU, lot) the label holds again; units of no known
        lot come and go, so nobody knows what those that are left went through."""
        found: dict[str, dict[str, str]] = {}
        for one in self.exposures():
            aged = one.lot and one.effective_expiry != one.expiry
            if aged and (one.sku, one.lot) not in released:
                of = found.setdefault(one.sku, {})
                of[one.lot] = min(of.get(one.lot, UNDATED), one.effective_expiry)
        before, self._ends = self._ends, found
        for sku in before.keys() | found.keys():
            if before.get(sku) != found.get(sku):
                self._book.changed(sku, now_ms)

    async def _look(self, sku: str, storage: str, home: str, now_ms: int) -> None:
        account, here = self._book.account(sku), self._known.here.setdefault(sku, {})
        before = self._known.before.setdefault(sku, {})
        there = {zone: one for zone, one in lying(account, self._zones[sku], home).items() if self._kept(zone, storage)}
        now: set[tuple[str, str]] = set()
        for zone, one in there.items():
            for lot, units in (one.lots if one.lots is not None else dict(account.batches.units)).items():
                now.add((lot, zone))
                zones = here.setdefault(lot, {})
                if zone not in zones:
                    stay, legs = await self._came(sku, lot, storage, zone, now_ms)
                    due = self._chambers[zone].pin(storage, stay.since_ms)
                    zones[zone] = Here(stay, storage, due=due, legs=legs)
                zones[zone].units = max(zones[zone].units, units)
        for lot, zones in [*here.items()]:
            for zone in [zone for zone in zones if (lot, zone) not in now]:
                gone = zones.pop(zone)
                worn = self._worn(sku, zone, gone)
                self._over.append(Stayed(sku, lot, zone, storage, gone.stay.since_ms, now_ms, gone.units, worn))
                legs = [*gone.legs, Leg(zone, gone.stay.since_ms, now_ms)][-LEGS_MAX:]
                before[lot] = Before(worn.most(before.get(lot, Before()).worn), legs, now_ms)
            if not zones:
                del here[lot]
        if "" not in account.batches.units:
            before.pop("", None)  # nobody knows whether it is these that come again
        away = sorted((one.left_ms, lot) for lot, one in before.items() if lot not in account.batches.units)
        for at, (left_ms, lot) in enumerate(away):
            if at < len(away) - AWAY_MAX or now_ms - left_ms > AWAY_MS:
                del before[lot]
        self._changed = True

    async def _came(self, sku: str, lot: str, storage: str, zone: str, now_ms: int) -> tuple[Stay, list[Leg]]:
        """A lot that is new in a room: since it came to the site, where it was in no room before; and where it was."""
        elsewhere = self._known.here.get(sku, {}).get(lot, {})
        before = self._known.before.get(sku, {}).get(lot)
        since_ms = now_ms
        if lot and before is None and not elsewhere:
            with storing():
                since_ms = await asyncio.to_thread(self._first, sku, lot, now_ms)
        worn, legs = (before.worn, before.legs) if before is not None else (Worn(), [])
        for at, one in elsewhere.items():
            worn = worn.most(self._worn(sku, at, one))
            legs = [*one.legs, Leg(at, one.stay.since_ms, now_ms)][-LEGS_MAX:]
        return Stay(since_ms, self._chambers[zone].worn_at(storage, since_ms), worn), legs

    def _first(self, sku: str, lot: str, now_ms: int) -> int:
        """When a lot first came."""
        after, first = 0, now_ms
        while page := self._books.entries(sku, after_id=after, limit=PAGE):
            for one in page:
                if (one.lot or one.expiry) == lot and one.units > 0 and one.kind != "quarantine":
                    first = min(first, one.happened_ms)
            after = page[-1].id
        return first

    def _kept(self, zone: str, storage: str) -> bool:
        """Whether goods are kept so in a room that is watched."""
        return bool(storage) and storage in self._storages.get(zone, {})

    def _worn(self, sku: str, zone: str, here: Here) -> Worn:
        if here.due:
            return here.stay.before  # all that its room is known to have gone through was before it came
        return here.stay.worn(self._chambers[zone].state.kept[self.site.sku_by_id[sku].storage].course)

    def _view(self, sku: str, lot: str, zone: str, here: Here) -> ExposureView:
        of = self.site.sku_by_id[sku]
        by, worn, now_ms = self._storages[zone][of.storage], self._worn(sku, zone, here), self._now_ms()
        rest: Left = left(worn, by, here.stay.since_ms, now_ms)
        units, told = self._book.account(sku).lots.get(lot, (0, ""))
        ages = bool(by.q10 or by.activation_kj)
        label = told
        if not label and ages and of.shelf_life_days:
            label = iso_day(self.site.site.timezone, here.stay.since_ms + round(of.shelf_life_days * DAY_MS))
        sooner = floor(max(0.0, worn.aged_days - worn.known_ms / DAY_MS)) if ages else 0
        end = (date.fromisoformat(label) - timedelta(days=sooner)).isoformat() if label and sooner else told
        days = None
        if ages and end:
            days = (date.fromisoformat(end) - date.fromisoformat(self._book.today())).days + 1.0
        budgets = [
            BudgetLeft(one.above_c, one.below_c, one.minutes, round(minutes, 2))
            for one, minutes in zip(by.budgets, rest.minutes, strict=True)
        ]
        return ExposureView(
            f"{sku}/{lot}/{zone}", sku, lot, units, zone, of.storage, here.stay.since_ms, round(rest.known, 4),
            worn.outside_ms, budgets, round(worn.aged_days, 4) if ages else None, told, end, days,
            rest.used_up,
        )  # fmt: skip
