"""The buyer: what people and suppliers ask of orders, each step decided by the core and stored as a version."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec

from cloud.core.book import checks
from cloud.core.book.entries import Entry
from cloud.core.office_view import OfferView, OrderDetail, Ordered, SourcedView
from cloud.core.purchasing import agreements, orders
from cloud.core.purchasing.acting import Action, Listed, act
from cloud.core.purchasing.keys import digest, made_before, noted
from cloud.core.purchasing.orders import Line, Order
from cloud.core.purchasing.prices import offered, unfit_lot, unit_price
from cloud.core.refusals import Refusal
from cloud.core.replenishment import Fate
from cloud.core.trade_view import ArrivalView, OrderView, order_view
from cloud.desks.bookkeeping import Bookkeeping
from cloud.desks.deliveries import Deliveries
from cloud.desks.needs import Needs, still_wanted
from cloud.desks.refusing import OnDisk, granted, of_site, storing
from cloud.desks.supplying import Supplying
from cloud.desks.versions import Versions
from cloud.stores.books import Books
from cloud.web import office
from cloud.web.desk import NotFound, Refused
from cloud.web.roles import Who
from protocols.reports import Report

DAY_MS = 86_400_000


class Purchasing:
    """The orders of one site. One thing is decided at a time."""

    def __init__(
        self, book: Bookkeeping, supplying: Supplying, books: Books, on_disk: OnDisk, now_ms: Callable[[], int]
    ) -> None:
        self.site = book.site
        self.versions = Versions(book, supplying, books, on_disk)
        self.needs = Needs(book, supplying, self.versions, books, on_disk)
        self.deliveries = Deliveries(book, self.versions, books, on_disk, now_ms)
        self._supplying, self._books, self._now_ms = supplying, books, now_ms
        self._orders, self._turns = self.versions.known, self.versions.turns
        self.acts_for: Callable[[str], str] = lambda _: ""
        """The supplier that an account acts for, "" for none; it may read the disk."""
        self._names = {one.id: one.name for one in self.site.suppliers}

    def load(self) -> None:
        """All orders, what became of needs, and what was heard coming."""
        self.versions.load()
        self.deliveries.load()

    def hear(self, reports: Iterable[Report]) -> None:
        """Tags that arrived somewhere."""
        self.deliveries.hear(reports)

    async def tick(self, now_ms: int) -> None:
        """What can be done without anybody."""
        await self.deliveries.tick()
        await self.versions.tick()
        self._supplying.tick(now_ms)
        await self.needs.tick(now_ms)

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

    async def ended(self, before: int, limit: int) -> list[OrderView]:
        """See `office.OfficeDesk`."""
        with storing():
            return [self.view(one) for one in await asyncio.to_thread(self._books.ended_orders, before, limit)]

    def every(self) -> list[Order]:
        """The latest ended orders and the open ones."""
        return self._orders.every()

    def of(self, sku: str) -> list[Order]:
        """The open orders in which an SKU is."""
        return self._orders.of([sku])

    async def order(self, number: int) -> OrderDetail:
        """See `office.OfficeDesk`."""
        versions = await self.versions.read(number)
        if not versions:
            raise NotFound(f"there is no order {number}", "the list shows all there are")
        last = versions[-1].order
        with storing():
            blobs = await asyncio.to_thread(lambda: {one: self._books.kept(f"sourced:{one}") for one in last.needs})
        sourced = {
            str(need): msgspec.json.decode(blob, type=SourcedView) for need, blob in blobs.items() if blob is not None
        }
        return OrderDetail(self.view(last), versions, sourced)

    async def draft(self, wanted: office.NewOrder, by: str, key: str) -> OrderView:
        """See `office.OfficeDesk`."""
        async with self._turns.turn():
            said = digest([(one.sku, one.units) for one in wanted.lines], wanted.supplier, wanted.note)
            if (before := made_before(self.every(), "draft", key, said)) is not None:
                return self.view(granted(before))
            made = self._drafted(wanted, by)
            made = noted(made, "draft", key, said) if key else made
            return self.view(await self.versions.keep(None, made, "draft", by))

    async def offers(self, need: int) -> list[OfferView]:
        """See `office.OfficeDesk`."""
        return await asyncio.to_thread(self.needs.offers, need)

    async def draft_needs(self, needs: Mapping[int, int], supplier: str, by: str) -> Ordered:
        """See `supply.Desk`. What is drafted waits for somebody to approve it."""
        async with self._turns.turn():
            made = await self.needs.order(needs, supplier, self._now_ms(), by)
            return Ordered([self.view(one) for one in made])

    async def order_need(self, need: int, units: int, supplier: str, who: Who) -> Ordered:
        """See `office.OfficeDesk`. Whoever orders a need approves it as far as they may."""
        async with self._turns.turn():
            made = await self.needs.order({need: units}, supplier, self._now_ms(), who.name)
            approved = []
            for one in made:
                now_ms, listed = self._now_ms(), self._listed(one)
                after = act(one, "approve", who.name, who.role, now_ms, self.site.buying, listed=listed)
                if isinstance(after, Order) and after is not one:
                    one = await self.versions.keep(one, after, "approve", who.name)
                approved.append(self.view(one))
            return Ordered(approved)

    async def step(self, number: int, action: Action, step: office.Step, who: Who, key: str) -> OrderView:
        """See `office.OfficeDesk`."""
        async with self._turns.turn():
            before, key = self._found(number, who), step.key or key
            done = key and f"{action}:{key}" in before.keys  # by a version before that one
            if step.version and step.version != before.version and not done:
                by = await self._by(before, who)
                said = f"Order {number} was changed by {by} meanwhile."
                raise Refused("changed", said, "Look at it again, then decide.", {"by": by})
            if action == "approve" and not step.anyway:
                self.needs.withdrawing.check(before)
            if action == "receive":
                made = await self.deliveries.receive(before, step, who, key, self._now_ms(), self._listed(before))
            else:
                made = await self._take(before, action, step, who, key)
            return self.view(agreements.seen(made) if who.role == "supplier" else made, who.role)

    async def planned(self, make: Callable[[Sequence[Order]], Order | Refusal], by: str) -> OrderView:
        """The order that a supplier's plan makes beside all that there are; the one it made before, if it did. As the
        supplier may see it."""
        async with self._turns.turn():
            made = granted(make(self.every()))
            made = made if made.id else await self.versions.keep(None, made, "plan", by)
            return self.view(agreements.seen(made), "supplier")

    def arrivals(self) -> list[ArrivalView]:
        """See `office.OfficeDesk`."""
        return self.deliveries.arrivals()

    async def confirm(self, arrival: str, came: office.Came, who: Who, key: str) -> OrderView:
        """See `office.OfficeDesk`."""
        async with self._turns.turn():
            return self.view(await self.deliveries.confirm(arrival, came, who, key, self._listed))

    def _drafted(self, wanted: office.NewOrder, by: str) -> Order:
        if wanted.supplier not in self._names:
            raise Refused(
                "unknown_supplier", f"There is no supplier {wanted.supplier!r}.", "Name one of the site file."
            )
        now_ms, lines = self._now_ms(), []
        for one in wanted.lines:
            still_wanted(self.site, one.sku)
            offer = self._supplying.price(one.sku, wanted.supplier)
            if offer is None:
                said = f"{wanted.supplier} offers no {one.sku!r}."
                hint = "Add the offer to the site file, or order it elsewhere."
                raise Refused("no_offer", said, hint, {"told": {"sku": one.sku}})
            if (no := unfit_lot(offer, one.units)) is not None:
                granted(no)
            days = self._supplying.lead_time(offer).mean_days
            lines.append(Line(one.sku, one.units, unit_price(offer, one.units), due_ms=now_ms + round(days * DAY_MS)))
        return granted(orders.draft(wanted.supplier, lines, by, now_ms, (), wanted.note))

    async def take_back(self, came: Entry, entry: Entry) -> Entry:
        """A person takes back what came of an order: `entry` does that in the book."""
        async with self._turns.turn():
            return await self.deliveries.take_back(came, entry)

    async def _take(self, before: Order, action: Action, step: office.Step, who: Who, key: str) -> Order:
        units = {one.sku: one.units for one in step.lines if one.units is not None}
        dues = {one.sku: one.due_ms for one in step.lines if one.due_ms is not None}
        prices = {one.sku: one.unit_price for one in step.lines if one.unit_price is not None}
        now_ms, limits = self._now_ms(), self.site.buying
        if action == "change" and who.role != "supplier":
            for sku in (one for one, wanted in units.items() if wanted and before.line(one) is None):
                still_wanted(self.site, sku)
            prices = granted(offered(before, units, prices, self._supplying.price, anyway=step.anyway))
        after: Order | Refusal
        if who.role == "supplier":
            after = agreements.step(
                before, who.supplier, action, who.name, now_ms, limits,
                units=units, dues=dues, prices=prices, note=step.note, key=key,
            )  # fmt: skip
        else:
            for due_ms in filter(None, dues.values()):  # 0: not known
                granted(checks.impossible(due_ms))
            after = act(
                before, action, who.name, who.role, now_ms, limits,
                units=units, dues=dues, prices=prices, note=step.note, key=key, anyway=step.anyway,
                listed=self._listed(before),
            )  # fmt: skip
        made = granted(after)
        if made is before:
            return made
        asked = who.role == "supplier" and made.asking and made.asking != before.asking
        return await self.versions.keep(before, made, "ask" if asked else action, who.name)

    def _found(self, number: int, who: Who) -> Order:
        if who.role == "supplier":
            of_site(self.site, who.supplier)
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

    async def _by(self, order: Order, who: Who) -> str:
        """Who changed an order last, as `who` may know it: to a supplier its own people by name, ours as the site."""
        if who.role != "supplier":
            return order.by
        with storing():
            theirs = await asyncio.to_thread(self.acts_for, order.by)
        return order.by if theirs == who.supplier else self.site.site.name

    def view(self, order: Order, role: str = "admin") -> OrderView:
        """An order as it is shown to somebody of a role."""
        return order_view(order, self._names.get(order.supplier, order.supplier), self._now_ms(), (role,))
