"""The buyer: orders from needs to closed, each step decided by the core and stored as a version, and what arrives."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence

from msgspec.structs import replace

from cloud.core.book.entries import Entry
from cloud.core.purchasing import agreements, needs, orders, receiving
from cloud.core.purchasing.acting import Action, act
from cloud.core.purchasing.needs import Asked
from cloud.core.purchasing.orders import OPEN, Line, Order
from cloud.core.purchasing.prices import unit_price
from cloud.core.purchasing.sourcing import Sourcing
from cloud.core.refusals import Refusal
from cloud.core.replenishment import Fate, Need
from cloud.core.trade_view import ArrivalView, OrderView, order_view
from cloud.desks.bookkeeping import Bookkeeping, OnDisk
from cloud.desks.refusing import granted, storing
from cloud.desks.supplying import Supplying
from cloud.stores.books import Books
from cloud.web import office
from cloud.web.desk import NotFound, Refused
from cloud.web.sign_in import Who
from protocols.epc import decode
from protocols.reports import Report, TagMove

ENDED_SHOWN = 50
TAGS_MAX = 10_000
"""Arrivals of tags remembered an SKU; the oldest leave first."""
ENDED = frozenset(("closed", "cancelled"))


class Purchasing:
    """The orders of one site. One thing is decided at a time."""

    def __init__(
        self, book: Bookkeeping, supplying: Supplying, books: Books, on_disk: OnDisk, now_ms: Callable[[], int]
    ) -> None:
        self.site = book.site
        self.open: dict[int, Order] = {}
        self.ended: deque[Order] = deque(maxlen=ENDED_SHOWN)
        self.needs: Callable[[], Sequence[Need]] = list
        self._fates: dict[int, Fate] = {}
        self._on: dict[int, int] = {}
        self._book, self._supplying, self._books = book, supplying, books
        self._on_disk, self._now_ms = on_disk, now_ms
        self._tags: dict[str, deque[tuple[int, int]]] = {}
        self._gtins = {one.gtin.zfill(14): one.id for one in self.site.skus if one.gtin}
        self._names = {one.id: one.name for one in self.site.suppliers}
        self._deciding = asyncio.Lock()

    def load(self) -> None:
        """All orders, and what became of needs."""
        every = self._books.orders()
        for order in every:
            self._know(order)
        self._on = self._books.ordered()
        self._supplying.load(every)

    def hear(self, reports: Iterable[Report]) -> None:
        """Tags that arrived somewhere."""
        for one in reports:
            if type(one) is TagMove and one.move == "arrived" and (epc := decode(one.epc)) is not None:
                sku = self._gtins.get(epc.gtin)
                if sku is not None:
                    self._tags.setdefault(sku, deque(maxlen=TAGS_MAX)).append((one.at_ms, 1))

    async def tick(self, now_ms: int) -> None:
        """Order what may be ordered without anybody, and send what was approved so: also what a stop left unsent."""
        for one in [one for one in self.open.values() if one.state == "approved" and one.by == needs.BY]:
            async with self._deciding:
                if self.open.get(one.id) is one:
                    await self._send(one, now_ms)
        asked = [self._asked(one) for one in self.needs() if one.state == "proposed"]
        if any(one.level == "order" and one.need not in self._on for one in asked):
            async with self._deciding:
                await self._order([one for one in asked if one.level == "order"], "", now_ms)

    def coming(self, sku: str) -> dict[str, int]:
        """Units ordered and not shipped, and in transit."""
        every = self.open.values()
        return {"on_order": orders.on_order(every, sku), "in_transit": orders.in_transit(every, sku)}

    def fate(self, need: int) -> Fate:
        """What became of a need among the orders."""
        number = self._on.get(need)
        return "free" if number is None else self._fates.get(number, "cancelled")

    def due_days(self, sku: str, now_ms: int) -> float | None:
        """In how many days the first of what is to come of an SKU is due."""
        due_ms = orders.due_first(self.open.values(), sku)
        return None if due_ms is None else max(0.0, (due_ms - now_ms) / 86_400_000)

    def on(self, need: int) -> int | None:
        """The order that a need is on."""
        return self._on.get(need)

    def orders(self) -> list[OrderView]:
        """See `office.OfficeDesk`."""
        return [self.view(one) for one in self.every()]

    def every(self) -> list[Order]:
        """The latest ended orders and the open ones."""
        return [*self.ended, *self.open.values()]

    async def order(self, number: int) -> object:
        """See `office.OfficeDesk`."""
        with storing():
            versions = await asyncio.to_thread(self._books.versions, number)
        if not versions:
            raise NotFound(f"there is no order {number}", "the list shows all there are")
        return {"order": self.view(versions[-1].order), "versions": versions}

    async def draft(self, wanted: office.NewOrder, by: str) -> object:
        """See `office.OfficeDesk`."""
        if wanted.supplier not in self._names:
            raise Refused(
                "unknown_supplier", f"There is no supplier {wanted.supplier!r}.", "Name one of the site file."
            )
        now_ms, lines = self._now_ms(), []
        for one in wanted.lines:
            offer = self._supplying.price(one.sku, wanted.supplier)
            if offer is None:
                said = f"{wanted.supplier} offers no {one.sku!r}."
                raise Refused("no_offer", said, "Add the offer to the site file, or order it elsewhere.")
            days = self._supplying.lead_time(offer).mean_days
            lines.append(
                Line(one.sku, one.units, unit_price(offer, one.units), due_ms=now_ms + round(days * 86_400_000))
            )
        made = granted(orders.draft(wanted.supplier, lines, by, now_ms, (), wanted.note))
        async with self._deciding:
            return self.view(await self._keep(None, made, "draft", by))

    async def order_need(self, need: int, supplier: str, who: Who) -> object:
        """See `office.OfficeDesk`. Whoever orders a need approves it as far as they may."""
        async with self._deciding:
            wanted = next((one for one in self.needs() if one.id == need), None)
            if wanted is None:
                raise NotFound(f"there is no open need {need}", "it may be over; reload the page")
            if (on := self._on.get(need)) is not None:
                raise Refused("ordered", f"Need {need} is on order {on} already.", "Look at that order.")
            asked = replace(self._asked(wanted), level="propose")
            made = await self._order([asked], supplier, self._now_ms())
            approved = []
            for one in made:
                after = act(one, "approve", who.name, who.role, self._now_ms(), self.site.buying)
                if isinstance(after, Order) and after is not one:
                    one = await self._keep(one, after, "approve", who.name)
                approved.append(self.view(one))
            return {"orders": approved}

    async def step(self, number: int, action: Action, step: office.Step, who: Who, key: str) -> object:
        """See `office.OfficeDesk`."""
        async with self._deciding:
            before = self._found(number, who)
            if step.version and step.version != before.version:
                said = f"Order {number} was changed by {before.by} meanwhile."
                raise Refused("changed", said, "Look at it again, then decide.")
            key = step.key or key
            if action == "receive":
                return self.view(await self._receive(before, step, who, key, self._now_ms()))
            return self.view(await self._take(before, action, step, who, key))

    def arrivals(self) -> list[ArrivalView]:
        """See `office.OfficeDesk`."""
        waiting = {line.sku for one in self.open.values() if one.sent_ms for line in one.lines if line.rest}
        accounts = self._book.accounts
        puts = {sku: accounts[sku].unexplained for sku in waiting if sku in accounts and accounts[sku].puts}
        tags = {sku: [*self._tags[sku]] for sku in waiting if sku in self._tags}
        if not puts and not tags:
            return []
        found = receiving.arrivals(puts, tags, self.open.values())
        return [
            ArrivalView(
                one.id, one.order, one.sku, one.units, one.from_ms, one.to_ms, one.slots, one.evidence,
                round(one.confidence, 3), one.difference,
            )
            for one in found
        ]  # fmt: skip

    async def confirm(self, arrival: str, came: office.Came, who: Who, key: str) -> object:
        """See `office.OfficeDesk`."""
        async with self._deciding:
            seen = next((one for one in self.arrivals() if one.id == arrival), None)
            if seen is None:
                raise NotFound(f"there is no arrival {arrival[:100]!r}", "it may be booked already; look at the order")
            before = self._found(seen.order, who)
            lots = {seen.sku: (came.lot, came.expiry)}
            line = office.StepLine(seen.sku, received=came.units, rejected=came.rejected)
            step = office.Step(lines=[line], note=came.note)
            made = await self._receive(before, step, who, key or f"{arrival}:{seen.from_ms}", seen.from_ms, lots)
            self._tags.pop(seen.sku, None)
            return self.view(made)

    def _asked(self, need: Need) -> Asked:
        return Asked(need.id, need.sku, need.quantity, self.site.sku_by_id[need.sku].replenish)

    async def _order(self, asked: Sequence[Asked], supplier: str, now_ms: int) -> list[Order]:
        """Make orders of needs, and store them; those approved without anybody are sent."""

        def source(sku: str, units: int) -> Sourcing | Refusal:
            return self._supplying.source(sku, units, self._projected(sku), supplier)

        made = await asyncio.to_thread(
            needs.orders_of,
            asked,
            [*self.open.values()],
            source,
            self.site.buying,
            now_ms,
            managed={sku for one in self.site.agreements if one.decides == "supplier" for sku in one.skus},
            mates=self._supplying.mates(self._projected, [one.sku for one in asked]),
            order_costs={one.id: one.order_cost for one in self.site.suppliers},
            ordered=[*self._on],
        )
        kept: list[Order] = []
        with storing():
            if made.new:
                kept = await self._on_disk(self._books.order_of_needs, made.new, "draft", needs.BY)
            for one in kept:
                self._know(one)
            for before, after in made.changed:
                kept.append(await self._keep(before, after, "change", needs.BY))
        kept = [await self._send(one, now_ms) if one.state == "approved" else one for one in kept]
        only = made.left[0].reason if len(asked) == 1 and not kept and made.left else ""
        if only and asked[0].level != "order":
            raise Refused(only, f"{asked[0].sku} can not be ordered.", WHY.get(only, "Look at its offers."))
        return kept

    async def _send(self, order: Order, now_ms: int) -> Order:
        sent = act(order, "send", needs.BY, "nobody", now_ms, self.site.buying)
        return await self._keep(order, sent, "send", needs.BY) if isinstance(sent, Order) else order

    async def _take(self, before: Order, action: Action, step: office.Step, who: Who, key: str) -> Order:
        units = {one.sku: one.units for one in step.lines if one.units is not None}
        dues = {one.sku: one.due_ms for one in step.lines if one.due_ms is not None}
        prices = {one.sku: one.unit_price for one in step.lines if one.unit_price is not None}
        now_ms, limits = self._now_ms(), self.site.buying
        if action == "change":  # what is new in an order has its offer's price, if nobody says another
            for sku, wanted in units.items():
                offer = self._supplying.price(sku, before.supplier)
                if before.line(sku) is None and offer is not None and wanted:
                    prices.setdefault(sku, unit_price(offer, wanted))
        after: Order | Refusal
        if who.role == "supplier":
            after = agreements.step(
                before, who.supplier, action, who.name, now_ms, limits, units=units, dues=dues, prices=prices, key=key
            )
        else:
            after = act(
                before, action, who.name, who.role, now_ms, limits,
                units=units, dues=dues, prices=prices, note=step.note, key=key, anyway=step.anyway,
            )  # fmt: skip
        made = granted(after)
        return made if made is before else await self._keep(before, made, action, who.name)

    async def _receive(
        self, before: Order, step: office.Step, who: Who, key: str, came_ms: int,
        lots: Mapping[str, tuple[str, str]] | None = None,
    ) -> Order:  # fmt: skip
        units = {one.sku: one.received for one in step.lines if one.received is not None}
        rejected = {one.sku: one.rejected for one in step.lines if one.rejected}
        made = granted(
            receiving.receive(
                before, units, who.name, who.role, self._now_ms(), self.site.buying,
                came_ms=came_ms, key=key, rejected=rejected, lots=lots, note=step.note, anyway=step.anyway,
            )
        )  # fmt: skip
        if made.order is before:
            return before
        entries: list[Entry] = []
        with storing():
            order: Order
            order, entries = await self._on_disk(
                self._books.receive, before, made.order, "receive", who.name, made.entries
            )
        await self._book.enter(entries)
        await self._entered(order)
        return order

    async def _keep(self, before: Order | None, after: Order, action: str, by: str) -> Order:
        with storing():
            kept: Order = await self._on_disk(self._books.keep_order, before, after, action, by)
        await self._entered(kept)
        return kept

    async def _entered(self, order: Order) -> None:
        self._know(order)
        await self._supplying.learn_soon([order])
        for line in order.lines:
            self._book.changed(line.sku, order.changed_ms)

    def _know(self, order: Order) -> None:
        if order.state in ENDED:
            if self.open.pop(order.id, None) is not None or order.id not in self._fates:
                self.ended.append(order)
        else:
            self.open[order.id] = order
        taken = any(line.received for line in order.lines)
        placed: Fate = "placed" if order.state in OPEN or taken or order.state == "received" else "cancelled"
        self._fates[order.id] = "draft" if order.state == "draft" else placed
        self._on.update(dict.fromkeys(order.needs, order.id))

    def _found(self, number: int, who: Who) -> Order:
        order = self.open.get(number) or next((one for one in self.ended if one.id == number), None)
        hidden = who.role == "supplier" and (order is None or order.supplier != who.supplier or not order.sent_ms)
        if order is None or hidden:
            raise NotFound(f"there is no order {number}", "the list shows all there are")
        return order

    def _projected(self, sku: str) -> int:
        return self._book.position(sku).projected

    def view(self, order: Order, role: str = "manager") -> OrderView:
        """An order as it is shown to somebody of a role."""
        return order_view(order, self._names.get(order.supplier, order.supplier), self._now_ms(), (role,))


WHY = {
    "no_offer": "No supplier offers it: add an offer to the site file.",
    "observed": "Its SKU is only observed: change `replenish` in the site file.",
    "managed": "Its supplier decides about it by agreement.",
    "another_need": "Another need of the same SKU goes first.",
}
