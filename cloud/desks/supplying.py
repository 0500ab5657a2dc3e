"""What is known of suppliers: facts of their orders, measured lead times, scores, and from whom to buy an SKU."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from cloud.core.office_view import OrderVersion, StockTold, SupplierView
from cloud.core.planning.cards import Card
from cloud.core.planning.deals import Deal
from cloud.core.planning.settling import DAYS_A_YEAR, Outlook
from cloud.core.purchasing import facts as measured
from cloud.core.purchasing import receiving, scorecards, sourcing
from cloud.core.purchasing.bills import Bill, Option, best_bill
from cloud.core.purchasing.facts import Fact, LeadTime
from cloud.core.purchasing.joining import Mate
from cloud.core.purchasing.lateness import Stakes
from cloud.core.purchasing.orders import OPEN, Order, value
from cloud.core.purchasing.scorecards import Mark
from cloud.core.purchasing.sourcing import Sourcing
from cloud.core.refusals import Refusal
from cloud.desks.bookkeeping import Bookkeeping
from cloud.desks.refusing import OnDisk, granted, storing
from cloud.stores.books import Books
from cloud.web import office
from cloud.web.desk import NotFound, Refused
from protocols.trade import Offer

YEAR_MS = 365 * 86_400_000
CARD_MS = 60_000
VIEW_MS = 600_000
LEVEL_USUAL = 0.95
Look = Callable[[str], tuple[Card | None, Outlook | None]]
"""An SKU's card and outlook, as planned last."""


class Told(Struct, frozen=True, array_like=True):
    """Units that a supplier told it has, when, and who said so (0 and "": nobody knows)."""

    units: int
    at_ms: int = 0
    by: str = ""


