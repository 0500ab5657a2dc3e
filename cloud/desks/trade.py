"""All desks of one site, put together: who asks whom, in which order they load, hear and tick."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from cloud.core.book.positions import Position
from cloud.core.inventory import Inventory
from cloud.core.ordering import Ordering
from cloud.core.overview import Traded
from cloud.core.planning.items import Item
from cloud.core.purchasing.agreements import Known, Span
from cloud.desks.bookkeeping import Bookkeeping
from cloud.desks.coldroom import Coldroom
from cloud.desks.counts import Counts
from cloud.desks.differing import Differing
from cloud.desks.figures import Figures
from cloud.desks.foreseeing import Foreseeing
from cloud.desks.neighbours import Neighbours
from cloud.desks.papers import Papers
from cloud.desks.partners import Partners
from cloud.desks.promises import Promises
from cloud.desks.purchasing import Purchasing
from cloud.desks.refusing import OnDisk
from cloud.desks.replenishing import Replenishing
from cloud.desks.supplying import Supplying
from cloud.desks.telling import Telling
from cloud.desks.work import Works
from cloud.planner import Planner
from cloud.stores.books import Books
from cloud.stores.database import LedgerUnavailable
from cloud.stores.history import History
from cloud.web.app import Desks, PeopleDesk
from cloud.web.assets import AssetDesk
from cloud.web.desk import Desk, DeskError
from cloud.web.exports import Desk as ExportDesk
from cloud.web.gateways import Desk as GatewayDesk
from cloud.web.grafana import Desk as GraphDesk
from protocols.reports import Report

FORECAST_DAYS = 28
TAUS = (0.05, 0.95)


class Trade:
    """The desks of one site."""

    def __init__(
        self,
        inventory: Inventory,
        ordering: Ordering,
        planner: Planner,
        books: Books,
        on_disk: OnDisk,
        now_ms: Callable[[], int],
        history: History | None = None,
    ) -> None:
        self._inventory, self._ordering, self._planner, self._books = inventory, ordering, planner, books
        self._now_ms = now_ms
        self.book = Bookkeeping(inventory.site, books, on_disk, now_ms)
        self.promises = Promises(self.book, books, on_disk, now_ms)
        self.counts = Counts(self.book, books, on_disk, now_ms)
        self.supplying = Supplying(self.book, books, on_disk, now_ms)
        self.purchasing = Purchasing(self.book, self.supplying, books, on_disk, now_ms)
        self.partners = Partners(self.purchasing, self.supplying, now_ms)
        self.papers = Papers(self.purchasing, books, on_disk, now_ms)
        self.neighbours = Neighbours(inventory.site, books, on_disk, now_ms)
        self.telling = Telling(inventory.site, books, on_disk, now_ms)
        self.figures = Figures(self.book, self.supplying, books, on_disk, now_ms)
        self.cold = Coldroom(self.book, books, on_disk, now_ms, history)
        self.works = Works(self.book, self.promises, books, on_disk, now_ms)
        self.foreseeing = Foreseeing(inventory, planner, self.purchasing, self.book, books, history, now_ms)
        self.replenishing = Replenishing(inventory.site, ordering, planner, self.purchasing, self.supplying, now_ms)
        self._join()

    def load(self) -> None:
        """Everything as the ledger has it."""
        for desk in (
            self.book,
            self.promises,
            self.counts,
            self.purchasing,
            self.neighbours,
            self.figures,
            self.cold,
            self.works,
        ):
            desk.load()
        self.telling.load(self.purchasing.every())

    def hear(self, reports: Iterable[Report], now_ms: int) -> None:
        """What gateways told, once it is in the ledger."""
        reports = [*reports]
        self.book.hear(reports, now_ms)
        self.purchasing.hear(reports)
        self.cold.hear(reports, now_ms)

    async def tick(self, now_ms: int) -> None:
        """What time brings. Raises `DeskError` where the ledger can not be written."""
        wrong: Exception | None = None
        steps = (self.book, self.cold, self.counts, self.promises, self.purchasing, self.figures, self.works)
        for step in (one.tick for one in steps):
            try:  # where one can not go on, the others do
                await step(now_ms)
            except (LedgerUnavailable, DeskError) as error:
                wrong = wrong or error
        self.telling.tick(now_ms)
        if wrong is not None:
            raise wrong

    def position(self, sku: str) -> Position:
        """Where an SKU stands: the book, how far its shelves can be relied on, promises and orders."""
        there, aside = self.book.account(sku).on_hand, self.book.quarantined(sku)
        unsure, coming = self.book.unsure(sku, aside), self.purchasing.coming(sku)
        return Position(there, self.promises.reserved(sku), aside, **coming, **unsure._asdict())

    def daily(self, sku: str) -> float:
        """Units expected to be wanted a day; 0 where nobody knows."""
        told = self._planner.outlook(sku)
        return told.mean if told is not None else 0.0

    def desks(
        self,
        service: Desk,
        assets: AssetDesk,
        gateways: GatewayDesk,
        people: PeopleDesk,
        exports: ExportDesk,
        graphs: GraphDesk,
    ) -> Desks:
        """All that the web asks."""
        return Desks(
            service,
            self.book,
            self.promises,
            self.counts,
            Differing(self.counts),
            self.purchasing,
            self.partners,
            self.papers,
            self.neighbours,
            self.figures,
            self.cold,
            self.works,
            assets,
            gateways,
            people,
            exports,
            graphs,
            self.foreseeing,
            self.replenishing,
        )

    def shown(self) -> Traded:
        """What people see of it all."""
        office = self.purchasing
        return Traded(
            office.orders(), office.arrivals(), self.figures.current, self.cold.shown(), self.works.shown(),
            self.book.owed, office.on,
        )  # fmt: skip

    def known(self, skus: Iterable[str], *, foretold: bool = True) -> list[Known]:
        """What the site knows of some SKUs, for those who may see it; `foretold`: with what is expected of them."""
        wanted = [sku for sku in skus if sku in self._inventory.site.sku_by_id]
        told, ahead = self._planner.foretell(wanted if foretold else [], self._now_ms(), FORECAST_DAYS, TAUS)
        row = {sku: at for at, sku in enumerate(told)}
        found = []
        for sku in wanted:
            card, levels = self._planner.card(sku), self._inventory.levels
            at = row.get(sku)
            span = None
            if ahead is not None and at is not None:
                low, high = (int(one) for one in ahead.quantiles[at])
                span = Span(low, float(ahead.total[at]), high)
            held = [levels[slot].at_ms for slot in self._inventory.slots_of(sku) if slot in levels]
            found.append(
                Known(
                    sku,
                    self._inventory.site.sku_by_id[sku].name,
                    self.position(sku),
                    card.reorder_point if card is not None else None,
                    card.order_up_to if card is not None else None,
                    float(ahead.mean_day[at]) if ahead is not None and at is not None else None,
                    span,
                    max(held, default=None),
                )
            )
        return found

    def _join(self) -> None:
        """Who asks whom."""
        planner, ordering = self._planner, self._ordering
        self.book.position = self.position
        self.book.changed = lambda sku, at_ms: ordering.again([sku], self._now_ms())
        self.book.give_back = self.purchasing.take_back
        self.book.picked = self._inventory.picked
        planner.positions = self.foreseeing.position = self.replenishing.position = self.position
        self.book.ends = self.cold.stays.ends
        planner.lots = self.book.fresh
        planner.fate, planner.cancelled_ms = self.purchasing.fate, self.purchasing.cancelled_ms
        planner.due = self.purchasing.due_days
        planner.spares, planner.deals = self.neighbours.spare, self.supplying.deals
        self.neighbours.card, self.neighbours.position = planner.card, self.position
        self.neighbours.changed = self.book.changed
        self.figures.wanted = self.neighbours.wanted
        self.promises.orders = self.counts.orders = self.purchasing.of
        withdrawing = self.purchasing.needs.withdrawing
        self.purchasing.needs.known = withdrawing.needs = lambda: [*ordering.needs.values()]
        withdrawing.ended = lambda: ordering.last
        self.supplying.look = lambda sku: (planner.card(sku), planner.outlook(sku))
        self.counts.levels = self.book.levels = lambda: self._inventory.levels
        self.counts.abc = lambda sku: planner.learnt.abc_xyz(sku)[0]
        self.partners.known = self.papers.known = self.known
        self.papers.gone = lambda: self.book.gone
        self.papers.delivered = self.supplying.orders_of
        self.partners.webhooks = self.telling.webhooks
        self.telling.known = self._seen
        self.telling.orders = self.purchasing.every
        self.purchasing.versions.told = self.telling.order
        self.figures.outlook = planner.outlook
        self.figures.item = self._item
        self.figures.lot = self._lot

    def _seen(self, skus: Iterable[str]) -> list[Known]:
        """The same of those SKUs of which no slot is unknown, without what is expected."""
        sure = [sku for sku in skus if not self._inventory.stock(sku).blind]
        return self.known(sure, foretold=False)

    def _item(self, sku: str) -> Item | None:
        return self._planner.item(sku)

    def _lot(self, sku: str) -> int:
        made = self._ordering.plans.get(sku)
        return (made.order_quantity or 0) if made is not None else 0
