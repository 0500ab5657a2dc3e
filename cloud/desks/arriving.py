"""What the shelves and the readers saw coming, beside the orders it fits; worked out anew when any of it changed."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from msgspec import Struct, field

from cloud.core.purchasing import receiving
from cloud.core.trade_view import ArrivalView
from cloud.desks.bookkeeping import Bookkeeping
from cloud.desks.orderbook import OrderBook
from cloud.desks.refusing import OnDisk, storing
from cloud.stores.books import Books
from protocols.epc import decode
from protocols.reports import Report, TagMove

TAGS_MAX = 10_000
"""Tags remembered an SKU, of those that wait and of those that are booked; the oldest leave first."""
LIST = "tags"
"""Under this the ledger keeps of which SKUs there are tags, and under `tags:SKU` which."""


class Heard(Struct, array_like=True):
    """The tags of one SKU, each once, wherever it is carried: those that `wait` by when they were heard first, and
    those that are `booked` as received, which do not count any more: when each was heard, and with which receipt it is
    booked (None: by an earlier version of this service). A tag without a serial number goes by its EPC."""

    wait: dict[str, int] = field(default_factory=dict)
    booked: dict[str, tuple[int, str] | None] = field(default_factory=dict)


class Arriving:
    """The arrivals of one site. Tags that were heard are stored with the next tick."""

    def __init__(self, book: Bookkeeping, orders: OrderBook, books: Books, on_disk: OnDisk) -> None:
        self._book, self._orders, self._books, self._on_disk = book, orders, books, on_disk
        self._tags: dict[str, Heard] = {}
        self._gtins = {one.gtin.zfill(14): one.id for one in book.site.skus if one.gtin}
        self._heard = 0
        self._listed: frozenset[str] = frozenset()
        """SKUs of whose tags the ledger knows."""
        self._unkept: dict[str, None] = {}
        self._seen: object = None
        """By what the arrivals were worked out last."""
        self._found: list[ArrivalView] = []

    def load(self) -> None:
        """The tags as the ledger has them."""
        listed = self._books.kept(LIST)
        self._listed = frozenset(msgspec.msgpack.decode(listed, type=list[str])) if listed is not None else frozenset()
        blobs = self._books.kept_under([f"{LIST}:{sku}" for sku in self._listed])
        for sku in self._listed:
            if (blob := blobs.get(f"{LIST}:{sku}")) is not None:
                self._tags[sku] = msgspec.msgpack.decode(blob, type=Heard)

    def hear(self, reports: Iterable[Report]) -> None:
        """Tags that arrived somewhere."""
        for one in reports:
            if type(one) is TagMove and one.move == "arrived" and (epc := decode(one.epc)) is not None:
                sku, tag = self._gtins.get(epc.gtin), epc.serial or one.epc.upper()
                if sku is None:
                    continue
                heard = self._tags.setdefault(sku, Heard())
                if tag not in heard.booked and one.at_ms < heard.wait.get(tag, one.at_ms + 1):
                    heard.wait[tag] = one.at_ms
                    _bound(heard.wait)
                    self._changed(sku)

    def forget(self, sku: str, units: int, from_ms: int, receipt: str) -> None:
        """So many units of an SKU are booked by a receipt, that came from a time on: as many tags heard since then, the
        first of them, are theirs."""
        heard = self._tags.get(sku)
        if heard is None or units <= 0:
            return
        theirs = sorted((at_ms, tag) for tag, at_ms in heard.wait.items() if at_ms >= from_ms)[:units]
        for at_ms, tag in theirs:
            del heard.wait[tag]
            heard.booked[tag] = at_ms, receipt
        _bound(heard.booked)
        if theirs:
            self._changed(sku)

    def remember(self, sku: str, receipt: str) -> None:
        """A receipt was taken back: its tags wait again."""
        heard = self._tags.get(sku, Heard())
        theirs = {tag: was[0] for tag, was in heard.booked.items() if was is not None and was[1] == receipt}
        for tag, at_ms in theirs.items():
            del heard.booked[tag]
            heard.wait[tag] = at_ms
        _bound(heard.wait)
        if theirs:
            self._changed(sku)

    async def keep(self) -> None:
        """Store what was heard and booked since."""
        for sku in [*self._unkept]:
            del self._unkept[sku]
            try:
                with storing():
                    if sku not in self._listed:
                        listed = self._listed | {sku}
                        await self._on_disk(self._books.keep, LIST, msgspec.msgpack.encode(sorted(listed)))
                        self._listed = listed
                    await self._on_disk(self._books.keep, f"{LIST}:{sku}", msgspec.msgpack.encode(self._tags[sku]))
            except BaseException:
                self._unkept[sku] = None
                raise

    def arrivals(self) -> list[ArrivalView]:
        """What seems to have come, surest first."""
        waiting = {line.sku for one in self._orders.open.values() if one.sent_ms for line in one.lines if line.rest}
        known = [self._book.account(sku) for sku in waiting if sku in self._book.site.sku_by_id]
        puts = {one.sku: one.unexplained for one in known if one.puts}
        seen = (self._orders.changes, self._heard, puts)
        if seen != self._seen:
            self._seen = seen
            heard = {sku: self._tags[sku].wait.values() for sku in waiting & self._tags.keys()}
            tags = {sku: [(at_ms, 1) for at_ms in of] for sku, of in heard.items() if of}
            found = receiving.arrivals(puts, tags, self._orders.of({*puts, *tags})) if puts or tags else []
            self._found = [
                ArrivalView(
                    one.id, one.order, one.sku, one.units, one.from_ms, one.to_ms, one.slots, one.evidence,
                    round(one.confidence, 3), one.difference, one.taken,
                )
                for one in found
            ]  # fmt: skip
        return self._found

    def _changed(self, sku: str) -> None:
        self._heard += 1
        self._unkept[sku] = None


def _bound(tags: dict[str, int] | dict[str, tuple[int, str] | None]) -> None:
    while len(tags) > TAGS_MAX:
        del tags[next(iter(tags))]