class Supplying:
    """The suppliers of one site. Facts are worked out anew for an order that changed, of the others they stay."""

    def __init__(self, book: Bookkeeping, books: Books, on_disk: OnDisk, now_ms: Callable[[], int]) -> None:
        self.site = book.site
        self.look: Look = lambda _: (None, None)
        self._book = book
        self._books = books
        self._on_disk = on_disk
        self._now_ms = now_ms
        self.version = 0
        """Grows with every order whose facts were worked out."""
        self._facts: dict[int, list[Fact]] = {}
        self._of: dict[str, dict[int, list[Fact]]] = {}
        """Supplier -> order -> what came of it."""
        self._lines: dict[tuple[str, str], dict[int, Fact]] = {}
        """(Supplier, SKU) -> order -> what came of its line."""
        self._marks: list[Mark] = []
        self._marking = asyncio.Lock()
        self._cards: dict[str, tuple[int, scorecards.Scorecard]] = {}
        """Supplier -> when its card was worked out last, and that."""
        self._views: dict[str, tuple[int, SupplierView]] = {}
        """The same of what people see."""
        self._suppliers = {one.id: one for one in self.site.suppliers}
        self._offers: dict[str, list[Offer]] = {}
        for one in self.site.offers:
            self._offers.setdefault(one.sku, []).append(one)
        self._stocks: dict[str, dict[str, Told]] = {}
        """Supplier -> what it told it has of an SKU; that stands above what the site file says."""
        self._telling = asyncio.Lock()

    def load(self, orders: Iterable[Order]) -> None:
        """The facts of all orders, all marks, and what suppliers told."""
        for one in self.site.suppliers:
            if (blob := self._books.kept(f"stock:{one.id}")) is not None:
                told = msgspec.msgpack.decode(blob, type=dict[str, int | Told])
                self._stocks[one.id] = {sku: Told(was) if isinstance(was, int) else was for sku, was in told.items()}
        sent = {order.id: order for order in orders if order.sent_ms}
        for number, versions in self._books.every_version() if sent else ():
            if number in sent:
                self._enter(sent[number], versions)
        self._marks = self._books.scores()

    async def learn(self, order: Order) -> None:
        """An order changed: its facts anew."""
        with storing():
            versions = await asyncio.to_thread(self._books.versions, order.id)
        self._enter(order, versions)

    def facts(self) -> list[Fact]:
        """What all orders came to, line by line."""
        return [fact for of in self._facts.values() for fact in of]

    def orders_of(self, supplier: str) -> frozenset[int]:
        """The numbers of all orders that were sent to a supplier."""
        return frozenset(self._of.get(supplier, ()))

    def lead_time(self, offer: Offer) -> LeadTime:
        """How long a supplier takes for an SKU, measured as far as there is anything."""
        known = self._lines.get((offer.supplier, offer.sku), {})
        return measured.lead_time([*known.values()], offer.lead_time_days, offer.lead_time_sd_days, self._now_ms())

    def score(self, supplier: str) -> float | None:
        """A supplier's score of 100, as far as it can be told."""
        return self._card(supplier).score

    def source(self, sku: str, units: int, cover: int, supplier: str = "") -> Sourcing | Refusal:
        """From whom to buy units of an SKU of which `cover` will be there; from one `supplier` if it has to be."""
        offers = [one for one in self._offers.get(sku, []) if supplier in ("", one.supplier)]
        if supplier and not offers:
            return Refusal("no_offer", f"{supplier} does not offer {sku}.", "Choose another, or add its offer.")
        options = [self._option(one) for one in offers]
        return sourcing.source(sku, units, options, self._stakes(sku, cover), self.site.buying)

    def deals(self, sku: str) -> list[Deal]:
        """What an SKU is offered for by those who may be asked."""
        return sourcing.deals([self._option(one, VIEW_MS) for one in self._offers.get(sku, ())], self.site.buying)

    def bills(self, sku: str, units: int, cover: int) -> list[Bill]:
        """What each supplier alone would come to for units of an SKU of which `cover` will be there."""
        options = [self._option(one) for one in self._offers.get(sku, [])]
        known = [one.score for one in options if one.score is not None]
        usual = sum(known) / len(known) if known else 100.0
        return [best_bill(one, units, self._stakes(sku, cover), usual) for one in options]

    def stock_of(self, supplier: str) -> dict[str, int]:
        """What a supplier told it has."""
        return {sku: told.units for sku, told in self._stocks.get(supplier, {}).items()}

    def stock_ms(self, supplier: str) -> dict[str, int]:
        """When it told so of each SKU."""
        return {sku: told.at_ms for sku, told in self._stocks.get(supplier, {}).items()}

    async def stock(
        self, supplier: str, told: Mapping[str, int | None], seen: Mapping[str, int | None], by: str
    ) -> dict[str, int]:
        """A supplier says what it has of what it offers; None: it does not say any more. All that it has told. Raises
        `Refused` where a colleague told another thing since it was `seen`."""
        at_ms = self._now_ms()
        async with self._telling:
            before = self._stocks.get(supplier, {})
            for sku in told.keys() & seen.keys():
                _as_seen(sku, before.get(sku), seen[sku], told[sku])
            fresh = {sku: Told(units, at_ms, by) for sku, units in told.items() if units is not None}
            now = {sku: was for sku, was in before.items() if sku not in told} | fresh
            known = {sku: was for sku, was in now.items() if self.price(sku, supplier)}
            with storing():
                await self._on_disk(self._books.keep, f"stock:{supplier}", msgspec.msgpack.encode(known))
            self._stocks[supplier] = known
        return self.stock_of(supplier)

    def price(self, sku: str, supplier: str) -> Offer | None:
        """What a supplier offers of an SKU."""
        return next((one for one in self._offers.get(sku, []) if one.supplier == supplier), None)

    def mates(self, projected: Callable[[str], int], wanted: Iterable[str]) -> dict[str, list[Mate]]:
        """The SKUs that may join an order, by supplier: those that are planned by its terms. One with a policy by name
        joins nobody: it is ordered on its days, or for what is promised, alone."""
        going, found = set(wanted), dict[str, list[Mate]]()
        asked = {one.supplier for sku in going for one in self._offers.get(sku, ())}
        for sku, offers in self._offers.items():
            place = self.site.sku_by_id[sku]
            if place.discontinued or place.policy or not any(one.supplier in asked for one in offers):
                continue
            card, told = self.look(sku)
            if card is None or told is None or card.terms is None:
                continue
            planned_by = card.supply.supplier if card.supply is not None else ""
            offer = min(offers, key=lambda one: (one.supplier != planned_by, one.price, one.supplier))
            if offer.supplier not in asked:
                continue
            if card.verdict not in ("enough", "order") or (card.verdict == "order" and sku not in going):
                continue
            stakes, there = self._stakes(sku, 0), projected(sku)
            found.setdefault(offer.supplier, []).append(
                Mate(
                    sku, offer, there, told.mean, told.variance, self.lead_time(offer), stakes.holding_day,
                    stakes.backorder_day, place.replenish, _joins(card, there),
                )
            )  # fmt: skip
        return found

    def tick(self, now_ms: int) -> None:
        """Work out one supplier's card anew, the one that waits longest: all at once would take too long."""
        oldest = min(self._suppliers, key=lambda one: self._views.get(one, (0, None))[0], default="")
        if oldest and now_ms - self._views.get(oldest, (0, None))[0] >= CARD_MS:
            self._view(oldest, now_ms, 0)

    def suppliers(self, orders: Sequence[Order]) -> list[SupplierView]:
        """Everybody's card."""
        now_ms, views = self._now_ms(), []
        known: dict[str, list[Order]] = {}
        for order in orders:
            known.setdefault(order.supplier, []).append(order)
        for one in self.site.suppliers:
            own = known.get(one.id, [])
            worth = sum(value(order) for order in own if order.sent_ms and now_ms - order.sent_ms < YEAR_MS)
            view = self._view(one.id, now_ms, VIEW_MS)
            told = [StockTold(sku, was.units, was.at_ms) for sku, was in self._stocks.get(one.id, {}).items()]
            still = sum(each.state in OPEN for each in own)
            views.append(replace(view, open_orders=still, value_year=round(worth, 2), stock=told))
        return views

    def _view(self, supplier: str, now_ms: int, good_ms: int) -> SupplierView:
        at_ms, view = self._views.get(supplier, (0, None))
        if view is None or now_ms - at_ms >= good_ms:
            card, shares = self._card(supplier), measured.shares(self._mine(supplier), now_ms)
            leads = [self.lead_time(offer) for offer in self.site.offers if offer.supplier == supplier]
            seen = [lead for lead in leads if lead.n] or leads
            weight = sum(max(1, lead.n) for lead in seen)
            mean = sum(max(1, lead.n) * lead.mean_days for lead in seen) / weight if seen else None
            spread = sum(max(1, lead.n) * lead.sd_days for lead in seen) / weight if seen else None
            who = self._suppliers[supplier]
            view = SupplierView(
                supplier, who.name, who.suspended, card.score, card.parts, [*card.missing], mean, spread,
                sum(lead.n for lead in seen), shares.on_time, shares.in_full, shares.accepted, shares.lines,
            )  # fmt: skip
            self._views[supplier] = now_ms, view
        return view

    async def mark(self, supplier: str, given: office.Score, by: str) -> scorecards.Scorecard:
        """Enter what is not measured."""
        if supplier not in self._suppliers:
            raise NotFound(f"there is no supplier {supplier[:100]!r}", "the list shows all there are")
        mark = Mark(supplier, given.criterion, given.value, self._now_ms(), by, given.note)
        if (no := scorecards.unfit_mark(mark)) is not None:
            granted(no)
        async with self._marking:
            ours = [one for one in self._marks if (one.supplier, one.criterion) == (supplier, given.criterion)]
            last = max(ours, key=lambda one: one.at_ms, default=None)
            mine = last is not None and (last.by, last.value, last.note) == (by, given.value, given.note)
            if last is not None and not mine and given.seen_ms is not None and last.at_ms > given.seen_ms:
                said = f"{last.by} gave {last.value:g} for {given.criterion} meanwhile."
                raise Refused("changed", said, "Look at it again, then decide.", {"by": last.by})
            with storing():
                await self._on_disk(self._books.score, mark)
            self._marks.append(mark)
            self._cards.pop(supplier, None)
            self._views.pop(supplier, None)
        return self._card(supplier)

    def _enter(self, order: Order, versions: Iterable[OrderVersion]) -> None:
        facts = measured.facts([one.order for one in versions], receiving.came_at(order.id, self._book.receipts(order)))
        self._facts[order.id] = facts
        self.version += 1
        self._of.setdefault(order.supplier, {})[order.id] = facts
        for one in facts:
            self._lines.setdefault((one.supplier, one.sku), {})[order.id] = one
        self._cards.pop(order.supplier, None)
        self._views.pop(order.supplier, None)

    def _mine(self, supplier: str) -> list[Fact]:
        return [fact for of in [*self._of.get(supplier, {}).values()] for fact in of]

    def _card(self, supplier: str, good_ms: int = CARD_MS) -> scorecards.Scorecard:
        """A supplier's card; a wait grows with the time, so that it is worked out anew once a minute."""
        now_ms, weights = self._now_ms(), self.site.buying.score_weights
        at_ms, card = self._cards.get(supplier, (0, None))
        if card is None or now_ms - at_ms >= good_ms:
            mine = self._mine(supplier)
            offers = [offer for sku in {one.sku for one in mine} for offer in self._offers.get(sku, ())]
            card = scorecards.scorecard(supplier, mine, offers, self._marks, weights, now_ms)
            self._cards[supplier] = now_ms, card
        return card

    def _option(self, offer: Offer, good_ms: int = CARD_MS) -> Option:
        told = self.stock_of(offer.supplier).get(offer.sku, offer.stock)
        lead, score = self.lead_time(offer), self._card(offer.supplier, good_ms).score
        return Option(self._suppliers[offer.supplier], replace(offer, stock=told), lead, score)

    def _stakes(self, sku: str, cover: int) -> Stakes:
        """What a day without an SKU, and a day of one too many, is worth; where only a service level is given, owing
        costs what makes that level the best."""
        place, (card, told) = self.site.sku_by_id[sku], self.look(sku)
        price = card.supply.price if card is not None and card.supply is not None else place.unit_cost
        holding = price * place.holding_rate / DAYS_A_YEAR
        level = card.terms.service_level if card is not None and card.terms is not None else None
        level = place.service_level or level or LEVEL_USUAL
        owing = place.backorder_cost / DAYS_A_YEAR if place.backorder_cost else holding * level / (1 - level)
        mean, variance = (told.mean, told.variance) if told is not None else (0.0, 0.0)
        return Stakes(mean, variance, cover, owing, holding, _room(card, mean, cover))


