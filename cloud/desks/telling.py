"""Who is told at once: what happens to needs, orders and vendors' shelves, as signed webhooks."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable, Iterable

from cloud.core.purchasing import agreements, news
from cloud.core.purchasing.agreements import Known
from cloud.core.purchasing.orders import Order
from cloud.core.replenishment import Need
from cloud.desks.bookkeeping import OnDisk
from cloud.stores.books import Books
from cloud.web.posting import Posting, Waiting, packed, unpacked
from protocols.layout import Site

LOOK_MS = 60_000
"""So often the shelves of agreements are held against what was agreed."""


class Telling:
    """The webhooks of one site. `known` is what the site knows of SKUs."""

    def __init__(self, site: Site, books: Books, on_disk: OnDisk) -> None:
        self.site = site
        self.known: Callable[[Iterable[str]], list[Known]] = lambda _: []
        self.posting = Posting([], {}, {}, self._keep)
        self._books = books
        self._on_disk = on_disk
        self._below: dict[tuple[str, str], int] = {}
        self._looked_ms = 0

    def load(self) -> None:
        """What waits to be told. A webhook of which there is no secret yet gets one."""
        hooks = self.site.webhooks
        if hooks:
            kept = {one.id: unpacked(self._books.kept(f"posts:{one.id}")) for one in hooks}
            self.posting = Posting(hooks, {one.id: [secret(self._books, one.id)] for one in hooks}, kept, self._keep)

    def order(self, order: Order) -> None:
        """An order that was sent became another."""
        if order.sent_ms and self.site.webhooks:
            self.posting.offer(news.order_told(self.site.site.id, order), order.supplier)

    def arrived(self, order: Order, sku: str, units: int, at_ms: int) -> None:
        """Somebody confirmed what came."""
        if self.site.webhooks:
            told = news.arrival_confirmed(self.site.site.id, sku, units, order, at_ms)
            self.posting.offer(told, order.supplier)

    def need(self, need: Need) -> None:
        """A need was proposed, or revised."""
        if need.state == "proposed" and self.site.webhooks:
            told = news.need_proposed(self.site.site.id, need.id, need.sku, need.quantity, need.changed_ms)
            self.posting.offer(told)

    def tick(self, now_ms: int) -> None:
        """Shelves of agreements that are below their least, told once until they are not."""
        if not (self.site.webhooks and self.site.agreements) or now_ms - self._looked_ms < LOOK_MS:
            return
        self._looked_ms = now_ms
        for supplier in {one.supplier for one in self.site.agreements}:
            mine = agreements.agreed(self.site.agreements, supplier)
            for shelf in agreements.shelves(self.site.agreements, supplier, self.known(mine)):
                where = (supplier, shelf.sku)
                if shelf.least is None or shelf.available >= shelf.least:
                    self._below.pop(where, None)
                elif where not in self._below:
                    self._below[where] = now_ms
                    self.posting.offer(news.below_least(self.site.site.id, shelf, now_ms), supplier)

    async def _keep(self, name: str, waiting: list[Waiting]) -> None:
        await self._on_disk(self._books.keep, f"posts:{name}", packed(waiting))


def secret(books: Books, webhook: str) -> str:
    """The secret of a webhook, made when there is none (Standard Webhooks: 24 to 64 random bytes, in base64)."""
    key = f"webhook:{webhook}"
    kept = books.kept(key)
    if kept is None:
        books.keep(key, b"whsec_" + base64.b64encode(secrets.token_bytes(32)))
        kept = books.kept(key)
    assert kept is not None, "it was kept just now"
    return kept.decode()
