"""What is promised to whom: reservations of customers by tier, where an SKU stands, and the public page of a group."""

from __future__ import annotations

import asyncio
import base64
import hmac
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Literal

from msgspec.structs import asdict

from cloud.core.book.entries import Entry
from cloud.core.book.lots import fefo
from cloud.core.maintenance.parts import REF
from cloud.core.promising import free, public, reservations
from cloud.core.promising.free import HOUR_MS, Wanted
from cloud.core.promising.reservations import Reservation
from cloud.core.purchasing.orders import Order
from cloud.core.refusals import Refusal
from cloud.core.stock_view import LeftOutView, LotView, PicksView, PublicStock, ReservationView, Standing
from cloud.desks.bookkeeping import Bookkeeping
from cloud.desks.refusing import OnDisk, granted, storing
from cloud.stores.books import Books
from cloud.web import stockroom
from cloud.web.desk import NotFound, Refused

SECRET = "public_secret"
"""Under this the ledger keeps what the links of the public pages are made with."""
ASK_MS = 10_000
OVER_MAX = 1_000
"""Reservations remembered that are over and count no more; the oldest leave first."""
REMEMBERED_MS = 90 * 86_400_000
"""Picked reservations count against what is protected for so long."""


class Promises:
    """The reservations of one site."""

    def __init__(self, book: Bookkeeping, books: Books, on_disk: OnDisk, now_ms: Callable[[], int]) -> None:
        self.site = book.site
        self.orders: Callable[[str], Sequence[Order]] = lambda _: []
        """The open orders of an SKU."""
        self._book = book
        self._books = books
        self._on_disk = on_disk
        self._now_ms = now_ms
        self._known: dict[int, Reservation] = {}
        self._over: OrderedDict[int, Reservation] = OrderedDict()
        self._reserved: Counter[str] = Counter()
        self._protected = {one.id for one in self.site.skus if one.protected}
        self._secret = b""
        self._asked_ms = 0
        """When the ledger was asked last for what the public links are made with."""
        self._doubtful: set[str] = set()
        """SKUs of which the ledger may have what is not known here."""
        book.settle = self._settle

    def load(self) -> None:
        """All that is held, and what was picked lately."""
        self._secret = self._books.kept(SECRET) or b""
        self._load(self._books.reservations())

    async def tick(self, now_ms: int) -> None:
        """End what has run out."""
        if not self._secret and now_ms - self._asked_ms >= ASK_MS:
            self._asked_ms = now_ms
            with storing():
                held = await asyncio.to_thread(self._books.kept, SECRET)
            self._secret = held or b""
        for sku in {*self._doubtful, *(one.sku for one in reservations.expire(self._known.values(), now_ms))}:
            await self._look_again(sku)
        for one in [one for one in self._known.values() if one.state == "picked"]:
            since_ms = 0 if one.sku in self._protected else self._book.came_ms(one.sku)
            if one.changed_ms < max(since_ms, now_ms - REMEMBERED_MS):
                self._end(self._known.pop(one.id))

    def reserved(self, sku: str) -> int:
        """Units promised."""
        return self._reserved[sku]

    def standing(self, sku: str) -> Standing:
        """See `stockroom.PromiseDesk`."""
        if sku not in self.site.sku_by_id:
            raise NotFound(f"there is no SKU {sku[:100]!r}", "the list without an id shows all there are")
        return self._book.standing(sku, self._book.position(sku), self._book.today())

    def picks(self, sku: str, units: int) -> PicksView:
        """See `stockroom.PromiseDesk`."""
        if sku not in self.site.sku_by_id:
            raise NotFound(f"there is no SKU {sku[:100]!r}", "the list without an id shows all there are")
        account, ends = self._book.account(sku), self._book.ends(sku)
        found = fefo(account, units, self._book.today(), ends)
        dates = {lot: expiry for lot, (_, expiry) in account.lots.items()}
        lines = [LotView(lot, n, dates[lot], ends.get(lot, dates[lot])) for lot, n in found.lines]
        return PicksView(sku, units, lines, found.missing, [LeftOutView(*one) for one in found.left_out])

    def reservations(self) -> list[ReservationView]:
        """See `stockroom.PromiseDesk`."""
        by_sku: dict[str, list[Reservation]] = {}
        for one in self._known.values():
            if one.state == "held":
                by_sku.setdefault(one.sku, []).append(one)
        told = [one for held in by_sku.values() for one in self._views(held)]
        return sorted(told, key=lambda one: one.id)

    async def reservation(self, number: int) -> ReservationView:
        """See `stockroom.PromiseDesk`."""
        found = await self._found(number)
        if found.state != "held":
            return ReservationView(**asdict(found), covered=0)
        return next(one for one in self._views(self.held([found.sku])[found.sku]) if one.id == number)

    async def reserve(self, wish: stockroom.Wish, by: str, key: str) -> Reservation:
        """See `stockroom.PromiseDesk`."""
        sku = self.site.sku_by_id.get(wish.sku)
        if sku is None:
            raise Refused("unknown_sku", f"There is no SKU {wish.sku!r}.", "Name one of the site file.")
        async with self._book.turn(sku.id):
            now_ms = self._now_ms()
            until_ms = now_ms + round(wish.hours * HOUR_MS) if wish.hours else 0
            wanted = Wanted(sku.id, wish.units, wish.tier, wish.customer, until_ms, "", wish.note, by, key)
            known, came = [*self._known.values()], self._book.rises(sku.id)
            if key:
                with storing():
                    known += await asyncio.to_thread(self._books.reservation_of, key)
            answer = free.reserve(wanted, self._book.position(sku.id), sku, self.site.tiers, known, came, now_ms)
            if isinstance(answer, Refusal) and answer.reason == "not_enough":
                await self._book.refused(sku.id, wish.units)
            made = granted(answer)
            if made.id:
                return made
            with self._writing(sku.id):
                stored: Reservation = await self._on_disk(self._books.reserve, made)
            self._know(stored)
            self._book.changed(sku.id, now_ms)
            return stored

    async def end(self, number: int, how: Literal["pick", "release"], by: str, key: str) -> Reservation:
        """See `stockroom.PromiseDesk`. What is picked off the shelves the shelves see themselves; of an SKU without
        slots it is a fact of the book."""
        found = await self._found(number)
        if found.ref.startswith(REF):
            said = f"Reservation {number} is of maintenance order {found.ref[len(REF) :]}."
            raise Refused("of_work", said, "Take the part there, or say there that it is not wanted.")
        async with self._book.turn(found.sku):
            before = self._known.get(number) or self._over.get(number, found)
            now_ms, entries = self._now_ms(), []
            after: Reservation
            if how == "release":
                after = granted(reservations.release(before, now_ms, by))
            else:
                [after] = granted(reservations.picked(before, before.units, now_ms, by))
                if not self._book.terms(before.sku).slots:
                    ref = f"reservation:{number}"
                    entries = [Entry("pick", before.sku, -before.units, now_ms, now_ms, ref=ref, by=by, key=ref)]
            if after != before:
                for one in entries:
                    await self._book.fit(one)
                with self._writing(before.sku, entries):
                    after, stored = await self._on_disk(self._books.keep_reservation, before, after, entries)
                self._know(after)
                await self._book.enter(stored)
                self._book.changed(after.sku, now_ms)
            return after

    def public(self, link: str) -> PublicStock:
        """See `stockroom.PromiseDesk`. A link that was not made here shows nothing, not even that there is a group."""
        tier, _, token = link.partition(".")
        named = next((one for one in self.site.tiers if one.id == tier), None)
        right = token_of(self._secret, named.id if named is not None else "")
        same = hmac.compare_digest(token.encode("utf-8", "replace"), right.encode())
        if named is None or not self._secret or not same:
            raise NotFound("there is nothing at this address", "ask for the link again")
        now_ms, known = self._now_ms(), dict[str, list[Reservation]]()
        for one in self._known.values():
            known.setdefault(one.sku, []).append(one)
        about, rows = self.site.site, []
        for sku in self.site.skus:
            if sku.members_only and free.rank(self.site.tiers, tier) > free.rank(self.site.tiers, sku.members_only):
                continue
            row = public.shown(
                self._book.position(sku.id), sku, self.site.tiers, known.get(sku.id, ()), tier,
                self._book.rises(sku.id), now_ms, self.orders(sku.id), about.timezone,
            )  # fmt: skip
            if public.is_listed(row, sku):
                rows.append(row)
        return PublicStock(about.name, named.name, about.timezone, now_ms, rows)

    def held(self, skus: Iterable[str]) -> dict[str, list[Reservation]]:
        """What is held of some SKUs."""
        found: dict[str, list[Reservation]] = {sku: [] for sku in skus}
        for one in self._known.values():
            if one.state == "held" and one.sku in found:
                found[one.sku].append(one)
        return found

    def held_of(self, ref: str) -> list[Reservation]:
        """What is held for what a `ref` names."""
        return [one for one in self._known.values() if one.state == "held" and one.ref == ref]

    @contextmanager
    def writing(self, skus: Iterable[str], entries: Sequence[Entry]) -> Iterator[None]:
        """For who stores reservations of these SKUs with something else, in their turn: see `_writing`."""
        with ExitStack() as held:
            for sku in skus:
                held.enter_context(self._writing(sku, entries))
            yield

    def entered(self, stored: Iterable[Reservation], now_ms: int) -> None:
        """Reservations that are in the ledger now."""
        for one in stored:
            self._know(one)
            if one.sku in self.site.sku_by_id:
                self._book.changed(one.sku, now_ms)

    async def _settle(self, sku: str) -> None:
        """Know what the ledger has of an SKU, in its turn. What has run out by now is promised no more."""
        if sku in self._doubtful:
            with storing():
                every = await asyncio.to_thread(self._books.reservations)
            self._load(one for one in every if one.sku == sku)
            self._doubtful.discard(sku)
        now_ms = self._now_ms()
        for one in reservations.expire([one for one in self._known.values() if one.sku == sku], now_ms):
            with self._writing(sku):
                await self._on_disk(self._books.keep_reservation, self._known[one.id], one)
            self._know(one)
            self._book.changed(sku, now_ms)

    @contextmanager
    def _writing(self, sku: str, entries: Sequence[Entry] = ()) -> Iterator[None]:
        """Whatever goes wrong in here, the ledger may have it, or something newer, all the same."""
        try:
            with storing():
                yield
        except BaseException:
            self._doubtful.add(sku)
            self._book.doubt(one.sku for one in entries)
            raise

    def _views(self, held: Sequence[Reservation]) -> list[ReservationView]:
        """Those of one SKU that are held, each with how much is there for it."""
        sku, units = held[0].sku, dict[int, int]()
        if sku in self.site.sku_by_id:
            there = self._book.position(sku)
            units = reservations.covered(held, there.available + there.reserved, self.site.tiers)
        return [ReservationView(**asdict(one), covered=units.get(one.id, 0)) for one in held]

    async def _look_again(self, sku: str) -> None:
        async with self._book.turn(sku):
            pass  # it is settled

    async def _found(self, number: int) -> Reservation:
        if number not in self._known and number not in self._over:
            for sku in [*self._doubtful]:
                await self._look_again(sku)
        found = self._known.get(number) or self._over.get(number)
        if found is None:
            raise NotFound(f"there is no reservation {number}", "the list shows those that are held")
        return found

    def _load(self, every: Iterable[Reservation]) -> None:
        since = self._now_ms() - REMEMBERED_MS
        for one in every:
            if one.state != "picked" or one.changed_ms >= since:
                self._know(one)

    def _know(self, one: Reservation) -> None:
        before = self._known.pop(one.id, None)
        if before is not None and before.state == "held":
            self._reserved[before.sku] -= before.units
        if one.state in ("held", "picked"):
            self._known[one.id] = one
        else:
            self._end(one)
        if one.state == "held":
            self._reserved[one.sku] += one.units

    def _end(self, one: Reservation) -> None:
        self._over[one.id] = one
        while len(self._over) > OVER_MAX:
            self._over.popitem(last=False)


def token_of(secret: bytes, tier: str) -> str:
    """What makes a group's link unguessable: 128 bits of HMAC-SHA-256 (RFC 2104) of its name."""
    made = hmac.digest(secret, tier.encode(), "sha256")[:16]
    return base64.urlsafe_b64encode(made).rstrip(b"=").decode()
