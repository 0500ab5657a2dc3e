"""Takes back what the service drafted for needs that are over, before anybody approves it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence

from cloud.core.purchasing.needs import BY
from cloud.core.purchasing.orders import Order
from cloud.core.purchasing.withdrawing import over, refused, withdrawn
from cloud.core.replenishment import Need
from cloud.desks.orderbook import OrderBook
from cloud.desks.refusing import granted, storing
from cloud.desks.turns import Turns
from cloud.stores.books import Books

Keep = Callable[[Order, Order, str, str], Awaitable[Order]]
"""Store an order that becomes another, by which step and by whom."""


class Withdrawing:
    """The drafts of one site. `needs` are those that are open; `ended`: SKU -> its latest need that is over."""

    def __init__(self, orders: OrderBook, turns: Turns, books: Books, keep: Keep) -> None:
        self.needs: Callable[[], Sequence[Need]] = list
        self.ended: Callable[[], Mapping[str, int]] = dict
        self._orders, self._turns, self._books, self._keep = orders, turns, books, keep
        self._peoples = set[int]()
        """Drafts that a person had a hand in, though the service changed them last."""

    async def tick(self, now_ms: int) -> None:
        """Take back what nobody but the service had a hand in."""
        self._peoples &= self._orders.open.keys()
        mine = [one for one in self._orders.open.values() if one.by == BY and one.id not in self._peoples]
        if not any(self._over(one) for one in mine):
            return
        async with self._turns.turn():
            for before in mine:
                if self._orders.open.get(before.id) is not before or not (struck := self._over(before)):
                    continue
                with storing():
                    versions = await asyncio.to_thread(self._books.versions, before.id)
                if any(one.order.by != BY for one in versions):
                    self._peoples.add(before.id)
                    continue
                after = withdrawn(before, struck, now_ms)
                await self._keep(before, after, "cancel" if after.state == "cancelled" else "change", BY)

    def check(self, order: Order) -> None:
        """Before somebody approves an order. Raises `Refused` where what it was made for is over."""
        if (no := refused(order, self._over(order))) is not None:
            granted(no)

    def _over(self, order: Order) -> list[str]:
        if order.state != "draft" or not order.needs:
            return []
        wanted = {one.id: one.sku for one in self.needs()}
        settled = [one for one in self._orders.every() if one.state not in ("draft", "cancelled")]
        return over(order, wanted, self.ended(), {need for one in settled for need in one.needs})
