"""The accounts of all SKUs in memory: folded from what shelves sensed and people told, anew where a fact came late."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager, suppress

from cloud.core.book import accounts
from cloud.core.book.accounts import Account, Terms
from cloud.core.book.entries import NO_CLAIM, Entry, Sensed, order, sensed, taken_back, withdrawn
from cloud.core.book.lots import NO_ENDS, fresh, unusable
from cloud.core.book.positions import Doubt, Position, doubt
from cloud.core.days import iso_day
from cloud.core.kpis import tallies
from cloud.core.kpis.facts import Fact, Step
from cloud.core.kpis.tallies import Tallies
from cloud.core.purchasing.orders import Order
from cloud.desks.folding import Held, fold, opened, step
from cloud.desks.refusing import storing
from cloud.desks.turns import Queues
from cloud.stores.books import Books
from cloud.web.desk import Unavailable
from protocols.layout import Site
from protocols.reports import Report, SlotLevel, StockEvent

REFOLDED_A_TICK = 5
"""Accounts folded anew in one tick; the rest wait for the next."""
STEPS_AT_ONCE = 500
"""What a fold did is told the key figures in pieces of so many, so that others have their turn in between."""
PAGE = 1_000
AT_ONCE_MS = 300_000
"""What happened so lately happened now: clocks differ."""


class Accounts:
    """The accounts of one site. `changed(sku, happened_ms)` is called for every SKU whose stock a fact changed."""

    def __init__(self, site: Site, books: Books, now_ms: Callable[[], int]) -> None:
        self.site = site
        self.judged_ms: dict[str, int] = {}
        """SKU -> the last moment at which something was judged by its account."""
        self.late: dict[str, int] = {}
        """SKU -> when the first of the facts happened that came since, and belong before that."""
        self.tallies: Tallies = tallies.tallies(site.site.timezone, now_ms())
        self.position: Callable[[str], Position] = lambda _: Position(0)
        """Where an SKU stands, all counted in."""
        self.levels: Callable[[], Mapping[str, SlotLevel]] = dict
        """The newest level of each slot."""
        self.ends: Callable[[str], Mapping[str, str]] = lambda _: NO_ENDS
        """The lots of an SKU that may be used for less long than their labels say: until which day."""
        self.changed: Callable[[str, int], None] = lambda _sku, _at_ms: None
        self.picked: Callable[[str, int, int], None] = lambda _sku, _units, _at_ms: None
        """Who wants to hear of units picked out of the shelves' sight (below 0: that was taken back), and when."""
        self.settle: Callable[[str], Awaitable[None]] = _nothing
        """Makes what is promised of an SKU what the ledger has, and holds by now."""
        self.gone: frozenset[int] = frozenset()
        """Entries that were taken back."""
        self._books = books
        self._now_ms = now_ms
        self._stale: dict[str, None] = {}
        """SKUs to be folded anew, those that wait longest first."""
        self._strays: dict[str, None] = {}
        """SKUs that have units in slots which are theirs no more."""
        self._folding: dict[str, _Fold] = {}
        """SKUs that are being folded anew."""
        slots: dict[str, list[str]] = {one.id: [] for one in site.skus}
        for slot in site.slots:
            slots[slot.sku].append(slot.id)
        self._terms = {one.id: accounts.terms(one, slots[one.id], site.site.timezone) for one in site.skus}
        self._held = {sku: opened(sku, terms) for sku, terms in self._terms.items()}
        self._queues = Queues(self._terms)
        for one in site.skus:
            tallies.enter(self.tallies, one.id, one.holding_rate, stocked=not one.discontinued)

    def load(self) -> None:
        """Fold all there is. Before anything else, and in the thread of the caller."""
        self.gone = withdrawn(entries_of(self._books))
        for sku, facts in self._books.facts_by_sku():
            if sku in self._terms:
                self._take(sku, *fold(sku, facts, self._terms[sku], self.gone))

    def hear(self, reports: Iterable[Report], now_ms: int) -> None:
        """What shelves sensed; the ledger has it already."""
        for one in reports:
            if type(one) is StockEvent and one.sku in self._terms:
                entry = sensed(one.slot, one.sku, one.delta, one.count, one.at_ms, now_ms, one.source)
                self._post(entry)

    @asynccontextmanager
    async def turn(self, *skus: str) -> AsyncIterator[None]:
        """Whoever is in here decides alone by what there is of these SKUs, and writes what came of it. Their accounts,
        and what is promised of them, are what the ledger has, also where that is more than was known. What shelves
        sense happened already, and waits for nobody: the account has it from then on."""
        async with self._queues.turn(skus):
            for sku in {*skus}:
                if sku in self._stale or sku in self._folding:
                    await self._refold(sku)
                await self.settle(sku)
            yield

    async def refold(self) -> None:
        """Fold anew what facts of earlier times came for, some at a time."""
        for sku in [*self._stale][:REFOLDED_A_TICK]:
            await self._refold(sku)

    def account(self, sku: str) -> Account:
        """What the facts of an SKU amount to."""
        return self._held[sku].account

    def came_ms(self, sku: str) -> int:
        """When goods of an SKU last came, by a receipt or back; 0 where they never did."""
        return self._held[sku].came_ms

    def rises(self, sku: str) -> list[tuple[int, int]]:
        """When more of an SKU was on hand than before, and by how many units."""
        return [*self._held[sku].rises]

    def claim(self, count: Entry) -> str:
        """What the scale of a slot says where a person counted it: `NO_CLAIM` where it claimed nothing at that second,
        as far as it is known; else nothing is to be said of it."""
        level = self.levels().get(count.place)
        if not count.place or count.sku not in self._terms:
            return ""
        if level is None or level.sku != count.sku:
            return "" if count.place in self.account(count.sku).shelves else NO_CLAIM
        now = self._now_ms() - count.happened_ms < AT_ONCE_MS
        return NO_CLAIM if level.count is None and (now or level.at_ms <= count.happened_ms) else ""

    def counted_ms(self, sku: str, place: str) -> int:
        """When a person last counted an SKU at a place, 0 where nobody did."""
        return self._held[sku].counted_ms.get(place, 0)

    def booked(self, sku: str) -> bool:
        """Whether receipts of an SKU are booked at all; else nobody explains what its shelves gain."""
        return bool(self._held[sku].receipts)

    def receipts(self, order: Order) -> list[Entry]:
        """What came of an order."""
        found = (self._held[line.sku].receipts.get(order.id, ()) for line in order.lines if line.sku in self._held)
        return [one for receipts in found for one in receipts]

    def unsure(self, sku: str, unusable: int) -> Doubt:
        """How far its shelves can be relied on."""
        return doubt(sku, self.account(sku), self._terms[sku].slots, self.levels(), unusable)

    def quarantined(self, sku: str) -> int:
        """Units that are there and not to be used: set aside, or expired by today."""
        return unusable(self.account(sku), self.today(), self.ends(sku))

    def fresh(self, sku: str) -> list[tuple[int, int]]:
        """The dated lots that can be used today: on how many days, and how many units."""
        return fresh(self.account(sku), self.today(), self.ends(sku))

    def today(self) -> str:
        """The site's day, as an ISO date."""
        return iso_day(self.site.site.timezone, self._now_ms())

    def owed(self, sku: str) -> int:
        """Units of debts."""
        return sum(one.units for one in self.account(sku).owed)

    def terms(self, sku: str) -> Terms:
        """By what an SKU's account is kept."""
        return self._terms[sku]

    def note(self, fact: Fact) -> None:
        """A fact for the key figures alone."""
        tallies.tell(self.tallies, fact)

    async def enter(self, entries: list[Entry]) -> None:
        """Facts that are stored already. What can not be folded now, the next tick folds."""
        entries = [entry for entry in entries if entry.sku in self._terms]
        for sku in {entry.sku for entry in entries if not self._post(entry)}:
            with suppress(Unavailable):
                await self._refold(sku)
        for entry in entries:
            self.changed(entry.sku, entry.happened_ms)

    def doubt(self, skus: Iterable[str]) -> None:
        """It is not known whether facts of these were stored: they are folded anew by what the ledger has."""
        for sku in self._terms.keys() & {*skus}:
            self._stale[sku] = None
            self.late[sku] = 0

    def _post(self, entry: Entry) -> bool:
        """Fold a fact, if it comes in its turn; else its SKU waits to be folded anew. One that is folded already is not
        behind all others, so that it never counts twice."""
        if (wrong := taken_back(entry)) is not None:
            self.gone |= {wrong}
        if entry.happened_ms <= self.judged_ms.get(entry.sku, -1):
            self.late[entry.sku] = min(entry.happened_ms, self.late.get(entry.sku, entry.happened_ms))
        if (heard := self._folding.get(entry.sku)) is not None:
            heard.entries.append(entry)
            return False
        terms, held = self._terms[entry.sku], self._held[entry.sku]
        again = type(entry) is not Sensed and order(entry) <= held.account.last
        if entry.sku in self._stale or again or accounts.out_of_turn(held.account, entry):
            self._stale[entry.sku] = None
            return False
        tallies.tell(self.tallies, step(held, entry, terms))
        if entry.place and entry.place not in terms.slots:
            self._strays[entry.sku] = None
        if entry.id in held.picks and type(entry) is not Sensed:
            units, at_ms = held.picks[entry.id]
            self.picked(entry.sku, units, at_ms)
        return True

    async def _refold(self, sku: str) -> None:
        """Fold an SKU anew from the ledger, and behind that what was heard meanwhile, unless it was read already."""
        while (going := self._folding.get(sku)) is not None:
            await going.over.wait()
            if sku not in self._stale and sku not in self._folding:
                return
        mine = self._folding[sku] = _Fold()
        self._stale.pop(sku, None)  # what is doubted from now on may not be read any more
        gone, terms, heard = self.gone, self._terms[sku], mine.entries

        def folded() -> tuple[Held, list[Step], list[Entry], frozenset[int]]:
            facts = [*self._books.facts(sku)]
            every = gone | withdrawn(facts)  # a write that was thought lost may have taken something back
            return *fold(sku, facts, terms, every), facts, every

        try:
            with storing():
                made, steps, facts, every = await asyncio.to_thread(folded)
            self._take(sku, made, steps[:STEPS_AT_ONCE])
            for at in range(STEPS_AT_ONCE, len(steps), STEPS_AT_ONCE):
                await asyncio.sleep(0)
                for done in steps[at : at + STEPS_AT_ONCE]:
                    tallies.tell(self.tallies, done)
        except BaseException:
            self._stale[sku] = None
            raise
        finally:
            del self._folding[sku]
            mine.over.set()
        if self.gone is not gone:
            self._stale[sku] = None
        self.gone |= every
        read = {_gist(one) for one in facts if type(one) is Sensed} if heard else set()
        numbers = {one.id for one in facts if type(one) is not Sensed} if heard else set()
        for one in heard:
            if one.id not in numbers if type(one) is not Sensed else _gist(one) not in read:
                self._post(one)

    def _take(self, sku: str, held: Held, steps: Iterable[Step]) -> None:
        before, now = self._held[sku].picks, held.picks
        for number in before.keys() ^ now.keys():  # told since, or taken back
            units, at_ms = now.get(number) or before[number]
            self.picked(sku, units if number in now else -units, at_ms)
        self._held[sku] = held
        if not held.account.shelves.keys() <= self._terms[sku].slots:
            self._strays[sku] = None
        tallies.retell(self.tallies, sku, steps)


async def _nothing(_: str) -> None:
    """Nothing is promised to anybody."""


class _Fold:
    """A fold that is under way: the facts that were heard meanwhile, and when it is over."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.over = asyncio.Event()


def entries_of(books: Books, known_ms: int | None = None) -> Iterator[Entry]:
    """All that people, papers and orders said, as far as it was known then."""
    after = 0
    while page := books.entries(known_to_ms=known_ms, after_id=after, limit=PAGE):
        yield from page
        after = page[-1].id


def _gist(entry: Entry) -> tuple[str, int, int, int]:
    """What tells one change of a slot from another."""
    return entry.place, entry.happened_ms, entry.units, entry.count if isinstance(entry, Sensed) else 0
