"""The bookkeeper: every SKU's account in memory, folded from what shelves sensed and people told."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from math import fsum
from typing import Any

from msgspec import Struct

from cloud.core.book import accounts, checks, value
from cloud.core.book.accounts import Account, Terms
from cloud.core.book.entries import Entry, Sensed, sensed, take_back, taken_back, withdrawn
from cloud.core.book.lots import expiring
from cloud.core.book.positions import Position
from cloud.core.kpis import tallies
from cloud.core.kpis.facts import Fact, Refused, Step
from cloud.core.kpis.tallies import Tallies
from cloud.desks.refusing import granted, storing
from cloud.stores.books import Books
from cloud.web import stockroom
from protocols.layout import Site
from protocols.reports import Report, StockEvent

REFOLDED_A_TICK = 5
"""Accounts folded anew in one tick; the rest wait for the next."""
PAGE = 1_000
MOVES = frozenset(("receipt", "pick", "put", "transfer", "loss"))
OnDisk = Callable[..., Awaitable[Any]]
"""Runs a function of the stores in their worker thread."""


class Standing(Struct, frozen=True):
    """Where an SKU stands, as people see it."""

    sku: str
    position: Position
    available: int
    projected: int
    debts: list[Any]
    lots: list[dict[str, object]]
    expiring: list[Any]
    layers: list[Any]
    value: float
    unexplained: list[Any]


class Bookkeeping:
    """The accounts of one site. `changed(sku, happened_ms)` is called for every SKU whose stock a fact changed."""

    def __init__(self, site: Site, books: Books, on_disk: OnDisk, now_ms: Callable[[], int]) -> None:
        self.site = site
        self.accounts: dict[str, Account] = {}
        self.came_ms: dict[str, int] = {}
        """When stock of an SKU last came."""
        self.counted_ms: dict[tuple[str, str], int] = {}
        """(SKU, place) -> when a person last counted there."""
        self.late: set[str] = set()
        """SKUs of which facts of earlier times came, for who judged something by them."""
        self.tallies: Tallies = tallies.tallies(site.site.timezone, now_ms())
        self.receipts: dict[int, dict[int, Entry]] = {}
        """Order -> its receipts, by number."""
        self.position: Callable[[str], Position] = lambda _: Position(0)
        """Where an SKU stands, all counted in."""
        self.changed: Callable[[str, int], None] = lambda _sku, _at_ms: None
        self._books = books
        self._on_disk = on_disk
        self._now_ms = now_ms
        self._stale: set[str] = set()
        self._folding: dict[str, list[Entry]] = {}
        """SKUs that are being folded anew, and what was heard of them meanwhile."""
        self.gone: frozenset[int] = frozenset()
        """Entries that were taken back."""
        self._telling = asyncio.Lock()
        self._elsewhere = {*(one.id for one in site.neighbours), *(one.id for one in site.suppliers)}
        slots: dict[str, list[str]] = {one.id: [] for one in site.skus}
        for slot in site.slots:
            slots[slot.sku].append(slot.id)
        self._terms = {one.id: accounts.terms(one, slots[one.id]) for one in site.skus}
        for one in site.skus:
            tallies.enter(self.tallies, one.id, one.holding_rate)

    def load(self) -> None:
        """Fold all there is. Before anything else, and in the thread of the caller."""
        self.gone = withdrawn(self._every(None))
        for sku, facts in self._books.facts_by_sku():
            if sku in self._terms:
                self._fold(sku, facts)

    def hear(self, reports: Iterable[Report], now_ms: int) -> None:
        """What shelves sensed; the ledger has it already."""
        for one in reports:
            if type(one) is StockEvent and one.sku in self._terms:
                entry = sensed(one.slot, one.sku, one.delta, one.count, one.at_ms, now_ms, one.source)
                self._post(entry)

    async def tick(self, now_ms: int) -> None:
        """Fold anew what facts of earlier times came for, some at a time."""
        tallies.advance(self.tallies, now_ms)
        for sku in sorted(self._stale)[:REFOLDED_A_TICK]:
            await self._refold(sku)

    def off(self, sku: str) -> int:
        """Units off the shelves, below 0 when owed; and by how much people's counts differ from what scales claim."""
        account = self.accounts.get(sku)
        return 0 if account is None else account.off + sum(account.bias.values())

    def quarantined(self, sku: str) -> int:
        """Units set aside."""
        account = self.accounts.get(sku)
        return 0 if account is None else account.quarantined

    def owed(self, sku: str) -> int:
        """Units of debts."""
        account = self.accounts.get(sku)
        return 0 if account is None else sum(one.units for one in account.debts)

    def refused(self, sku: str, units: int) -> None:
        """Somebody wanted units that there were not."""
        tallies.tell(self.tallies, Refused(sku, self._now_ms(), units))

    def note(self, fact: Fact) -> None:
        """A fact for the key figures alone."""
        tallies.tell(self.tallies, fact)

    async def tell(self, fact: stockroom.Fact, by: str, key: str) -> Entry:
        """See `stockroom.BookDesk`."""
        now_ms = self._now_ms()
        happened_ms = fact.happened_ms or now_ms
        entry = Entry(
            fact.kind, fact.sku, fact.units, happened_ms, now_ms, fact.place, fact.other, fact.lot, fact.expiry,
            fact.unit_cost, fact.ref, by, fact.note, key,
        )  # fmt: skip
        wrong = taken_back(entry)
        async with self._telling:
            target = None if wrong is None else await self._entry(wrong)
            if target is not None:
                entry = take_back(target, now_ms, by, fact.note, key)
            known = self._terms.get(entry.sku, Terms())
            account = self.accounts.get(entry.sku) or accounts.opened(entry.sku, known)
            sku, slots = self.site.sku_by_id.get(entry.sku), known.slots
            no = checks.unfit(
                entry, account, sku, slots, now_ms=now_ms, target=target, gone=self.gone, elsewhere=self._elsewhere
            )
            if no is not None:
                if no.reason == "short":
                    self.refused(entry.sku, -entry.units)
                granted(no)
            [stored] = await self.store([entry])
            return stored

    async def enter(self, entries: list[Entry]) -> None:
        """Facts that another desk has stored already."""
        for sku in {entry.sku for entry in entries if not self._post(entry)}:
            await self._refold(sku)
        for entry in entries:
            self.changed(entry.sku, entry.happened_ms)

    async def entries(self, sku: str, from_ms: int, to_ms: int, after_id: int, limit: int) -> list[Entry]:
        """See `stockroom.BookDesk`."""
        with storing():
            found: list[Entry] = await asyncio.to_thread(
                self._books.entries, sku or None, from_ms, to_ms, None, after_id, limit
            )
            return found

    async def value(self, at_ms: int, known_ms: int) -> object:
        """See `stockroom.BookDesk`."""

        def worked() -> dict[str, value.Worth]:
            facts = (one for _, of in self._books.facts_by_sku(at_ms, known_ms) for one in of)
            takers = (one for one in self._every(known_ms) if taken_back(one) is not None)
            return value.worth(value.accounts_at(facts, self._terms, takers, at_ms, known_ms))

        with storing():
            found = await asyncio.to_thread(worked)
        rows = [{"sku": sku, "units": one.units, "value": round(one.value, 6)} for sku, one in sorted(found.items())]
        return {"at_ms": at_ms, "known_ms": known_ms, "total": fsum(one.value for one in found.values()), "skus": rows}

    def standing(self, sku: str, position: Position, today: str) -> Standing:
        """Where an SKU stands."""
        account = self.accounts.get(sku) or accounts.opened(sku, self._terms[sku])
        lots = [{"lot": lot, "units": units, "expiry": expiry} for lot, (units, expiry) in account.lots.items()]
        layers = [{"units": one.units, "unit_cost": one.unit_cost} for one in account.layers.layers]
        return Standing(
            sku, position, position.available, position.projected, account.debts, lots, expiring(account, today),
            layers, account.value, [one._asdict() for one in account.unexplained],
        )  # fmt: skip

    def terms(self, sku: str) -> Terms:
        """By what an SKU's account is kept."""
        return self._terms[sku]

    async def _entry(self, number: int) -> Entry | None:
        with storing():
            found = await asyncio.to_thread(self._books.entries, None, None, None, None, number - 1, 1)
        return found[0] if found else None

    async def store(self, entries: list[Entry]) -> list[Entry]:
        """Enter facts that were found fit; each with its number then."""
        with storing():
            stored: list[Entry] = await self._on_disk(self._books.post, entries)
        known = {entry.known_ms for entry in entries}
        await self.enter([one for one in stored if one.known_ms in known])
        return stored

    def _post(self, entry: Entry) -> bool:
        """Fold a fact, if it comes in its turn; else its SKU waits to be folded anew."""
        if (wrong := taken_back(entry)) is not None:
            self.gone |= {wrong}
        if (heard := self._folding.get(entry.sku)) is not None:
            heard.append(entry)
            return False
        account = self.accounts.get(entry.sku)
        if account is None:
            account = self.accounts[entry.sku] = accounts.opened(entry.sku, self._terms[entry.sku])
        if entry.sku in self._stale or accounts.out_of_turn(account, entry):
            self._stale.add(entry.sku)
            return False
        tallies.tell(self.tallies, self._step(account, entry))
        return True

    def _step(self, account: Account, entry: Entry) -> Step:
        """Fold a fact, and say what it did."""
        cost, owed = account.flows.goods, -min(0, account.off)
        accounts.post(account, entry, self._terms[entry.sku])
        if entry.kind == "count" and not (type(entry) is Sensed and entry.by == "first"):
            self.counted_ms[entry.sku, entry.place] = entry.happened_ms
        if entry.units > 0 and entry.kind in ("receipt", "put"):
            self.came_ms[entry.sku] = entry.happened_ms
        if entry.kind == "receipt" and (order := _order_of(entry)) is not None:
            self.receipts.setdefault(order, {})[entry.id] = entry
        picked = -entry.units if entry.kind == "pick" else 0
        more = max(0, -min(0, account.off) - owed) if picked > 0 else 0
        spent = account.flows.goods - cost
        return Step(
            entry.sku, entry.happened_ms, account.on_hand, account.value, picked, spent, more, entry.kind in MOVES
        )

    async def _refold(self, sku: str) -> None:
        """Fold an SKU anew from the ledger, and behind that what was heard meanwhile, unless it was read already."""
        if sku in self._folding:
            return
        heard = self._folding[sku] = []
        try:
            with storing():
                facts = await asyncio.to_thread(lambda: [*self._books.facts(sku)])
        except BaseException:
            self._stale.add(sku)
            raise
        finally:
            del self._folding[sku]
        self._stale.discard(sku)
        self.late.add(sku)
        self._fold(sku, facts)
        read = {_gist(one) for one in facts if type(one) is Sensed} if heard else set()
        numbers = {one.id for one in facts if type(one) is not Sensed} if heard else set()
        for one in heard:
            if one.id not in numbers if type(one) is not Sensed else _gist(one) not in read:
                self._post(one)

    def _fold(self, sku: str, facts: Iterable[Entry]) -> None:
        account = self.accounts[sku] = accounts.opened(sku, self._terms[sku])
        steps = (
            self._step(account, one)
            for one in facts
            if type(one) is Sensed or (one.id not in self.gone and taken_back(one) is None)
        )
        tallies.retell(self.tallies, sku, steps)

    def _every(self, known_ms: int | None) -> Iterator[Entry]:
        after = 0
        while page := self._books.entries(known_to_ms=known_ms, after_id=after, limit=PAGE):
            yield from page
            after = page[-1].id


def _order_of(entry: Entry) -> int | None:
    """The order that a receipt belongs to."""
    noun, _, number = entry.ref.partition(":")
    return int(number) if noun == "order" and number.isascii() and number.isdecimal() else None


def _gist(entry: Entry) -> tuple[str, int, int, int]:
    """What tells one change of a slot from another."""
    return entry.place, entry.happened_ms, entry.units, entry.count if isinstance(entry, Sensed) else 0


def positions(
    on_hand: Callable[[str], int],
    book: Bookkeeping,
    reserved: Callable[[str], int],
    coming: Callable[[str], Mapping[str, int]],
) -> Callable[[str], Position]:
    """The position of an SKU, from what the shelves hold, the book, promises and orders."""

    def position(sku: str) -> Position:
        return Position(on_hand(sku) + book.off(sku), reserved(sku), book.quarantined(sku), **coming(sku))

    return position
