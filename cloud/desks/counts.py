"""What to count today, and what each count says: held against the book at its own second, entered once it stands."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

import msgspec
from msgspec.structs import replace

from cloud.core.book.accounts import lapsed_ms
from cloud.core.book.entries import Entry
from cloud.core.counting import accuracy, causes, findings, rounds
from cloud.core.counting.course import Course, course
from cloud.core.counting.findings import Finding, Terms, Tolerance
from cloud.core.counting.rounds import Place, Rhythm
from cloud.core.kpis.facts import Counted
from cloud.core.purchasing.orders import Order
from cloud.core.stock_view import AccuracyView, CountRound, CountSkipped, CountTask, CountTold
from cloud.desks.bookkeeping import Bookkeeping
from cloud.desks.counted import KEY_USED, Answer, Kept, Stood, answered, is_of
from cloud.desks.refusing import OnDisk, granted, storing
from cloud.stores.books import Books
from cloud.web import stockroom
from cloud.web.desk import DeskError, Refused
from protocols.layout import Sku
from protocols.reports import SlotLevel

log = logging.getLogger(__name__)


KEPT = "counts"
FINDINGS_MAX = 2_000
"""Findings remembered; the oldest leave first."""
ANSWERS_MAX = 200
"""Answers by key; the oldest leave first."""
DAY_MS = 86_400_000
NEVER_MS = 2**63


class Counts:
    """The counts of one site."""

    def __init__(self, book: Bookkeeping, books: Books, on_disk: OnDisk, now_ms: Callable[[], int]) -> None:
        self.site = book.site
        self.levels: Callable[[], Mapping[str, SlotLevel]] = dict
        self.abc: Callable[[str], str] = lambda _: ""
        self.orders: Callable[[str], Sequence[Order]] = lambda _: []
        """The open orders of an SKU."""
        self.book = book
        self._books = books
        self._on_disk = on_disk
        self.now_ms = now_ms
        self._rhythm = Rhythm()
        self.waiting: dict[tuple[str, str], Finding] = {}
        self.stood: deque[Stood] = deque(maxlen=FINDINGS_MAX)
        self._answers: OrderedDict[str, Answer] = OrderedDict()
        self.again: dict[tuple[str, str], int] = {}
        """Places (SKU, slot) that are to be counted once more though a count stands, and since when."""
        self.skipped: dict[tuple[str, str], CountSkipped] = {}
        """Places that somebody stood before and did not count."""

    def load(self) -> None:
        """What is kept of counts."""
        blob = self._books.kept(KEPT)
        try:
            kept = msgspec.msgpack.decode(blob, type=Kept) if blob else Kept()
        except msgspec.ValidationError as error:  # of another version; the book has the counts themselves
            log.warning("counts: what was kept of findings can not be read: %s", error)
            kept = Kept()
        self.waiting = {(one.sku, one.slot): one for one in kept.waiting}
        self.stood.extend(kept.stood)
        self._answers.update((one.key, one) for one in kept.answers)
        self.again = {(sku, slot): at_ms for sku, slot, at_ms in kept.again}
        self.skipped = {(sku, slot): one for sku, slot, one in kept.skipped}
        for one in kept.stood:
            self._tally(one.finding)
        for finding in [*kept.waiting, *(one.finding for one in kept.stood)]:
            self._judged(finding)

    async def tick(self, now_ms: int) -> None:
        """Judge anew what was counted of SKUs of which facts of earlier times came: the counts stand, what was expected
        of them may be another."""
        late, self.book.late = self.book.late, {}
        try:
            await self._rejudge(late)
        except DeskError:
            now = self.book.late
            now.update({sku: min(at_ms, now.get(sku, at_ms)) for sku, at_ms in late.items()})
            raise

    async def _rejudge(self, late: Mapping[str, int]) -> None:
        def is_after(one: Finding) -> bool:
            return max(each.at_ms for each in one.counts) >= late.get(one.sku, NEVER_MS)

        waiting = [one for one in self.waiting.values() if is_after(one)]
        stood = [one for one in self.stood if is_after(one.finding)]
        if not waiting and not stood:
            return
        for first in waiting:
            async with self.book.turn(first.sku):
                if self.waiting.get((first.sku, first.slot)) is not first:
                    continue  # somebody counted again meanwhile
                again = findings.rejudge(first, (await self._course(first, 0)).at, self._terms(first.sku, first.slot))
                entry = findings.entry(again, self.now_ms(), "count")
                if entry is not None:
                    with suppress(Refused):  # it can not have been so any more, and waits to be repeated
                        await self.book.fit(entry)
                        self.stand(again, (await self.book.store([entry]))[0].id)
        for one in stood:
            async with self.book.turn(one.finding.sku):
                before = one.finding
                seen = await self._course(before, one.entry)
                one.finding = findings.rejudge(before, seen.at, self._terms(before.sku, before.slot))
                if one.finding != before:
                    self._tally(before, undo=True)
                    self._tally(one.finding)
        await self.keep()

    def found(self, from_ms: int) -> list[Finding]:
        """What counts came to that stand, since then."""
        return [one.finding for one in self.stood if one.finding.at_ms >= from_ms]

    def round(self) -> CountRound:
        """See `stockroom.CountDesk`."""
        now_ms = self.now_ms()
        done = sum(now_ms - one.finding.at_ms < DAY_MS for one in self.stood)
        planned = rounds.plan_round(self._places(), now_ms, self._rhythm, done)
        today = [
            CountTask(
                one.slot, one.sku, one.reason, [*one.points], round(one.score, 1), round(one.stake, 2),
                self.book.counted_ms(one.sku, one.slot), self._left_out(one.sku, one.slot, now_ms),
            )
            for one in planned.today
        ]  # fmt: skip
        right = accuracy.of(one.finding for one in self.stood)
        figures = AccuracyView(right.counts, **{name: getattr(right, name) for name in accuracy.METRICS})
        return CountRound(today, planned.waiting, round(planned.needed_a_day, 2), planned.clears_days, figures)

    async def count(self, counted: stockroom.Counted, by: str, key: str) -> CountTold:
        """See `stockroom.CountDesk`."""
        sku = self.lies(counted.sku, counted.place)
        async with self.book.turn(sku.id):
            now_ms = self.now_ms()
            at_ms = counted.at_ms or now_ms
            if key and (answer := self._answers.get(key)) is not None:
                return answer.told if answer.asked == counted else granted(KEY_USED)
            where, key_ = (sku.id, counted.place), f"count:{key}" if key else ""
            before, terms = self.waiting.get(where), self._terms(sku.id, counted.place)
            times = [at_ms, *(one.at_ms for one in before.counts)] if before is not None else [at_ms]
            booked = await self.book.known_by(key_)
            number = 0 if booked is None else booked.id
            if number and (stood := next((one.finding for one in self.stood if one.entry == number), None)):
                return granted(answered(stood, counted, number))
            seen = await self._between(sku.id, counted.place, min(times), max(times), number)
            found = granted(findings.judge(counted.counted, at_ms, seen.at, terms, before, by))
            others = [one.finding for one in self.stood]
            level, account = self.levels().get(counted.place), self.book.account(sku.id)
            awaited = self.orders(sku.id)
            why = causes.explain(found, causes.scene_of(found, sku, account, seen.moves, awaited, others, level))
            entry = findings.entry(found, now_ms, "count", key=key_)
            if booked is not None and not is_of(booked, counted, entry):
                granted(KEY_USED)
            if not number:  # one that is to be repeated first could not have been so either
                await self.book.fit(entry or Entry("count", sku.id, counted.counted, at_ms, now_ms, counted.place))
            number = 0 if entry is None else (await self.book.store([entry]))[0].id
            told = CountTold(
                found.sku, found.slot, found.verdict, found.counted, found.expected, found.difference, found.value,
                why, number,
            )  # fmt: skip
            self._judged(found)
            self.again.pop(where, None)
            self.skipped.pop(where, None)
            if entry is None:
                self.waiting[where] = found
            else:
                self.stand(found, number)
            if key:
                self._answers[key] = Answer(key, counted, told)
                while len(self._answers) > ANSWERS_MAX:
                    self._answers.popitem(last=False)
            try:
                await self.keep()
            except DeskError:
                if entry is None:  # nobody hears of it, so it was not counted; what is in the book stands
                    self._answers.pop(key, None)
                    self.waiting.pop(where)
                    self.waiting.update({where: before} if before is not None else {})
                raise
        return told

    def _left_out(self, sku: str, slot: str, now_ms: int) -> CountSkipped | None:
        skipped = self.skipped.get((sku, slot))
        return skipped if skipped is not None and now_ms - skipped.at_ms < DAY_MS else None

    async def keep(self) -> None:
        """Write down what waits, what stands and what was answered."""
        kept = Kept([*self.waiting.values()], [*self.stood], [*self._answers.values()])
        kept.again = [(*where, at_ms) for where, at_ms in self.again.items()]
        kept.skipped = [(*where, one) for where, one in self.skipped.items()]
        with storing():
            await self._on_disk(self._books.keep, KEPT, msgspec.msgpack.encode(kept))

    def _judged(self, found: Finding) -> None:
        last_ms = max(one.at_ms for one in found.counts)
        self.book.judged_ms[found.sku] = max(last_ms, self.book.judged_ms.get(found.sku, 0))

    def stand(self, found: Finding, entry: int) -> None:
        """A finding stands, and is in the book as that entry."""
        self.waiting.pop((found.sku, found.slot), None)
        self.stood.append(Stood(found, entry))
        self._tally(found)

    def _tally(self, found: Finding, undo: bool = False) -> None:
        agreed = found.verdict == "agrees"
        self.book.note(Counted(found.sku, found.at_ms, found.counted, found.expected, agreed, undo))

    async def _course(self, found: Finding, entry: int) -> Course:
        times = [one.at_ms for one in found.counts]
        return await self._between(found.sku, found.slot, min(times), max(times), entry)

    async def _between(self, sku: str, slot: str, from_ms: int, to_ms: int, entry: int) -> Course:
        """What the book has at a place around counts, without the entry of the count itself."""
        gone = self.book.gone | {entry}

        def read() -> Course:
            facts = self._books.facts(sku, to_ms + causes.WINDOW_MS)
            return course(facts, self.book.terms(sku), slot, from_ms - causes.WINDOW_MS, to_ms + causes.WINDOW_MS, gone)

        with storing():
            return await asyncio.to_thread(read)

    def lies(self, name: str, place: str) -> Sku:
        """The SKU of that name, which is counted at that place; raises `Refused`."""
        sku = self.site.sku_by_id.get(name)
        slots = self.book.terms(name).slots if sku is not None else frozenset()
        if sku is None or (place and place not in slots):
            known = ", ".join(sorted(slots)[:5]) or "off the shelves alone"
            hint = f"{name} lies in {known}." if sku is not None else "Name an SKU of the site file."
            raise Refused("unknown_place", f"{name!r} does not lie at {place!r}.", hint)
        return sku

    def _to_repeat(self, sku: str, slot: str) -> bool:
        return (sku, slot) in self.waiting or (sku, slot) in self.again

    def _terms(self, sku: str, slot: str) -> Terms:
        return Terms(sku, slot, self.site.sku_by_id[sku].unit_cost, Tolerance())

    def _places(self) -> list[Place]:
        levels, places = self.levels(), []
        for slot in self.site.slots:
            sku, account = self.site.sku_by_id[slot.sku], self.book.account(slot.sku)
            units = account.shelves.get(slot.id, 0)
            puts = account.puts if self.book.booked(sku.id) else ()
            unexplained = sum(one.units for one in puts if one.slot == slot.id)
            counted_ms, again = self.book.counted_ms(sku.id, slot.id), self._to_repeat(sku.id, slot.id)
            abc, level = self.abc(sku.id), levels.get(slot.id)
            place = rounds.sensed_place(sku, level, slot.id, abc, units, counted_ms, unexplained, 0, again)
            # More was picked there than the person had found, or nobody saw what was told of it.
            differs_ms = max(account.differs.get(slot.id, 0), lapsed_ms(account, slot.id, self.now_ms()))
            if level is not None and level.sku == sku.id and level.count is not None and slot.id in account.found:
                differs_ms = max(differs_ms, level.at_ms)  # its scale is back at what a person did not find
            if differs_ms:
                place = replace(place, differs_ms=max(place.differs_ms, differs_ms))
            places.append(place)
        for sku in self.site.skus:
            off, owed = self.book.account(sku.id).off, self.book.owed(sku.id)
            if off or owed or not self.book.terms(sku.id).slots:
                counted_ms, again = self.book.counted_ms(sku.id, ""), self._to_repeat(sku.id, "")
                abc = self.abc(sku.id)
                places.append(Place(sku.id, "", abc, off, sku.unit_cost, counted_ms, debt=owed, recount=again))
        return places
