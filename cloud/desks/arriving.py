"""What the shelves and the readers saw coming, beside the orders it fits; worked out anew when any of it changed."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from cloud.core.purchasing import receiving
from cloud.core.trade_view import ArrivalView
from cloud.desks.bookkeeping import Bookkeeping
from cloud.desks.orderbook import OrderBook
from protocols.epc import decode
from protocols.reports import Report, TagMove

TAGS_MAX = 10_000
"""Arrivals of tags remembered an SKU; the oldest leave first."""


class Arriving:
    """The arrivals of one site."""

    def __init__(self, book: Bookkeeping, orders: OrderBook) -> None:
        self._book, self._orders = book, orders
        self._tags: dict[str, deque[tuple[int, int]]] = {}
        self._gtins = {one.gtin.zfill(14): one.id for one in book.site.skus if one.gtin}
        self._heard = 0
        self._seen: object = None
        """By what the arrivals were worked out last."""
        self._found: list[ArrivalView] = []

    def hear(self, reports: Iterable[Report]) -> None:
        """Tags that arrived somewhere."""
        for one in reports:
            if type(one) is TagMove and one.move == "arrived" and (epc := decode(one.epc)) is not None:
                sku = self._gtins.get(epc.gtin)
                if sku is not None:
                    self._tags.setdefault(sku, deque(maxlen=TAGS_MAX)).append((one.at_ms, 1))
                    self._heard += 1

    def forget(self, sku: str) -> None:
        """What tags told of an SKU is booked."""
        self._tags.pop(sku, None)
        self._heard += 1

    def arrivals(self) -> list[ArrivalView]:
        """What seems to have come, surest first."""
        waiting = {line.sku for one in self._orders.open.values() if one.sent_ms for line in one.lines if line.rest}
        known = [self._book.account(sku) for sku in waiting if sku in self._book.site.sku_by_id]
        puts = {one.sku: one.unexplained for one in known if one.puts}
        seen = (self._orders.changes, self._heard, puts)
        if seen != self._seen:
            self._seen = seen
            tags = {sku: [*self._tags[sku]] for sku in waiting & self._tags.keys()}
            found = receiving.arrivals(puts, tags, self._orders.of({*puts, *tags})) if puts or tags else []
            self._found = [
                ArrivalView(
                    one.id, one.order, one.sku, one.units, one.from_ms, one.to_ms, one.slots, one.evidence,
                    round(one.confidence, 3), one.difference,
                )
                for one in found
            ]  # fmt: skip
        return self._found
