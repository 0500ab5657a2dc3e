"""Neighbour sites: what each told it can send or could use, and what this one can spare."""

from __future__ import annotations

from collections.abc import Callable

from cloud.core.book.positions import Position
from cloud.core.office_view import Spare, SpareTaken
from cloud.core.planning.cards import Card
from cloud.desks.refusing import OnDisk, storing
from cloud.stores.books import Books
from cloud.web import neighbours
from cloud.web.desk import NotFound
from protocols.layout import Site


class Neighbours:
    """The neighbours of one site. Units above 0 can be sent, below 0 could be used."""

    def __init__(self, site: Site, books: Books, on_disk: OnDisk, now_ms: Callable[[], int]) -> None:
        self.site = site
        self.card: Callable[[str], Card | None] = lambda _: None
        self.position: Callable[[str], Position] = lambda _: Position(0)
        self.changed: Callable[[str, int], None] = lambda _sku, _at_ms: None
        """What neighbours can send of an SKU changed, and with it what may be planned."""
        self._books = books
        self._on_disk = on_disk
        self._now_ms = now_ms
        self._told: dict[str, dict[str, int]] = {}
        """SKU -> neighbour -> its last word."""

    def load(self) -> None:
        """What was told last."""
        for one in self._books.spares():
            self._told.setdefault(one.sku, {})[one.neighbour] = one.units

    def spare(self, sku: str) -> dict[str, int]:
        """What neighbours can send of an SKU."""
        return {name: units for name, units in self._told.get(sku, {}).items() if units > 0}

    def wanted(self, sku: str) -> dict[str, int]:
        """What neighbours could use of an SKU."""
        return {name: -units for name, units in self._told.get(sku, {}).items() if units < 0}

    async def tell(self, neighbour: str, spares: neighbours.Spares) -> SpareTaken:
        """See `neighbours.Desk`. It is the neighbour's whole word: what it does not name any more, it can not send."""
        if neighbour not in {one.id for one in self.site.neighbours}:
            raise NotFound(f"there is no neighbour {neighbour[:100]!r}", "add it to the site file")
        known = {sku: units for sku, units in spares.skus.items() if sku in self.site.sku_by_id}
        over = {sku: 0 for sku, told in self._told.items() if sku not in known and told.get(neighbour)}
        with storing():
            await self._on_disk(self._books.tell_spare, neighbour, known | over, self._now_ms())
        for sku, units in (known | over).items():
            told = self._told.setdefault(sku, {})
            if told.get(neighbour) != units:
                told[neighbour] = units
                self.changed(sku, self._now_ms())
        return SpareTaken(neighbour, len(known), sorted(spares.skus.keys() - known.keys()))

    def ours(self) -> Spare:
        """See `neighbours.Desk`. What is above the most that nine of ten lead times ask for can be sent; what is below
        the reorder point, up to the level that is ordered up to, could be used."""
        found = {}
        for sku in self.site.skus:
            card = self.card(sku.id)
            if card is None or card.ahead is None or card.reorder_point is None or card.order_up_to is None:
                continue
            there = self.position(sku.id)
            over = there.available - max(card.ahead.high, card.reorder_point + 1)
            under = card.order_up_to - there.projected if there.projected <= card.reorder_point else 0
            if over > 0 or under > 0:
                found[sku.id] = over if over > 0 else -under
        return Spare(self.site.site.id, self._now_ms(), found)
