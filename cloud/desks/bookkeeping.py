"""The bookkeeper: every SKU's account in memory, folded from what shelves sensed and people told."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import suppress
from math import fsum
from typing import Any

import msgspec
from msgspec import Struct

from cloud.core.book import accounts, checks, late, value
from cloud.core.book.accounts import Account, Terms
from cloud.core.book.entries import Entry, Sensed, order, sensed, take_back, taken_back, withdrawn
from cloud.core.book.lots import expires, expiring, unusable
from cloud.core.book.positions import Position
from cloud.core.days import day_start_ms, iso_day, local_day
from cloud.core.kpis import tallies
from cloud.core.kpis.courses import DAYS, countable
from cloud.core.kpis.facts import Fact, Refused, Step
from cloud.core.kpis.tallies import Tallies
from cloud.core.purchasing.orders import Order
from cloud.core.refusals import Refusal
from cloud.desks.folding import Held, fold, opened, step
from cloud.desks.refusing import granted, storing
from cloud.stores.books import Books
from cloud.web import stockroom
from cloud.web.desk import Unavailable
from protocols.layout import Site
from protocols.reports import Report, StockEvent

REFOLDED_A_TICK = 5
"""Accounts folded anew in one tick; the rest wait for the next."""
PAGE = 1_000
KEY_USED = Refusal("key_used", "This key was used for something else.", "Use a new key for each fact.")
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
        self.judged_ms: dict[str, int] = {}
        """SKU -> the last moment at which something was judged by its account."""
        self.late: dict[str, int] = {}
        """SKU -> when the first of the facts happened that came since, and belong before that."""
        self.tallies: Tallies = tallies.tallies(site.site.timezone, now_ms())
        self.position: Callable[[str], Position] = lambda _: Position(0)
        """Where an SKU stands, all counted in."""
        self.changed: Callable[[str, int], None] = lambda _sku, _at_ms: None
        self.picked: Callable[[str, int, int], None] = lambda _sku, _units, _at_ms: None
        """Who wants to hear of units picked out of the shelves' sight (below 0: that was taken back), and when."""
        self._books = books
        self._on_disk = on_disk
        self._now_ms = now_ms
        self._stale: dict[str, None] = {}
        """SKUs to be folded anew, those that wait longest first."""
        self._folding: dict[str, list[Entry]] = {}
        """SKUs that are being folded anew, and what was heard of them meanwhile."""
        self.gone: frozenset[int] = frozenset()
        """Entries that were taken back."""
        self._day = self.today()
        """By which what has expired was looked at last."""
        self._refused: dict[int, dict[str, int]] = {}
        """Day -> units of each SKU that were wanted and not there."""
        self._unkept: set[int] = set()
        """Days of those that are not stored yet as they are."""
        self._telling = asyncio.Lock()
        self._elsewhere = {*(one.id for one in site.neighbours), *(one.id for one in site.suppliers)}
        slots: dict[str, list[str]] = {one.id: [] for one in site.skus}
        for slot in site.slots:
            slots[slot.sku].append(slot.id)
        self._terms = {one.id: accounts.terms(one, slots[one.id], site.site.timezone) for one in site.skus}
        self._held = {sku: opened(sku, terms) for sku, terms in self._terms.items()}
        for one in site.skus:
            tallies.enter(self.tallies, one.id, one.holding_rate, stocked=not one.discontinued)

    def load(self) -> None:
        """Fold all there is. Before anything else, and in the thread of the caller."""
        self.gone = withdrawn(self._every(None))
        for sku, facts in self._books.facts_by_sku():
            if sku in self._terms:
                self._take(sku, *fold(sku, facts, self._terms[sku], self.gone))
        for day in range(self.tallies.today - DAYS + 1, self.tallies.today + 1):
            if (blob := self._books.kept(f"refused:{day}")) is not None:
                of = self._refused[day] = msgspec.msgpack.decode(blob, type=dict[str, int])
                for sku, units in of.items():
                    self.note(Refused(sku, day_start_ms(self.tallies.timezone, day), units))

    def hear(self, reports: Iterable[Report], now_ms: int) -> None:
        """What shelves sensed; the ledger has it already."""
        for one in reports:
            if type(one) is StockEvent and one.sku in self._terms:
                entry = sensed(one.slot, one.sku, one.delta, one.count, one.at_ms, now_ms, one.source)
                self._post(entry)

    async def tick(self, now_ms: int) -> None:
        """Fold anew what facts of earlier times came for, some at a time."""
        tallies.advance(self.tallies, now_ms)
        if (today := self.today()) != self._day:
            for sku, held in self._held.items():
                if expires(held.account, self._day, today):  # no fact says so
                    self.changed(sku, now_ms)
            self._day = today
        await self._keep_refused()
        for sku in [*self._stale][:REFOLDED_A_TICK]:
            await self._refold(sku)

    def account(self, sku: str) -> Account:
        """What the facts of an SKU amount to."""
        return self._held[sku].account

    def came_ms(self, sku: str) -> int:
        """When stock of an SKU last came, 0 where it never did."""
        return self._held[sku].came_ms

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

    def off(self, sku: str) -> int:
        """Units off the shelves, below 0 when owed; and by how much people's counts differ from what scales claim."""
        account = self.account(sku)
        return account.off + sum(account.bias.values())

    def quarantined(self, sku: str) -> int:
        """Units that are there and not to be used: set aside, or expired by today."""
        return unusable(self.account(sku), self.today())

    def today(self) -> str:
        """The site's day, as an ISO date."""
        return iso_day(self.site.site.timezone, self._now_ms())

    def owed(self, sku: str) -> int:
        """Units of debts."""
        return sum(one.units for one in self.account(sku).owed)

    async def refused(self, sku: str, units: int) -> None:
        """Somebody wanted units that there were not. What can not be stored now is with the next tick."""
        now_ms = self._now_ms()
        day = min(local_day(self.tallies.timezone, now_ms), self.tallies.today)
        if units := countable(self.tallies.courses[sku], day, units):
            tallies.tell(self.tallies, Refused(sku, now_ms, units))
            of = self._refused.setdefault(day, {})
            of[sku] = of.get(sku, 0) + units
            self._unkept.add(day)
            with suppress(Unavailable):
                await self._keep_refused()

    def note(self, fact: Fact) -> None:
        """A fact for the key figures alone."""
        tallies.tell(self.tallies, fact)

    async def tell(self, fact: stockroom.Fact, by: str, key: str) -> Entry:
        """See `stockroom.BookDesk`."""
        async with self._telling:
            now_ms = self._now_ms()
            happened_ms = fact.happened_ms or now_ms
            entry = Entry(
                fact.kind, fact.sku, fact.units, happened_ms, now_ms, fact.place, fact.other, fact.lot, fact.expiry,
                fact.unit_cost, fact.ref, by, fact.note, f"told:{key}" if key else "",
            )  # fmt: skip
            if key and (before := await self._read(self._books.entry_of, entry.key)):
                return before[0] if _told(before[0]) == _told(entry) else granted(KEY_USED)
            granted(checks.told(entry.ref))
            wrong = taken_back(entry)
            target = None if wrong is None else await self._entry(wrong)
            if target is not None:
                entry = take_back(target, now_ms, by, fact.note, entry.key)
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
        if no is None and sku is not None and target is None:
            no = checks.promised(entry, sku, known.slots, self.position(sku.id))
        return no

    async def fit(self, entry: Entry, target: Entry | None = None) -> None:
        """Refuse what may not enter the book; what was wanted and is not there is remembered."""
        no = self.unfit(entry, target)
        if no is not None and no.reason == "short":
            await self.refused(entry.sku, -entry.units)
        if no is None and target is None and _is_late(entry, self.account(entry.sku)):
            sku, terms = self.site.sku_by_id[entry.sku], self._terms[entry.sku]
            with storing():
                no = await asyncio.to_thread(
                    lambda: late.untimely(entry, self._books.facts(entry.sku), sku, terms, self.gone)
                )
        granted(no)

    async def enter(self, entries: list[Entry]) -> None:
        """Facts that are stored already. What can not be folded now, the next tick folds."""
        entries = [entry for entry in entries if entry.sku in self._terms]
        for sku in {entry.sku for entry in entries if not self._post(entry)}:
            with suppress(Unavailable):
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
        account = self.account(sku)
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
        found = await self._read(self._books.entries, None, None, None, None, number - 1, 1)
        return found[0] if found and found[0].id == number else None

    async def known_by(self, key: str) -> int:
        """The number of the entry that came with a key, 0 where none did."""
        found = await self._read(self._books.entry_of, key) if key else []
        return found[0].id if found else 0

    async def _read(self, look: Callable[..., list[Entry]], *wanted: object) -> list[Entry]:
        with storing():
            return await asyncio.to_thread(look, *wanted)

    async def store(self, entries: list[Entry]) -> list[Entry]:
        """Enter facts that were found fit; each with its number then. One whose key is known is there already."""
        try:
            with storing():
                stored: list[Entry] = await self._on_disk(self._books.post, entries)
        except BaseException:
            self.doubt(entry.sku for entry in entries)
            raise
        await self.enter(stored)
        return stored

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
            heard.append(entry)
            return False
        terms, held = self._terms[entry.sku], self._held[entry.sku]
        again = type(entry) is not Sensed and order(entry) <= held.account.last
        if entry.sku in self._stale or again or accounts.out_of_turn(held.account, entry):
            self._stale[entry.sku] = None
            return False
        tallies.tell(self.tallies, step(held, entry, terms))
        if entry.id in held.picks and type(entry) is not Sensed:
            units, at_ms = held.picks[entry.id]
            self.picked(entry.sku, units, at_ms)
        return True

    async def _refold(self, sku: str) -> None:
        """Fold an SKU anew from the ledger, and behind that what was heard meanwhile, unless it was read already."""
        if sku in self._folding:
            return
        heard = self._folding[sku] = []
        gone, terms = self.gone, self._terms[sku]

        def folded() -> tuple[Held, list[Step], list[Entry]]:
            facts = [*self._books.facts(sku)]
            return *fold(sku, facts, terms, gone), facts

        try:
            with storing():
                made, steps, facts = await asyncio.to_thread(folded)
        except BaseException:
            self._stale[sku] = None
            raise
        finally:
            del self._folding[sku]
        self._stale.pop(sku, None)
        self._take(sku, made, steps)
        if self.gone is not gone:
            self._stale[sku] = None
        read = {_gist(one) for one in facts if type(one) is Sensed} if heard else set()
        numbers = {one.id for one in facts if type(one) is not Sensed} if heard else set()
        for one in heard:
            if one.id not in numbers if type(one) is not Sensed else _gist(one) not in read:
                self._post(one)

    async def _keep_refused(self) -> None:
        for day in [*self._unkept]:
            self._unkept.discard(day)
            try:
                with storing():
                    await self._on_disk(self._books.keep, f"refused:{day}", msgspec.msgpack.encode(self._refused[day]))
            except BaseException:
                self._unkept.add(day)
                raise
        for day in [one for one in self._refused if one < self.tallies.today and one not in self._unkept]:
            del self._refused[day]

    def _take(self, sku: str, held: Held, steps: Iterable[Step]) -> None:
        before, now = self._held[sku].picks, held.picks
        for number in before.keys() ^ now.keys():  # told since, or taken back
            units, at_ms = now.get(number) or before[number]
            self.picked(sku, units if number in now else -units, at_ms)
        self._held[sku] = held
        tallies.retell(self.tallies, sku, steps)

    def _every(self, known_ms: int | None) -> Iterator[Entry]:
        after = 0
        while page := self._books.entries(known_to_ms=known_ms, after_id=after, limit=PAGE):
            yield from page
            after = page[-1].id


def _is_late(entry: Entry, account: Account) -> bool:
    """Whether it takes something, off the shelves or into quarantine, at a time behind which there are facts."""
    takes = entry.kind == "quarantine" or (entry.units < 0 and not entry.place)
    return takes and entry.happened_ms < account.last[0]


def _told(entry: Entry) -> tuple[object, ...]:
    """What an entry that is told again has in common with the first; when it happened may have been left out."""
    of = (entry.place, entry.other, entry.lot, entry.expiry, entry.unit_cost, entry.note)
    return (entry.ref,) if taken_back(entry) is not None else (entry.kind, entry.sku, entry.units, entry.ref, *of)


def _gist(entry: Entry) -> tuple[str, int, int, int]:
    """What tells one change of a slot from another."""
    return entry.place, entry.happened_ms, entry.units, entry.count if isinstance(entry, Sensed) else 0
