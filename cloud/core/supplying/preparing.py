"""What of a plan does not depend on the stock: outlook and policy, prepared once a day and used after every pick."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

from msgspec import Struct
from msgspec.structs import replace

from cloud.core.planning.emergency import Source
from cloud.core.planning.items import Item
from cloud.core.planning.lots import Lots
from cloud.core.planning.settling import Outlook, Settled, settle
from cloud.core.replenishment import Stock, item_of
from cloud.core.supplying.histories import Days, outlooks
from protocols.layout import Site, Sku
from protocols.trade import Neighbour, Offer, Supplier

EMPTY: dict[str, int] = dict.fromkeys(("on_hand", "on_order", "reserved", "quarantined", "in_transit", "perishing"), 0)


class Prepared(Struct, frozen=True):
    """One SKU: the days it was told by (their hash), what they tell, the terms, and the policy that follows."""

    days: int
    told: Outlook | None
    terms: Item
    settled: Settled


class Job(Struct, frozen=True):
    """One SKU that is to be prepared, its units and service level, and how it was prepared before."""

    sku: Sku
    days: Days
    stock: Stock
    level: float
    before: Prepared | None = None

    @property
    def lacking(self) -> bool:
        """Whether anything changed since."""
        if self.before is None or self.before.days != hash(self.days):
            return True
        return self.before.terms != terms_of(self.sku, self.stock, self.before.told, self.level)


def prepare(jobs: Sequence[Job]) -> list[Prepared]:
    """The outlooks of all of them at once, and the policy of each."""
    new = [job for job in jobs if job.before is None or job.before.days != hash(job.days)]
    told = dict(zip((job.sku.id for job in new), outlooks([job.days for job in new]), strict=True))
    made = []
    for job in jobs:
        outlook = told.get(job.sku.id, job.before.told if job.before is not None else None)
        terms = terms_of(job.sku, job.stock, outlook, job.level)
        before = job.before
        known = before is not None and before.terms == terms and before.told == outlook
        settled = before.settled if known and before is not None else settle(terms, outlook, others=False)
        made.append(Prepared(hash(job.days), outlook, terms, settled))
    return made


def terms_of(sku: Sku, stock: Stock, told: Outlook | None, level: float) -> Item:
    """An SKU as it is planned, whatever is in stock."""
    return replace(item_of(sku, stock, told, level), **EMPTY)


class Sources:
    """Who could help out sooner than the regular supply, of each SKU: neighbours that have some to spare, and suppliers
    who are quicker."""

    def __init__(self, site: Site) -> None:
        self._neighbours: dict[str, Neighbour] = {one.id: one for one in site.neighbours}
        self._suppliers: dict[str, Supplier] = {one.id: one for one in site.suppliers if not one.suspended}
        self._offers: dict[str, list[Offer]] = {}
        for offer in site.offers:
            self._offers.setdefault(offer.sku, []).append(offer)

    def of(self, sku: Sku, spares: dict[str, int]) -> list[Source]:
        """The sources of an SKU; `spares` are the units that each neighbour said it can give away."""
        found = [
            Source(f"neighbour:{name}", ceil(one.days), one.fixed_cost, one.unit_cost, Lots(most=spares[name]))
            for name, one in self._neighbours.items()
            if spares.get(name, 0) > 0
        ]
        for offer in self._offers.get(sku.id, ()):
            supplier = self._suppliers.get(offer.supplier)
            if supplier is not None and offer.lead_time_days < sku.lead_time_days and offer.stock != 0:
                dearer = max(0.0, offer.price - sku.unit_cost)
                lots = Lots(offer.moq, offer.pack, offer.stock)
                days = ceil(offer.lead_time_days)
                found.append(Source(f"supplier:{offer.supplier}", days, supplier.order_cost, dearer, lots))
        return found
