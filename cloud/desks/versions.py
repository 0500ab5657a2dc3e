"""An order's versions: stored first, then known to whoever goes by them: memory, suppliers' measures, subscribers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress

from cloud.core.book.entries import Entry
from cloud.core.office_view import OrderVersion
from cloud.core.purchasing.orders import Order
from cloud.desks.bookkeeping import Bookkeeping
from cloud.desks.orderbook import OrderBook
from cloud.desks.refusing import OnDisk, storing
from cloud.desks.supplying import Supplying
from cloud.desks.turns import Turns
from cloud.stores.books import Books
from cloud.web.desk import Unavailable


class Versions:
    """The orders of one site: `known` as the ledger has them, changed in `turns`, one at a time."""

    def __init__(self, book: Bookkeeping, supplying: Supplying, books: Books, on_disk: OnDisk) -> None:
        self.known = OrderBook()
        self.turns = Turns(self._read_again)
        self.told: Callable[[Order], None] = lambda _: None
        """Somebody wants to hear of orders that became others."""
        self._book, self._supplying, self._books, self._on_disk = book, supplying, books, on_disk
        self._unlearnt: dict[int, Order] = {}
        """Orders whose facts could not be read yet."""

    def load(self) -> None:
        """All orders, and what became of needs."""
        every = self._books.orders()
        self.known.load(every, self._books.ordered())
        self._supplying.load(every)

    async def tick(self) -> None:
        """Learn what could not be read before."""
        await self._learn(self._unlearnt.values())

    async def read(self, number: int) -> list[OrderVersion]:
        """Every version of an order, oldest first."""
        with storing():
            return await asyncio.to_thread(self._books.versions, number)

    async def keep(self, before: Order | None, after: Order, action: str, by: str) -> Order:
        """Store the next version of an order, or a new one."""
        with self.turns.writing():
            kept: Order = await self._on_disk(self._books.keep_order, before, after, action, by)
        await self._entered(kept)
        return kept

    async def of_needs(self, new: Sequence[Order], by: str) -> list[Order]:
        """Store new orders of needs, all or none."""
        with self.turns.writing():
            kept: list[Order] = await self._on_disk(self._books.order_of_needs, new, "draft", by)
        for one in kept:
            await self._entered(one)
        return kept

    async def receive(
        self, before: Order, after: Order, action: str, by: str, entries: Sequence[Entry]
    ) -> tuple[Order, list[Entry]]:
        """Store the next version of an order and what the book says of it, together."""
        try:
            with self.turns.writing():
                order, stored = await self._on_disk(self._books.receive, before, after, action, by, entries)
        except BaseException:
            self._book.doubt(one.sku for one in entries)
            raise
        await self._book.enter(stored)
        await self._entered(order)
        return order, stored

    async def _read_again(self) -> None:
        every, on = await asyncio.to_thread(lambda: (self._books.orders(), self._books.ordered()))
        for one in self.known.load(every, on):
            await self._entered(one)

    async def _entered(self, order: Order) -> None:
        self.known.know(order)
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