def _as_seen(sku: str, told: Told | None, seen: int | None, wanted: int | None) -> None:
    """Nothing; raises `Refused` where another figure was told since, unless that is the one that is told now, too."""
    now = None if told is None else told.units
    if now in (seen, wanted):
        return
    said = f"{sku} is at {'nothing told' if now is None else now} by now."
    more = {"by": told.by, "changed_ms": told.at_ms} if told is not None and told.by else None
    raise Refused("changed", said, "Look at it again, then decide.", more)


def _joins(card: Card, there: int) -> int | None:
    """Units that may join an order, by what is there and coming: as many as fit on the shelves; of what expires no more
    than an order of its own would bring."""
    terms, upto = card.terms, card.order_up_to
    if terms is None:
        return None
    expires = terms.shelf_life_days is not None and upto is not None
    most = [one for one in (terms.capacity, upto if expires else None) if one is not None]
    return max(0, min(most) - there) if most else None


def _room(card: Card | None, daily: float, cover: int) -> int | None:
    """Units beyond `cover` that fit on the shelves and sell before they go off; None where nothing bounds them."""
    if card is None or card.terms is None:
        return None
    life = card.terms.shelf_life_days
    most = [one for one in (card.terms.capacity, None if life is None else int(daily * life)) if one is not None]
    return max(0, min(most) - cover) if most else None
