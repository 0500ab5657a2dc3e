"""Who is told at once: what happens to needs, orders, vendors' shelves and alerts, as signed webhooks.

How far each webhook was told is kept in one piece with what still waits for it. What the ledger has and a stop left
untold is so found at the next start, and told then. The log of tries is kept apart from it, those of seconds at once.
"""

from __future__ import annotations

import asyncio
import base64
import logging
import secrets
from collections.abc import Callable, Iterable
from contextlib import suppress

import msgspec
from msgspec import Struct

from cloud.alerts.lifecycle import Alert
from cloud.core.purchasing import agreements, news
from cloud.core.purchasing.agreements import Known
from cloud.core.purchasing.news import AlertTold
from cloud.core.purchasing.orders import Order
from cloud.core.replenishment import Need
from cloud.desks.refusing import OnDisk
from cloud.stores.books import Books
from cloud.stores.database import LedgerUnavailable
from cloud.web.posting import Delivery, Posting, Waiting, WebhookView
from protocols.layout import Site

log = logging.getLogger(__name__)

LOOK_MS = 60_000
"""So often the shelves of agreements are held against what was agreed."""
BOTH_MS = 7 * 86_400_000
"""So long after it was renewed a secret signs beside the new one."""
AGAIN_S = 5.0
"""A secret that can not be read or made is tried again after so long."""
LOG_S = 5.0
"""So long tries are gathered before the log of them is kept."""
LOG_KEY = "deliveries"
OVER = frozenset(("closed", "cancelled"))
OVER_KEPT = 100
"""Of so many orders that are over a webhook's last version stays known: more than are looked at in a start."""


class Told(Struct):
    """How far a webhook was told, from `since_ms` on: the version of each order that was sent (of those that are over,
    the latest), when each open need became what it was told as, and since when SKUs are below their least."""

    since_ms: int
    orders: dict[int, int] = {}
    needs: dict[int, int] = {}
    below: dict[str, int] = {}
    alerts: dict[int, AlertTold] = {}
    """Those that were told to fire, and not to be over."""


class Kept(Struct):
    """A webhook as it is kept: how far it was told, and what of that waits."""

    told: Told
    waiting: list[Waiting] = []


class Telling:
    """The webhooks of one site. `known` is what the site knows of SKUs whose stock is known."""

    def __init__(self, site: Site, books: Books, on_disk: OnDisk, now_ms: Callable[[], int]) -> None:
        self.site = site
        self.known: Callable[[Iterable[str]], list[Known]] = lambda _: []
        self.orders: Callable[[], list[Order]] = list
        """Open orders, and the latest that ended."""
        self.posting = Posting([], {}, {}, self._keep)
        self._books = books
        self._on_disk = on_disk
        self._now_ms = now_ms
        self._told: dict[str, Told] = {}
        self._secrets: dict[str, list[str]] = {}
        self._known: dict[int, Order] = {}
        """The orders that were sent and are not over, as they were told last."""
        self._looked_ms = 0
        self._over = frozenset(one.id for one in site.skus if one.discontinued)

    def load(self, orders: Iterable[Order]) -> None:
        """What waits, and what became of orders that nobody was told. Only reads; the needs are told one by one."""
        hooks = self.site.webhooks
        kept = {one.id: kept_of(self._books, one.id) or Kept(Told(self._now_ms())) for one in hooks}
        self._told = {name: one.told for name, one in kept.items()}
        self.posting = Posting(hooks, self._secrets, {name: one.waiting for name, one in kept.items()}, self._keep)
        self.posting.log.extend(log_of(self._books))
        for order in sorted(orders, key=lambda one: (one.changed_ms, one.id)):
            if any(_is_news(told, order) for told in self._told.values()):
                for version in self._books.versions(order.id):
                    self.order(version.order)
            elif order.sent_ms and order.state not in OVER:
                self._known[order.id] = order

    async def run(self) -> None:
        """Post until cancelled. A webhook that has no secret yet gets one first."""
        for one in self.site.webhooks:
            while one.id not in self._secrets:
                try:
                    self._secrets[one.id] = await self._on_disk(secrets_of, self._books, one.id, self._now_ms())
                except LedgerUnavailable as error:
                    log.warning("webhooks: %s; nothing is posted until then", error)
                    await asyncio.sleep(AGAIN_S)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._keep_log())
            group.create_task(self.posting.run())

    def order(self, order: Order) -> None:
        """An order that was sent became another; what came of it meanwhile was confirmed by somebody."""
        if not (order.sent_ms and self._told):
            return
        before = self._known.pop(order.id, order)
        if order.state not in OVER:
            self._known[order.id] = order
        for name, told in self._told.items():
            if not _is_news(told, order):
                continue
            self.posting.offer(news.order_told(self.site.site.id, order), order.supplier, name)
            for line in order.lines:
                was = before.line(line.sku)
                units = line.received - was.received if was is not None else line.received
                if units > 0:
                    came = news.arrival_confirmed(self.site.site.id, line.sku, units, order, order.changed_ms)
                    self.posting.offer(came, order.supplier, name)
            told.orders.pop(order.id, None)
            told.orders[order.id] = order.version

    def need(self, need: Need) -> None:
        """A need as it is stored: told when it was proposed, and when it was revised."""
        for name, told in self._told.items():
            before = told.needs.pop(need.id, None)
            if need.state != "proposed":
                continue
            told.needs[need.id] = need.changed_ms
            if need.changed_ms != before if before is not None else need.changed_ms >= told.since_ms:
                made = news.need_proposed(self.site.site.id, need.id, need.sku, need.quantity, need.changed_ms)
                self.posting.offer(made, only=name)

    def tick(self, now_ms: int) -> None:
        """Shelves of agreements that are below their least, told once until they are not. What is not bought any more
        may be."""
        if not (self._told and self.site.agreements) or now_ms - self._looked_ms < LOOK_MS:
            return
        self._looked_ms = now_ms
        for supplier in {one.supplier: None for one in self.site.agreements}:
            mine = agreements.agreed(self.site.agreements, supplier, self._over)
            for shelf in agreements.shelves(
                self.site.agreements, supplier, self.known(mine), self.site.offers, self.orders()
            ):
                is_low = shelf.least is not None and shelf.available < shelf.least
                for name, told in self._told.items():
                    if not is_low:
                        told.below.pop(shelf.sku, None)
                    elif shelf.sku not in told.below:
                        told.below[shelf.sku] = now_ms
                        self.posting.offer(news.below_least(self.site.site.id, shelf, now_ms), supplier, name)

    def alerts(self, fire: Iterable[Alert], now_ms: int) -> None:
        """The alerts that fire now: those that began since a webhook is there are told once, and that they are over."""
        if not self._told:
            return
        now = {one.id: one for one in fire}
        for name, told in self._told.items():
            for id, one in now.items():
                known = told.alerts.get(id)
                if one.since_ms >= told.since_ms and (known is None or known.reopened != one.reopened):
                    told.alerts[id] = AlertTold(
                        id, one.rule, one.subject, one.zone, one.severity, one.since_ms, one.reopened
                    )
                    self.posting.offer(news.alert_told(self.site.site.id, told.alerts[id], True, now_ms), only=name)
            for id in told.alerts.keys() - now.keys():
                over = news.alert_told(self.site.site.id, told.alerts.pop(id), False, now_ms)
                self.posting.offer(over, only=name)

    def webhooks(self) -> list[WebhookView]:
        """What waits for each, and what came of the last tries."""
        waiting = self.posting.waiting()
        return [
            WebhookView(
                one.id, _plain(one.url), one.events, one.supplier, waiting[one.id], self.posting.oldest_ms(one.id),
                [tried for tried in self.posting.log if tried.webhook == one.id],
            )
            for one in self.site.webhooks
        ]  # fmt: skip

    async def _keep_log(self) -> None:
        """Keep the log of tries until cancelled, and then what is new in it once more."""
        tried = self.posting.tried
        try:
            while True:
                await tried.wait()
                await asyncio.sleep(LOG_S)
                try:
                    await self._store_log()
                except LedgerUnavailable as error:
                    log.warning("webhooks: %s; the log of them is kept later", error)
                    tried.set()
        finally:
            if tried.is_set():
                with suppress(LedgerUnavailable):
                    await self._store_log()

    async def _store_log(self) -> None:
        self.posting.tried.clear()
        await asyncio.shield(self._on_disk(self._books.keep, LOG_KEY, msgspec.msgpack.encode([*self.posting.log])))

    async def _keep(self, name: str, waiting: list[Waiting]) -> bool:
        told = self._told[name]
        for over in [one for one in told.orders if one not in self._known][:-OVER_KEPT]:
            del told.orders[over]
        blob = msgspec.msgpack.encode(Kept(told, waiting))
        try:
            await asyncio.shield(self._on_disk(self._books.keep, _key(name), blob))
            self._secrets[name] = await self._on_disk(secrets_of, self._books, name, self._now_ms())
        except LedgerUnavailable as error:  # what the ledger has, both of it, is of before: it would be told again
            log.warning("webhooks: %s; what waits for %s is kept later", error, name)
            return False
        return True


