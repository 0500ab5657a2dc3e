"""The bookkeeper: what people, papers and orders say enters the book, unless it can not have been so."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import msgspec
from msgspec.structs import replace

from cloud.core.book import accounts, checks, costing, late
from cloud.core.book.accounts import Terms
from cloud.core.book.entries import SLOT, Entry, order_of, take_back, taken_back
from cloud.core.book.lots import expires
from cloud.core.book.positions import Position
from cloud.core.kpis import tallies
from cloud.core.purchasing.needs import BY
from cloud.core.refusals import Refusal
from cloud.core.stock_view import Standing, Worth
from cloud.desks.accounts import Accounts
from cloud.desks.refusing import OnDisk, granted, storing
from cloud.desks.standing import standing, worth
from cloud.desks.unmet import Unmet
from cloud.stores.books import Books
from cloud.web import stockroom
from protocols.layout import Site

GIVEN = "the slot is another SKU's now"


class Bookkeeping(Accounts):
    """The accounts of one site, and who enters facts in them: of an SKU one at a time, in its `turn`."""

    def __init__(self, site: Site, books: Books, on_disk: OnDisk, now_ms: Callable[[], int]) -> None:
        super().__init__(site, books, now_ms)
        self._on_disk = on_disk
        self._unmet = Unmet(self.tallies, books, on_disk, now_ms)
        self._day = self.today()
        """By which what has expired was looked at last."""
        self.give_back: Callable[[Entry, Entry], Awaitable[Entry]]
        """Takes back what came of an order, there and here: what came, and the entry that takes it back. Out of any
        turn: it asks for those it needs."""
        self._costing_kept = False
        self._elsewhere = {*(one.id for one in site.neighbours), *(one.id for one in site.suppliers)}

    def load(self) -> None:
        """Fold all there is. Before anything else, and in the thread of the caller."""
        super().load()
        self._unmet.load()

    async def tick(self, now_ms: int) -> None:
        """What a new day changes, what is not stored yet, and accounts that facts of earlier times came for."""
        tallies.advance(self.tallies, now_ms)
        if (today := self.today()) != self._day:
            for sku, held in self._held.items():
                if expires(held.account, self._day, today, self.ends(sku)):  # no fact says so
                    self.changed(sku, now_ms)
            self._day = today
        await self._unmet.keep()
        await self.refold()
        await self._clear(now_ms)
        await self._keep_costing(now_ms)

    async def _clear(self, now_ms: int) -> None:
        """What lay in slots that the site file gave to other SKUs is off the shelves, from now on: a fact like any
        other, so that what was before stays as it was."""
        for sku in [*self._strays]:
            async with self.turn(sku):
                shelves, told = self.account(sku).shelves, []
                for slot in sorted(shelves.keys() - self._terms[sku].slots):
                    units, ref = -shelves[slot], f"{SLOT}{slot}"
                    told.append(Entry("transfer", sku, units, now_ms, now_ms, slot, ref=ref, by=BY, note=GIVEN))
                if told:
                    await self.store(told)
            self._strays.pop(sku, None)

    async def _keep_costing(self, now_ms: int) -> None:
        """By what stock is valued from now on, where the site file says it otherwise than before. Kept before anything
        is entered."""
        if self._costing_kept:
            return
        with storing():
            known = costing.course(await asyncio.to_thread(self._books.kept, costing.KEPT))
            if (now := costing.followed(known, self._terms, now_ms)) != known:
                await self._on_disk(self._books.keep, costing.KEPT, msgspec.msgpack.encode(now))
        self._costing_kept = True

    async def refused(self, sku: str, units: int) -> None:
        """Somebody wanted units that there were not."""
        await self._unmet.tell(sku, units)

    async def tell(self, fact: stockroom.Fact, by: str, key: str) -> Entry:
        """See `stockroom.BookDesk`."""
        key = f"told:{key}" if key else ""
        entry = _told_now(fact, None, self._now_ms(), by, key)
        if (before := await self.known_by(key)) is not None:
            return granted(_again(before, entry, timed=fact.happened_ms > 0))
        granted(checks.told(entry.ref))
        wrong = taken_back(entry)
        target = None if wrong is None else await self._entry(wrong)
        if target is not None and target.kind == "receipt" and order_of(target) is not None:
            return await self.give_back(target, _told_now(fact, target, self._now_ms(), by, key))
        if target is not None:
            granted(checks.signed(target))
        sku = fact.sku if target is None else target.sku
        async with self.turn(sku):  # what is told now happens when its turn has come, behind what was told before
            entry = _told_now(fact, target, self._now_ms(), by, key)
            if target is None and (terms := self._terms.get(entry.sku)) is not None:
                account = self.account(entry.sku)
                granted(checks.held_back(entry, account, terms.slots))
                if not fact.insist:
                    granted(checks.withheld(entry, account, terms.slots, self.today(), self.ends(entry.sku)))
            await self.fit(entry, target)
            [stored] = await self.store([entry])
            return stored

    def unfit(self, entry: Entry, target: Entry | None = None) -> Refusal | None:
        """Why an entry may not enter the book; `target` is the one that it takes back. None where it may."""
        known = self._terms.get(entry.sku, Terms())
        account = self.account(entry.sku) if entry.sku in self._terms else accounts.opened(entry.sku, known)
        sku, now_ms = self.site.sku_by_id.get(entry.sku), entry.known_ms
        no = checks.unfit(
            entry, account, sku, known.slots, now_ms=now_ms, target=target, gone=self.gone, elsewhere=self._elsewhere
        )
        if no is None:
            no = checks.held_back(entry, account, known.slots)
        if no is None and sku is not None and target is None:
            no = checks.promised(entry, sku, known.slots, self.position(sku.id))
        return no

    async def fit(self, entry: Entry, target: Entry | None = None) -> None:
        """Refuse what may not enter the book; what was wanted and is not there is remembered. Within its SKU's turn."""
        no = self.unfit(entry, target)
        if no is not None and no.reason == "short":
            await self.refused(entry.sku, -entry.units)
        if no is None and (target is not None or late.asks(entry, self.account(entry.sku).last)):
            sku, terms = self.site.sku_by_id[entry.sku], self._terms[entry.sku]
            with storing():
                no = await asyncio.to_thread(
                    lambda: late.untimely(entry, self._books.facts(entry.sku), sku, terms, self.gone)
                )
        granted(no)

    async def store(self, entries: list[Entry]) -> list[Entry]:
        """Enter facts that were found fit, within their SKUs' turn; each with its number then. One whose key is known
        is there already."""
        entries = [self._seen_from_here(one) for one in entries]
        await self._keep_costing(self._now_ms())
        try:
            with storing():
                stored: list[Entry] = await self._on_disk(self._books.post, entries)
        except BaseException:
            self.doubt(entry.sku for entry in entries)
            raise
        await self.enter(stored)
        return stored

    def _seen_from_here(self, entry: Entry) -> Entry:
        """An entry by the service's clock: what is told to happen in some minutes, by a clock that is ahead, happened
        now. And whether the scale of a slot that was counted claimed anything then."""
        if taken_back(entry) is not None:
            return entry
        happened_ms = min(entry.happened_ms, entry.known_ms)
        other = entry.other if entry.kind != "count" else self.claim(entry)
        if (happened_ms, other) == (entry.happened_ms, entry.other):
            return entry
        return replace(entry, happened_ms=happened_ms, other=other)

    async def known_by(self, key: str) -> Entry | None:
        """The entry that came with a key; None where none did."""
        found = await self._read(self._books.entry_of, key) if key else []
        return found[0] if found else None

    async def entries(self, sku: str, from_ms: int, to_ms: int, after_id: int, limit: int) -> list[Entry]:
        """See `stockroom.BookDesk`."""
        with storing():
            found: list[Entry] = await asyncio.to_thread(
                self._books.entries, sku or None, from_ms, to_ms, None, after_id, limit
            )
            return found

    async def value(self, at_ms: int, known_ms: int) -> Worth:
        """See `stockroom.BookDesk`."""
        with storing():
            return await asyncio.to_thread(worth, self._books, self._terms, at_ms, known_ms)

    def standing(self, sku: str, position: Position, today: str) -> Standing:
        """Where an SKU stands."""
        return standing(sku, self.account(sku), position, today, self.ends(sku))

    async def _entry(self, number: int) -> Entry | None:
        found = await self._read(self._books.entries, None, None, None, None, number - 1, 1)
        return found[0] if found and found[0].id == number else None

    async def _read(self, look: Callable[..., list[Entry]], *wanted: object) -> list[Entry]:
        with storing():
            return await asyncio.to_thread(look, *wanted)


