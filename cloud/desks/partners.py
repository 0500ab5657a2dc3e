"""Suppliers from outside: what each may see in its portal, and how we judge them."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from cloud.core.purchasing import agreements
from cloud.core.purchasing.agreements import Known
from cloud.core.trade_view import OrderView
from cloud.desks.purchasing import Purchasing
from cloud.desks.supplying import Supplying
from cloud.web import office
from cloud.web.desk import NotFound


class Partners:
    """The suppliers of one site, as they and we see them."""

    def __init__(self, purchasing: Purchasing, supplying: Supplying, now_ms: Callable[[], int]) -> None:
        self.site = purchasing.site
        self.known: Callable[[Iterable[str]], list[Known]] = lambda _: []
        """What the site knows of these SKUs."""
        self.webhooks: Callable[[], object] = list
        """See `office.PartnerDesk`."""
        self._purchasing = purchasing
        self._supplying = supplying
        self._now_ms = now_ms
        self._names = {one.id: one.name for one in self.site.suppliers}

    def suppliers(self) -> object:
        """See `office.PartnerDesk`."""
        return self._supplying.suppliers(self._purchasing.every())

    async def mark(self, supplier: str, given: office.Score, by: str) -> object:
        """See `office.PartnerDesk`."""
        return await self._supplying.mark(supplier, given, by)

    def portal(self, supplier: str) -> object:
        """See `office.PartnerDesk`."""
        if supplier not in self._names:
            raise NotFound("this account acts for no supplier of the site", "ask the site to make it anew")
        mine = agreements.agreed(self.site.agreements, supplier)
        ordered = {line.sku for one in self._own(supplier) for line in one.lines}
        return {
            "supplier": {"id": supplier, "name": self._names[supplier]},
            "site": self.site.site.name,
            "currency": self.site.site.currency,
            "timezone": self.site.site.timezone,
            "names": {one.id: one.name for one in self.site.skus if one.id in mine or one.id in ordered},
            "at_ms": self._now_ms(),
            "shelves": agreements.shelves(self.site.agreements, supplier, self.known(mine)),
            "orders": self._own(supplier),
            "agreements": [one for one in self.site.agreements if one.supplier == supplier],
        }

    def _own(self, supplier: str) -> list[OrderView]:
        return [
            self._purchasing.view(one, "supplier") for one in agreements.own_orders(self._purchasing.every(), supplier)
        ]