def kept_of(books: Books, webhook: str) -> Kept | None:
    """A webhook as it was kept; None where it never was, or can not be read."""
    blob = books.kept(_key(webhook))
    try:
        return None if blob is None else msgspec.msgpack.decode(blob, type=Kept)
    except msgspec.DecodeError:
        return None


def log_of(books: Books) -> list[Delivery]:
    """The tries of before, the newest last; none where they can not be read."""
    try:
        return msgspec.msgpack.decode(books.kept(LOG_KEY) or b"\x90", type=list[Delivery])
    except msgspec.DecodeError:
        return []


def secrets_of(books: Books, webhook: str, now_ms: int) -> list[str]:
    """The secrets that sign for a webhook, the newest first; one is made when there is none."""
    kept = books.kept(f"webhook:{webhook}")
    if kept is None:
        return renew(books, webhook, now_ms)
    newest, _, old = kept.decode().partition("\n")
    secret, _, until_ms = old.partition(" ")
    return [newest, secret] if secret and now_ms < int(until_ms) else [newest]


def renew(books: Books, webhook: str, now_ms: int) -> list[str]:
    """A new secret for a webhook (Standard Webhooks: 24 to 64 random bytes, in base64); the one before signs beside it
    for `BOTH_MS`. The newest first."""
    key = f"webhook:{webhook}"
    kept = books.kept(key)
    made = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
    before = kept.decode().partition("\n")[0] if kept is not None else ""
    books.keep(key, (f"{made}\n{before} {now_ms + BOTH_MS}" if before else made).encode())
    return [made, before] if before else [made]


def _is_news(told: Told, order: Order) -> bool:
    """Whether a webhook was not told of an order as it is."""
    known = told.orders.get(order.id)
    return bool(order.sent_ms) and (order.version > known if known is not None else order.changed_ms >= told.since_ms)


def _key(webhook: str) -> str:
    return f"posts:{webhook}"


def _plain(url: str) -> str:
    """An address without what may be secret in it."""
    scheme, _, rest = url.partition("://")
    host, slash, path = rest.partition("#")[0].partition("?")[0].partition("/")
    return f"{scheme}://{host.rpartition('@')[2]}{slash}{path}"
