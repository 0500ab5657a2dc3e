"""What is known of a site's orders: the open ones, by SKU too, the latest that ended, and what became of each need."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping

from cloud.core.purchasing import orders
from cloud.core.purchasing.needs import BY
from cloud.core.purchasing.orders import OPEN, Order
from cloud.core.replenishment import Fate

ENDED_SHOWN = 50
NOTHING: Mapping[str, int] = {"on_order": 0, "in_transit": 0}
ENDED = frozenset(("closed", "cancelled"))


class OrderBook:
    """Orders in memory, as the ledger has them. `on`: need -> the order that it is on."""

    def __init__(self) -> None:
        self.open: dict[int, Order] = {}
        self.ended: deque[Order] = deque(maxlen=ENDED_SHOWN)
        self.on: dict[int, int] = {}
        self.changes = 0
        """Counts what came to be known."""
        self._fates: dict[int, Fate] = {}
        self._cancelled: dict[int, int] = {}
        """Order -> when somebody cancelled it, of those that came to nothing."""
        self._versions: dict[int, int] = {}
        self._of_sku: dict[str, dict[int, Order]] = {}

    def load(self, every: Iterable[Order], on: Mapping[int, int]) -> list[Order]:
        """All orders, oldest first; those that are not as they were known."""
        news = [one for one in every if self._versions.get(one.id) != one.version]
        for order in sorted(news, key=lambda one: (one.closed_ms, one.id)):
            self.know(order)
        self.on = {**self.on, **on}
        return news

    def know(self, order: Order) -> None:
        """An order as it is now."""
        self.changes += 1
        for line in self.open.get(order.id, order).lines:
            self._of_sku.get(line.sku, {}).pop(order.id, None)
        shown = next((at for at, one in enumerate(self.ended) if one.id == order.id), None)
        if order.state not in ENDED:
            if shown is not None:
                del self.ended[shown]
            again = order.id in self._fates and order.id not in self.open  # what was taken back may still come
            self.open[order.id] = order
            if again:
                self.open = dict(sorted(self.open.items()))
            for line in order.lines:
                self._of_sku.setdefault(line.sku, {})[order.id] = order
        elif shown is not None:
            self.ended[shown] = order
        elif self.open.pop(order.id, None) is not None or order.id not in self._fates:
            self.ended.append(order)
        self._versions[order.id] = order.version
        taken = order.state == "received" or any(line.received for line in order.lines)
        placed: Fate = "placed" if order.state in OPEN or taken else "cancelled"
        self._fates[order.id] = "draft" if order.state == "draft" else placed
        self._cancelled.pop(order.id, None)
        if placed == "cancelled" and order.state != "draft" and order.by != BY:
            self._cancelled[order.id] = order.closed_ms or order.changed_ms
        for need in order.needs:
            self.on.setdefault(need, order.id)

    def every(self) -> list[Order]:
        """The latest ended orders and the open ones."""
        return [*self.ended, *self.open.values()]

    def of(self, skus: Iterable[str]) -> list[Order]:
        """The open orders in which any of these SKUs is."""
        found = {id: one for sku in skus for id, one in self._of_sku.get(sku, {}).items()}
        return [found[id] for id in sorted(found)]

    def find(self, number: int) -> Order | None:
        """An open order, or one of the latest that ended."""
        return self.open.get(number) or next((one for one in self.ended if one.id == number), None)

    def coming(self, sku: str) -> Mapping[str, int]:
        """Units ordered and not shipped, and in transit."""
        known = self._of_sku.get(sku)
        if not known:
            return NOTHING
        mine = known.values()
        return {"on_order": orders.on_order(mine, sku), "in_transit": orders.in_transit(mine, sku)}

    def due_ms(self, sku: str) -> int | None:
        """When the first of what is to come of an SKU is due; None where nothing is, or nobody knows."""
        return orders.due_first(self._of_sku.get(sku, {}).values(), sku)

    def cancelled_ms(self, need: int) -> int:
        """When the order that a need is on was cancelled, before anything of it came; 0 where it was not."""
        return self._cancelled.get(self.on.get(need, 0), 0)

    def fate(self, need: int) -> Fate:
        """What became of a need among the orders."""
        number = self.on.get(need)
        return "free" if number is None else self._fates.get(number, "cancelled")
