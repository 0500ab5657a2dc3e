"""What of a plan does not depend on the stock: outlook and policy, prepared once a day and used after every pick."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

from msgspec import Struct
from msgspec.structs import replace

from cloud.core.book.positions import Position
from cloud.core.planning.deals import Deal, Supply, dealt, held
from cloud.core.planning.emergency import Source
from cloud.core.planning.items import Item
from cloud.core.planning.lots import Lots
from cloud.core.planning.settling import Outlook, Settled
from cloud.core.replenishment import Stock, listed
from cloud.core.supplying.histories import Days, outlooks
from protocols.layout import Site, Sku
from protocols.trade import Neighbour

NOTHING = Position(0)


class Prepared(Struct, frozen=True):
    """One SKU: the days it was told by (their hash), what they tell, the SKU as it is `listed` and the `deals` that
    were offered; and what follows: the terms to plan by, whose they are, and the policy."""

    days: int
    told: Outlook | None
    listed: Item
    deals: tuple[Deal, ...]
    terms: Item
    settled: Settled
    supply: Supply | None = None


class Job(Struct, frozen=True):
    """One SKU that is to be prepared, its units and service level, what its suppliers ask, and how it was prepared
    before."""

    sku: Sku
    days: Days
    stock: Stock
    level: float
    deals: tuple[Deal, ...] = ()
    before: Prepared | None = None

    @property
    def listed(self) -> Item:
        """The SKU by its own terms, whatever is in stock."""
        return listed(self.sku, replace(self.stock, position=NOTHING), self.level)

    @property
    def lacking(self) -> bool:
        """Whether anything changed since."""
        if self.before is None or self.before.days != hash(self.days):
            return True
        return (self.before.listed, self.before.deals) != (self.listed, self.deals)


def prepare(jobs: Sequence[Job]) -> list[Prepared]:
    """The outlooks of all of them at once, and the policy of each."""
    new = [job for job in jobs if job.before is None or job.before.days != hash(job.days)]
    told = dict(zip((job.sku.id for job in new), outlooks([job.days for job in new]), strict=True))
    made = []
    for job in jobs:
        before = job.before
        outlook = told.get(job.sku.id, before.told if before is not None else None)
        item = job.listed
        if before is not None and (before.listed, before.deals, before.told) == (item, job.deals, outlook):
            made.append(replace(before, days=hash(job.days)))
        else:
            found = dealt(item if job.deals else held(item, outlook), outlook, job.deals)
            made.append(Prepared(hash(job.days), outlook, item, job.deals, *found))
    return made


class Sources:
    """Who could help out until the regular supply comes, where that is sooner: neighbours that have some to spare, and
    suppliers."""

    def __init__(self, site: Site) -> None:
        self._neighbours: dict[str, Neighbour] = {one.id: one for one in site.neighbours}

    def of(self, spares: dict[str, int], made: Prepared) -> list[Source]:
        """The sources of an SKU as it was prepared; `spares` are the units that each neighbour said it can give."""
        found = [
            Source(f"neighbour:{name}", ceil(one.days), one.fixed_cost, one.unit_cost, Lots(most=spares[name]))
            for name, one in self._neighbours.items()
            if spares.get(name, 0) > 0
        ]
        for deal in made.deals:
            if deal.stock != 0:
                dearer = max(0.0, deal.price - made.terms.unit_cost)
                lots = Lots(deal.moq, deal.pack, deal.stock)
                days = ceil(deal.lead_time_days)
                found.append(Source(f"supplier:{deal.supplier}", days, deal.order_cost, dearer, lots))
        return found
