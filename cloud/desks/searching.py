"""Which lots a breach is about: they are found where they lie, and set aside in the book once.

What is set aside has a key, and is looked for after a stop; so whatever one left half done is done then, and nothing is
done twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from cloud.core.book.aside import SIGNED
from cloud.core.book.entries import Entry, Sensed
from cloud.core.book.state import Account
from cloud.core.coldchain import dossier
from cloud.core.coldchain.dossier import Case, Line, Step
from cloud.core.coldchain.kinetic import HOUR_MS, MINUTE_MS
from cloud.core.coldchain.lying import There, lying, to_set_aside
from cloud.core.purchasing.needs import BY
from cloud.desks.bookkeeping import Bookkeeping
from cloud.desks.refusing import storing
from cloud.stores.books import Books

CAME_MAX = 2_000
"""So many answers are remembered of how much of a lot came since a moment."""
PAGE = 1_000


class Searching:
    """The lots of breaches of one site. `cases` are those of the dossier, `add` writes steps into it."""

    def __init__(
        self,
        book: Bookkeeping,
        books: Books,
        zones: dict[str, dict[str, list[str]]],
        cases: Mapping[int, Case],
        add: Callable[[list[Step]], Awaitable[bool]],
    ) -> None:
        self.site = book.site
        self._book, self._books, self._zones, self._cases, self._add = book, books, zones, cases, add
        self._resumed: set[int] = set()
        """Breaches of which the entries in the book were looked for since the start."""
        self._came: dict[tuple[str, str, int], tuple[tuple[int, int, int], int]] = {}
        """(SKU, lot, moment) -> the last fact that was read, and the units that came since the moment."""

    def begin(self) -> None:
        """After a start: a stop may have left something half done."""
        self._resumed.clear()

    async def search(self, case: Case, now_ms: int) -> None:
        """Find the lots that lie there and are not set aside yet, and those that were set aside before a stop."""
        for sku in self.site.skus:
            if sku.storage == case.storage and case.zone in self._zones[sku.id] and case.sku in ("", sku.id):
                await self._set_aside(case, sku.id, sku.zone, now_ms)
        self._resumed.add(case.number)
        if not case.searched:
            key = f"{case.number}/searched"
            await self._add([Step(case.zone, case.storage, "searched", now_ms, now_ms, key, case.number)])

    async def _set_aside(self, case: Case, sku: str, home: str, now_ms: int) -> None:
        number, slots = case.number, self._zones[sku]
        async with self._book.turn(sku):
            steps: list[Step] = []
            if number not in self._resumed:
                lost = await self._lost(case, sku)
                steps += [self._aside(case, len(steps), one, 0) for one in lost]
                await self._add(steps)
                case = self._cases[number]
            account = self._book.account(sku)
            there = lying(account, slots, home).get(case.zone)
            mine = [one for one in case.lines if one.sku == sku]
            asked = not (case.searched or mine or case.sku or case.why == "kinetic")
            gone = await self._gone(case, sku, slots, home) if asked else 0
            if there is None:
                if gone:
                    await self._add([self._aside(case, 0, Entry("quarantine", sku, 0, now_ms, now_ms), gone)])
                return
            had = sum(one.units for one in mine if not one.decision)
            if case.lot:  # of which it is known what it went through, wherever it lies
                there = There(there.units, {case.lot: account.batches.units.get(case.lot, 0)})
            elif case.why == "kinetic":  # of the room; each lot is judged by its own mean
                there = There(there.units, {"": min(there.units, account.batches.units.get("", 0))})
            for lot, units in to_set_aside(account, there, had):
                units = await self._meant(case, account, lot, units, [one for one in mine if one.lot == lot])
                if units <= 0:
                    continue
                count = sum(one.lot == lot for one in mine) + 1
                note = f"{case.zone}: breach {number} ({case.why})"
                key = f"cold:{number}:{sku}:{lot}:{count}"
                ref = f"{SIGNED}{number}"
                entry = Entry("quarantine", sku, units, now_ms, now_ms, lot=lot, ref=ref, by=BY, note=note, key=key)
                await self._book.fit(entry)
                [stored] = await self._book.store([entry])
                await self._add([self._aside(case, 0, stored, gone)])
                gone = 0
            if gone:
                await self._add([self._aside(case, 0, Entry("quarantine", sku, 0, now_ms, now_ms), gone)])

    async def _meant(self, case: Case, account: Account, lot: str, units: int, before: list[Line]) -> int:
        """How many of these units the breach is about: those that lay there while it lasted, and about which nobody
        has decided yet, or not about a breach that went so far."""
        if case.ended_ms and lot and not case.lot:
            there = account.batches.units.get(lot, 0) - account.aside.get(lot, 0)
            units = min(units, there - await self._since(account, lot, case.ended_ms))
        decided = [one for one in before if one.decision]
        if not decided:
            return units
        last = max(decided, key=lambda one: one.decided_ms)
        if last.decision == "scrap":  # what is there once that is lost came after
            return units if all(one.booked for one in decided) else 0
        kept = self.site.storage_by_id.get(case.storage)
        borne_ms = round((kept.excursion_minutes or 0.0) * MINUTE_MS) if kept is not None else 0
        if kept is not None and case.why == "kinetic":
            borne_ms = round(kept.kinetic_hours * HOUR_MS)
        if dossier.worse(case, last, borne_ms):
            return units
        again = sum(one.units for one in before if one.at_ms > last.decided_ms)
        return min(units, await self._since(account, lot, last.decided_ms) - again)

    async def _since(self, account: Account, lot: str, at_ms: int) -> int:
        """Units of a lot that came after a moment; what has no lot's name may all have been there before."""
        key, last = (account.sku, lot, at_ms), account.last
        if not lot:
            return 0
        if self._came.get(key, (None, 0))[0] != last:

            def read() -> int:
                facts = self._books.facts(account.sku, from_ms=at_ms + 1)
                return sum(one.units for one in facts if _comes(one, lot) and one.id not in self._book.gone)

            if len(self._came) > CAME_MAX:
                self._came.clear()
            with storing():
                self._came[key] = last, await asyncio.to_thread(read)
        return self._came[key][1]

    def _aside(self, case: Case, more: int, entry: Entry, gone: int) -> Step:
        body = {"sku": entry.sku, "lot": entry.lot, "units": entry.units, "gone": gone, "entry": entry.id}
        key = f"{case.number}/aside/{entry.sku}/{entry.id}"
        at_ms = entry.happened_ms
        return Step(case.zone, case.storage, "aside", at_ms, entry.known_ms, key, case.number, BY, body=body)

    async def _lost(self, case: Case, sku: str) -> list[Entry]:
        """What the book has set aside for a breach and the dossier does not know of: a stop came in between."""
        known, ref = {one.entry for one in case.lines}, f"{SIGNED}{case.number}"

        def read() -> list[Entry]:
            found, after = [], 0
            while page := self._books.entries(sku, from_ms=case.breach_ms or None, after_id=after, limit=PAGE):
                found += [one for one in page if one.ref == ref and one.kind == "quarantine" and one.units > 0]
                after = page[-1].id
            return [one for one in found if one.id not in known and one.id not in self._book.gone]

        with storing():
            return await asyncio.to_thread(read)

    async def _gone(self, case: Case, sku: str, slots: dict[str, list[str]], home: str) -> int:
        """Units that left the room after the breach and before it was known."""
        places = {*slots.get(case.zone, ())}
        off = (home or (next(iter(slots)) if len(slots) == 1 else "")) == case.zone

        def read() -> int:
            found = 0
            after: dict[str, int] = {}
            for one in self._books.facts(sku, from_ms=case.breach_ms):
                lot = one.lot or one.expiry if type(one) is not Sensed else ""
                if case.ended_ms and one.happened_ms > case.ended_ms and _comes(one, lot):
                    after[lot] = after.get(lot, 0) + one.units
                elif one.units < 0 and after.get(lot, 0) >= -one.units:
                    after[lot] += one.units  # it came when all was over, and left
                    continue
                seen = type(one) is Sensed and one.kind == "pick" and one.place in places
                told = off and type(one) is not Sensed and not one.place and one.kind in ("pick", "transfer", "loss")
                if (seen or told) and one.units < 0 and one.id not in self._book.gone:
                    found -= one.units
            return found

        with storing():
            return await asyncio.to_thread(read)


def _comes(one: Entry, lot: str) -> bool:
    """Whether units of a lot come to the site by a fact."""
    said = type(one) is not Sensed and one.kind not in ("quarantine", "count") and one.units > 0
    return said and bool(lot) and (one.lot or one.expiry) == lot
