"""The buyer: orders from needs to closed, each step decided by the core and stored as a version, and what arrives."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress

import msgspec
from msgspec.structs import replace

from cloud.core.book.entries import Entry
from cloud.core.purchasing import agreements, needs, orders, receiving
from cloud.core.purchasing.acting import Action, Listed, act
from cloud.core.purchasing.needs import Asked, Left
from cloud.core.purchasing.orders import Line, Order
from cloud.core.purchasing.prices import offered, unfit_lot, unit_price
from cloud.core.purchasing.sourcing import Sourcing
from cloud.core.refusals import Refusal
from cloud.core.replenishment import Fate, Need
from cloud.core.trade_view import ArrivalView, OrderView, order_view
from cloud.desks.arriving import Arriving
from cloud.desks.bookkeeping import Bookkeeping, OnDisk
from cloud.desks.offering import WHY, Offering
from cloud.desks.orderbook import OrderBook
from cloud.desks.refusing import granted, storing
from cloud.desks.supplying import Supplying
from cloud.desks.turns import Turns
from cloud.stores.books import Books
from cloud.web import office
from cloud.web.desk import NotFound, Refused, Unavailable
from cloud.web.sign_in import Who
from protocols.reports import Report

DAY_MS = 86_400_000
AGAIN_MS = 60_000
"""What could not be ordered is tried again after so long, or when something else is wanted."""


class Purchasing:
    """The orders of one site. One thing is decided at a time."""

    def __init__(
        self, book: Bookkeeping, supplying: Supplying, books: Books, on_disk: OnDisk, now_ms: Callable[[], int]
    ) -> None:
        self.site = book.site
        self.needs: Callable[[], Sequence[Need]] = list
        self.told: Callable[[Order], None] = lambda _: None
        """Somebody wants to hear of orders that became others."""
        self._book, self._supplying, self._books = book, supplying, books
        self._on_disk, self._now_ms = on_disk, now_ms
        self._offering = Offering(supplying, self._projected)
        self._orders = OrderBook()
        self._arriving = Arriving(book, self._orders, books, on_disk)
        self._names = {one.id: one.name for one in self.site.suppliers}
        self._turns = Turns(self._read_again)
        self._unlearnt: dict[int, Order] = {}
        """Orders whose facts could not be read yet."""
        self._left: dict[int, tuple[int, int]] = {}
        """Need -> the units of it that could not be ordered, and until when that is not tried again."""

    def load(self) -> None:
        """All orders, and what became of needs."""
        every = self._books.orders()
        self._orders.load(every, self._books.ordered())
        self._supplying.load(every)
        self._arriving.load()

    def hear(self, reports: Iterable[Report]) -> None:
        """Tags that arrived somewhere."""
        self._arriving.hear(reports)

    async def tick(self, now_ms: int) -> None:
        """Order what may be ordered without anybody, and send what was approved so: also what a stop left unsent."""
        await self._arriving.keep()
        await self._learn(self._unlearnt.values())
        self._supplying.tick(now_ms)
        unsent = [one.id for one in self._orders.open.values() if _is_unsent(one)]
        free = [one for one in self.needs() if one.state == "proposed" and one.held_until_ms <= now_ms]
        asked = [self._asked(one) for one in free if one.sku in self.site.sku_by_id]
        asked = [one for one in asked if one.level == "order" and self._is_due(one, now_ms)]
        if not (unsent or asked or self._turns.doubtful):
            return
        async with self._turns.turn():
            for number in unsent:
                if (order := self._orders.open.get(number)) is not None and _is_unsent(order):
                    await self._send(order, now_ms)
            if asked:
                _, left = await self._order(asked, "", now_ms)
                units = {one.need: one.units for one in asked}
                self._left = {one.need: (units[one.need], now_ms + AGAIN_MS) for one in left}

    def coming(self, sku: str) -> Mapping[str, int]:
        """Units ordered and not shipped, and in transit."""
        return self._orders.coming(sku)

    def cancelled_ms(self, need: int) -> int:
        """When its order was cancelled; 0 where it was not."""
        return self._orders.cancelled_ms(need)

    def fate(self, need: int) -> Fate:
        """What became of a need among the orders."""
        return self._orders.fate(need)

    def due_days(self, sku: str, now_ms: int) -> float | None:
        """In how many days the first of what is to come of an SKU is due."""
        due_ms = self._orders.due_ms(sku)
        return None if due_ms is None else max(0.0, (due_ms - now_ms) / DAY_MS)

    def on(self, need: int) -> int | None:
        """The order that a need is on."""
        return self._orders.on.get(need)

    def orders(self) -> list[OrderView]:
        """See `office.OfficeDesk`."""
        return [self.view(one) for one in self.every()]

    def every(self) -> list[Order]:
        """The latest ended orders and the open ones."""
        return self._orders.every()

    def of(self, sku: str) -> list[Order]:
        """The open orders in which an SKU is."""
        return self._orders.of([sku])

    async def order(self, number: int) -> object:
        """See `office.OfficeDesk`."""
        with storing():
            versions = await asyncio.to_thread(self._books.versions, number)
        if not versions:
            raise NotFound(f"there is no order {number}", "the list shows all there are")
        last = versions[-1].order
        with storing():
            blobs = await asyncio.to_thread(lambda: {one: self._books.kept(f"sourced:{one}") for one in last.needs})
        sourced = {str(need): msgspec.Raw(blob) for need, blob in blobs.items() if blob is not None}
        return {"order": self.view(last), "versions": versions, "sourced": sourced}

    async def draft(self, wanted: office.NewOrder, by: str) -> object:
        """See `office.OfficeDesk`."""
        if wanted.supplier not in self._names:
            raise Refused(
                "unknown_supplier", f"There is no supplier {wanted.supplier!r}.", "Name one of the site file."
            )
        now_ms, lines = self._now_ms(), []
        for one in wanted.lines:
            self._still_wanted(one.sku)
            offer = self._supplying.price(one.sku, wanted.supplier)
            if offer is None:
                said = f"{wanted.supplier} offers no {one.sku!r}."
                raise Refused("no_offer", said, "Add the offer to the site file, or order it elsewhere.")
            if (no := unfit_lot(offer, one.units)) is not None:
                granted(no)
            days = self._supplying.lead_time(offer).mean_days
            lines.append(Line(one.sku, one.units, unit_price(offer, one.units), due_ms=now_ms + round(days * DAY_MS)))
        made = granted(orders.draft(wanted.supplier, lines, by, now_ms, (), wanted.note))
        async with self._turns.turn():
            return self.view(await self._keep(None, made, "draft", by))

    async def offers(self, need: int) -> object:
        """See `office.OfficeDesk`."""
        return await asyncio.to_thread(self._offering.of, self._wanted(need))

    async def order_need(self, need: int, supplier: str, who: Who) -> object:
        """See `office.OfficeDesk`. Whoever orders a need approves it as far as they may."""
        async with self._turns.turn():
            wanted = self._wanted(need)
            if (on := self._orders.on.get(need)) is not None:
                raise Refused("ordered", f"Need {need} is on order {on} already.", "Look at that order.")
            self._still_wanted(wanted.sku)
            asked = self._asked(wanted)
            if asked.level == "order":  # a person does it, and looks at it
                asked = replace(asked, level="propose")
            made, left = await self._order([asked], supplier, self._now_ms())
            if left and not made:
                why = left[0].reason
                raise Refused(why, f"{wanted.sku} can not be ordered.", WHY.get(why, "Look at its offers."))
            approved = []
            for one in made:
                now_ms, listed = self._now_ms(), self._listed(one)
                after = act(one, "approve", who.name, who.role, now_ms, self.site.buying, listed=listed)
                if isinstance(after, Order) and after is not one:
                    one = await self._keep(one, after, "approve", who.name)
                approved.append(self.view(one))
            return {"orders": approved}

    async def step(self, number: int, action: Action, step: office.Step, who: Who, key: str) -> OrderView:
        """See `office.OfficeDesk`."""
        async with self._turns.turn():
            before = self._found(number, who)
            if step.version and step.version != before.version:
                whose = "" if who.role == "supplier" else f" by {before.by}"
                said = f"Order {number} was changed{whose} meanwhile."
                raise Refused("changed", said, "Look at it again, then decide.")
            key = step.key or key
            if action == "receive":
                made = await self._receive(before, step, who, key, self._now_ms())
            else:
                made = await self._take(before, action, step, who, key)
            if who.role == "supplier":
                [made] = agreements.own_orders([made], who.supplier)
            return self.view(made, who.role)

    async def planned(self, make: Callable[[Sequence[Order]], Order | Refusal], by: str) -> OrderView:
        """The order that a supplier's plan makes beside all that there are; the one it made before, if it did."""
        async with self._turns.turn():
            made = granted(make(self.every()))
            return self.view(made if made.id else await self._keep(None, made, "plan", by), "supplier")

    def arrivals(self) -> list[ArrivalView]:
        """See `office.OfficeDesk`."""
        return self._arriving.arrivals()

    async def confirm(self, arrival: str, came: office.Came, who: Who, key: str) -> object:
        """See `office.OfficeDesk`."""
        async with self._turns.turn():
            number = arrival.partition(":")[0]
            before = self._orders.find(int(number)) if number.isascii() and number.isdecimal() else None
            if before is not None and key and f"receive:{key}" in before.keys:
                return self.view(before)
            seen = next((one for one in self.arrivals() if one.id == arrival), None)
            if seen is None:
                raise NotFound(f"there is no arrival {arrival[:100]!r}", "it may be booked already; look at the order")
            before = self._found(seen.order, who)
            line = before.line(seen.sku)
            assert line is not None, "an arrival is one of a line"
            key = key or f"{arrival}:{seen.from_ms}:{line.received + line.rejected}"
            came_line = office.StepLine(seen.sku, received=came.units, rejected=came.rejected)
            step = office.Step(lines=[came_line], note=came.note, anyway=came.anyway)
            made = await self._receive(before, step, who, key, seen.from_ms, {seen.sku: (came.lot, came.expiry)})
            return self.view(made)

    def _is_due(self, asked: Asked, now_ms: int) -> bool:
        units, until_ms = self._left.get(asked.need, (0, 0))
        return asked.need not in self._orders.on and (units != asked.units or now_ms >= until_ms)

    def _wanted(self, need: int) -> Need:
        wanted = next((one for one in self.needs() if one.id == need), None)
        if wanted is None:
            raise NotFound(f"there is no open need {need}", "it may be over; reload the page")
        return wanted

    def _still_wanted(self, sku: str) -> None:
        place = self.site.sku_by_id.get(sku)
        if place is not None and place.discontinued:
            raise Refused("discontinued", f"{sku} is discontinued.", "Change that in the site file, to order it again.")

    def _asked(self, need: Need) -> Asked:
        place = self.site.sku_by_id[need.sku]
        return Asked(need.id, need.sku, need.quantity, "observe" if place.discontinued else place.replenish)

    async def _order(self, asked: Sequence[Asked], supplier: str, now_ms: int) -> tuple[list[Order], list[Left]]:
        """Make orders of needs, and store them; those approved without anybody are sent. And what was left out."""

        def source(sku: str, units: int) -> Sourcing | Refusal:
            return self._supplying.source(sku, units, self._projected(sku), supplier)

        def worked() -> tuple[needs.Made, dict[int, object]]:
            made = needs.orders_of(
                asked,
                [*self._orders.open.values()],
                source,
                self.site.buying,
                now_ms,
                managed={sku for one in self.site.agreements if one.decides == "supplier" for sku in one.skus},
                mates=self._supplying.mates(self._projected, [one.sku for one in asked]),
                order_costs={one.id: one.order_cost for one in self.site.suppliers},
                ordered=[*self._orders.on],
                offer=self._supplying.price,
            )
            return made, self._offering.records(asked, made.sourced, by_hand=supplier != "")

        made, kept_why = await asyncio.to_thread(worked)
        kept: list[Order] = []
        if made.new:
            with self._turns.writing():
                kept = await self._on_disk(self._books.order_of_needs, made.new, "draft", needs.BY)
            for one in kept:
                await self._entered(one)
        for need, why in kept_why.items():
            with self._turns.writing():
                await self._on_disk(self._books.keep, f"sourced:{need}", msgspec.json.encode(why))
        for before, after in made.changed:
            kept.append(await self._keep(before, after, "change", needs.BY))
        kept = [await self._send(one, now_ms) if one.state == "approved" else one for one in kept]
        return kept, made.left

    async def _send(self, order: Order, now_ms: int) -> Order:
        sent = act(order, "send", needs.BY, "nobody", now_ms, self.site.buying)
        return await self._keep(order, sent, "send", needs.BY) if isinstance(sent, Order) else order

    async def _take(self, before: Order, action: Action, step: office.Step, who: Who, key: str) -> Order:
        units = {one.sku: one.units for one in step.lines if one.units is not None}
        dues = {one.sku: one.due_ms for one in step.lines if one.due_ms is not None}
        prices = {one.sku: one.unit_price for one in step.lines if one.unit_price is not None}
        now_ms, limits = self._now_ms(), self.site.buying
        if action == "change" and who.role != "supplier":
            for sku in (one for one, wanted in units.items() if wanted and before.line(one) is None):
                self._still_wanted(sku)
            prices = granted(offered(before, units, prices, self._supplying.price, anyway=step.anyway))
        after: Order | Refusal
        if who.role == "supplier":
            after = agreements.step(
                before, who.supplier, action, who.name, now_ms, limits,
                units=units, dues=dues, prices=prices, note=step.note, key=key,
            )  # fmt: skip
        else:
            after = act(
                before, action, who.name, who.role, now_ms, limits,
                units=units, dues=dues, prices=prices, note=step.note, key=key, anyway=step.anyway,
                listed=self._listed(before),
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
        order: Order
        entries: list[Entry]
        try:
            with self._turns.writing():
                order, entries = await self._on_disk(
                    self._books.receive, before, made.order, "receive", who.name, made.entries
                )
        except BaseException:
            self._book.doubt(one.sku for one in made.entries)
            raise
        await self._book.enter(entries)
        await self._entered(order)
        for line in order.lines:
            if (was := before.line(line.sku)) is not None:
                came = line.received + line.rejected - was.received - was.rejected
                self._arriving.forget(line.sku, came, before.sent_ms if lots is None else came_ms)
        with suppress(Unavailable):  # else the next tick does
            await self._arriving.keep()
        return order

    async def _keep(self, before: Order | None, after: Order, action: str, by: str) -> Order:
        with self._turns.writing():
            kept: Order = await self._on_disk(self._books.keep_order, before, after, action, by)
        await self._entered(kept)
        return kept

    async def _read_again(self) -> None:
        every, on = await asyncio.to_thread(lambda: (self._books.orders(), self._books.ordered()))
        for one in self._orders.load(every, on):
            await self._entered(one)

    async def _entered(self, order: Order) -> None:
        self._orders.know(order)
        self.told(order)
        await self._learn([order])
        for line in order.lines:
            self._book.changed(line.sku, order.changed_ms)

    async def _learn(self, orders: Iterable[Order]) -> None:
        """What the steps of orders tell of their suppliers; what can not be read now is read later."""
        for order in [one for one in orders if one.sent_ms]:
            self._unlearnt[order.id] = order
            with suppress(Unavailable):
                await self._supplying.learn(order)
                del self._unlearnt[order.id]

    def _found(self, number: int, who: Who) -> Order:
        order = self._orders.find(number)
        hidden = who.role == "supplier" and (order is None or order.supplier != who.supplier or not order.sent_ms)
        if order is None or hidden:
            raise NotFound(f"there is no order {number}", "the list shows all there are")
        return order

    def _listed(self, order: Order) -> Listed:
        def price(sku: str, units: int) -> float:
            offer = self._supplying.price(sku, order.supplier)
            return 0.0 if offer is None else unit_price(offer, units)

        return price

    def _projected(self, sku: str) -> int:
        return self._book.position(sku).projected

    def view(self, order: Order, role: str = "manager") -> OrderView:
        """An order as it is shown to somebody of a role."""
        return order_view(order, self._names.get(order.supplier, order.supplier), self._now_ms(), (role,))


def _is_unsent(order: Order) -> bool:
    """Whether nobody had to approve it, and nobody has to send it."""
    return order.state == "approved" and order.by == needs.BY
