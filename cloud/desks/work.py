"""Who keeps the maintenance orders: what people do with them, what the service proposes, and the parts they hold."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec
from msgspec.structs import replace

from cloud.core.maintenance import parts, work, working
from cloud.core.maintenance.parts import Booked, Supply
from cloud.core.maintenance.proposing import REST_MS, Asset, propose
from cloud.core.maintenance.verdicts import RulePrecision, Subject, Verdict
from cloud.core.maintenance.work import Cause, LateWork, Stands, Window, WorkOrder
from cloud.core.maintenance.working import Action, What
from cloud.core.purchasing.keys import digest
from cloud.core.work_view import Judged, VerdictsView, WorkDetail, WorkView, work_view
from cloud.desks.bookkeeping import Bookkeeping
from cloud.desks.promises import Promises
from cloud.desks.refusing import OnDisk, granted, storing
from cloud.desks.turns import Turns
from cloud.desks.verdicts import UNSEEN, Verdicts
from cloud.stores.books import Books
from cloud.stores.work import Stored, Taken
from cloud.web.desk import NotFound, Refused
from cloud.web.work import NewWork, Told, Wanted, WorkStep

SHOWN_ENDED = 30
KNOWN_ENDED = 200
"""Orders that are over, in memory; the ones that ended first leave."""


class Works:
    """The maintenance orders of one site. One thing is decided at a time."""

    def __init__(
        self, book: Bookkeeping, promises: Promises, books: Books, on_disk: OnDisk, now_ms: Callable[[], int]
    ) -> None:
        self.site = book.site
        self.verdicts = Verdicts(books, on_disk, now_ms, book.site.tuning)
        self.assets: Callable[[], Sequence[Asset]] = tuple
        """The assets as they are now."""
        self.people: Callable[[], Iterable[str]] = tuple
        """Who an order may be given to; nobody: anybody."""
        self.acted: Callable[[], None] = lambda: None
        """Called when somebody did something with an order, or said something of one: all are to see it at once."""
        self._book, self._promises, self._books, self._on_disk, self._now_ms = book, promises, books, on_disk, now_ms
        self._turns = Turns(self._read_again)
        self._known: dict[int, WorkOrder] = {}
        self._names = {one.id: one.name for one in self.site.skus}

    def load(self) -> None:
        """All orders that are open, the latest that are over, and what was said lately."""
        self._load(self._books.work.orders())
        self.verdicts.load()

    async def tick(self, now_ms: int) -> None:
        """Propose what should be planned; keep how the rules are tuned."""
        await self.verdicts.tick()
        if propose(self.assets(), self._known.values(), now_ms):
            async with self._turns.turn():  # by what the ledger has, which may be more than was known
                for one in propose(self.assets(), self._known.values(), now_ms):
                    await self._write(None, one, "propose")

    def windows(self, now_ms: int | None = None) -> list[Window]:
        """In which nobody is told of an asset, or a zone."""
        return work.windows(self._known.values(), self._now_ms() if now_ms is None else now_ms)

    def late(self, now_ms: int) -> list[LateWork]:
        """Orders whose window is over without their start, or their end."""
        return work.late(self._known.values(), now_ms)

    def precision(self) -> list[RulePrecision]:
        """See `work.WorkDesk`."""
        return self.verdicts.precision()

    def paging(self, rule: str, severity: int = 3) -> bool:
        """See `Verdicts`."""
        return self.verdicts.paging(rule, severity)

    def shown(self) -> list[WorkView]:
        """The open orders, and the latest that are over, by number."""
        ended = sorted((one for one in self._known.values() if not one.is_open), key=lambda one: one.ended_ms)
        every = [*ended[-SHOWN_ENDED:], *(one for one in self._known.values() if one.is_open)]
        return self._views(sorted(every, key=lambda one: one.id))

    def orders(self) -> list[WorkView]:
        """See `work.WorkDesk`."""
        return self.shown()

    async def ended(self, before: int, limit: int) -> list[WorkView]:
        """See `work.WorkDesk`."""
        with storing():
            return self._views(await asyncio.to_thread(self._books.work.ended, before, limit))

    async def order(self, number: int) -> WorkDetail:
        """See `work.WorkDesk`."""
        with storing():
            versions = await asyncio.to_thread(self._books.work.versions, number)
        if not versions:
            raise NotFound(f"there is no maintenance order {number}", "the list shows all there are")
        last = versions[-1].order
        said = await self.verdicts.every(_subject(last))
        return WorkDetail(self._view(last), versions, said)

    async def open(self, wanted: NewWork, by: str, key: str) -> WorkView:
        """See `work.WorkDesk`."""
        said, key = digest(msgspec.to_builtins(wanted)), f"open:{key}" if key else ""
        async with self._turns.turn():
            if key:
                with storing():
                    before = await asyncio.to_thread(self._books.work.order_of, key)
                if before is not None and before.said.get(key) != said:
                    told = f"This key came with maintenance order {before.id}, which says something else."
                    raise Refused("key_used", told, "Use a new key for each order.")
                if before is not None:
                    return self._view(before)
            asset, zone, cause = await self._about(wanted)
            what = What(
                wanted.title, wanted.from_ms, wanted.until_ms, wanted.whole_zone, wanted.assigned_to,
                self._units(wanted.parts), note=wanted.note,
            )  # fmt: skip
            self._person(what.assigned_to)
            made = granted(working.opened(asset, zone, cause, what, by, self._now_ms()))
            made = replace(made, said={key: said}) if key else made
            stored = await self._write(None, made, "open", key=key)
        self.acted()
        return self._view(stored.order)

    async def step(self, number: int, action: Action, step: WorkStep, by: str, key: str) -> WorkView:
        """See `work.WorkDesk`."""
        async with self._turns.turn():
            before = self._found(number)
            what = What(
                step.title, step.from_ms, step.until_ms, step.whole_zone, step.assigned_to, self._units(step.parts),
                self._units(step.used), step.note, step.found, step.did, step.verdict, key,
            )  # fmt: skip
            if (done := working.again(before, action, what)) is not None:
                return self._view(granted(done))
            if step.version and step.version != before.version:
                said = f"Maintenance order {number} was changed by {before.by} meanwhile."
                raise Refused("changed", said, "Look at it again, then decide.", {"by": before.by})
            self._person(what.assigned_to)
            after = granted(working.act(before, action, what, by, self._now_ms()))
            if after is before:
                return self._view(before)
            verdict = None
            if action == "finish" and step.verdict:
                told = Told(step.verdict, note=step.found)
                verdict = await self.verdicts.of_order(before, told, by, "", outcome=True)
            stored = await self._write(before, after, action, verdict)
        self.acted()
        return self._view(stored.order)

    async def alert_verdicts(self, number: int) -> VerdictsView:
        """See `work.WorkDesk`."""
        return await self.verdicts.of_alert(number)

    async def judge_alert(self, number: int, told: Told, by: str, key: str) -> Judged:
        """See `work.WorkDesk`."""
        return await self.verdicts.judge_alert(number, told, by, key)

    async def judge_work(self, number: int, told: Told, by: str, key: str) -> Judged:
        """See `work.WorkDesk`."""
        async with self._turns.turn():
            order = self._known.get(number)
        if order is None:
            with storing():
                versions = await asyncio.to_thread(self._books.work.versions, number)
            if not versions:
                raise NotFound(f"there is no maintenance order {number}", "the list shows all there are")
            order = versions[-1].order
        judged = await self.verdicts.judge_work(order, told, by, key)
        self.acted()
        return judged

    async def _write(
        self, before: WorkOrder | None, after: WorkOrder, action: str, verdict: Verdict | None = None, key: str = ""
    ) -> Stored:
        """Store an order's next version with what it does to the stock, in the turn of all its parts' SKUs."""
        skus = {one.sku for order in (before, after) if order is not None for one in order.parts}
        async with self._book.turn(*skus & self._names.keys()):
            now_ms = self._now_ms()
            held = self._promises.held_of(parts.ref_of(after)) if before is not None else []
            self._there(before, after, now_ms)
            sensed = {sku for sku in skus & self._names.keys() if self._book.terms(sku).slots}
            booked = parts.booked(before, after, held, sensed | (skus - self._names.keys()), now_ms)
            for entry in booked.entries:
                await self._book.fit(entry)
            stored = await self._store(before, after, action, booked, verdict, key)
            self._know(stored.order)
            self._promises.entered(stored.reservations, now_ms)
            await self._book.enter(stored.entries)
        if stored.verdict is not None:
            self.verdicts.heard(stored.verdict)
        return stored

    async def _store(
        self, before: WorkOrder | None, after: WorkOrder, action: str, booked: Booked, verdict: Verdict | None, key: str
    ) -> Stored:
        touched = {one.after.sku for one in booked.changes}
        with self._turns.writing(), self._promises.writing(touched, booked.entries):
            stored: Stored
            try:
                if before is None:
                    stored = await self._on_disk(self._books.work.create, after, key, booked)
                else:
                    stored = await self._on_disk(self._books.work.keep, before, after, action, booked, verdict)
            except Taken as error:
                said = f"Maintenance order {error.order} is open for the same asset and cause."
                raise Refused("work_open", said, "Look at that one; add to it what is to be done.") from error
            return stored

    def _there(self, before: WorkOrder | None, after: WorkOrder, now_ms: int) -> None:
        """Refuse to take what is not there, or what the site does not have any more."""
        for sku, units in parts.taken(before, after).items():
            assert before is not None, "nothing is taken for what is not there yet"
            if sku not in self._names:
                raise Refused("unknown_sku", f"There is no SKU {sku!r} any more.", "Say that it is not wanted.")
            found = self._supplies({sku}, now_ms)[sku].get(parts.ref_of(before), Supply(0, 0))
            granted(parts.not_there(before, sku, units, found, self.site.site.timezone))

    def _supplies(self, skus: set[str], now_ms: int) -> dict[str, dict[str, Supply]]:
        """By SKU, and by what it is held for, how it stands."""
        found, tiers = {}, self.site.tiers
        for sku, held in self._promises.held(skus & self._names.keys()).items():
            at = self._book.position(sku)
            coming = self._promises.orders(sku)
            found[sku] = parts.supplies(held, at.available + at.reserved, tiers, coming, now_ms)
        return found

    def _views(self, orders: Sequence[WorkOrder]) -> list[WorkView]:
        now_ms = self._now_ms()
        by_sku = self._supplies({sku for one in orders for sku in parts.wanted(one)}, now_ms)
        views = []
        for one in orders:
            ref = parts.ref_of(one)
            mine = {sku: by_sku[sku][ref] for sku in parts.wanted(one) if ref in by_sku.get(sku, {})}
            views.append(work_view(one, mine, self._names, self._said(one), now_ms))
        return views

    def _view(self, order: WorkOrder) -> WorkView:
        return self._views([order])[0]

    def _said(self, order: WorkOrder) -> Stands:
        last = order.outcome.verdict if order.outcome is not None else ""
        return self.verdicts.said(_subject(order)) or last

    async def _about(self, wanted: NewWork) -> tuple[str, str, Cause]:
        """What an order is about: asset, zone and cause."""
        alert = None
        if wanted.alert:
            with storing():
                alert = await asyncio.to_thread(self._books.work.alert, wanted.alert)
            if alert is None or alert.state in UNSEEN:
                raise NotFound(f"there is no alert {wanted.alert}", "reload the page")
        asset = wanted.asset or (alert.subject if alert is not None else "")
        zone = self._zone(asset)
        if zone is None and alert is not None and asset == alert.subject:
            zone = alert.zone
        if zone is None:
            said = f"There is no asset {asset!r} at this site." if asset else "It names no asset."
            raise Refused("unknown_asset", said, "Name a device of the site file, or the alert it is about.")
        fault = wanted.fault
        if alert is not None and not fault:
            fault = str(alert.params.get("fault") or "")
        return asset, zone, Cause(alert.rule if alert is not None else "", fault, wanted.alert)

    def _zone(self, asset: str) -> str | None:
        """Where an asset stands; None where there is none of that name."""
        known = self.site.device_by_id.get(asset) or self.site.device_by_id.get(asset.partition(".")[0])
        if known is not None:
            return known.zone
        return next((one.zone for one in self.assets() if one.id == asset), None)

    def _units(self, wanted: Sequence[Wanted] | None) -> Mapping[str, int] | None:
        """Units by SKU, each named once, and known to the site."""
        if wanted is None:
            return None
        found: dict[str, int] = {}
        for one in wanted:
            if one.sku in found:
                raise Refused("sku_twice", f"{one.sku} is named twice.", "Add its units up in one line.")
            if one.sku not in self._names:
                raise Refused("unknown_sku", f"There is no SKU {one.sku!r}.", "Name one of the site file.")
            found[one.sku] = one.units
        return found

    def _person(self, name: str | None) -> None:
        known = {*self.people()}
        if name and known and name not in known:
            raise Refused("unknown_person", f"There is nobody called {name!r}.", "Name somebody of the site file.")

    def _found(self, number: int) -> WorkOrder:
        order = self._known.get(number)
        if order is None:
            raise NotFound(f"there is no maintenance order {number}", "the list shows those that can be acted on")
        return order

    def _know(self, order: WorkOrder) -> None:
        self._known[order.id] = order
        ended = [one for one in self._known.values() if not one.is_open]
        if len(ended) > KNOWN_ENDED:
            first = min(ended, key=lambda one: one.ended_ms)
            if self._now_ms() - first.ended_ms > REST_MS:  # by the others it is known what not to propose again
                del self._known[first.id]

    def _load(self, every: Iterable[WorkOrder]) -> None:
        self._known = {one.id: one for one in every}

    async def _read_again(self) -> None:
        """What the ledger has, and of the parts of orders that are not as they were known what is held and there."""
        before = self._known
        self._load(await asyncio.to_thread(self._books.work.orders))
        news = [one for one in self._known.values() if before.get(one.id) != one]
        earlier = [before[one.id] for one in news if one.id in before]
        skus = {line.sku for one in [*news, *earlier] for line in one.parts}
        async with self._book.turn(*skus & self._names.keys()):
            pass  # they are settled


def _subject(order: WorkOrder) -> Subject:
    """What is judged where an order is: its alert, if it came of one."""
    return Subject(order.cause.alert, 0 if order.cause.alert else order.id)