def _told_now(fact: stockroom.Fact, target: Entry | None, now_ms: int, by: str, key: str) -> Entry:
    """The entry that a fact makes which is told now; `target`: the one that it takes back."""
    if target is not None:
        return take_back(target, now_ms, by, fact.note, key)
    return Entry(
        fact.kind, fact.sku, fact.units, fact.happened_ms or now_ms, now_ms, fact.place, fact.other, fact.lot,
        fact.expiry, fact.unit_cost, fact.ref, by, fact.note, key,
    )  # fmt: skip


def _again(before: Entry, entry: Entry, *, timed: bool) -> Entry | Refusal:
    """The entry that came with this key before, where it says the same; `timed`: also when that happened, else that it
    happened when it was told."""
    same_time = before.happened_ms == (min(entry.happened_ms, before.known_ms) if timed else before.known_ms)
    if _told(before) == _told(entry) and (same_time or taken_back(entry) is not None):
        return before
    said = f"This key came with entry {before.id}, which says something else."
    return Refusal("key_used", said, f"Use a new key for each fact. If entry {before.id} is wrong, take it back.")


def _told(entry: Entry) -> tuple[object, ...]:
    """What an entry that is told again has in common with the first, but for when it happened."""
    other = entry.other if entry.kind != "count" else ""
    of = (entry.place, other, entry.lot, entry.expiry, entry.unit_cost)
    said = (entry.kind, entry.sku, entry.units, *of) if taken_back(entry) is None else ()
    return (entry.ref, entry.note, *said)
