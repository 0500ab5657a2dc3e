"""Suppliers from outside: what each may see in its portal, and how we judge them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from cloud.core.office_view import Named, PortalView, StockTaken, SupplierView
from cloud.core.purchasing import agreements
from cloud.core.purchasing.agreements import Known
from cloud.core.purchasing.orders import Order
from cloud.core.purchasing.scorecards import Scorecard
from cloud.core.refusals import Refusal
from cloud.core.trade_view import OrderView
from cloud.desks.needs import still_wanted
from cloud.desks.purchasing import Purchasing
from cloud.desks.refusing import of_site
from cloud.desks.supplying import Supplying
from cloud.web import office
from cloud.web.desk import NotFound, Refused
from cloud.web.portal import Plan, Stock
from cloud.web.posting import WebhookView
from cloud.web.roles import Who

SHELF_PAPERS: Final = {"x12": ["852", "846", "EPCIS"], "edifact": ["INVRPT", "EPCIS"]}
"""The papers of a supplier's shelves, by the standard that is agreed on."""


class Partners:
    """The suppliers of one site, as they and we see them."""

    def __init__(self, purchasing: Purchasing, supplying: Supplying, now_ms: Callable[[], int]) -> None:
        self.site = purchasing.site
        self.known: Callable[[Iterable[str]], list[Known]] = lambda _: []
        """What the site knows of these SKUs."""
        self.webhooks: Callable[[], list[WebhookView]] = list
        """See `office.PartnerDesk`."""
        self._purchasing = purchasing
        self._supplying = supplying
        self._now_ms = now_ms
        self._names = {one.id: one.name for one in self.site.suppliers}
        self._over = frozenset(one.id for one in self.site.skus if one.discontinued)
        self._papers = {
            one.id: SHELF_PAPERS[one.standard] for one in self.site.suppliers if one.mailbox and one.our_mailbox
        }

    def suppliers(self) -> list[SupplierView]:
        """See `office.PartnerDesk`."""
        return self._supplying.suppliers(self._purchasing.every())

    async def mark(self, supplier: str, given: office.Score, by: str) -> Scorecard:
        """See `office.PartnerDesk`."""
        return await self._supplying.mark(supplier, given, by)

    def portal(self, supplier: str) -> PortalView:
        """See `office.PartnerDesk`."""
        of_site(self.site, supplier)
        mine = agreements.agreed(self.site.agreements, supplier, self._over)
        own, waiting = (
            [self._purchasing.view(one, "supplier") for one in of(self._purchasing.every(), supplier)]
            for of in (agreements.own_orders, agreements.waiting)
        )
        seen = {line.sku for one in [*own, *waiting] for line in one.lines}
        seen |= {*mine, *(one.sku for one in self.site.offers if one.supplier == supplier)}
        shelves = agreements.shelves(
            self.site.agreements, supplier, self.known(mine), self.site.offers, self._purchasing.every()
        )
        about = self.site.site
        return PortalView(
            supplier=Named(supplier, self._names[supplier]),
            site=about.name,
            currency=about.currency,
            timezone=about.timezone,
            stock=self._supplying.stock_of(supplier),
            stock_ms=self._supplying.stock_ms(supplier),
            names={one.id: one.name for one in self.site.skus if one.id in seen},
            at_ms=self._now_ms(),
            papers=self._papers.get(supplier, []),
            shelves=shelves,
            orders=own,
            waiting=waiting,
            agreements=[one for one in self.site.agreements if one.supplier == supplier],
        )

    async def plan(self, plan: Plan, who: Who, key: str) -> OrderView:
        """See `cloud.web.portal.Desk`."""
        supplier = of_site(self.site, who.supplier)
        deals = agreements.agreed(self.site.agreements, who.supplier)
        if not deals:
            raise NotFound("there is no agreement about shelves", "agree on one with the site")
        twice = [one.sku for at, one in enumerate(plan.lines) if one.sku in {other.sku for other in plan.lines[:at]}]
        if twice:
            raise Refused("sku_twice", f"{twice[0]} is in the plan twice.", "Add its units up in one line.")
        for one in plan.lines:
            if one.sku in deals:
                still_wanted(self.site, one.sku)
        units = {one.sku: one.units for one in plan.lines}
        dues = {one.sku: one.due_ms for one in plan.lines if one.due_ms}
        seen = {one.sku: one.coming for one in plan.lines if one.coming is not None}

        def make(orders: Sequence[Order]) -> Order | Refusal:
            known, now_ms = self.known(sku for sku in units if sku in deals), self._now_ms()
            offers = self.site.offers
            return agreements.plan(
                deals, supplier, units, known, offers, orders, who.name, now_ms,
                dues=dues, seen=seen, key=key,
            )  # fmt: skip

        return await self._purchasing.planned(make, who.name)

    async def stock(self, stock: Stock, who: Who) -> StockTaken:
        """See `cloud.web.portal.Desk`."""
        of_site(self.site, who.supplier)
        known = await self._supplying.stock(who.supplier, stock.skus, stock.seen, who.name)
        unknown = sorted(sku for sku, units in stock.skus.items() if units is not None and sku not in known)
        return StockTaken(known, unknown)
