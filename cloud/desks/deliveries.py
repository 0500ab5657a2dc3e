"""What came of orders: what shelves and readers saw coming, and the receipts that people make of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress

from cloud.core.book.entries import Entry, order_of
from cloud.core.purchasing import receiving, undoing
from cloud.core.purchasing.acting import Listed
from cloud.core.purchasing.keys import taken_back
from cloud.core.purchasing.orders import Order
from cloud.core.trade_view import ArrivalView
from cloud.desks.arriving import Arriving
from cloud.desks.bookkeeping import Bookkeeping
from cloud.desks.refusing import OnDisk, granted
from cloud.desks.versions import Versions
from cloud.stores.books import Books
from cloud.web import office
from cloud.web.desk import NotFound, Unavailable
from cloud.web.roles import Who
from protocols.reports import Report


class Deliveries:
    """The deliveries of one site. What changes an order is asked for within a turn."""

    def __init__(
        self, book: Bookkeeping, versions: Versions, books: Books, on_disk: OnDisk, now_ms: Callable[[], int]
    ) -> None:
        self.site = book.site
        self._book, self._versions, self._now_ms = book, versions, now_ms
        self._arriving = Arriving(book, versions.known, books, on_disk)

    def load(self) -> None:
        """What was heard coming. After the orders: a stop may have come between what one of them lost, and its tags."""
        self._arriving.load()
        for order in self._versions.known.every():
            for sku, key in taken_back(order):
                self._arriving.remember(sku, receiving.receipt_key(order.id, sku, key))

    def hear(self, reports: Iterable[Report]) -> None:
        """Tags that arrived somewhere."""
        self._arriving.hear(reports)

    async def tick(self) -> None:
        """Store what was heard."""
        await self._arriving.keep()

    def arrivals(self) -> list[ArrivalView]:
        """See `office.OfficeDesk`."""
        return self._arriving.arrivals()

    async def confirm(
        self, arrival: str, came: office.Came, who: Who, key: str, offers: Callable[[Order], Listed]
    ) -> Order:
        """The order after a person said what came. See `office.OfficeDesk`."""
        number, _, sku = arrival.partition(":")
        before = self._versions.known.find(int(number)) if number.isascii() and number.isdecimal() else None
        line = office.StepLine(sku, received=came.units, rejected=came.rejected)
        step = office.Step(lines=[line], note=came.note, anyway=came.anyway)
        lots = {sku: (came.lot, came.expiry)}
        if before is not None and key and f"receive:{key}" in before.keys:
            return await self.receive(before, step, who, key, self._now_ms(), offers(before), lots)
        seen = next((one for one in self.arrivals() if one.id == arrival), None)
        if before is None or seen is None:
            raise NotFound(f"there is no arrival {arrival[:100]!r}", "it may be booked already; look at the order")
        key = key or f"{arrival}:{seen.from_ms}:v{before.version}"
        return await self.receive(before, step, who, key, seen.from_ms, offers(before), lots)

    async def receive(
        self, before: Order, step: office.Step, who: Who, key: str, came_ms: int, listed: Listed,
        lots: Mapping[str, tuple[str, str]] | None = None,
    ) -> Order:  # fmt: skip
        """The order after goods were taken in; `listed`: what its supplier asks for them."""
        units = {one.sku: one.received for one in step.lines if one.received is not None}
        rejected = {one.sku: one.rejected for one in step.lines if one.rejected}
        made = granted(
            receiving.receive(
                before, units, who.name, who.role, self._now_ms(), self.site.buying, listed=listed,
                came_ms=came_ms, key=key, rejected=rejected, lots=lots, note=step.note, anyway=step.anyway,
                told_ms=step.came_ms,
            )
        )  # fmt: skip
        if made.order is before:
            return before
        async with self._book.turn(*(one.sku for one in made.entries)):
            order, _ = await self._versions.receive(before, made.order, "receive", who.name, made.entries)
        for line in order.lines:
            if (was := before.line(line.sku)) is not None:
                came = line.received + line.rejected - was.received - was.rejected
                from_ms = before.sent_ms if lots is None else came_ms
                self._arriving.forget(line.sku, came, from_ms, receiving.receipt_key(order.id, line.sku, key))
        with suppress(Unavailable):  # else the next tick does
            await self._arriving.keep()
        return order

    async def take_back(self, came: Entry, entry: Entry) -> Entry:
        """What came of an order line with one delivery did not come: `entry` says so in the book, a version of the
        order there, together. Its tags wait again."""
        number = order_of(came)
        assert number is not None, "it is what came of an order"
        versions = [one.order for one in await self._versions.read(number)]
        async with self._book.turn(entry.sku):
            await self._book.fit(entry, came)
            after = granted(undoing.take_back(versions, came, entry.by, self._now_ms(), entry.note))
            _, [stored] = await self._versions.receive(versions[-1], after, "take_back", entry.by, [entry])
        self._arriving.remember(came.sku, came.key)
        with suppress(Unavailable):
            await self._arriving.keep()
        return stored
